/** The first minutes at the portal: from the link that `dev` prints to a key that was made, used, rolled and revoked, and no form but its name. */
import { describe, expect, inject, it } from 'vitest'
import { browser, hasChromium, product, useProduct } from './browser.fixture.ts'
import { createKey, idOf, shownKey, storeAndLeave } from './portal.fixture.ts'
import { eventually, guarded } from './product.fixture.ts'

useProduct()

/** In the long form, which runs alone: what a newcomer's clicks may take, without the time to read. */
const clicksMs = 30_000

describe.skipIf(!hasChromium)('a newcomer', () => {
  it('gets a token for an operation and 200, and a key that is used, rolled and revoked, within half a minute', async () => {
    const context = await browser.newContext()
    const page = await context.newPage()
    const statusOf = async (key: string): Promise<number> => (await guarded(product, 'GET', '/orders', key)).status
    const began = performance.now()
    await page.goto(product.signInUrl)
    await page.waitForURL('**/portal')
    await page.getByRole('link', { name: 'API reference' }).click()
    await page.locator('.operations a', { hasText: '/orders' }).first().click()
    await page.getByRole('button', { name: 'Get a token', exact: true }).click()
    await page.waitForSelector('.held .secret:not(:empty)')
    await page.getByRole('button', { name: 'Send to live' }).click()
    await page.getByRole('status', { name: 'Answer' }).locator('.status', { hasText: '200' }).waitFor()

    const key = await createKey(page, 'Billing worker')
    expect(await statusOf(key)).toBe(200)
    await storeAndLeave(page)
    await eventually(10_000, async () => {
      await page.goto(`${product.portalUrl}/keys/${idOf(key)}?tab=usage`)
      await page.waitForSelector('.main .card:not(.skeleton)')
      return (await page.textContent('main'))?.includes('above: allowed, 1') === true
    })
    await page.getByRole('button', { name: 'Roll' }).click()
    await page.getByRole('button', { name: 'Roll key' }).click()
    const next = await shownKey(page)
    expect([await statusOf(key), await statusOf(next)]).toEqual([200, 200])
    await storeAndLeave(page)
    await page.goto(`${product.portalUrl}/keys/${idOf(next)}?panel=revoke`)
    await page.getByRole('button', { name: 'Revoke key' }).click()
    await page.getByText(/^Refused by/).waitFor()
    expect(await statusOf(next)).toBe(401)
    const tookMs = performance.now() - began
    console.log(`the walk took ${(tookMs / 1000).toFixed(1)} s`)
    if (inject('isFull')) expect(tookMs).toBeLessThan(clicksMs)
    await context.close()
  })
})
