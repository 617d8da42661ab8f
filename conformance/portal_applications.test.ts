/** Applications in the portal: OAuth clients of a team, their secrets, and their end. */
import { execFileSync } from 'node:child_process'
import type { BrowserContext, Page } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import { expectSound, hasChromium, product, useProduct } from './browser.fixture.ts'
import { everythingOn, shownKey, signSomebodyIn } from './portal.fixture.ts'
import { call, guarded, list, text } from './product.fixture.ts'

useProduct()

const address = (path = '') => `${product.portalUrl}/applications${path}`

/** Fills in the form of a server, sends it, and gives its secret, which the page shows then. */
async function createServer(page: Page, name: string): Promise<string> {
  await page.goto(address())
  await page.getByRole('link', { name: 'Create application' }).first().click()
  await page.getByLabel('Name', { exact: true }).fill(name)
  await page.getByLabel(product.audience).check()
  await page.getByLabel('orders:read').check()
  await page.getByRole('button', { name: 'Create application' }).click()
  return shownKey(page)
}

async function leaveSecret(page: Page): Promise<void> {
  await page.getByLabel('I have stored it somewhere safe').check()
  await page.getByRole('button', { name: 'Go to the application' }).click()
  await page.getByRole('heading', { name: 'Quick start' }).waitFor()
}

/** Runs the quick start of the page, with the secret where its placeholder is. */
async function startWith(page: Page, secret: string): Promise<Record<string, unknown>> {
  const sample = (await page.getByRole('region', { name: 'First steps' }).locator('pre').textContent()) ?? ''
  const environment = { ...process.env, COUNTERSIGN_CLIENT_SECRET: secret }
  return JSON.parse(execFileSync('/bin/sh', ['-c', sample], { env: environment, encoding: 'utf8', stdio: 'pipe' }))
}

/** As whoever is signed in there. `shown`: a text that the screen has once it is read. */
async function expectLooks(name: string, signedIn: BrowserContext, path: string, shown: string): Promise<void> {
  const cookies = await signedIn.cookies()
  await expectSound(name, async (page) => {
    await page.context().addCookies(cookies)
    await page.goto(address(path))
    await page.getByText(shown).first().waitFor()
  })
}

describe.skipIf(!hasChromium)('applications', () => {
  it('a server gets a secret that is shown once and works by the quick start; another is added, and the first is ended with a receipt', async () => {
    const { page, context } = await signSomebodyIn()
    page.setDefaultTimeout(8_000)
    const first = await createServer(page, 'Billing')
    // Leaving without it is not possible.
    await page.getByRole('link', { name: 'Connections' }).first().click()
    await page.getByText('The secret has not been copied.').waitFor()
    await leaveSecret(page)
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe('Billing')
    expect(await everythingOn(page)).not.toContain(first.split('_')[3])
    const start = await startWith(page, first)
    expect(start).toMatchObject({ token_type: 'Bearer', scope: 'orders:read' })
    const token = String(start.access_token)
    expect((await guarded(product, 'GET', '/orders', token)).status).toBe(200)
    await page.getByRole('button', { name: 'Add a secret' }).click()
    await page.getByLabel('live on').check()
    await page.getByRole('button', { name: 'Add secret' }).click()
    const second = await shownKey(page)
    await page.getByRole('button', { name: 'Go to the application' }).click({ force: true })
    expect(await page.textContent('.secret')).toBe(second)
    await leaveSecret(page)
    expect((await guarded(product, 'GET', '/orders', token)).status).toBe(200)
    await page.getByRole('button', { name: `End secret ${first.split('_')[2]}` }).click()
    await page.getByText('1 other secret of the application works on.').waitFor()
    await page.getByRole('button', { name: 'End secret', exact: true }).click()
    await page.getByText(/^Refused by/).waitFor()
    // A token that it got before lives until its own end, as the dialog says.
    expect((await guarded(product, 'GET', '/orders', token)).status).toBe(200)
    expect(await startWith(page, first)).toMatchObject({ error: 'invalid_client' })
    expect(await startWith(page, second)).toMatchObject({ token_type: 'Bearer' })
    await context.close()
  })

  it('a page is made after its redirect URI was mended and an answer was lost, once; it is edited, disabled, brought back and deleted', async () => {
    const { page, context } = await signSomebodyIn()
    page.setDefaultTimeout(8_000)
    await page.goto(address('/new'))
    await page.getByLabel(/^Single-page application/).check()
    await page.getByLabel('Name', { exact: true }).fill('Shop')
    const uri = page.getByLabel('Redirect URI 1', { exact: true })
    await uri.fill('http://shop.example/back')
    await page.getByRole('group', { name: 'Redirect URI' }).getByRole('button', { name: 'Add another' }).click()
    await page.keyboard.type('https://other.example')
    await page.getByRole('button', { name: 'Take away Redirect URI 2' }).click()
    expect(await uri.evaluate((it) => it === document.activeElement)).toBe(true)
    await page.getByRole('button', { name: 'Create application' }).click()
    await page.getByRole('heading', { name: 'These fields want another look' }).waitFor()
    expect(await uri.getAttribute('aria-invalid')).toBe('true')
    await page.locator('.uris').getByText('use https').waitFor()
    await uri.fill('https://shop.example/back')
    await page.route(
      '**/v1/clients',
      async (route) => {
        await route.fetch()
        await route.abort()
      },
      { times: 1 },
    )
    await page.getByRole('button', { name: 'Create application' }).click()
    await page.getByText('It is not known yet whether it was made.').waitFor()
    await page.getByRole('button', { name: 'Create application' }).click()
    await page.getByText('Shop is made').waitFor()
    expect(await page.getByText('An application of this type keeps no secret').count()).toBe(1)
    await page.getByRole('button', { name: 'Edit' }).click()
    await page.getByLabel('Name', { exact: true }).fill('Shop 2')
    await page.getByLabel('Home page').fill('https://shop.example')
    await page.getByRole('button', { name: 'Save' }).click()
    await page.getByRole('heading', { name: 'Shop 2' }).waitFor()
    await page.getByRole('button', { name: 'Disable' }).click()
    await page.getByText('Shop 2 is disabled').waitFor()
    await page.getByRole('button', { name: 'Undo' }).click()
    await page.getByText('Shop 2 is active again').waitFor()
    const clients = list((await call(product, 'GET', '/v1/clients?q=Shop')).body.data)
    expect(clients.map(({ name, status, homepageUri }) => [name, status, homepageUri])).toEqual([
      ['Shop 2', 'active', 'https://shop.example'],
    ])
    await page.getByRole('button', { name: 'Delete' }).click()
    await page.getByText('It holds no key that works.').waitFor()
    await page.getByRole('button', { name: 'Delete application' }).click()
    await page.getByRole('heading', { name: 'Shop 2 is deleted' }).waitFor()
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe('Shop 2 is deleted')
    await page.getByText(/^Refused by/).waitFor()
    await page.getByRole('main').getByRole('link', { name: 'Applications' }).click()
    await page.getByText('No applications yet').waitFor()
    await context.close()
  })

  it('a viewer is offered no change, nobody sees another team’s, and the search takes no secret; the list is sound in every view', async () => {
    const { accountId, page, context } = await signSomebodyIn()
    page.setDefaultTimeout(8_000)
    const access = [{ audience: product.audience, scope: 'orders:read' }]
    const make = async (name: string, email?: string) => {
      const team = text((await call(product, 'POST', '/v1/teams', { name, access })).body.id)
      if (email !== undefined) await call(product, 'POST', `/v1/teams/${team}/members`, { email, role: 'viewer' })
      const client = { name: `Server of ${name}`, type: 'service', teamId: team, access }
      return text((await call(product, 'POST', '/v1/clients', client)).body.clientId)
    }
    const { body } = await call(product, 'GET', `/v1/accounts/${accountId}`)
    const [seen, hidden] = [await make('Partner', text(body.email)), await make('Stranger')]
    await page.goto(address())
    await page.getByRole('link', { name: 'Server of Partner' }).waitFor()
    expect(await page.getByText('Server of Stranger').count()).toBe(0)
    expect(await page.locator('tbody tr').count()).toBe(1)
    await page.getByLabel('Find an application').fill(`cs_secret_a9SVWSBD6wEv_${'x'.repeat(38)}`)
    await page.keyboard.press('Enter')
    await page.getByText('is not searched for').waitFor()
    expect(await everythingOn(page)).not.toContain('xxxxxxxx')
    await page.getByLabel('Find an application').fill('nothing')
    await page.keyboard.press('Enter')
    await page.getByText('No application matches').waitFor()
    expect(page.url()).toContain('q=nothing')
    for (const search of ['?panel=edit', '?panel=secret', '?panel=delete']) {
      await page.goto(address(`/${seen}${search}`))
      await page.getByRole('heading', { name: 'Quick start' }).waitFor()
      expect(await page.getByRole('button', { name: /Edit|Disable|Delete|Add|End|Save/ }).count()).toBe(0)
    }
    await page.goto(address(`/${hidden}`))
    await page.getByText('There is no such application').waitFor()
    await expectLooks('portal applications', context, '', 'Server of Partner')
    await context.close()
  })

  it('whoever runs the server sees no built-in client; the page of an application is sound in every view, while it is changed', async () => {
    const { page, context } = await signSomebodyIn({ role: 'operator' })
    const made = await call(product, 'POST', '/v1/clients', {
      name: 'Ledger on the phone',
      type: 'native',
      access: [{ audience: product.audience, scope: 'orders:read' }],
      redirectUris: ['com.example.ledger:/back'],
      homepageUri: 'https://ledger.example',
    })
    await page.goto(`${product.portalUrl}/keys`)
    await page.getByRole('heading', { name: 'API keys' }).waitFor()
    await page.keyboard.press('g')
    await page.keyboard.press('a')
    await page.getByRole('link', { name: 'Ledger on the phone' }).waitFor()
    expect(await page.getByText('client_portal').count()).toBe(0)
    const path = `/${text(made.body.clientId)}?panel=edit`
    await expectLooks('portal application edited', context, path, 'orders:write')
    await context.close()
  })

  it('the form of a new application is sound in every view', async () => {
    const { context } = await signSomebodyIn()
    await expectLooks('portal application new', context, '/new?type=web&name=Shop', 'Create application')
    await context.close()
  })
})
