/** The pages for people, in a browser. */
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { expectSound, hasChromium, openChromium } from './browser.fixture.ts'
import { type Product, startProduct } from './product.fixture.ts'

let product: Product
let browser: Browser
beforeAll(async () => {
  product = await startProduct()
  if (hasChromium) browser = await openChromium()
})
afterAll(async () => {
  await browser?.close()
  await product?.stop()
})

const password = 'correct horse battery'

async function manage(method: string, path: string, body?: object): Promise<{ readonly [name: string]: string }> {
  const reply = await fetch(`${product.url}${path}`, {
    method,
    headers: { Authorization: `Bearer ${product.adminKey}`, 'Content-Type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  expect(reply.status).toBeLessThan(300)
  return (await reply.json()) as { readonly [name: string]: string }
}

let made = 0
async function person(): Promise<{ readonly email: string; readonly id: string }> {
  const email = `ann${++made}@example.com`
  const { id } = await manage('POST', '/v1/accounts', { email, emailVerified: true, name: 'Ann Example', password })
  return { email, id: id as string }
}

/** Each page in a state of its own: how a person gets there. */
const pages: Readonly<Record<string, (page: Page) => Promise<unknown>>> = {
  login: (page) => page.goto(`${product.url}/login`),
  'login, refused': async (page) => {
    await page.goto(`${product.url}/login`)
    await page.fill('[name=email]', 'nobody@example.com')
    await page.fill('[name=password]', 'wrong password')
    await page.click('button[type=submit]')
  },
  'login link': (page) => page.goto(`${product.url}/login/link`),
  'login link, used up': async (page) => {
    await page.goto(`${product.url}/login/link`)
    await page.fill('[name=code]', 'nothing')
    await page.click('button[type=submit]')
  },
  account: signIn,
  'sign out': async (page) => {
    await signIn(page)
    await page.goto(`${product.url}/logout`)
  },
  'not there yet': (page) => page.goto(`${product.url}/portal`),
}

async function signIn(page: Page): Promise<void> {
  const { email } = await person()
  await page.goto(`${product.url}/login`)
  await page.fill('[name=email]', email)
  await page.fill('[name=password]', password)
  await page.click('button[type=submit]')
  await page.waitForURL('**/account')
}

describe.skipIf(!hasChromium)('a page', () => {
  it.each(Object.entries(pages))('%s: axe finds nothing, nothing is blocked, nothing scrolls sideways', (name, open) =>
    expectSound(browser, name, open),
  )

  it('the link of dev signs the operator in by itself, once, and leaves no code in the address', async () => {
    const { signInUrl } = product as unknown as { readonly signInUrl: string }
    const context = await browser.newContext()
    const page = await context.newPage()
    await page.goto(signInUrl)
    await page.waitForURL('**/account')
    expect(await page.textContent('main')).toContain('Operator of this server')
    expect(page.url()).toBe(`${product.url}/account`)
    const again = await (await browser.newContext()).newPage()
    await again.goto(signInUrl)
    await again.waitForSelector('[data-error=expired]')
  })

  it('a link that an operator made waits for the button, and needs no script', async () => {
    const { id } = await person()
    const { url } = await manage('POST', `/v1/accounts/${id}/links`)
    const page = await (await browser.newContext()).newPage()
    await page.goto(url as string)
    expect(new URL(page.url()).hash).toBe('')
    await page.click('button[type=submit]')
    await page.waitForURL('**/account')
    const { url: other } = await manage('POST', `/v1/accounts/${id}/links`)
    const plain = await (await browser.newContext({ javaScriptEnabled: false })).newPage()
    await plain.goto(`${product.url}/login/link`)
    await plain.fill('[name=code]', new URL(other as string).hash.slice(1))
    await plain.click('button[type=submit]')
    await plain.waitForURL('**/account')
  })

  it('by keyboard alone: sign in, see where one is signed in, sign out; back shows nothing of it', async () => {
    const { email } = await person()
    const context = await browser.newContext()
    const page = await context.newPage()
    await page.goto(`${product.url}/login`)
    await page.keyboard.press('Tab')
    await page.keyboard.type(email)
    await page.keyboard.press('Tab')
    await page.keyboard.type(password)
    await page.keyboard.press('Enter')
    await page.waitForURL('**/account')
    expect(await page.textContent('.here')).toBe('here')
    await page.focus('form[action$="/logout"] button')
    await page.keyboard.press('Enter')
    await page.waitForURL('**/login')
    await page.goBack()
    await page.waitForURL('**/login')
    expect(await page.textContent('main')).not.toContain('Ann Example')
  })

  it('a form that was shown before another person signed in is refused, and changes nothing', async () => {
    const context = await browser.newContext()
    const first = await context.newPage()
    await signIn(first)
    const second = await context.newPage()
    await signIn(second)
    await first.click('form[action$="/account"] button')
    await first.waitForSelector('[data-error=expired]')
    await second.reload()
    expect(await second.textContent('main')).toContain('Ann Example')
  })

  it('with the server gone a form says so in the browser, and the session is good when it is back', async () => {
    const page = await (await browser.newContext()).newPage()
    await signIn(page)
    await page.context().setOffline(true)
    await page.reload().catch(() => {})
    await page.context().setOffline(false)
    await page.goto(`${product.url}/account`)
    expect(await page.textContent('main')).toContain('Ann Example')
  })
})
