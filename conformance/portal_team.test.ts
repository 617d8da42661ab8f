/** Team in the portal: members, invitations, and requests for access. */
import { beforeAll, describe, expect, it } from 'vitest'
import { expectSound, hasChromium, product, useProduct } from './browser.fixture.ts'
import { makeAccount } from './person.fixture.ts'
import { signSomebodyIn } from './portal.fixture.ts'
import { call, list, text } from './product.fixture.ts'

useProduct()

const address = () => `${product.portalUrl}/team`

beforeAll(async () => {
  const apis = list((await call(product, 'GET', '/v1/apis')).body.data)
  const api = apis.find(({ audience }) => text(audience) === product.audience)
  const offer = { selfServiceScope: 'orders:read', onRequestScope: 'orders:write' }
  await call(product, 'PATCH', `/v1/apis/${text(api?.id)}`, offer)
})

describe.skipIf(!hasChromium)('team', () => {
  it('an owner adds a member, changes the role, removes them, invites somebody and takes it back', async () => {
    const { page, context } = await signSomebodyIn()
    const { email } = await makeAccount(product, { name: 'Bo Lind', emailVerified: true })
    await page.goto(address())
    await page.getByLabel('Mail address').fill(email)
    await page.getByRole('button', { name: 'Invite', exact: true }).click()
    const row = page.locator('tr', { hasText: 'Bo Lind' })
    await row.waitFor()
    await page.getByLabel('Role of Bo Lind').selectOption('viewer')
    await page.getByText('Bo Lind is Viewer now').waitFor()
    await page.getByRole('button', { name: 'Remove Bo Lind' }).click()
    await page.getByRole('button', { name: 'Remove member' }).click()
    await page.getByText('Bo Lind is no member any more').waitFor()
    await row.waitFor({ state: 'detached' })

    // A retry after a lost answer is the same call, and is given what that made.
    const sent: unknown[] = []
    await page.route('**/members', async (route) => {
      if (route.request().method() !== 'POST') return route.continue()
      sent.push(route.request().headers()['idempotency-key'])
      if (sent.length > 1) return route.continue()
      await route.fetch()
      return route.abort()
    })
    await page.getByLabel('Mail address').fill('new@example.com')
    await page.getByRole('button', { name: 'Invite', exact: true }).click()
    await page.getByText('Nobody can tell yet whether it was done.').waitFor()
    await page.getByRole('button', { name: 'Invite', exact: true }).click()
    await page.getByText('/invite#').waitFor()
    expect(sent).toEqual([expect.stringMatching(/^[0-9a-f]{32}$/), sent[0]])
    await page.getByText('1 open invitation').waitFor()
    await page.getByRole('button', { name: 'Take back the invitation of new@example.com' }).click()
    await page.getByText('1 open invitation').waitFor({ state: 'detached' })
    await page.goto(`${product.portalUrl}/keys`)
    await page.goBack()
    await page.getByLabel('Mail address').waitFor()
    expect(await page.content()).not.toContain('/invite#')
    await context.close()
  })

  it('a team asks for what an API has on request, sees the answer, and gets it; the screen is sound in every view', async () => {
    const { page, context } = await signSomebodyIn()
    page.setDefaultTimeout(8_000)
    await page.goto(address())
    await page.getByText('Ask for more', { exact: true }).click()
    await page.getByLabel('orders:write').check()
    await page.getByLabel('What the team needs it for').fill('To file orders')
    await page.getByLabel('Until').selectOption('30')
    await page.getByRole('button', { name: 'Ask', exact: true }).click()
    await page.getByText('Waiting').waitFor()
    const requests = list((await call(product, 'GET', '/v1/access-requests?status=pending')).body.data)
    const asked = requests.find(({ reason }) => text(reason) === 'To file orders')
    expect(asked?.scope).toBe('orders:write')
    const cookies = await context.cookies()
    await expectSound('portal team', async (other) => {
      await other.context().addCookies(cookies)
      await other.goto(address())
      await other.getByText('Waiting').waitFor()
      await other.getByText('What each role may do').click()
    })
    await call(product, 'POST', `/v1/access-requests/${text(asked?.id)}/approve`, {})
    await page.reload()
    await page.getByText('Approved').waitFor()
    await page.getByText('No API offers more on request.').waitFor()
    await context.close()
  })

  it('a viewer is offered no change', async () => {
    const { accountId, page, context } = await signSomebodyIn()
    const access = [{ audience: product.audience, scope: 'orders:read' }]
    const team = await call(product, 'POST', '/v1/teams', { name: 'Partner', access })
    const { body } = await call(product, 'GET', `/v1/accounts/${accountId}`)
    await call(product, 'POST', `/v1/teams/${text(team.body.id)}/members`, { email: text(body.email), role: 'viewer' })
    await page.goto(`${address()}?team=${text(team.body.id)}`)
    await page.getByRole('heading', { name: 'Partner' }).waitFor()
    await page.getByRole('rowheader', { name: 'Ana Ruiz' }).waitFor()
    expect(await page.getByRole('button', { name: /Invite|Remove|Ask|Withdraw/ }).count()).toBe(0)
    expect(await page.getByText('Ask for more', { exact: true }).count()).toBe(0)

    // An address opens nothing that has no button.
    const holder = { name: 'Worker', type: 'service', teamId: text(team.body.id), access }
    const client = await call(product, 'POST', '/v1/clients', holder)
    const wanted = { clientId: text(client.body.clientId), audience: product.audience, scope: '', name: 'Seen' }
    const key = await call(product, 'POST', '/v1/keys', wanted)
    for (const panel of ['edit', 'roll', 'revoke']) {
      await page.goto(`${product.portalUrl}/keys/${text(key.body.id)}?panel=${panel}`)
      await page.waitForSelector('#facts')
      expect(await page.getByRole('button', { name: /Edit|Save|Roll|Disable|Revoke/ }).count()).toBe(0)
    }
    await page.goto(`${product.portalUrl}/keys`)
    await page.getByRole('link', { name: 'Seen' }).waitFor()
    expect(await page.getByRole('checkbox', { name: /^Select/ }).count()).toBe(0)
    await context.close()
  })
})
