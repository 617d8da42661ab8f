/** The first five minutes with a browser: `dev`'s own link signs in, its application asks, and what was allowed is taken back. */
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { findingsOf, hasChromium, openChromium, views } from './browser.fixture.ts'
import { call, type Product, startProduct } from './product.fixture.ts'

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
let made = 0

/** At the page of the consent, with somebody who has just signed in. */
async function asked(page: Page): Promise<void> {
  const email = `dora${++made}@example.com`
  await call(product, 'POST', '/v1/accounts', { email, emailVerified: true, name: 'Dora', password })
  await page.goto(product.demo.webUrl)
  await page.click('text=Sign in with Countersign')
  await page.fill('[name=email]', email)
  await page.fill('[name=password]', password)
  await page.click('button[type=submit]')
}

describe.skipIf(!hasChromium)('the application of dev', () => {
  it('is what the link of dev leads to: one button, consent, who it is, the API’s answer, and sign-out', async () => {
    const page = await (await browser.newContext()).newPage()
    await page.goto(product.signInUrl)
    await page.waitForURL('**/account')
    await page.goto(product.demo.webUrl)
    await page.click('text=Sign in with Countersign')
    expect(await page.textContent('main')).toContain('Ledgerly')
    await page.click('[name=decision][value=allow]')
    await page.waitForURL(`${product.demo.webUrl}/`)
    const main = await page.textContent('main')
    for (const shown of [
      'Operator, operator@localhost',
      'orders:read',
      `GET ${product.gatewayUrl}/orders`,
      'a sextant',
    ])
      expect(main).toContain(shown)
    await page.click('text=Order a lantern')
    expect(await page.textContent('main')).toMatch(/POST \S+\/orders\s+403[\s\S]*insufficient_scope/)
    await page.click('text=Sign out')
    expect(await page.textContent('[role=status]')).toBe('You are signed out of Ledgerly.')
  })

  it('shows nothing once what was allowed is removed, and says so', async () => {
    const page = await (await browser.newContext({ javaScriptEnabled: false })).newPage()
    await asked(page)
    await page.click('[name=decision][value=allow]')
    await page.waitForSelector('text=a sextant')
    await page.click('text=your account')
    await page.click('li:has-text("Ledgerly") button')
    await page.goto(product.demo.webUrl)
    expect(await page.textContent('[role=status]')).toContain('has ended')
    expect(await page.textContent('main')).not.toContain('sextant')
  })

  it('takes no for an answer', async () => {
    const page = await (await browser.newContext()).newPage()
    await asked(page)
    await page.click('[name=decision][value=deny]')
    expect(await page.textContent('[role=status]')).toBe('You said no, so there is nothing to show.')
  })

  it('axe finds nothing, nothing is blocked, nothing scrolls sideways, before and after', async () => {
    for (const { name, ...how } of views) {
      const context = await browser.newContext(how)
      const page = await context.newPage()
      const complaints: string[] = []
      page.on('console', (message) => complaints.push(message.text()))
      await page.goto(product.demo.webUrl)
      const look = async (state: string): Promise<void> => {
        expect(await findingsOf(page), `${name} ${state}`).toEqual([])
        expect(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), name).toBe(true)
        if (process.env.SHOTS !== undefined)
          await page.screenshot({
            path: `${process.env.SHOTS}/web-${state}-${name}.png`.replaceAll(' ', '-'),
            fullPage: true,
          })
      }
      await look('before')
      await asked(page)
      await page.click('[name=decision][value=allow]')
      await page.waitForSelector('text=a sextant')
      await look('after')
      expect(complaints, name).toEqual([])
      await context.close()
    }
  })
})
