/** The debugger of the portal: what is pasted stays in the page, and what is sent is what the page has shown. */
import type { Page } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import { expectSound, hasChromium, product, useProduct } from './browser.fixture.ts'
import { createKey, everythingOn, memoryOf, signSomebodyIn, storeAndLeave } from './portal.fixture.ts'

useProduct()

const box = (page: Page) => page.getByLabel('A key, a token, an Authorization header or a curl command')
const answer = (page: Page) => page.getByRole('region', { name: 'What this server says' })

async function ask(page: Page): Promise<string> {
  await page.getByRole('button', { name: 'Send and ask' }).click()
  await answer(page).waitFor()
  return (await answer(page).textContent()) ?? ''
}

describe.skipIf(!hasChromium)('the debugger', () => {
  it('reads a curl command in the page, sends the digest alone by its button, and keeps nothing once it is left', async () => {
    const { page, context } = await signSomebodyIn()
    const key = await createKey(page, 'Debugged')
    const secret = key.split('_')[3] ?? ''
    await storeAndLeave(page)
    await page.getByRole('link', { name: 'Debugger' }).click()
    await page.waitForSelector('h1:focus')
    const posted: string[] = []
    page.on('request', (request) => request.method() === 'POST' && posted.push(request.postData() ?? ''))
    await box(page).fill(`curl -X POST -H 'Authorization: Bearer ${key}' ${product.gatewayUrl}/orders?x=1`)
    await page.getByText('An API key, for live').waitFor()
    await page.getByText('fits: no letter was changed').waitFor()
    await page.getByText('Decoding happens in this page. Nothing has been sent.').waitFor()
    expect(posted).toEqual([])
    const will = await page.getByRole('region', { name: 'What will be sent' }).locator('pre').textContent()
    const said = await ask(page)
    expect(posted.map((body) => JSON.parse(body))).toEqual([JSON.parse(will ?? '')])
    expect(JSON.parse(will ?? '')).toEqual({
      digest: expect.stringMatching(/^[\w-]{43}$/),
      method: 'POST',
      path: '/orders',
    })
    expect(said).toContain('It would be refused')
    expect(said).toContain('HTTP 403')
    expect(said).toContain('error="insufficient_scope"')
    expect(await answer(page).locator('.checks li.failed').textContent()).toContain('orders:write')
    await page.getByText(/^At \d\d:\d\d the digest was sent to this server/).waitFor()
    await page.getByLabel('Method').selectOption('GET')
    expect(await answer(page).count(), 'an answer to another question').toBe(0)
    const allowed = await ask(page)
    for (const part of ['It would be let in', 'orders:read', 'nothing else']) expect(allowed).toContain(part)
    // The answer to a question that was changed since comes last, and is not shown for the one that stands there.
    const isChanged = Promise.withResolvers<void>()
    const isAnswered = Promise.withResolvers<void>()
    await page.route(
      '**/v1/inspections',
      async (route) => {
        const response = await route.fetch()
        await isChanged.promise
        await route.fulfill({ response })
        isAnswered.resolve()
      },
      { times: 1 },
    )
    await page.getByRole('button', { name: 'Send and ask' }).click()
    await page.getByLabel('Method').selectOption('POST')
    expect(await ask(page)).toContain('It would be refused')
    isChanged.resolve()
    await isAnswered.promise
    await page.evaluate(() => fetch('/healthz').then(() => undefined))
    expect(await answer(page).textContent()).toContain('It would be refused')
    await box(page).fill(key)
    await page.getByText('It was in a curl command.').waitFor({ state: 'detached' })
    await page.getByText(/^At \d\d:\d\d the digest was sent to this server/).waitFor()
    // While it is there it is in the box alone.
    expect((await everythingOn(page)).split(secret)).toHaveLength(3)
    await box(page).fill(`${key.slice(0, -1)}${key.endsWith('0') ? '1' : '0'}`)
    await page.getByText('does not fit: a letter was changed or cut off').waitFor()
    await box(page).fill(key)

    await page.getByRole('link', { name: 'API keys' }).first().click()
    await page.waitForSelector('.keys')
    expect(await everythingOn(page)).not.toContain(secret)
    await expect.poll(async () => (await memoryOf(page)).includes(secret), { timeout: 20_000 }).toBe(false)
    await page.goBack()
    await page.getByText('Nothing to look at yet').waitFor()
    expect(await everythingOn(page)).not.toContain(secret)

    // The browser keeps the page for the way back.
    await box(page).fill(key)
    await page.evaluate(() => dispatchEvent(new PageTransitionEvent('pagehide', { persisted: true })))
    expect(await everythingOn(page)).not.toContain(secret)

    // Another team is told what nobody is told.
    const other = await signSomebodyIn({ name: 'Bo' })
    await other.page.goto(`${product.portalUrl}/debugger`)
    await box(other.page).fill(key)
    expect(await ask(other.page)).toContain('Not known to you')
    await other.context.close()
    await context.close()
  }, 90_000)

  it('tells the claims of a token in words, with what is worth a look; axe finds nothing in it', async () => {
    const { context } = await signSomebodyIn()
    const cookies = await context.cookies()
    await expectSound('portal debugger', async (page) => {
      await page.context().addCookies(cookies)
      await page.goto(`${product.portalUrl}/debugger`)
      await page.getByRole('button', { name: 'A token (JWT)' }).click()
      await page.getByText('It is for more than one API').waitFor()
      await page.getByText('It lives longer than a day.').waitFor()
      await page.getByRole('row', { name: /^exp .*Its end: .*UTC/ }).waitFor()
      const said = await ask(page)
      for (const part of ['Not known to you', 'There is such a credential']) expect(said).toContain(part)
      await page.getByText(/the whole token was sent to this server, and to nobody else/).waitFor()
    })
    await context.close()
  }, 90_000)
})
