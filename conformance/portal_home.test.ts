/** The first page of the portal, and the way to the credential that somebody needs. */
import { describe, expect, inject, it } from 'vitest'
import { expectSound, hasChromium, product, useProduct } from './browser.fixture.ts'
import { createKey, signSomebodyIn, storeAndLeave } from './portal.fixture.ts'
import { call, eventually, guarded, list, text } from './product.fixture.ts'

useProduct()

/** The short form looks at one state of each screen. */
const isLong = inject('isFull') || process.env.SHOTS !== undefined

describe.skipIf(!hasChromium)('home', () => {
  it('a new team’s steps tick themselves from what happens, by a call that is ready but for the key; then its week is there', async () => {
    const { page, context } = await signSomebodyIn()
    await page.goto(product.portalUrl)
    const step = (name: string) => page.locator(`[data-step="${name}"]`)
    const states = () => page.locator('.steps .status').allTextContents()
    await step('invite').getByText('To do').waitFor()
    await step('call').getByText(product.issuer, { exact: true }).waitFor()
    await step('call').getByText(product.audience, { exact: true }).waitFor()
    await step('call').locator('pre').waitFor()
    expect(await states()).toEqual(['To do', 'To do', 'To do', 'To do'])
    const cookies = await context.cookies()
    await expectSound('portal home, new', async (other) => {
      await other.context().addCookies(cookies)
      await other.goto(product.portalUrl)
      await other.locator('.steps pre').waitFor()
    })

    const key = await createKey(page, 'Reader')
    await storeAndLeave(page)
    await page.getByRole('link', { name: 'Home' }).first().click()
    await step('key').getByText('Done').waitFor()
    await step('restrict').getByText('Done').waitFor()
    await step('invite').getByText('To do').waitFor()
    expect(await states()).toEqual(['Done', 'To do', 'Done', 'To do'])
    const sample = (await step('call').locator('pre').textContent()) ?? ''
    expect(sample).toContain('-H "Authorization: Bearer $COUNTERSIGN_KEY"')
    const [, url = ''] = /^curl '([^']+)'/.exec(sample) ?? []
    expect((await fetch(url, { headers: { authorization: `Bearer ${key}` } })).status).toBe(200)
    // Nobody reloads: the page asks by itself.
    await page.getByRole('heading', { name: 'Still to do' }).waitFor()
    expect(await page.locator('[data-step]').evaluateAll((all) => all.map((each) => each.dataset.step))).toEqual([
      'invite',
    ])
    await page.getByText('Nothing: no key ends soon or lies idle').waitFor()

    const refused = await guarded(product, 'POST', '/orders', key)
    expect(refused.status).toBe(403)
    const [team] = list((await page.request.get(`${product.url}/v1/me`).then((reply) => reply.json())).teams)
    const teamId = text(team?.id)
    await call(product, 'POST', `/v1/teams/${teamId}/members`, { email: 'colleague@example.com', role: 'viewer' })
    const clients = list((await call(product, 'GET', '/v1/clients?limit=100')).body.data)
    const clientId = clients.find((each) => each.teamId === team?.id)?.clientId
    const expiresAt = new Date(Date.now() + 5 * 86_400_000).toISOString()
    const ending = { clientId, audience: product.audience, scope: 'orders:read', name: 'Short', expiresAt }
    expect((await call(product, 'POST', '/v1/keys', ending)).status).toBe(201)
    await eventually(10_000, async () => {
      await page.reload()
      await page.getByRole('heading', { name: 'Quick start' }).waitFor()
      await page.getByRole('link', { name: 'Recent refusals' }).waitFor()
      return (await page.getByRole('row', { name: 'Scope missing insufficient_scope 1' }).count()) === 1
    })
    await page.getByRole('img', { name: 'Calls: 1 allowed, 1 refused' }).waitFor()
    await page.locator('.home .code pre').waitFor()
    expect(await page.locator('.steps').count()).toBe(0)
    await expectSound('portal home', async (other) => {
      await other.context().addCookies(cookies)
      await other.goto(product.portalUrl)
      await other.getByRole('link', { name: 'Roll Short' }).waitFor()
      await other.locator('.home .code pre').waitFor()
      await other.getByRole('img', { name: /^Calls/ }).waitFor()
    })

    // A part that cannot be read is neither nothing nor none.
    await page.route('**/v1/usage?*', (route) => route.abort())
    await page.reload()
    await page.getByRole('link', { name: 'Roll Short' }).waitFor()
    await page.locator('.chart').getByText('The server did not answer. Nothing was changed.').waitFor()
    await page.locator('.attention').getByText('The server did not answer. Nothing was changed.').waitFor()
    expect(await page.getByText(/^No call|^Nothing:/).count()).toBe(0)
    await page.unrouteAll()
    await page.getByRole('link', { name: 'Roll Short' }).click()
    await page.getByRole('heading', { name: 'Roll this key' }).waitFor()
    await context.close()
  }, 120_000)

  it('a viewer is offered no change, and sees nothing of another team', async () => {
    const { accountId, page, context } = await signSomebodyIn()
    const access = [{ audience: product.audience, scope: 'orders:read' }]
    const team = await call(product, 'POST', '/v1/teams', { name: 'Seen', access })
    const { body } = await call(product, 'GET', `/v1/accounts/${accountId}`)
    const viewer = { email: text(body.email), role: 'viewer' }
    await call(product, 'POST', `/v1/teams/${text(team.body.id)}/members`, viewer)
    const holder = { name: 'Worker', type: 'service', teamId: text(team.body.id), access }
    const client = await call(product, 'POST', '/v1/clients', holder)
    const expiresAt = new Date(Date.now() + 3 * 86_400_000).toISOString()
    const key = { audience: product.audience, scope: 'orders:read', name: 'Seen', expiresAt }
    const made = await call(product, 'POST', '/v1/keys', { ...key, clientId: client.body.clientId })
    await guarded(product, 'GET', '/orders', text(made.body.key))
    await page.goto(product.portalUrl)
    await page.locator('.attention').getByRole('link', { name: 'Seen' }).waitFor()
    await page.locator('.home .code pre').waitFor()
    expect(await page.getByRole('link', { name: /Create key|Make one|Invite|Roll|Revoke|Restrict/ }).count()).toBe(0)
    await context.close()

    const other = await signSomebodyIn({ name: 'Bo' })
    await other.page.goto(product.portalUrl)
    await other.page.locator('.steps pre').waitFor()
    expect(await other.page.getByText('Seen').count()).toBe(0)
    await other.context.close()
  }, 120_000)
})

describe.skipIf(!hasChromium)('which credential', () => {
  it('three answers, which the address keeps, lead from an empty list to the form of a key, or to commands that are ready', async () => {
    const { page, context } = await signSomebodyIn()
    await page.goto(`${product.portalUrl}/keys`)
    await page.getByRole('link', { name: 'Which credential do I need?' }).click()
    await page.waitForSelector('h1:focus')
    await page.getByText('Answer the three questions').waitFor()
    await page.getByLabel('My server').check()
    await page.getByLabel('For itself').check()
    await page.getByLabel('Yes, everywhere').check()
    await page.getByRole('heading', { name: 'Take an API key' }).waitFor()
    await page.waitForURL('**/which?who=server&whom=itself&cut=at_once')
    // The terms are those of the API: a verifier of it may choose up to five minutes.
    await page.getByText('10 seconds, or what its owner chose, at most 300').waitFor()
    const make = page.getByRole('link', { name: 'Create a key' })
    expect(await make.getAttribute('href')).toContain(`audience=${encodeURIComponent(product.audience)}`)
    await page.getByLabel('A copy may run out').check()
    await page.getByRole('heading', { name: 'Take client credentials' }).waitFor()
    await page.getByText('1 hour for each token').waitFor()
    await page.reload()
    await page.getByRole('heading', { name: 'Take client credentials' }).waitFor()
    const commands = (await page.locator('.found pre').textContent()) ?? ''
    expect(commands).toContain(`export COUNTERSIGN_URL='${product.issuer}'`)
    expect(commands).toContain(`audience=${product.audience}`)
    const cookies = await context.cookies()
    const views = [
      ['portal which', 'who=server&whom=itself&cut=at_once', 'Take an API key'],
      ['portal which by command', 'who=agent&whom=itself&cut=runs_out', 'Take a JWT key'],
    ] as const
    for (const [name, search, found] of views.slice(0, isLong ? 2 : 1))
      await expectSound(name, async (other) => {
        await other.context().addCookies(cookies)
        await other.goto(`${product.portalUrl}/which?${search}`)
        await other.getByRole('heading', { name: found }).waitFor()
        await other.getByText('What it costs').waitFor()
      })
    await page.goto(`${product.portalUrl}/which?who=server&whom=itself&cut=at_once`)
    await make.click()
    await page.getByRole('heading', { name: 'Create a key' }).waitFor()
    await context.close()
  }, 120_000)
})
