/** The first five minutes with a browser: `dev`'s own link signs in, its application asks, and what was allowed is taken back. */
import type { Page } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import { browser, expectSound, fillSignIn, hasChromium, product, useProduct } from './browser.fixture.ts'
import { makeAccount } from './person.fixture.ts'

useProduct()

/** At the page of the consent, with somebody who has just signed in. */
async function asked(page: Page): Promise<void> {
  await page.goto(product.demo.webUrl)
  await page.click('text=Sign in with Countersign')
  await fillSignIn(page, (await makeAccount(product)).email)
}

async function letIn(page: Page): Promise<void> {
  await asked(page)
  await page.click('[name=decision][value=allow]')
  await page.waitForSelector('text=a sextant')
}

describe.skipIf(!hasChromium)('the application of dev', () => {
  it('is what the link of dev leads to: one button, consent, who it is, the API’s answer, and sign-out', async () => {
    const page = await (await browser.newContext()).newPage()
    await page.goto(product.signInUrl)
    await page.waitForURL(/\/portal/)
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
    await letIn(page)
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

  it.each<[string, (page: Page) => Promise<unknown>]>([
    ['before', (page) => page.goto(product.demo.webUrl)],
    ['after', letIn],
  ])('axe finds nothing, nothing is blocked, nothing scrolls sideways, %s', (state, open) =>
    expectSound(`web, ${state}`, open),
  )
})
