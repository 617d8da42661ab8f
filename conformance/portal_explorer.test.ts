/** The explorer of the reference: a token, a call, the answer, and why it was refused. */
import { describe, expect, it } from 'vitest'
import { expectSound, hasChromium, product, useProduct } from './browser.fixture.ts'
import { createKey, everythingOn, signSomebodyIn } from './portal.fixture.ts'

useProduct()

const at = (operation: string) => `${product.portalUrl}/reference?op=${operation}`

describe.skipIf(!hasChromium)('the explorer', () => {
  it('from nothing to 200 by a token and two clicks; a refusal says why; nothing of a key stays', async () => {
    const { page, context } = await signSomebodyIn()
    const origins = new Set<string>()
    page.on('request', (request) => origins.add(new URL(request.url()).origin))
    await page.goto(at('listOrders'))
    const answer = page.getByRole('status', { name: 'Answer' })
    await page.getByRole('button', { name: 'Send to live' }).click()
    await answer.locator('.status', { hasText: '401' }).waitFor()
    expect(await answer.textContent()).toContain('missing_credential')
    await page.getByRole('button', { name: 'Get a token', exact: true }).click()
    await page.waitForSelector('.held .secret:not(:empty)')
    await page.getByRole('button', { name: 'Send to live' }).click()
    await answer.locator('.status', { hasText: '200' }).waitFor()
    expect(await answer.textContent()).toContain('a sextant')
    await answer.getByText('Headers').click()
    expect(await answer.textContent()).toContain('content-type')

    const key = await createKey(page, 'Reader')
    await page.getByLabel('I have stored it somewhere safe').check()
    // The document comes late, and leaves what was filled in.
    const isFilled = Promise.withResolvers<void>()
    await page.route('**/openapi', async (route) => {
      await isFilled.promise
      await route.continue()
    })
    await page.goto(at('createOrder'))
    await page.getByLabel('Key or token').fill(key)
    expect(await page.getByRole('button', { name: 'Send to live' }).getAttribute('aria-disabled')).toBe('true')
    isFilled.resolve()
    await page.getByRole('heading', { name: 'Answers' }).waitFor()
    expect(await page.getByLabel('Key or token').inputValue()).toBe(key)
    await page.getByRole('button', { name: 'Send to live' }).click()
    await answer.locator('.status', { hasText: '403' }).waitFor()
    expect(await answer.textContent()).toContain('insufficient_scope')
    await answer.getByRole('link', { name: 'Why?' }).click()
    await page.waitForURL('**/refusals?**')
    // The address changes before the page: until then the form with the key is still there.
    await page.getByRole('region', { name: /^Why was/ }).waitFor()
    expect(await everythingOn(page)).not.toContain(key)
    await page.goBack()
    await page.getByLabel('Key or token').waitFor()
    expect(await everythingOn(page)).not.toContain(key)
    expect([...origins]).toEqual([product.url])
    await context.close()
  })

  it('is sound with an answer, in every view', async () => {
    const { context } = await signSomebodyIn()
    const cookies = await context.cookies()
    await expectSound('portal explorer', async (page) => {
      await page.context().addCookies(cookies)
      await page.goto(at('listOrders'))
      await page.getByRole('button', { name: 'Get a token', exact: true }).click()
      await page.waitForSelector('.held .secret:not(:empty)')
      await page.getByRole('button', { name: 'Send to live' }).click()
      await page.getByRole('status', { name: 'Answer' }).locator('.status', { hasText: '200' }).waitFor()
    })
    await context.close()
  })
})
