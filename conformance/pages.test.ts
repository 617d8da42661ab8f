/** The pages for people, in a browser. */
import type { Page } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import { browser, expectSound, fillSignIn, hasChromium, product, useProduct } from './browser.fixture.ts'
import { makeAccount, password } from './person.fixture.ts'
import { call, text } from './product.fixture.ts'

useProduct()

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
  'not there yet': (page) => page.goto(`${product.url}/console`),
}

async function signIn(page: Page): Promise<void> {
  await page.goto(`${product.url}/login`)
  await fillSignIn(page, (await makeAccount(product)).email)
  await page.waitForURL('**/account')
}

describe.skipIf(!hasChromium)('a page', () => {
  it.each(Object.entries(pages))('%s: axe finds nothing, nothing is blocked, nothing scrolls sideways', (name, open) =>
    expectSound(name, open),
  )

  it('the link of dev signs the operator in by itself, once, and leaves no code in the address', async () => {
    const { signInUrl } = product
    const context = await browser.newContext()
    const page = await context.newPage()
    await page.goto(signInUrl)
    await page.waitForURL('**/portal')
    expect(page.url()).toBe(`${product.url}/portal`)
    const again = await (await browser.newContext()).newPage()
    await again.goto(signInUrl)
    await again.waitForSelector('[data-error=expired]')
  })

  it('a link that an operator made waits for the button, and needs no script', async () => {
    const { accountId } = await makeAccount(product)
    const link = async () => text((await call(product, 'POST', `/v1/accounts/${accountId}/links`)).body.url)
    const page = await (await browser.newContext()).newPage()
    await page.goto(await link())
    expect(new URL(page.url()).hash).toBe('')
    await page.click('button[type=submit]')
    await page.waitForURL('**/account')
    const plain = await (await browser.newContext({ javaScriptEnabled: false })).newPage()
    await plain.goto(`${product.url}/login/link`)
    await plain.fill('[name=code]', new URL(await link()).hash.slice(1))
    await plain.click('button[type=submit]')
    await plain.waitForURL('**/account')
  })

  it('by keyboard alone: sign in, see where one is signed in, sign out; back shows nothing of it', async () => {
    const { email } = await makeAccount(product)
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
