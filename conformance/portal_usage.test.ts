/** Usage and refusals, at the portal. */
import { readFileSync } from 'node:fs'
import { describe, expect, inject, it } from 'vitest'
import { expectSound, hasChromium, product, useProduct } from './browser.fixture.ts'
import { createKey, idOf, signSomebodyIn, storeAndLeave } from './portal.fixture.ts'
import { call, eventually, guarded, list } from './product.fixture.ts'

useProduct()

describe.skipIf(!hasChromium)('recent refusals', () => {
  it('tell of a call by its request id why it was refused and what would mend it; another team has none', async () => {
    const { page, context } = await signSomebodyIn()
    await page.goto(`${product.portalUrl}/refusals`)
    await page.getByText('No call was refused').waitFor()
    const key = await createKey(page, 'Reader')
    await storeAndLeave(page)
    const refused = await guarded(product, 'POST', '/orders', key)
    expect(refused.status).toBe(403)
    const requestId = refused.headers.get('x-request-id') ?? ''
    await eventually(5_000, async () => {
      const { body } = await call(product, 'GET', `/v1/refusals?requestId=${requestId}`)
      return list(body.data).length > 0
    })

    await page.goto(`${product.portalUrl}/keys/${idOf(key)}?tab=usage`)
    await page.getByRole('link', { name: 'Recent refusals' }).click()
    await page.waitForSelector('h1:focus')
    const row = page.locator(`[data-request="${requestId}"]`)
    await row.getByRole('link', { name: 'Reader' }).waitFor()
    expect(await row.textContent()).toContain('POST /orders')
    expect(await row.getByRole('region').count()).toBe(0)
    await row.getByRole('button', { name: 'Why?' }).click()
    const why = page.getByRole('region', { name: `Why was ${requestId} refused?` })
    expect(await why.locator('.facts').textContent()).toContain('Scope missing')
    expect(await why.locator('.checks li.failed').allTextContents()).toEqual([expect.stringContaining('orders:write')])
    // Each check has its word, and those after the one that failed were not made.
    const results = await why.locator('.checks .status').allTextContents()
    expect(results.slice(results.indexOf('failed'))).toEqual(['failed', 'skipped'])
    const help = await why.getByRole('link', { name: 'All about insufficient_scope' }).getAttribute('href')
    expect((await page.request.get(`${product.url}${help}`)).status()).toBe(200)
    expect(await why.getByRole('link', { name: 'Make a key with it' }).getAttribute('href')).toContain(
      'scope=orders%3Awrite',
    )
    await page.reload()
    await why.waitFor()

    // The box takes the id of the request, and the address is one to send.
    await page.goto(`${product.portalUrl}/keys`)
    await page.locator('.top [name=find]').fill(requestId)
    await page.keyboard.press('Enter')
    await page.waitForURL(`**/refusals?request=${requestId}`)
    await why.waitFor()
    // It also takes the name of a screen, a path or an operation, and the name of a key.
    for (const [written, address] of [
      ['usage', '**/usage'],
      ['POST /orders', '**/reference?q=POST*'],
      ['Narrow', '**/keys?q=Narrow'],
    ] as const) {
      await page.locator('.top [name=find]').fill(written)
      await page.keyboard.press('Enter')
      await page.waitForURL(address)
      expect(await page.locator('.top [name=find]').inputValue()).toBe('')
    }
    await page.goto(`${product.portalUrl}/refusals?request=${requestId}`)
    await why.waitFor()
    await row.getByRole('button', { name: 'Why?' }).click()
    await why.waitFor({ state: 'detached' })
    await page.reload()
    await row.waitFor()
    expect(await why.count()).toBe(0)
    await row.getByRole('button', { name: 'Why?' }).click()
    await why.waitFor()
    const cookies = await context.cookies()
    await expectSound('portal refusals', async (other) => {
      await other.context().addCookies(cookies)
      await other.goto(page.url())
      await other.getByRole('region', { name: /^Why was/ }).waitFor()
    })

    await page.getByRole('link', { name: 'Show all refusals' }).click()
    await page.waitForURL('**/refusals')
    await page.goto(`${product.portalUrl}/refusals?request=req_none`)
    await page.getByText('No refusal matches').waitFor()
    const other = await signSomebodyIn({ name: 'Bo' })
    await other.page.goto(`${product.portalUrl}/refusals?request=${requestId}`)
    await other.page.getByText('No refusal matches').waitFor()
    await other.context.close()
    await context.close()
  }, 90_000)
})

describe.skipIf(!hasChromium)('usage', () => {
  it('is by outcome, key and scope as the address says, and is downloaded; none match differs from none yet', async () => {
    const { page, context } = await signSomebodyIn()
    await page.goto(`${product.portalUrl}/usage`)
    await page.getByText('No call yet').waitFor()
    const key = await createKey(page, 'Counted')
    await storeAndLeave(page)
    const statuses = await Promise.all(
      ['GET', 'GET', 'POST'].map(async (method) => (await guarded(product, method, '/orders', key)).status),
    )
    expect(statuses).toEqual([200, 200, 403])
    await page.getByRole('link', { name: 'Usage' }).click()
    await page.waitForSelector('h1:focus')
    await page.getByRole('combobox', { name: /^Time/ }).selectOption('24h')
    await page.waitForURL('**/usage?range=24h')
    const chart = page.getByRole('img', { name: 'Calls: 2 allowed, 1 refused' })
    // The counts come within seconds, and the page asks again by itself.
    await chart.waitFor({ timeout: 40_000 })
    await page.getByText('View as table').click()
    await page.getByRole('row', { name: /^\d+ \w+, \d\d:00 2 1 insufficient_scope$/ }).waitFor()
    await page.getByRole('combobox', { name: /^By/ }).selectOption('scope')
    await page.getByRole('row', { name: /^orders:read 2 0/ }).waitFor()
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Download CSV' }).click(),
    ])
    const csv = readFileSync(await download.path(), 'utf8').split('\r\n')
    expect(csv[0]).toBe('at,scope,outcome,count')
    expect(csv.slice(1).sort()).toEqual([
      '',
      expect.stringMatching(/Z,orders:read,verified,2$/),
      expect.stringMatching(/Z,orders:write,insufficient_scope,1$/),
    ])
    await page.getByRole('combobox', { name: /^By/ }).selectOption('keyId')
    await page.getByRole('link', { name: 'Counted' }).click()
    await page.waitForURL(`**/usage?range=24h&key=${idOf(key)}`)
    await chart.waitFor()
    expect(await page.getByRole('link', { name: 'Which calls were refused' }).getAttribute('href')).toContain(idOf(key))
    const cookies = await context.cookies()
    const looked = ['range=24h&by=scope', ...(inject('isFull') || process.env.SHOTS !== undefined ? ['range=30d'] : [])]
    for (const search of looked)
      await expectSound(`portal usage ${search.length}`, async (other) => {
        await other.context().addCookies(cookies)
        await other.goto(`${product.portalUrl}/usage?${search}`)
        await other.getByRole('button', { name: 'Download CSV' }).waitFor()
      })
    await page.goto(`${product.portalUrl}/usage?scope=none:such`)
    await page.getByText('No call matches').waitFor()
    await page.getByRole('link', { name: 'Show all usage' }).click()
    await page.waitForURL('**/usage')
    await context.close()
  }, 120_000)
})
