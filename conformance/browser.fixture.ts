/** Debian's Chromium, for the tests of pages. */
import { existsSync, mkdirSync } from 'node:fs'
import axe from 'axe-core'
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core'
import { expect } from 'vitest'

const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium'

/** Whether pages can be opened here. `.ci/run` installs what is needed. */
export const hasChromium: boolean = existsSync(executablePath)

export function openChromium(): Promise<Browser> {
  return chromium.launch({ executablePath, args: ['--no-sandbox'] })
}

/** Every way in which a person may look at a page. */
export const views: readonly (BrowserContextOptions & { readonly name: string })[] = (
  ['light', 'dark'] as const
).flatMap((colorScheme) =>
  [320, 1360].map((width) => ({
    name: `${colorScheme} ${width}`,
    colorScheme,
    viewport: { width, height: 900 },
  })),
)

/** The findings of axe, each with the elements that it is about. */
export async function findingsOf(page: Page): Promise<readonly string[]> {
  await page.evaluate(axe.source)
  const { violations } = await page.evaluate(() => (globalThis as unknown as { axe: typeof axe }).axe.run())
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`)
}

/** In every view: axe finds nothing, nothing is blocked, nothing scrolls sideways. With SHOTS a picture of each is kept there. */
export async function expectSound(
  browser: Browser,
  name: string,
  open: (page: Page) => Promise<unknown>,
): Promise<void> {
  for (const { name: view, ...how } of views) {
    const context = await browser.newContext(how)
    const page = await context.newPage()
    const complaints: string[] = []
    page.on('console', (message) => complaints.push(message.text()))
    page.on('pageerror', (error) => complaints.push(error.message))
    await open(page)
    expect(await findingsOf(page), view).toEqual([])
    // A status of 4xx is said in the console as well.
    expect(
      complaints.filter((text) => !text.startsWith('Failed to load resource')),
      view,
    ).toEqual([])
    expect(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), view).toBe(true)
    if (process.env.SHOTS !== undefined) {
      mkdirSync(process.env.SHOTS, { recursive: true })
      await page.screenshot({ path: `${process.env.SHOTS}/${name} ${view}.png`.replaceAll(/[ ,]+/g, '-') })
    }
    await context.close()
  }
}
