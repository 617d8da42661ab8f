/** Grant × (client, account, team, consent, API, tenant) × (disabled, deleted, foreign): nothing is given. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { foreignJwt, foreignKey } from '../issuers/issuers.fixture.ts'
import { grantTypes } from '../oauth/grants/index.ts'
import { accessTokenType, baseUrl, exchangeGrant, startWorld, type World } from '../server.fixture.ts'
import { signIn } from '../sign_in.fixture.ts'
import type { Reply, Wire } from '../wire.fixture.ts'
import { codeFlow, codeFor } from './code_flow.fixture.ts'

let world: World
const otherTenant = '/t/other'
beforeAll(async () => {
  world = await startWorld()
  await world.ok('POST', '/v1/tenants', { slug: 'other', name: 'Other' })
})
afterAll(() => world.close())

const flow = codeFlow(() => world)
const scope = 'orders:read'

/** All that a token is made from, new for each case, so that what is ended harms no other. */
interface Objects {
  readonly audience: string
  readonly apiId: string
  readonly teamId: string
  readonly client: Wire
  readonly accountId: string
}

let made = 0

async function makeObjects(): Promise<Objects> {
  const audience = `https://api${++made}.test`
  const { id: apiId } = await world.ok('POST', '/v1/apis', {
    audience,
    name: 'an API',
    scopes: [{ name: scope }],
    accountScope: scope,
  })
  const access = [{ audience, scope }]
  const { id: teamId } = await world.ok('POST', '/v1/teams', { name: 'a team', access })
  const client = await flow.webClient({ access, teamId, offlineAccess: true, verified: true })
  return { audience, apiId, teamId, client, accountId: (await flow.account()).id }
}

type Ask = (options?: { readonly at?: string; readonly as?: Wire }) => Promise<Reply>

/** How each grant is asked for, and which of the objects it is made from. A new grant has none here, and fails. */
interface Asked {
  readonly isOfPerson: boolean
  prepare(of: Objects): Promise<Ask>
}

const own = ({ clientId, clientSecret }: Wire) => ({ client_id: String(clientId), client_secret: String(clientSecret) })

function machine(fields: (of: Objects) => Promise<Readonly<Record<string, string>>>): Asked {
  return {
    isOfPerson: false,
    async prepare(of) {
      const given = await fields(of)
      return ({ at, as } = {}) =>
        world.form(
          '/oauth/token',
          { ...own(as ?? of.client), audience: of.audience, ...given },
          at === undefined ? {} : { at },
        )
    },
  }
}

const bearerGrant = 'urn:ietf:params:oauth:grant-type:jwt-bearer'

const asks: Readonly<Record<string, Asked>> = {
  client_credentials: machine(async () => ({ grant_type: 'client_credentials' })),
  [exchangeGrant]: machine(async ({ audience, client }) => {
    const { key } = await world.key({ clientId: client.clientId, audience, scope })
    return { grant_type: exchangeGrant, subject_token: key, subject_token_type: accessTokenType }
  }),
  [bearerGrant]: machine(async ({ audience, client }) => {
    const key = await foreignKey('a', 'ES256')
    const iss = `https://${key.jwk.x}.example`
    const rules = [{ when: { sub: 'ann' }, scope }]
    const issuer = { issuer: iss, jwks: { keys: [key.jwk] }, clientId: client.clientId, audience, rules, scope }
    await world.ok('POST', '/v1/issuers', issuer)
    const assertion = await foreignJwt(key, { iss, sub: 'ann', aud: baseUrl, exp: world.now + 60 })
    return { grant_type: bearerGrant, assertion }
  }),
  authorization_code: {
    isOfPerson: true,
    async prepare({ accountId, audience, client }) {
      const code = await codeFor(await signIn(world, accountId), client, { scope, resource: audience })
      return ({ at, as } = {}) => flow.redeem(as ?? client, code, {}, at === undefined ? {} : { at })
    },
  },
  refresh_token: {
    isOfPerson: true,
    async prepare({ accountId, audience, client }) {
      const asking = { scope: `${scope} offline_access`, resource: audience }
      const code = await codeFor(await signIn(world, accountId), client, asking)
      const { refresh_token: token } = (await flow.redeem(client, code)).body
      return ({ at, as } = {}) => flow.refresh(as ?? client, token, {}, at === undefined ? {} : { at })
    },
  },
}

const patch = (path: string, body: object) => world.ok('PATCH', path, body)
const disabled = { status: 'disabled' }

/** The ends of each object. `ofPerson`: only grants for a person are made from it. */
const deeds: readonly {
  readonly name: string
  readonly ofPerson?: true
  readonly end: (of: Objects) => Promise<unknown>
}[] = [
  { name: 'client disabled', end: ({ client }) => patch(`/v1/clients/${client.clientId}`, disabled) },
  { name: 'client deleted', end: ({ client }) => world.ok('DELETE', `/v1/clients/${client.clientId}`) },
  { name: 'client without access', end: ({ client }) => patch(`/v1/clients/${client.clientId}`, { access: [] }) },
  { name: 'team disabled', end: ({ teamId }) => patch(`/v1/teams/${teamId}`, disabled) },
  { name: 'team deleted', end: ({ teamId }) => world.ok('DELETE', `/v1/teams/${teamId}`) },
  { name: 'team without a ceiling', end: ({ teamId }) => patch(`/v1/teams/${teamId}`, { access: [] }) },
  { name: 'API disabled', end: ({ apiId }) => patch(`/v1/apis/${apiId}`, disabled) },
  { name: 'API deleted', end: ({ apiId }) => world.ok('DELETE', `/v1/apis/${apiId}`) },
  { name: 'account disabled', ofPerson: true, end: ({ accountId }) => patch(`/v1/accounts/${accountId}`, disabled) },
  { name: 'account deleted', ofPerson: true, end: ({ accountId }) => world.ok('DELETE', `/v1/accounts/${accountId}`) },
  {
    name: 'consent removed',
    ofPerson: true,
    async end({ accountId }) {
      const { data } = await world.ok('GET', `/v1/consents?accountId=${accountId}`)
      await world.ok('POST', `/v1/consents/${data[0]?.id}/revoke`)
    },
  },
]

describe.each([...grantTypes.keys()])('%s gives nothing', (grant) => {
  const asked = (): Asked => {
    const found = asks[grant]
    if (found === undefined) throw new Error(`no case asks for ${grant}`)
    return found
  }

  it.each(deeds)('$name', async ({ end, ofPerson }) => {
    if (ofPerson === true && !asked().isOfPerson) return
    const of = await makeObjects()
    const ask = await asked().prepare(of)
    await end(of)
    const { status, body } = await ask()
    expect([status, body.access_token], body.error).toEqual([
      expect.toSatisfy((each) => each >= 400 && each < 500),
      undefined,
    ])
  })

  it('client foreign: one of the same tenant with the same access', async () => {
    const of = await makeObjects()
    const ask = await asked().prepare(of)
    const other = await flow.webClient({ access: [{ audience: of.audience, scope }], offlineAccess: true })
    const isOwn = grant === 'client_credentials'
    // A client's own credentials are all that this grant is made from.
    const { body } = await ask({ as: other })
    if (!isOwn) expect(body.access_token).toBeUndefined()
    expect((await ask()).status).toBe(200)
  })

  it('tenant foreign: asked at the endpoint of another tenant', async () => {
    const ask = await asked().prepare(await makeObjects())
    expect((await ask({ at: otherTenant })).body.access_token).toBeUndefined()
    expect((await ask()).status).toBe(200)
  })
})
