/** The owner's own id of a person: at the account, and in everything that a token of the person is shown as. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startWorld, type World } from '../server.fixture.ts'
import { signIn } from '../sign_in.fixture.ts'
import type { Wire } from '../wire.fixture.ts'
import { codeFlow, codeFor } from './code_flow.fixture.ts'
import { addPerson, makeTeam } from './teams.fixture.ts'

let world: World
beforeAll(async () => {
  world = await startWorld()
})
afterAll(() => world.close())

const flow = codeFlow(() => world)
const change = (account: Wire, body: object) => world.call('PATCH', `/v1/accounts/${account.id}`, { body })

describe('externalSubject of an account', () => {
  it('is kept, changed, taken away, found by, and in the audit log', async () => {
    const account = await flow.account({ externalSubject: 'customer 1' })
    expect([account.externalSubject, (await flow.account()).externalSubject]).toEqual(['customer 1', null])
    const found = async (id: string) =>
      (await world.ok('GET', `/v1/accounts?externalSubject=${encodeURIComponent(id)}`)).data.map((each) => each.id)
    expect([await found('customer 1'), await found('Customer 1'), await found('nobody')]).toEqual([
      [account.id],
      [],
      [],
    ])
    expect((await change(account, { name: 'Bea' })).body.externalSubject).toBe('customer 1')
    expect((await change(account, { externalSubject: 'customer 2' })).body.externalSubject).toBe('customer 2')
    expect([await found('customer 1'), await found('customer 2')]).toEqual([[], [account.id]])
    const [event] = (await world.ok('GET', `/v1/audit?objectId=${account.id}&limit=1`)).data
    expect(event).toMatchObject({ before: { externalSubject: 'customer 1' }, after: { externalSubject: 'customer 2' } })
    expect((await change(account, { externalSubject: null })).body.externalSubject).toBeNull()
    expect(await found('customer 2')).toEqual([])
  })

  it('is one account’s in the tenant, until that is deleted', async () => {
    const first = await flow.account({ externalSubject: 'only' })
    const second = await flow.account()
    const body = { email: 'twin@example.com', name: 'Twin', externalSubject: 'only' }
    const taken = [
      await change(second, { externalSubject: 'only' }),
      await world.call('POST', '/v1/accounts', { body }),
    ]
    for (const { status, body: said } of taken)
      expect([status, said.detail]).toEqual([409, 'The externalSubject is already taken.'])
    await world.ok('DELETE', `/v1/accounts/${first.id}`)
    expect((await change(second, { externalSubject: 'only' })).status).toBe(200)
  })

  it.each(['acct_1', 'client_x', '', 'x'.repeat(256)])('may not be %j', async (externalSubject) => {
    const reply = await change(await flow.account(), { externalSubject })
    expect([reply.status, reply.body.errors?.[0]?.pointer]).toEqual([400, '/externalSubject'])
  })

  it('is nobody’s own to set', async () => {
    const { browser, id } = await addPerson(world, (await makeTeam(world)).id, 'owner')
    expect((await browser.call('PATCH', `/v1/accounts/${id}`, { externalSubject: 'me' })).status).toBe(403)
  })
})

describe.each(['jwt', 'opaque'])('a %s for the person', (tokenFormat) => {
  const audience = `https://${tokenFormat}.external.test`
  const scope = 'orders:read'
  const external = `Zoë ${tokenFormat}`
  let client: Wire
  beforeAll(async () => {
    const scopes = [{ name: scope }]
    await world.ok('POST', '/v1/apis', { audience, name: 'API', scopes, accountScope: scope, tokenFormat })
    client = await flow.webClient({ access: [{ audience, scope }], offlineAccess: true })
  })

  async function tokensOf(account: Wire): Promise<Readonly<Record<string, unknown>>> {
    const browser = await signIn(world, account.id)
    const asked = { scope: `${scope} offline_access` }
    const given = await flow.redeem(client, await codeFor(browser, client, asked))
    const refreshed = await flow.refresh(client, given.body.refresh_token)
    const owner = { client_id: client.clientId, client_secret: client.clientSecret }
    const exchanged = await world.exchange(given.body.access_token, owner)
    return {
      given: given.body.access_token,
      refreshed: refreshed.body.access_token,
      exchanged: exchanged.body.access_token,
    }
  }

  async function shown(token: string): Promise<readonly unknown[]> {
    const verified = await world.verify(token, { audience })
    expect(verified).toMatchObject({ active: true })
    const owner = { client_id: client.clientId, client_secret: client.clientSecret }
    const introspected = await world.form('/oauth/introspect', { token, ...owner })
    const target = `/v1/forward-auth?audience=${encodeURIComponent(audience)}&proxy=traefik&scope=${scope}`
    const headers = [
      ['X-Forwarded-Method', 'GET'],
      ['X-Forwarded-Uri', '/'],
      ['X-Forwarded-For', '192.0.2.9'],
      ['X-Countersign-Verifier', world.admin],
    ] as const
    const forwarded = await world.call('GET', target, { as: token, headers })
    expect(forwarded.status, forwarded.text).toBe(200)
    const assertion = String(forwarded.headers['X-Countersign-Assertion'])
    const claims = JSON.parse(Buffer.from(assertion.split('.')[1] ?? '', 'base64url').toString())
    return [
      verified.grant.externalSubject,
      introspected.body.external_subject,
      forwarded.headers['X-Countersign-External-Subject'],
      claims.cs_external_subject,
    ]
  }

  it('says the id at every reader; refreshed and exchanged too', async () => {
    const account = await flow.account({ externalSubject: external })
    const tokens = await tokensOf(account)
    for (const [name, token] of Object.entries(tokens)) {
      const encoded = encodeURIComponent(external)
      expect(await shown(String(token)), name).toEqual([external, external, encoded, external])
      if (tokenFormat === 'opaque') continue
      const claims = JSON.parse(Buffer.from(String(token).split('.')[1] ?? '', 'base64url').toString())
      expect([claims.sub, claims.cs_external_subject]).toEqual([account.id, external])
    }
    await change(account, { externalSubject: null })
    expect((await shown(String(tokens.given)))[0], 'a token keeps what it was issued with').toBe(external)
  })

  it('says nothing where there is none', async () => {
    const { given } = await tokensOf(await flow.account())
    expect(await shown(String(given))).toEqual([undefined, undefined, '-', undefined])
  })
})
