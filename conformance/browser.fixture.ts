/** Debian's Chromium, for the tests of pages, and the product whose pages they are. */
import { existsSync, mkdirSync } from 'node:fs'
import axe from 'axe-core'
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, expect, inject } from 'vitest'
import { makeAccount, password } from './person.fixture.ts'
import { type Product, startProduct } from './product.fixture.ts'

const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium'

/** Whether pages can be opened here. `.ci/run` installs what is needed. */
export const hasChromium: boolean = existsSync(executablePath)

export function openChromium(): Promise<Browser> {
  return chromium.launch({ executablePath, args: ['--no-sandbox'] })
}

/** Set for the tests of a file that has called `useProduct`. */
export let product: Product
export let browser: Browser

/** The product and Chromium, for all tests of a file. */
export function useProduct(): void {
  beforeAll(async () => {
    product = await startProduct()
    if (hasChromium) browser = await openChromium()
  })
  afterAll(async () => {
    await browser?.close()
    await product?.stop()
  })
}

/** Fills in the form of `/login`. */
export async function fillSignIn(page: Page, email: string): Promise<void> {
  await page.fill('[name=email]', email)
  await page.fill('[name=password]', password)
  await page.click('button.primary')
}

/** Somebody new signs in where the page asks, and lets the application in. Gives their address. */
export async function letSomebodyIn(page: Page, at = product): Promise<string> {
  const { email } = await makeAccount(at)
  await fillSignIn(page, email)
  await page.click('[name=decision][value=allow]')
  return email
}

/** Every way in which a person may look at a page. */
const views: readonly (BrowserContextOptions & { readonly name: string })[] = (['light', 'dark'] as const).flatMap(
  (colorScheme) =>
    [320, 1360].map((width) => ({
      name: `${colorScheme} ${width}`,
      colorScheme,
      viewport: { width, height: 900 },
    })),
)

/** The short form looks at each page once, where no pictures are asked for: at some small in the dark, at others wide in the light. */
function viewsFor(name: string): typeof views {
  if (inject('isFull') || process.env.SHOTS !== undefined) return views
  const isSmall = name.length % 2 === 0
  return views.filter((view) => view.name === (isSmall ? 'dark 320' : 'light 1360'))
}

/**
 * In each view: axe finds nothing, nothing is blocked, nothing scrolls sideways. With SHOTS a picture of each is kept there.
 * `refused`: the URLs of calls that the page makes and the server refuses, which the console says.
 */
export async function expectSound(
  name: string,
  open: (page: Page) => Promise<unknown>,
  refused?: RegExp,
): Promise<void> {
  for (const { name: view, ...how } of viewsFor(name)) {
    const context = await browser.newContext(how)
    const page = await context.newPage()
    const complaints: { readonly text: string; readonly at: string }[] = []
    page.on('console', (message) => complaints.push({ text: message.text(), at: message.location().url }))
    page.on('pageerror', ({ message }) => complaints.push({ text: message, at: 'script' }))
    await openOrSay(page, open)
    expect(await findingsOf(page), view).toEqual([])
    // A page with a status of 4xx says so in the console as well.
    const isOwnStatus = ({ text, at }: { readonly text: string; readonly at: string }) =>
      text.startsWith('Failed to load resource') && (at === page.url() || refused?.test(at) === true)
    expect(
      complaints.filter((each) => !isOwnStatus(each)),
      view,
    ).toEqual([])
    expect(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), view).toBe(true)
    if (process.env.SHOTS !== undefined) {
      mkdirSync(process.env.SHOTS, { recursive: true })
      const path = `${process.env.SHOTS}/${name} ${view}.png`.replaceAll(/[ ,]+/g, '-')
      await page.screenshot({ path, fullPage: true })
    }
    await context.close()
  }
}

/** A failure says what the page shows instead. */
async function openOrSay(page: Page, open: (page: Page) => Promise<unknown>): Promise<void> {
  try {
    await open(page)
  } catch (cause) {
    throw new Error(`${cause}\nThe page says: ${await page.evaluate(() => document.body.innerText)}`, { cause })
  }
}

/** The findings of axe, each with the elements that it is about. */
async function findingsOf(page: Page): Promise<readonly string[]> {
  await page.evaluate(axe.source)
  const { violations } = await page.evaluate(() => (globalThis as unknown as { axe: typeof axe }).axe.run())
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`)
}
