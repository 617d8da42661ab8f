/**
 * Bad input for every operation, made from the OpenAPI document: an operation is covered when it is born, and the test
 * fails until it has a good example to spoil. The answer is always 4xx and says what to do; nothing is changed.
 */
import { createHash, randomBytes } from 'node:crypto'
import { allRoutes, openapiDocument, type Route } from '@countersign/contract'
import { generateKeyPair } from '@countersign/core'
import { type Consent, newConsent as makeConsent } from '@countersign/store'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { resolved } from '../../contract/src/resolved.fixture.ts'
import { callsTo, startUpstream, type Upstream } from './management/apis/upstream.fixture.ts'
import { assertionType, audience, baseUrl, startWorld, type World } from './server.fixture.ts'
import { signIn } from './sign_in.fixture.ts'
import type { CallOptions, Reply, Wire } from './wire.fixture.ts'

let world: World
let upstream: Upstream
let foreign: { readonly key: string; readonly ids: Readonly<Record<string, string>> }
const at = '2027-01-15T10:00:00Z'

beforeAll(async () => {
  upstream = await startUpstream((_, response) => response.end('[]'))
  world = await startWorld({ outbound: callsTo(['127.0.0.1']) })
  foreign = await makeForeign()
})
afterAll(() => {
  upstream.close()
  return world.close()
})

interface Example {
  readonly params?: Readonly<Record<string, string>>
  readonly query?: Readonly<Record<string, string>>
  readonly body?: unknown
  readonly raw?: string
  /** The cookie of the person who asks. Default: the administrator asks. */
  readonly cookie?: string
}

/** One good request for every operation, with every member it can have; made anew after each use that worked. */
const examples: Readonly<Record<string, () => Promise<Example>>> = {
  createApi: async () => ({
    body: {
      audience: `https://${next()}.test`,
      name: 'An API',
      scopes: [{ name: 'a', description: 'b' }],
      tokenTtlSeconds: 60,
      tokenTtlSecondsMax: 600,
      tokenFormat: 'jwt',
      scopeClaim: 'string',
      signingAlg: 'ES256',
      maxStalenessSeconds: 10,
      accountScope: '',
      selfServiceScope: '',
      onRequestScope: '',
      callUrl: 'https://orders.example',
      resources: [`https://${next()}.test/v2`],
      credentialHeaders: ['X-Partner-Key'],
      ...limiting,
    },
  }),
  listApis: async () => ({ query: { limit: '2', after: await cursor('/v1/apis', '-name'), q: 'e', sort: '-name' } }),
  getApi: async () => ({ params: { id: world.apiId } }),
  updateApi: async () => ({
    params: { id: world.apiId },
    body: {
      name: 'Orders',
      status: 'active',
      scopes: [
        { name: 'orders:read', description: '' },
        { name: 'orders:write', description: '' },
      ],
      tokenTtlSeconds: 60,
      tokenTtlSecondsMax: 86_400,
      tokenFormat: 'jwt',
      scopeClaim: 'string',
      signingAlg: 'ES256',
      force: false,
      maxStalenessSeconds: 10,
      accountScope: '',
      selfServiceScope: '',
      onRequestScope: '',
      callUrl: 'https://orders.example',
      resources: [`https://${next()}.test/v2`],
      credentialHeaders: ['X-Partner-Key'],
      ...limiting,
    },
  }),
  deleteApi: async () => ({ params: { id: (await newApi()).id } }),
  getOpenapi: async () => ({ params: { id: await importedApi() } }),
  callApi: async () => ({
    params: { id: await importedApi() },
    body: {
      method: 'POST',
      path: '/orders',
      query: 'a=b',
      headers: { Accept: 'application/json' },
      body: 'YQ==',
      bodyEncoding: 'base64',
    },
  }),
  listOperations: async () => ({ params: { id: await importedApi() } }),
  importOpenapi: async () => ({
    params: { id: (await newApi()).id },
    query: { dryRun: 'true', force: 'false' },
    raw: '{"openapi":"3.1.0","info":{"title":"x","version":"1"},"paths":{}}',
  }),
  listSigningKeys: async () => ({}),
  rotateSigningKeys: async () => ({ body: {} }),
  revokeSigningKey: async () => ({
    params: { kid: (await world.ok('GET', '/v1/signing-keys')).data[0]!.kid },
    body: { reason: 'r', force: false },
  }),
  createClient: async () => ({
    body: {
      name: 'a client',
      type: 'service',
      teamId: (await newTeam()).id,
      access: [{ audience, scope: 'orders:read' }],
      guards: [audience],
      redirectUris: ['https://app.example/callback'],
      verified: true,
      consent: 'ask',
      requirePkce: true,
      postLogoutRedirectUris: ['https://app.example/signed-out'],
      offlineAccess: true,
      idTokenAlg: 'ES256',
      logoUri: null,
      homepageUri: 'https://app.example',
      jwks: { keys: [await newJwk()] },
      metadata: { a: { b: [1] } },
      selfIssuedTtlSecondsMax: 60,
      ...limiting,
    },
  }),
  listClients: async () => ({
    query: { limit: '1', after: await cursor('/v1/clients', '-name'), q: 'e', sort: '-name' },
  }),
  getClient: async () => ({ params: { clientId: world.clientId } }),
  updateClient: async () => ({
    params: { clientId: (await world.client()).clientId },
    body: {
      name: 'a client',
      status: 'active',
      teamId: (await newTeam()).id,
      access: [{ audience, scope: 'orders:read' }],
      guards: [audience],
      redirectUris: ['https://app.example/callback'],
      verified: true,
      consent: 'ask',
      requirePkce: true,
      postLogoutRedirectUris: ['https://app.example/signed-out'],
      offlineAccess: true,
      idTokenAlg: 'ES256',
      logoUri: null,
      homepageUri: 'https://app.example',
      jwks: { keys: [await newJwk()] },
      metadata: { a: 1 },
      selfIssuedTtlSecondsMax: 60,
      force: false,
      ...limiting,
    },
  }),
  deleteClient: async () => ({ params: { clientId: (await world.client()).clientId }, query: { force: 'false' } }),
  listClientSecrets: async () => ({ params: { clientId: (await world.client()).clientId } }),
  revokeClientSecret: async () => {
    const { clientId } = await world.client()
    const { data } = await world.ok('GET', `/v1/clients/${clientId}/secrets`)
    return { params: { clientId, id: data[0]?.id as string }, body: { reason: 'r', force: false } }
  },
  createClientSecret: async () => ({
    params: { clientId: (await world.client()).clientId },
    body: { graceSeconds: 1, force: false },
  }),
  revokeClient: async () => ({
    params: { clientId: (await world.client()).clientId },
    body: { reason: 'r', force: false },
  }),
  createKey: async () => ({
    body: {
      clientId: world.clientId,
      audience,
      scope: 'orders:read',
      name: 'a key',
      subject: 'customer-17',
      environment: 'live',
      expiresAt: '2030-01-01T00:00:00Z',
      metadata: { a: 1 },
      ipAllow: ['192.0.2.0/24'],
      originAllow: ['https://app.test'],
      ...limiting,
    },
  }),
  listKeys: async () => ({
    query: {
      limit: '1',
      after: await cursor('/v1/keys', '-name'),
      q: 'e',
      sort: '-name',
      clientId: world.clientId,
      status: 'active',
      ended: 'false',
    },
  }),
  getKey: async () => ({ params: { id: (await world.key()).id } }),
  updateKey: async () => ({
    params: { id: (await world.key()).id },
    body: {
      scope: 'orders:read',
      expiresAt: '2030-01-01T00:00:00Z',
      name: 'a key',
      subject: 'customer-17',
      metadata: { a: 1 },
      ipAllow: ['192.0.2.0/24'],
      originAllow: ['https://app.test'],
      force: false,
      ...limiting,
    },
  }),
  rollKey: async () => ({ params: { id: (await world.key()).id }, body: { graceSeconds: 1, force: false } }),
  disableKey: async () => ({ params: { id: (await world.key()).id }, body: { reason: 'r', force: false } }),
  enableKey: async () => ({ params: { id: (await world.key()).id }, body: { reason: 'r' } }),
  revokeKey: async () => ({ params: { id: (await world.key()).id }, body: { reason: 'r', force: false } }),
  createToken: async () => ({
    body: {
      clientId: world.clientId,
      listed: true,
      audience,
      scope: 'orders:read',
      ttlSeconds: 60,
      subject: 'user',
      name: 'a token',
      metadata: { a: 1 },
    },
  }),
  listTokens: async () => ({
    query: {
      limit: '1',
      after: await cursor('/v1/tokens', '-name'),
      q: 'e',
      sort: '-name',
      clientId: world.clientId,
      subject: 'user-7',
    },
  }),
  getToken: async () => ({ params: { jti: (await world.mint()).jti } }),
  updateToken: async () => ({
    params: { jti: (await world.mint()).jti },
    body: {
      scope: 'orders:read',
      expiresAt: new Date(world.now * 1000).toISOString(),
      clientId: world.clientId,
      force: false,
    },
  }),
  revokeToken: async () => ({ params: { jti: (await world.mint()).jti }, body: { reason: 'r', force: false } }),
  listVerifiers: async () => ({}),
  createRevocation: async () => ({
    body: { jti: 'a', clientId: world.clientId, selfIssued: false, external: false, reason: 'r', force: false },
  }),
  verify: async () => ({
    body: {
      credential: (await world.key()).key,
      audience,
      scope: 'orders:read',
      anyScope: 'orders:read orders:write',
      method: 'GET',
      path: '/orders',
      ip: '192.0.2.1',
      origin: 'https://app.test',
      minSequence: 0,
      cost: 1,
      explain: true,
    },
  }),
  inspect: async () => ({
    body: {
      digest: createHash('sha256')
        .update((await world.key()).key)
        .digest('base64url'),
      audience,
      method: 'GET',
      path: '/orders',
      ip: '192.0.2.1',
      origin: 'https://app.test',
    },
  }),
  lookup: async () => ({
    body: { clientId: world.clientId, kid: 'k', epoch: (await place()).epoch, sequence: 0 },
  }),
  feedSnapshot: async () => ({}),
  createIssuer: async () => ({
    body: {
      issuer: `https://${next()}.test`,
      jwks: { keys: [await newJwk()] },
      clientId: world.clientId,
      audience,
      rules: [{ when: { sub: 'repo:*' }, scope: 'orders:read', audience }],
      scope: 'orders:read',
    },
  }),
  listIssuers: async () => ({ query: { limit: '1', after: await cursor('/v1/issuers') } }),
  getIssuer: async () => ({ params: { id: await oneIssuer() } }),
  updateIssuer: async () => ({
    params: { id: await oneIssuer() },
    body: {
      status: 'active',
      jwks: { keys: [await newJwk()] },
      clientId: world.clientId,
      audience,
      rules: [{ when: { sub: 'repo:*', '/a/b': 'x' }, scope: 'orders:read', audience }],
      scope: 'orders:read',
    },
  }),
  deleteIssuer: async () => ({ params: { id: await oneIssuer(next()) } }),
  testIssuer: async () => ({ params: { id: await oneIssuer() }, body: { token: 'a.b.c' } }),
  feed: async () => ({ query: { after: '0', epoch: (await place()).epoch, chain: 'c' } }),
  feedPosition: async () => ({
    body: {
      verifierId: 'v',
      ...(await place()),
      nonce: 'n',
      maxStalenessSeconds: 10,
      sealed: { ...(await place()), seal: 'AAAAAAAAAAAAAAAAAAAAAA' },
    },
  }),
  handBackRevocations: async () => ({
    body: {
      epoch: (await place()).epoch,
      revocations: [{ type: 'key', id: next(), dropAt: 2_000_000_000, mac: 'AAAAAAAAAAAAAAAAAAAAAA' }],
      cutOffs: [{ type: 'client', id: next(), what: 'tokens', sequence: 1, at: 1, mac: 'AAAAAAAAAAAAAAAAAAAAAA' }],
    },
  }),
  createAssertion: async () => ({
    body: {
      credential: (await world.key()).key,
      audience,
      ip: '192.0.2.1',
      origin: 'https://app.test',
      minSequence: 1,
    },
  }),
  getRevocation: async () => ({ params: { feedSequence: '1' } }),
  getUsage: async () => ({
    query: {
      keyId: 'k',
      clientId: world.clientId,
      from: at,
      to: '2027-01-15T12:00:00Z',
      interval: 'hour',
      scope: 'orders:read',
      groupBy: 'outcome',
    },
  }),
  getApiUsage: async () => ({ params: { id: await importedApi() }, query: { from: at, to: '2027-01-16T00:00:00Z' } }),
  reportUsage: async () => ({
    body: {
      batchId: `batch-${next()}`,
      counts: [
        {
          credentialId: 'k',
          clientId: world.clientId,
          scope: 'orders:read',
          outcome: 'verified',
          minuteAt: at,
          lastAt: at,
          count: 1,
        },
      ],
      refusals: [{ at, requestId: 'request', code: 'unknown' }],
      operations: [{ audience, method: 'GET', route: '/orders', outcome: 'verified', dayAt: at, count: 1 }],
    },
  }),
  listRefusals: async () => ({
    query: { limit: '1', after: await refusalCursor(), keyId: 'key', requestId: 'request' },
  }),
  listAudit: async () => ({
    query: { limit: '1', after: await cursor('/v1/audit'), objectId: world.clientId, action: 'client.create' },
  }),
  createTenant: async () => ({ body: { slug: `slug-${next()}`, name: 'A tenant' } }),
  listTenants: async () => {
    await newTenant()
    return { query: { limit: '1', after: await cursor('/v1/tenants') } }
  },
  getTenant: async () => ({ params: { id: (await newTenant()).id } }),
  updateTenant: async () => ({ params: { id: (await newTenant()).id }, body: { name: 'A tenant', status: 'active' } }),
  deleteTenant: async () => ({ params: { id: (await newTenant()).id } }),
  getSettings: async () => ({}),
  updateSettings: async () => ({
    body: {
      name: `Tenant ${next()}`,
      logoUri: null,
      colors: { accent: '#1847c3', accentDark: '#80acfb' },
      signIn: { password: true, passkey: true, mailCode: true },
      signUp: 'invited',
      portal: 'invited',
    },
  }),
  getMe: async () => ({}),
  createAccount: async () => ({ body: accountBody() }),
  listAccounts: async () => {
    await newAccount()
    return {
      query: {
        limit: '1',
        after: await cursor('/v1/accounts', '-name'),
        q: 'e',
        sort: '-name',
        externalSubject: 'customer-1',
      },
    }
  },
  getAccount: async () => ({ params: { id: (await newAccount()).id } }),
  updateAccount: async () => ({
    params: { id: (await newAccount()).id },
    body: { ...accountBody(), status: 'active' },
  }),
  deleteAccount: async () => ({ params: { id: (await newAccount()).id } }),
  revokeAccount: async () => ({ params: { id: (await newAccount()).id }, body: { reason: 'r' } }),
  createAccountLink: async () => ({ params: { id: (await newAccount()).id } }),
  listSessions: async () => {
    const accountId = (await newAccount()).id
    await signIn(world, accountId)
    await signIn(world, accountId)
    return { query: { limit: '1', after: await cursor('/v1/sessions'), accountId } }
  },
  listConsents: async () => {
    const consent = await newConsent()
    await newConsent(consent)
    const next = (await world.ok('GET', '/v1/consents?limit=1')).next
    return { query: { limit: '1', after: next, accountId: consent.accountId, clientId: consent.clientId } }
  },
  revokeConsent: async () => ({ params: { id: (await newConsent()).id }, body: { reason: 'r' } }),
  revokeSession: async () => {
    const accountId = (await newAccount()).id
    await signIn(world, accountId)
    const { data } = await world.ok('GET', `/v1/sessions?accountId=${accountId}`)
    return { params: { id: data[0]?.id as string }, body: { reason: 'r' } }
  },
  createTeam: async () => ({ body: teamBody() }),
  listTeams: async () => {
    await newTeam()
    await newTeam()
    return { query: { limit: '1', after: await cursor('/v1/teams', '-name'), q: 'e', sort: '-name' } }
  },
  getTeam: async () => ({ params: { id: (await newTeam()).id } }),
  updateTeam: async () => ({ params: { id: (await newTeam()).id }, body: teamBody() }),
  deleteTeam: async () => ({ params: { id: (await newTeam()).id } }),
  listTeamMembers: async () => {
    const { id } = await newTeam()
    for (let made = 0; made < 2; made++) await newMember(id)
    return { params: { id }, query: { limit: '1', after: await cursor(`/v1/teams/${id}/members`) } }
  },
  addTeamMember: async () => ({
    params: { id: (await newTeam()).id },
    body: { email: `${next()}@example.com`, role: 'viewer' },
  }),
  updateTeamMember: async () => {
    const { id } = await newTeam()
    return { params: { id, accountId: await newMember(id) }, body: { role: 'developer' } }
  },
  removeTeamMember: async () => {
    const { id } = await newTeam()
    return { params: { id, accountId: await newMember(id) } }
  },
  listInvitations: async () => {
    const { id } = await newTeam()
    for (let made = 0; made < 2; made++) await newInvitation(id)
    return { params: { id }, query: { limit: '1', after: await cursor(`/v1/teams/${id}/invitations`) } }
  },
  deleteInvitation: async () => {
    const { id } = await newTeam()
    return { params: { id, invitationId: (await newInvitation(id)).id } }
  },
  acceptInvitation: async () => {
    const { id } = await newTeam()
    const email = `${next()}@example.com`
    const { invitation } = await world.ok('POST', `/v1/teams/${id}/members`, { email, role: 'viewer' })
    const account = await world.ok('POST', '/v1/accounts', { email, emailVerified: true, name: 'Ann' })
    const cookie = (await signIn(world, account.id)).cookie()
    return { cookie, body: { code: new URL(invitation.url).hash.slice(1) } }
  },
  createPortalLink: async () => ({
    body: {
      team: { externalId: next(), name: 'A team', access: [{ audience, scope: 'orders:read' }] },
      account: { subject: `customer-${next()}`, name: 'Ann', email: `${next()}@example.com` },
      scope: 'keys:read',
      returnUrl: 'https://shop.example/developers',
    },
  }),
  createAccessRequest: async () => {
    const { id: teamId } = await newTeam()
    return { body: { ...(await requestBody()), teamId } }
  },
  listAccessRequests: async () => {
    const { teamId } = await newRequest()
    await newRequest(teamId)
    const after = (await world.ok('GET', `/v1/access-requests?limit=1&teamId=${teamId}`)).next
    return { query: { limit: '1', after, teamId, status: 'pending' } }
  },
  approveAccessRequest: async () => ({
    params: { id: (await newRequest()).id },
    body: { scope: 'a', until: '2029-01-01T00:00:00Z' },
  }),
  refuseAccessRequest: async () => ({ params: { id: (await newRequest()).id }, body: { reason: 'r' } }),
  withdrawAccessRequest: async () => ({ params: { id: (await newRequest()).id }, body: {} }),
}

const teamBody = () => ({
  name: 'A team',
  access: [{ audience, scope: 'orders:read' }],
  externalId: next(),
  metadata: { a: 1 },
  status: 'active',
})
/** For an API of its own: other examples set what the shared one has on request. */
const requestBody = async () => {
  const api = { audience: `https://${next()}.test`, name: 'An API', onRequestScope: 'a b' }
  await world.ok('POST', '/v1/apis', api)
  return { audience: api.audience, scope: 'a', reason: 'r', until: '2030-01-01T00:00:00Z' }
}
const newRequest = async (teamId?: string): Promise<Wire & { readonly teamId: string }> => {
  const team = teamId ?? (await newTeam()).id
  const made = await world.ok('POST', '/v1/access-requests', { ...(await requestBody()), teamId: team })
  return { ...made, teamId: team }
}
const newTeam = () => world.ok('POST', '/v1/teams', teamBody())
const newMember = async (id: string): Promise<string> => {
  const { email, id: accountId } = await newAccount()
  await world.ok('POST', `/v1/teams/${id}/members`, { email, role: 'viewer' })
  return accountId
}
const newInvitation = async (id: string): Promise<Wire> =>
  (await world.ok('POST', `/v1/teams/${id}/members`, { email: `${next()}@example.com`, role: 'viewer' })).invitation

const accountBody = () => ({
  email: `${next()}@example.com`,
  emailVerified: true,
  name: 'Ann',
  externalSubject: `customer-${next()}`,
  password: 'correct horse battery',
  access: [{ audience, scope: 'orders:read' }],
  role: 'operator',
  scope: 'keys:read',
})
/** As Allow writes it; the flow is tested where it is. */
async function newConsent(of: { readonly accountId?: string } = {}): Promise<Consent> {
  const { clientId } = await world.client()
  const draft = { tenant: 'default', accountId: of.accountId ?? (await newAccount()).id, clientId, apiId: world.apiId }
  const consent = makeConsent({ ...draft, scope: 'orders:read', position: 1 }, { now: world.now, randomBytes })
  await world.store.write((transaction) => transaction.consents.insert(consent))
  return consent
}
const newAccount = () => world.ok('POST', '/v1/accounts', accountBody())

/** Wide enough for everything that is asked here within a second that never ends. */
const limiting = {
  rateLimit: { limit: 1_000_000, windowSeconds: 1 },
  rateLimits: [{ name: 'day', limit: 1_000_000, windowSeconds: 86_400 }],
}

let count = 0
const next = (): string => `n${++count}`
const importedApi = async () => {
  const { id } = await newApi()
  await world.ok('POST', `/v1/apis/${id}/openapi`, {
    openapi: '3.1.0',
    info: { title: 'x', version: '1' },
    paths: { '/orders': { post: {} } },
  })
  return id as string
}
const newApi = () =>
  world.ok('POST', '/v1/apis', { audience: `https://${next()}.test`, name: 'An API', callUrl: upstream.url })
const newTenant = () => world.ok('POST', '/v1/tenants', { slug: next(), name: 'A tenant' })
const place = async () => world.store.feed.place('default')

/** The issuer of that name, and no other: a tenant has at most a hundred. */
async function oneIssuer(name = 'shared'): Promise<string> {
  const issuer = `https://${name}.test`
  const known = (await world.store.read.issuers.list('default', { limit: 200 })).find((each) => each.issuer === issuer)
  if (known !== undefined) return known.id
  const example = (await examples.createIssuer!()).body as object
  return (await world.ok('POST', '/v1/issuers', { ...example, issuer })).id
}

async function newJwk(): Promise<object> {
  return { ...(await generateKeyPair('ES256')).publicJwk, kid: next(), alg: 'ES256' }
}

async function refusalCursor(): Promise<string> {
  const refusals = [1, 2].map((each) => ({ at, requestId: `request-${each}`, code: 'unknown' }))
  await world.ok('POST', '/v1/usage', { batchId: `refusals-${next()}`, counts: [], refusals })
  return cursor('/v1/refusals')
}

/** A cursor is good for one order. */
async function cursor(path: string, sort?: string): Promise<string> {
  for (let made = 0; made < 2 && path === '/v1/keys'; made++) await world.key()
  for (let made = 0; made < 2 && path === '/v1/tokens'; made++) await world.mint()
  for (let made = 0; made < 2 && path === '/v1/issuers'; made++) await oneIssuer(`listed-${made}`)
  return (await world.ok('GET', `${path}?limit=1${sort === undefined ? '' : `&sort=${sort}`}`)).next
}

async function makeForeign(): Promise<typeof foreign> {
  const { adminKey: as, id } = await newTenant()
  const slug = (await world.ok('GET', `/v1/tenants/${id}`)).slug as string
  const post = async (path: string, body: object): Promise<Wire> =>
    (await world.call('POST', path, { as, at: `/t/${slug}`, body })).body
  const api = await post('/v1/apis', { audience, name: 'Orders' })
  const { clientId } = await post('/v1/clients', { name: 'c', type: 'service', access: [{ audience, scope: 'a' }] })
  const key = await post('/v1/keys', { clientId, audience, scope: 'a', name: 'k' })
  const { jti } = await post('/v1/tokens', { clientId, audience, scope: 'a', ttlSeconds: 60 })
  const team = await post('/v1/teams', { name: 't', access: [] })
  const { kid } = (await world.call('GET', '/v1/signing-keys', { as, at: `/t/${slug}` })).body.data[0]!
  return {
    key: key.key,
    ids: { apis: api.id, clients: clientId, keys: key.id, tokens: jti, teams: team.id, 'signing-keys': kid },
  }
}

const textOf = {
  nul: 'a\u0000b',
  surrogate: 'a\ud800b',
  long: 'x'.repeat(1_000_000),
}

function deep(depth: number): unknown {
  let value: unknown = 1
  for (let level = 0; level < depth; level++) value = level % 2 === 0 ? [value] : { a: value }
  return value
}

/** The value that replaces a member. */
const values: readonly unknown[] = [
  undefined,
  null,
  '',
  'x',
  0,
  -1,
  1.5,
  true,
  [],
  {},
  [[]],
  [null],
  ['', ''],
  { a: 1 },
  textOf.nul,
  [textOf.nul],
  textOf.surrogate,
  textOf.long,
  Number.MAX_SAFE_INTEGER + 1,
  1e308,
  deep(60),
  '__proto__',
  ' ',
  'ä😀',
]

async function head(): Promise<string> {
  const [event] = await world.store.read.audit.list('default', {}, { limit: 1 })
  return `${(await world.store.feed.head()).position} ${event?.sequence}`
}

const targetOf = (route: Route, example: Example): string =>
  route.path.replaceAll(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(example.params?.[name] ?? '')) +
  (example.query === undefined ? '' : `?${new URLSearchParams(example.query)}`)

/** As the person of the example, or as the administrator. */
function ask({ cookie }: Example, method: string, target: string, options: CallOptions): Promise<Reply> {
  if (cookie === undefined) return world.call(method, target, options)
  const own = [['Cookie', cookie] as const, ['Sec-Fetch-Site', 'same-origin'] as const]
  return world.call(method, target, { ...options, as: null, headers: [...own, ...(options.headers ?? [])] })
}

const optionsOf = ({ body, raw }: Example): CallOptions =>
  raw === undefined ? { body } : { raw, headers: [['Content-Type', 'application/json']] }

function expectRefused(reply: Reply, what: string, mustPoint = false): void {
  const told = `${what}: ${reply.status} ${reply.text.slice(0, 300)}`
  expect(reply.status, told).toBeGreaterThanOrEqual(400)
  expect(reply.status, told).toBeLessThan(500)
  expect(reply.headers['Content-Type'], told).toBe('application/problem+json')
  expect(reply.body.detail, told).toMatch(/\w/)
  if (!mustPoint) return
  expect(reply.body.errors?.length, told).toBeGreaterThan(0)
  for (const { pointer, detail } of reply.body.errors) {
    expect(pointer, told).toMatch(/^(\?.+|(\/.*)*)$/)
    expect(detail, told).toMatch(/\w/)
  }
}

/** Every path into the example's body: `['access', 0, 'scope']`. */
function pathsIn(value: unknown, before: readonly (string | number)[] = []): (readonly (string | number)[])[] {
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([name, member]) => {
    const path = [...before, Array.isArray(value) ? Number(name) : name]
    return [path, ...pathsIn(member, path)]
  })
}

function spoil(body: unknown, path: readonly (string | number)[], value: unknown): unknown {
  const copy = structuredClone(body) as Record<string | number, unknown>
  const last = path.at(-1) as string
  const holder = path.slice(0, -1).reduce((node, name) => node[name] as Record<string | number, unknown>, copy)
  if (value === undefined && !Array.isArray(holder)) delete holder[last]
  else holder[last] = value
  return copy
}

it('every operation of the document has an example here, with every member and parameter it can have', async () => {
  const { paths } = resolved(openapiDocument({ issuer: baseUrl, version: '0' })) as {
    readonly paths: Record<string, Record<string, DocumentedOperation>>
  }
  const documented = Object.values(paths).flatMap((methods) => Object.values(methods))
  expect(documented.map(({ operationId }) => operationId).sort()).toEqual(Object.keys(examples).sort())
  for (const { operationId, parameters, requestBody } of documented) {
    const example = await examples[operationId]!()
    for (const { name, in: where } of parameters.filter((parameter) => parameter.in !== 'header')) {
      expect(where === 'path' ? example.params : example.query, `${operationId} ${name}`).toHaveProperty([name])
    }
    const members = Object.keys(requestBody?.content['application/json']?.schema?.properties ?? {})
    for (const name of members.filter((member) => !eitherOr[operationId as string]?.includes(member))) {
      expect(example.body, `${operationId} ${name}`).toHaveProperty([name])
    }
  }
})

/** Taken instead of other members, which the example has. */
const eitherOr: Readonly<Record<string, readonly string[]>> = {
  inspect: ['jwt'],
  createPortalLink: ['teamId'],
  createIssuer: ['jwksUri'],
  createToken: ['teamId'],
  updateIssuer: ['jwksUri'],
  lookup: ['digest'],
  createRevocation: ['credential', 'subject'],
}

interface DocumentedOperation {
  readonly operationId: string
  readonly parameters: readonly { readonly name: string; readonly in: string }[]
  readonly requestBody?: {
    readonly content: Readonly<Record<string, { readonly schema?: { readonly properties?: object } }>>
  }
}

describe.each(allRoutes.map((route) => [route.operationId, route] as const))('%s', (operationId, route) => {
  const make = examples[operationId]!

  it('its example is good', async () => {
    const example = await make()
    const reply = await ask(example, route.method, targetOf(route, example), optionsOf(example))
    expect(reply.status, reply.text).toBe(route.answer.status)
  })

  it('any spoilt member of the body is 400 with a pointer, and changes nothing', async () => {
    if (route.body === undefined) return
    let example = await make()
    for (const path of pathsIn(example.body)) {
      for (const value of values) {
        const body = spoil(example.body, path, value)
        const what = `${operationId} /${path.join('/')} = ${JSON.stringify(value)?.slice(0, 60)}`
        const before = await head()
        const reply = await ask(example, route.method, targetOf(route, example), { body })
        const holds = route.body.safeParse(JSON.parse(JSON.stringify(body))).success
        const isUnstorable = typeof value === 'string' && (value === textOf.nul || value === textOf.surrogate)
        if (reply.status < 400 && holds && !(isUnstorable && route.method !== 'GET' && operationId !== 'verify')) {
          example = await make()
          continue
        }
        expectRefused(reply, what, !holds && reply.status === 400)
        expect(await head(), what).toBe(before)
      }
    }
  })

  it('an unknown member is 400 with a pointer to it, also __proto__ and constructor', async () => {
    if (route.body === undefined) return
    const example = await make()
    const text = JSON.stringify(example.body)
    for (const name of ['unknown', '__proto__', 'constructor', 'toString', 'tenant', 'id']) {
      if (Object.hasOwn(example.body as object, name)) continue
      const before = await head()
      const member = `${JSON.stringify(name)}:{"a":1}`
      const raw = text === '{}' ? `{${member}}` : `{${member},${text.slice(1)}`
      const reply = await ask(example, route.method, targetOf(route, example), {
        raw,
        headers: [['Content-Type', 'application/json']],
      })
      expectRefused(reply, `${operationId} ${name}`, true)
      expect(reply.body.errors.map(({ pointer }) => pointer)).toContain(`/${name}`)
      expect(await head()).toBe(before)
    }
  })

  it('a body that is not one JSON object of at most 1 MiB, in UTF-8, is refused', async () => {
    if (route.body === undefined) return
    const example = await make()
    const good = JSON.stringify(example.body)
    const bodies: readonly (readonly [string | Uint8Array, string])[] = [
      ['{', 'application/json'],
      ['[]', 'application/json'],
      [`[${good}]`, 'application/json'],
      ['null', 'application/json'],
      ['"x"', 'application/json'],
      ['1', 'application/json'],
      [`${good}${good}`, 'application/json'],
      [`${good},`, 'application/json'],
      [
        `${good.slice(0, -1)}${good === '{}' ? '' : ','}"a":${'['.repeat(100_000)}${']'.repeat(100_000)}}`,
        'application/json',
      ],
      [
        `${good.slice(0, -1)}${good === '{}' ? '' : ','}"a":${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}}`,
        'application/json',
      ],
      [`${' '.repeat(1_048_577)}${good}`, 'application/json'],
      [Buffer.from([0x7b, 0xff, 0x7d]), 'application/json'],
      [`\u0000${good}`, 'application/json'],
      [good, 'text/plain'],
      [good, 'application/x-www-form-urlencoded'],
      [good, 'application/jsonp'],
      [good, ''],
    ]
    for (const [raw, type] of bodies) {
      const before = await head()
      const reply = await ask(example, route.method, targetOf(route, example), {
        raw,
        headers: [['Content-Type', type]],
      })
      expectRefused(reply, `${operationId} ${type} ${String(raw).slice(0, 30)}`)
      expect([400, 413, 415]).toContain(reply.status)
      expect(await head()).toBe(before)
    }
    const twice = await ask(example, route.method, targetOf(route, example), {
      raw: good,
      headers: [
        ['Content-Type', 'application/json'],
        ['Content-Type', 'application/json'],
      ],
    })
    expectRefused(twice, `${operationId} two media types`)
  })

  it('a member nested a hundred thousand levels deep is 400, not a stack that overflows', async () => {
    const example = await make()
    if (route.body === undefined || !('metadata' in route.body.shape)) return
    for (const [open, close] of [
      ['[', ']'],
      ['{"a":', '}'],
    ] as const) {
      const deepText = `${open.repeat(100_000)}1${close.repeat(100_000)}`
      const raw = JSON.stringify({ ...(example.body as object), metadata: { a: 'MARK' } }).replace('"MARK"', deepText)
      const headers = [['Content-Type', 'application/json']] as const
      const reply = await ask(example, route.method, targetOf(route, example), { raw, headers })
      expectRefused(reply, operationId, true)
      expect(reply.body.errors[0]?.pointer).toMatch(/^\/metadata\/a/)
    }
  })

  it('a path parameter that names nothing here is 4xx, another tenant’s id too', async () => {
    const made = await make()
    // With its client, any `jti` may be that of a token which nothing lists.
    const example = route.operationId === 'updateToken' ? { ...made, body: { scope: 'orders:read' } } : made
    const names = Object.keys(example.params ?? {})
    const collection = route.path.split('/')[2] as string
    const bad = [
      'unknown',
      '0',
      '-1',
      '%00',
      '%ED%A0%80',
      '%zz',
      '%',
      '%2e%2e',
      '..',
      '.',
      '%2F',
      'a%2Fb',
      'a%20',
      '__proto__',
      'constructor',
      '*',
      'x'.repeat(10_000),
      encodeURIComponent('ä😀'),
      "'; drop table keys; --".replaceAll(' ', '%20'),
      foreign.ids[collection] ?? 'foreign',
      'default',
    ]
    for (const name of names) {
      for (const value of bad) {
        const before = await head()
        const target = targetOf(route, { ...example, params: { ...example.params, [name]: 'MARK' } }).replace(
          'MARK',
          value,
        )
        if (value === 'default' && collection === 'tenants' && route.method === 'GET') continue
        const reply = await ask(example, route.method, target, optionsOf(example))
        expectRefused(reply, `${operationId} ${value.slice(0, 40)}`)
        expect(await head()).toBe(before)
      }
    }
  })

  it('a query parameter that is empty, twice, of another type, too long or unknown is 400', async () => {
    const example = await make()
    for (const name of Object.keys(example.query ?? {})) {
      for (const value of [
        '',
        '\u0000',
        'x'.repeat(10_000),
        '-1',
        '1.5',
        '0x10',
        '1e3',
        'true',
        ' 1',
        '__proto__',
        'ä😀',
        '[]',
      ]) {
        const query = { ...example.query, [name]: value }
        const before = await head()
        const reply = await ask(example, route.method, targetOf(route, { ...example, query }), optionsOf(example))
        const holds = route.query?.safeParse(query).success === true
        if (reply.status >= 300 || !holds || value === '\u0000') {
          expectRefused(reply, `${operationId} ?${name}=${value.slice(0, 20)}`)
        }
        if (!holds) expect(await head()).toBe(before)
      }
      const twice = `${targetOf(route, example)}&${name}=${encodeURIComponent(example.query?.[name] ?? '')}`
      expectRefused(await ask(example, route.method, twice, optionsOf(example)), `${operationId} ?${name} twice`)
    }
    const before = await head()
    for (const unknown of ['unknown=1', '__proto__=1', 'tenant=x', 'scopes=all']) {
      const target = targetOf(route, example)
      const reply = await world.call(
        route.method,
        `${target}${target.includes('?') ? '&' : '?'}${unknown}`,
        optionsOf(example),
      )
      expectRefused(reply, `${operationId} ?${unknown}`, true)
    }
    expect(await head()).toBe(before)
  })
})

describe.each(['/oauth/token', '/oauth/introspect', '/oauth/revoke'])('POST %s', (path) => {
  const good = async (): Promise<Record<string, string>> => ({
    grant_type: 'client_credentials',
    client_id: world.clientId,
    client_secret: world.clientSecret,
    scope: 'orders:read',
    audience,
    resource: audience,
    token: (await world.key()).key,
    token_type_hint: 'access_token',
    subject_token: 'x',
    subject_token_type: 'x',
    requested_token_type: 'x',
    actor_token: 'x',
    client_assertion: 'x',
    client_assertion_type: assertionType,
  })

  function expectOauth(reply: Reply, what: string): void {
    const told = `${what}: ${reply.status} ${reply.text.slice(0, 200)}`
    expect(reply.status, told).toBeLessThan(500)
    expect(reply.headers['Cache-Control'], told).toBe('no-store')
    if (reply.status < 300) return
    expect(reply.headers['Content-Type'], told).toBe('application/json')
    expect(Object.keys(reply.body).sort(), told).toEqual(['error', 'error_description'])
  }

  it('any parameter spoilt, empty, twice or unknown is answered as RFC 6749 §5.2, never 5xx', async () => {
    const all = await good()
    const spoilt = [
      '',
      '\u0000',
      'x'.repeat(1_000_000),
      ' ',
      '"',
      '\\',
      '__proto__',
      'ä😀',
      '[]',
      '{}',
      '../',
      '\r\n',
      "'",
    ]
    for (const basis of [
      ['client_id', 'client_secret'],
      ['client_assertion', 'client_assertion_type'],
    ]) {
      for (const name of Object.keys(all)) {
        const kept = Object.fromEntries(
          Object.entries(all).filter(
            ([each]) => each === name || basis.includes(each) || ['grant_type', 'token'].includes(each),
          ),
        )
        for (const value of spoilt) {
          expectOauth(await world.form(path, { ...kept, [name]: value }), `${path} ${name}=${value.slice(0, 10)}`)
        }
        const text = new URLSearchParams(kept).toString()
        const twice = await world.form(path, {}, { raw: `${text}&${name}=${encodeURIComponent(all[name] ?? '')}` })
        expectOauth(twice, `${path} ${name} twice`)
        expect(twice.status).toBe(400)
        for (const value of ['%', '%zz', '%ED%A0%80', '%FF', '%00']) {
          const reply = await world.form(
            path,
            {},
            { raw: text.replace(new RegExp(`\\b${name}=[^&]*`), `${name}=${value}`) },
          )
          expectOauth(reply, `${path} ${name}=${value}`)
        }
      }
    }
  })

  it('a body that is no form, too long, with too many parameters or not UTF-8 is refused', async () => {
    const form = new URLSearchParams({ ...(await good()), client_assertion: '', client_assertion_type: '' }).toString()
    const bodies: readonly (readonly [string | Uint8Array, string])[] = [
      [form, 'application/json'],
      [form, 'text/plain'],
      [form, ''],
      [JSON.stringify(await good()), 'application/json'],
      [`${form}&${'a=1&'.repeat(100)}`, 'application/x-www-form-urlencoded'],
      [`${form}&a=${'x'.repeat(1_048_576)}`, 'application/x-www-form-urlencoded'],
      [Buffer.from([0xff, 0xfe]), 'application/x-www-form-urlencoded'],
      ['', 'application/x-www-form-urlencoded'],
      ['&&&===', 'application/x-www-form-urlencoded'],
      ['=', 'application/x-www-form-urlencoded'],
      ['__proto__=1', 'application/x-www-form-urlencoded'],
    ]
    for (const [raw, type] of bodies) {
      const reply = await world.form(path, {}, { raw, headers: [] })
      expectOauth(reply, `${path} ${type}`)
      const typed = await world.call('POST', path, { as: null, raw, headers: [['Content-Type', type]] })
      expectOauth(typed, `${path} ${type} ${String(raw).slice(0, 20)}`)
      expect(typed.status).toBeGreaterThanOrEqual(400)
    }
  })
})
