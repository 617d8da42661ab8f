/** A key's page and the list of keys: changing one, looking into it, finding some, and doing one thing to several. */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { expectSound, hasChromium, product, useProduct } from './browser.fixture.ts'
import { createKey, everythingOn, idOf, signSomebodyIn, storeAndLeave } from './portal.fixture.ts'
import { call, eventually, guarded, list, text } from './product.fixture.ts'

useProduct()

const keyOf = async (id: string) => (await call(product, 'GET', `/v1/keys/${id}`)).body

describe.skipIf(!hasChromium)('a key', () => {
  it('is changed by what differs alone; what is gained and lost is said before, and the server’s words stand at their field', async () => {
    const { page, context } = await signSomebodyIn()
    page.setDefaultTimeout(15_000)
    const key = await createKey(page, 'Edited')
    await storeAndLeave(page)
    const id = idOf(key)
    expect((await guarded(product, 'GET', '/orders', key)).status).toBe(200)
    expect((await guarded(product, 'POST', '/orders', key)).status).toBe(403)
    await eventually(8_000, async () => {
      const { body } = await call(product, 'GET', `/v1/usage?keyId=${id}&groupBy=scope&interval=day`)
      return list(body.data).length > 1
    })
    const sent: unknown[] = []
    page.on('request', (request) => {
      if (request.method() === 'PATCH') sent.push(request.postDataJSON())
    })
    await page.goto(`${product.portalUrl}/keys/${id}`)
    await page.getByRole('listitem').filter({ hasText: 'orders:read' }).getByText('1 call in 30 days').waitFor()
    await page.getByRole('button', { name: 'Edit' }).click()
    await page.waitForSelector('h2:focus')
    const save = page.getByRole('button', { name: 'Save changes' })
    expect(await save.getAttribute('aria-disabled')).toBe('true')
    await page.getByLabel('orders:write').check()
    await page.getByText('It could also call').waitFor()
    await page.getByText('POST /orders', { exact: true }).waitFor()
    await page.getByLabel('orders:read').uncheck()
    await page.getByText('1 call of the last 7 days would have been refused').waitFor()
    const addresses = page.getByLabel('Only from these addresses')
    await addresses.fill('10.0.0.300')
    await page.getByLabel('Ends').selectOption('365')
    await page.waitForURL(/ipAllow=10\.0\.0\.300/)
    const cookies = await context.cookies()
    await expectSound('portal key edit', async (other) => {
      await other.context().addCookies(cookies)
      await other.goto(page.url())
      await other.getByText('would have been refused').waitFor()
    })
    await save.click()
    await page.locator('[aria-invalid=true]').waitFor()
    expect(await addresses.getAttribute('aria-invalid')).toBe('true')
    expect([await addresses.inputValue(), await page.getByLabel('orders:write').isChecked()]).toEqual([
      '10.0.0.300',
      true,
    ])
    // A reload keeps the draft.
    await page.reload()
    expect(await addresses.inputValue()).toBe('10.0.0.300')
    await addresses.fill('')
    await page.getByLabel('Ends').selectOption('')
    await page.getByLabel('orders:read').check()
    await page.getByLabel('Name', { exact: true }).fill('Renamed')
    await page.waitForURL(/name=Renamed/)
    await save.click()
    await page.getByText('Renamed is changed').waitFor()
    await page.getByText(/^In force at /).waitFor()
    expect(sent.at(-1)).toEqual({ name: 'Renamed', scope: 'orders:read orders:write' })
    await page.waitForSelector('#edit-opener:focus')
    expect(new URL(page.url()).search).toBe('')
    expect(await keyOf(id)).toMatchObject({ name: 'Renamed', scope: 'orders:read orders:write' })

    await page.getByRole('link', { name: 'Usage' }).last().click()
    await page.getByRole('img', { name: 'Calls: 1 allowed, 1 refused' }).waitFor()
    await page.getByRole('combobox', { name: /^By/ }).selectOption('scope')
    await page.getByRole('row', { name: /^orders:write 1 1/ }).waitFor()
    const [file] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Download CSV' }).click(),
    ])
    expect(readFileSync(await file.path(), 'utf8')).toMatch(/Z,orders:write,insufficient_scope,1\r\n/)
    expect(await page.getByRole('link', { name: 'orders:write' }).getAttribute('href')).toContain(`key=${id}`)
    await page.getByRole('link', { name: 'History' }).click()
    await page.getByRole('listitem').filter({ hasText: 'Changed' }).getByText('name:').waitFor()
    await page.getByRole('link', { name: 'Code' }).click()
    await page.locator('.code pre', { hasText: '/orders' }).waitFor()
    await page.getByRole('button', { name: 'Java', exact: true }).click()
    expect(await page.locator('.code pre').textContent()).toContain('System.getenv("COUNTERSIGN_KEY")')
    await page.getByRole('combobox', { name: /^Call/ }).selectOption({ label: 'POST /orders' })
    await page.locator('.code pre', { hasText: '.method("POST"' }).waitFor()
    expect(await everythingOn(page)).not.toContain(key.split('_')[3])
    await expectSound('portal key code', async (other) => {
      await other.context().addCookies(cookies)
      await other.goto(page.url())
      await other.locator('.code pre', { hasText: '/orders' }).waitFor()
    })
    await context.close()
  }, 90_000)
})

describe.skipIf(!hasChromium)('the list of keys', () => {
  it('is searched and ordered in the address, where no key goes; several are disabled, extended and revoked at once', async () => {
    const { page, context } = await signSomebodyIn()
    page.setDefaultTimeout(15_000)
    const key = await createKey(page, 'Alpha')
    await storeAndLeave(page)
    const { clientId, expiresAt } = await keyOf(idOf(key))
    const make = async (name: string, more: object = {}) => {
      const body = { clientId, audience: product.audience, scope: 'orders:read', name, ...more }
      return text((await call(product, 'POST', '/v1/keys', body)).body.id)
    }
    const gamma = await make('Gamma')
    const beta = await make('Beta', { expiresAt: text(expiresAt) })
    await page.goto(`${product.portalUrl}/keys`)
    const names = page.locator('.keys .name')
    await page.getByRole('button', { name: 'Name' }).click()
    await page.waitForURL('**/keys?sort=name')
    await expect.poll(() => names.allTextContents()).toEqual(['Alpha', 'Beta', 'Gamma'])
    await page.getByRole('button', { name: 'Name' }).click()
    await page.locator('th[aria-sort=descending]').waitFor()
    await expect.poll(() => names.allTextContents()).toEqual(['Gamma', 'Beta', 'Alpha'])

    const find = page.getByLabel('Find keys by name or id')
    await find.fill('BET')
    await page.waitForURL('**/keys?sort=-name&q=BET')
    await expect.poll(() => names.allTextContents()).toEqual(['Beta'])
    await find.fill(`${key.slice(0, -1)}${key.endsWith('0') ? '1' : '0'}`)
    await page.getByText('This is no key of ours').waitFor()
    const addresses: string[] = []
    page.on('framenavigated', () => addresses.push(page.url()))
    await find.fill(key)
    await page.waitForURL(`**/keys/${idOf(key)}`)
    await page.goBack()
    await names.first().waitFor()
    expect(await find.inputValue()).toBe('BET')
    const secret = key.split('_')[3] ?? ''
    expect(`${addresses.join(' ')} ${await everythingOn(page)}`).not.toContain(secret)
    await find.fill('none such')
    await page.getByText('No key matches').waitFor()
    await page.getByRole('link', { name: 'Show all keys' }).click()

    await page.getByLabel('Select all keys of this page').check()
    // It ends by another hand, which the page does not know yet.
    await call(product, 'POST', `/v1/keys/${gamma}/revoke`)
    await page.getByRole('button', { name: 'Disable 3' }).click()
    await page.getByText('2 keys are disabled').waitFor()
    await page.getByText('A revoked key stays revoked.').waitFor()
    expect([(await keyOf(beta)).status, (await keyOf(idOf(key))).status]).toEqual(['disabled', 'disabled'])
    await page.getByRole('button', { name: 'Undo' }).click()
    await page.getByText('2 keys are active again').waitFor()
    expect((await keyOf(beta)).status).toBe('active')
    await page.getByLabel('Select Beta').check()
    await page.getByRole('button', { name: 'Extend 1 by 30 days' }).click()
    await page.getByText('1 key ends later').waitFor()
    await page.waitForSelector('#main:focus')
    const movedMs = Date.parse(text((await keyOf(beta)).expiresAt)) - Date.parse(text(expiresAt))
    expect(movedMs).toBe(30 * 86_400_000)

    await page.getByLabel('Select all keys of this page').check()
    const cookies = await context.cookies()
    await expectSound('portal keys picked', async (other) => {
      await other.context().addCookies(cookies)
      await other.goto(`${product.portalUrl}/keys?ended=shown`)
      await other.getByLabel('Select Beta').check()
      await other.getByRole('button', { name: 'Extend 1 by 90 days' }).waitFor()
    })
    await page.getByRole('button', { name: 'Revoke 2' }).click()
    const dialog = page.getByRole('alertdialog')
    const revoke = dialog.getByRole('button', { name: 'Revoke keys' })
    await dialog.getByText('No call with them in 24 h.').waitFor()
    expect(await revoke.getAttribute('aria-disabled')).toBe('true')
    await dialog.getByLabel('Type 2 to revoke them').fill('3')
    await page.keyboard.press('Enter')
    expect((await keyOf(beta)).status).toBe('active')
    await dialog.getByLabel('Type 2 to revoke them').fill('2')
    await revoke.click()
    await page.getByText('2 keys are revoked').waitFor()
    expect([(await keyOf(beta)).status, (await keyOf(idOf(key))).status]).toEqual(['revoked', 'revoked'])
    await page.getByText('No key works now').waitFor()
    await page.getByText('Refused by this server, and no other verifier was following').waitFor()
    await page.getByRole('link', { name: 'Show ended' }).click()
    await expect.poll(() => page.locator('.keys tr.ended').count()).toBe(3)

    const wanted = {
      clientId,
      audience: product.audience,
      scope: 'orders:read',
      name: 'Nightly export',
      ttlSeconds: 600,
    }
    const token = text((await call(product, 'POST', '/v1/tokens', wanted)).body.token)
    expect((await guarded(product, 'GET', '/orders', token)).status).toBe(200)
    await page.getByLabel('Form').selectOption('token')
    await page.waitForURL(/form=token/)
    const address = page.url()
    await expectSound('portal keys jwts', async (other) => {
      await other.context().addCookies(cookies)
      await other.goto(address)
      await other.getByRole('button', { name: 'Revoke Nightly export' }).waitFor()
    })
    await page.getByRole('button', { name: 'Revoke Nightly export' }).click()
    await page.getByRole('button', { name: 'Revoke token' }).click()
    await page.getByText('Nightly export is revoked.').waitFor()
    expect((await guarded(product, 'GET', '/orders', token)).status).toBe(401)
    await context.close()
  }, 90_000)
})
