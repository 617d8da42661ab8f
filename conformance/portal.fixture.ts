/** Somebody at the portal, in Chromium. */
import type { BrowserContext, Page } from 'playwright-core'
import { browser, product } from './browser.fixture.ts'
import { makeAccount } from './person.fixture.ts'
import { call, text } from './product.fixture.ts'

export interface Somebody {
  readonly accountId: string
  readonly page: Page
  readonly context: BrowserContext
}

/** A person who is signed in by a link; nothing of the portal was opened yet. */
export async function signSomebodyIn(more: object = {}, at = product): Promise<Somebody> {
  const { accountId } = await makeAccount(at, { password: undefined, name: 'Ana Ruiz', ...more })
  const context = await browser.newContext()
  const page = await context.newPage()
  await openLink(page, accountId, at)
  return { accountId, context, page }
}

/** Signs the account in by a link. */
export async function openLink(page: Page, accountId: string, at = product): Promise<void> {
  const link = await call(at, 'POST', `/v1/accounts/${accountId}/links`)
  await page.goto(text(link.body.url))
  await page.click('button[type=submit]')
  await page.waitForURL((url) => !url.pathname.endsWith('/login/link'))
}

/** Fills in the form and sends it: the page then shows the key, which is given. `audience`: where there are several APIs. */
export async function createKey(page: Page, name: string, at = product, audience?: string): Promise<string> {
  await page.goto(`${at.portalUrl}/keys`)
  await page.getByRole('link', { name: 'Create key' }).first().click()
  if (audience !== undefined) await page.goto(`${at.portalUrl}/keys/new?audience=${encodeURIComponent(audience)}`)
  await page.getByLabel('Name', { exact: true }).fill(name)
  await page.getByRole('button', { name: 'Read only' }).click()
  await page.getByRole('button', { name: 'Create key' }).click()
  return shownKey(page)
}

/** The key on the page. */
export async function shownKey(page: Page): Promise<string> {
  await page.waitForSelector('.secret:not(:empty)')
  return (await page.textContent('.secret')) ?? ''
}

export function idOf(key: string): string {
  return key.split('_')[2] ?? ''
}

/** Says that the key is stored, and leaves it. */
export async function storeAndLeave(page: Page): Promise<void> {
  await page.getByLabel('I have stored it somewhere safe').check()
  await page.getByRole('button', { name: 'Back to keys' }).click()
  await page.waitForSelector('.keys')
}

/** All that the page has, but for what the browser keeps of it. */
export function everythingOn(page: Page): Promise<string> {
  return page.evaluate(() =>
    JSON.stringify([
      location.href,
      document.documentElement.outerHTML,
      document.cookie,
      { ...localStorage },
      { ...sessionStorage },
      history.state,
      [...document.querySelectorAll('input, textarea')].map((field) => (field as HTMLInputElement).value),
      performance.getEntries().map(({ name }) => name),
    ]),
  )
}

/** Everything in the page's memory, after what is unreachable was collected. */
export async function memoryOf(page: Page): Promise<string> {
  const session = await page.context().newCDPSession(page)
  const chunks: string[] = []
  session.on('HeapProfiler.addHeapSnapshotChunk', ({ chunk }) => chunks.push(chunk))
  await session.send('HeapProfiler.collectGarbage')
  await session.send('HeapProfiler.takeHeapSnapshot', { reportProgress: false })
  return chunks.join('')
}
