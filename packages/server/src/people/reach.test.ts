/**
 * Two teams, three roles, every operation of the management API. The requests are typed by the contract: an operation that
 * has none here does not compile, and so is covered when it is born.
 */
import { randomBytes } from 'node:crypto'
import { allRoutes, type ManagementScope, type OperationId, type Route } from '@countersign/contract'
import { newAccessRequest, newConsent } from '@countersign/store'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { scopeOfRole } from '../caller/team_roles.ts'
import { callsTo, startUpstream, type Upstream } from '../management/apis/upstream.fixture.ts'
import { audience, baseUrl, otherAudience, startAt, startWorld, type World } from '../server.fixture.ts'
import type { Browser } from '../sign_in.fixture.ts'
import type { Reply } from '../wire.fixture.ts'
import { addPerson, codeOf, makePerson, makeTeam, mark, type Person, type Role } from './teams.fixture.ts'

/** A team with one of everything that can be of a team. Each id and name occurs nowhere else. */
interface Objects {
  readonly team: string
  readonly owner: Person
  readonly developer: Person
  readonly viewer: Person
  /** A viewer that nobody asks as. */
  readonly guest: Person
  readonly client: string
  readonly secret: string
  readonly key: string
  readonly keyText: string
  /** The feed sequence of a change of the key. */
  readonly change: number
  readonly jti: string
  readonly token: string
  readonly invitation: string
  readonly code: string
  readonly session: string
  readonly consent: string
  /** A request for access that nobody has decided. */
  readonly request: string
  /** The API that the ceiling names. */
  readonly audience: string
  readonly apiId: string
  /** Every word that only those in reach of the team may read. */
  readonly words: readonly string[]
}

interface Asked {
  readonly params?: Readonly<Record<string, string>>
  readonly query?: Readonly<Record<string, string>>
  readonly body?: object
  readonly raw?: string
}

let world: World
let upstream: Upstream
let apis: Readonly<Record<string, string>>
let mine: Objects
let theirs: Objects
/** An owner of `mine` who is a viewer of `theirs`. */
let both: Browser

beforeAll(async () => {
  upstream = await startUpstream((_, response) => response.end('[]'))
  world = await startWorld({ outbound: callsTo(['127.0.0.1']) })
  const other = { audience: otherAudience, name: mark(), scopes: [{ name: 'invoices:read' }] }
  apis = { [audience]: world.apiId, [otherAudience]: (await world.ok('POST', '/v1/apis', other)).id }
  const document = { openapi: '3.1.0', info: { title: mark(), version: '1' }, paths: { '/orders': { get: {} } } }
  for (const id of Object.values(apis)) {
    await world.ok('POST', `/v1/apis/${id}/openapi`, document)
    await world.ok('PATCH', `/v1/apis/${id}`, { callUrl: upstream.url })
  }
  mine = await makeObjects(audience, 'orders:read')
  theirs = await makeObjects(otherAudience, 'invoices:read')
  await world.key()
  const person = await addPerson(world, mine.team, 'owner')
  both = (await addPerson(world, theirs.team, 'viewer', person)).browser
})
afterAll(() => {
  upstream.close()
  return world.close()
})
beforeEach(() => {
  world.now = startAt
})

async function makeObjects(ofApi: string, scope: string): Promise<Objects> {
  const names = Array.from({ length: 6 }, mark) as [string, string, string, string, string, string]
  const [teamName, clientName, keyName, tokenName, subject, invited] = names
  const access = [{ audience: ofApi, scope }]
  const team = await makeTeam(world, { name: teamName, access, externalId: mark(), metadata: { word: mark() } })
  const people = {
    owner: await addPerson(world, team.id, 'owner'),
    developer: await addPerson(world, team.id, 'developer'),
    viewer: await addPerson(world, team.id, 'viewer'),
    guest: await addPerson(world, team.id, 'viewer'),
  }
  const client = await world.client({ name: clientName, teamId: team.id, access })
  const own = { clientId: client.clientId, audience: ofApi, scope }
  const key = await world.key({ ...own, name: keyName, subject })
  await world.ok('POST', `/v1/keys/${key.id}/disable`, {})
  const change = await world.ok('POST', `/v1/keys/${key.id}/enable`, {})
  const minted = await world.mint({ ...own, name: tokenName })
  const { data: secrets } = await world.ok('GET', `/v1/clients/${client.clientId}/secrets`)
  const invitation = await world.ok('POST', `/v1/teams/${team.id}/members`, {
    email: `${invited}@example.com`,
    role: 'viewer',
  })
  const session = (await people.owner.browser.call('GET', '/v1/me')).body.session.id
  const given = { clientId: client.clientId, apiId: apis[ofApi] as string, scope }
  const consent = newConsent(
    { tenant: 'default', accountId: people.owner.id, position: 1, ...given },
    { now: startAt, randomBytes },
  )
  const askedReason = mark()
  const wanted = { tenant: 'default', teamId: team.id, apiId: given.apiId, scope, reason: askedReason }
  const request = newAccessRequest({ ...wanted, askedBy: people.owner.id }, { now: startAt, randomBytes })
  await world.store.write(async (transaction) => {
    await transaction.consents.insert(consent)
    await transaction.accessRequests.insert(request)
  })
  const batchId = `batch-${mark()}`
  const refused = mark()
  const counted = { credentialId: key.id, clientId: client.clientId, outcome: 'verified', count: 7 }
  await world.ok('POST', '/v1/usage', {
    batchId,
    counts: [{ ...counted, scope: mark(), minuteAt: '2027-01-15T07:59:00Z' }],
    refusals: [
      {
        at: '2027-01-15T07:59:00Z',
        requestId: refused,
        credentialId: key.id,
        clientId: client.clientId,
        code: 'expired',
      },
    ],
  })
  const objects = {
    ...people,
    team: team.id,
    client: client.clientId,
    secret: secrets[0]?.id as string,
    key: key.id,
    keyText: key.key,
    change: change.feedSequence,
    jti: minted.jti,
    token: minted.token,
    invitation: invitation.invitation.id,
    code: codeOf(invitation),
    session,
    consent: consent.id,
    request: request.id,
    audience: ofApi,
    apiId: apis[ofApi] as string,
  }
  const ofPeople = Object.values(people).flatMap(({ id, email }) => [id, email])
  const ids = [
    team.id,
    objects.client,
    objects.secret,
    objects.key,
    objects.jti,
    objects.invitation,
    session,
    consent.id,
    refused,
    request.id,
    askedReason,
  ]
  return { ...objects, words: [...names, ...ofPeople, ...ids, objects.apiId, ofApi] }
}

const graced = { graceSeconds: 1 }

/** Each operation asked about the objects of a team. */
const requests: { readonly [Operation in OperationId]: (of: Objects) => Asked } = {
  createApi: () => ({ body: { audience: `https://${mark()}.test`, name: 'x' } }),
  listApis: () => ({ query: { limit: '100' } }),
  getApi: ({ apiId: id }) => ({ params: { id } }),
  updateApi: ({ apiId: id }) => ({ params: { id }, body: { name: mark() } }),
  deleteApi: ({ apiId: id }) => ({ params: { id } }),
  getOpenapi: ({ apiId: id }) => ({ params: { id } }),
  callApi: ({ apiId: id }) => ({ params: { id }, body: { method: 'GET', path: '/orders' } }),
  listOperations: ({ apiId: id }) => ({ params: { id } }),
  importOpenapi: ({ apiId: id }) => ({
    params: { id },
    raw: '{"openapi":"3.1.0","info":{"title":"x","version":"1"},"paths":{}}',
  }),
  listSigningKeys: () => ({}),
  rotateSigningKeys: () => ({ body: {} }),
  revokeSigningKey: () => ({ params: { kid: 'kid' }, body: {} }),
  createClient: ({ team }) => ({ body: { name: mark(), type: 'service', access: [], teamId: team } }),
  listClients: () => ({ query: { limit: '100' } }),
  getClient: ({ client }) => ({ params: { clientId: client } }),
  updateClient: ({ client }) => ({ params: { clientId: client }, body: { name: mark() } }),
  deleteClient: ({ client }) => ({ params: { clientId: client } }),
  listClientSecrets: ({ client }) => ({ params: { clientId: client } }),
  createClientSecret: ({ client }) => ({ params: { clientId: client }, body: graced }),
  revokeClientSecret: ({ client, secret }) => ({ params: { clientId: client, id: secret }, body: {} }),
  revokeClient: ({ client }) => ({ params: { clientId: client }, body: {} }),
  createKey: ({ client, audience: api }) => ({ body: { clientId: client, audience: api, scope: '', name: mark() } }),
  listKeys: ({ client }) => ({ query: { limit: '100', clientId: client } }),
  getKey: ({ key }) => ({ params: { id: key } }),
  updateKey: ({ key }) => ({ params: { id: key }, body: { name: mark() } }),
  rollKey: ({ key }) => ({ params: { id: key }, body: graced }),
  disableKey: ({ key }) => ({ params: { id: key }, body: {} }),
  enableKey: ({ key }) => ({ params: { id: key }, body: {} }),
  revokeKey: ({ key }) => ({ params: { id: key }, body: {} }),
  createToken: ({ client, audience: api }) => ({
    body: { clientId: client, audience: api, scope: '', ttlSeconds: 60 },
  }),
  listTokens: ({ client }) => ({ query: { limit: '100', clientId: client } }),
  getToken: ({ jti }) => ({ params: { jti } }),
  updateToken: ({ jti }) => ({ params: { jti }, body: { scope: '' } }),
  revokeToken: ({ jti }) => ({ params: { jti }, body: {} }),
  createRevocation: ({ keyText }) => ({ body: { credential: keyText } }),
  verify: ({ keyText, audience: api }) => ({ body: { credential: keyText, audience: api } }),
  inspect: ({ token }) => ({ body: { jwt: token } }),
  lookup: ({ client }) => ({ body: { clientId: client, kid: 'k', epoch: 'e', sequence: 0 } }),
  feedSnapshot: () => ({}),
  feed: () => ({ query: { after: '0', epoch: 'e', chain: '' } }),
  feedPosition: () => ({
    body: { verifierId: 'v', epoch: 'e', sequence: 0, chain: '', nonce: 'n', maxStalenessSeconds: 10 },
  }),
  handBackRevocations: () => ({ body: { epoch: 'e', revocations: [] } }),
  createAssertion: ({ keyText, audience: api }) => ({ body: { credential: keyText, audience: api } }),
  listVerifiers: () => ({}),
  getRevocation: ({ change }) => ({ params: { feedSequence: String(change) } }),
  getUsage: ({ client }) => ({ query: { groupBy: 'keyId', clientId: client } }),
  getApiUsage: ({ apiId: id }) => ({ params: { id } }),
  reportUsage: () => ({ body: { batchId: `batch-${mark()}`, counts: [] } }),
  listRefusals: () => ({ query: { limit: '100' } }),
  listAudit: () => ({ query: { limit: '100' } }),
  createTenant: () => ({ body: { slug: mark(), name: 'x' } }),
  listTenants: () => ({}),
  getTenant: () => ({ params: { id: 'default' } }),
  updateTenant: () => ({ params: { id: 'default' }, body: { name: 'x' } }),
  deleteTenant: () => ({ params: { id: 'default' } }),
  getMe: () => ({}),
  createAccount: () => ({ body: { email: `${mark()}@example.com`, name: 'x' } }),
  listAccounts: () => ({}),
  getAccount: ({ viewer }) => ({ params: { id: viewer.id } }),
  updateAccount: ({ viewer }) => ({ params: { id: viewer.id }, body: { name: 'x' } }),
  deleteAccount: ({ viewer }) => ({ params: { id: viewer.id } }),
  revokeAccount: ({ viewer }) => ({ params: { id: viewer.id }, body: {} }),
  createAccountLink: ({ viewer }) => ({ params: { id: viewer.id } }),
  listSessions: () => ({ query: { limit: '100' } }),
  revokeSession: ({ session }) => ({ params: { id: session }, body: {} }),
  createIssuer: ({ client, audience: api }) => ({
    body: {
      issuer: `https://${mark()}.test`,
      jwks: { keys: [] },
      clientId: client,
      audience: api,
      rules: [],
      scope: '',
    },
  }),
  listIssuers: () => ({ query: { limit: '100' } }),
  getIssuer: () => ({ params: { id: 'issuer' } }),
  updateIssuer: () => ({ params: { id: 'issuer' }, body: { status: 'disabled' } }),
  deleteIssuer: () => ({ params: { id: 'issuer' } }),
  testIssuer: ({ token }) => ({ params: { id: 'issuer' }, body: { token } }),
  listConsents: () => ({ query: { limit: '100' } }),
  revokeConsent: ({ consent }) => ({ params: { id: consent }, body: {} }),
  createTeam: () => ({ body: { name: mark(), access: [] } }),
  listTeams: () => ({ query: { limit: '100' } }),
  getTeam: ({ team: id }) => ({ params: { id } }),
  updateTeam: ({ team: id }) => ({ params: { id }, body: { name: mark() } }),
  deleteTeam: ({ team: id }) => ({ params: { id } }),
  listTeamMembers: ({ team: id }) => ({ params: { id }, query: { limit: '100' } }),
  addTeamMember: ({ team: id }) => ({ params: { id }, body: { email: `${mark()}@example.com`, role: 'viewer' } }),
  updateTeamMember: ({ team: id, viewer }) => ({ params: { id, accountId: viewer.id }, body: { role: 'developer' } }),
  removeTeamMember: ({ team: id, guest }) => ({ params: { id, accountId: guest.id } }),
  listInvitations: ({ team: id }) => ({ params: { id }, query: { limit: '100' } }),
  deleteInvitation: ({ team: id, invitation }) => ({ params: { id, invitationId: invitation } }),
  acceptInvitation: ({ code }) => ({ body: { code } }),
  createAccessRequest: ({ team: teamId, audience: api }) => ({
    body: { teamId, audience: api, scope: api === audience ? 'orders:read' : 'invoices:read', reason: 'x' },
  }),
  createPortalLink: ({ team: teamId }) => ({ body: { teamId } }),
  listAccessRequests: () => ({ query: { limit: '100' } }),
  approveAccessRequest: ({ request: id }) => ({ params: { id }, body: {} }),
  refuseAccessRequest: ({ request: id }) => ({ params: { id }, body: { reason: 'x' } }),
  withdrawAccessRequest: ({ request: id }) => ({ params: { id }, body: {} }),
  getSettings: () => ({}),
  updateSettings: () => ({ body: { name: mark() } }),
}

/** Not of any team, though a role has the scope: only who reaches the whole tenant may do it. */
const ofTenant: ReadonlySet<string> = new Set([
  ...['createTeam', 'getApiUsage', 'listSigningKeys', 'listVerifiers'],
  ...['approveAccessRequest', 'refuseAccessRequest'],
])
/** Needs no scope, and is about the account that asks. */
const ofAccount: ReadonlySet<string> = new Set([
  ...['getMe', 'listSessions', 'revokeSession', 'listConsents', 'revokeConsent', 'acceptInvitation'],
])

function pathOf({ path }: Route, params: Readonly<Record<string, string>>, query: Asked['query']): string {
  const named = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(params[name] as string))
  return query === undefined ? named : `${named}?${new URLSearchParams(query)}`
}

async function ask(browser: Browser, route: Route, { params = {}, query, body, raw }: Asked): Promise<Reply> {
  const target = pathOf(route, params, query)
  if (raw === undefined) return browser.call(route.method, target, body)
  return browser.call(route.method, target, JSON.parse(raw))
}

/** As the administrator's key, which reaches the whole tenant. */
function askAs(teamId: string, route: Route, { params = {}, query, body, raw }: Asked): Promise<Reply> {
  const path = pathOf(route, params, query)
  const sent = raw === undefined ? body : JSON.parse(raw)
  return world.call(route.method, path, { headers: [['X-Countersign-View-As', teamId]], body: sent })
}

function requestOf({ operationId }: Route, of: Objects): Asked {
  return requests[operationId as OperationId](of)
}

/** Every row, but for those that a server writes by itself as time passes. */
function stored(): string {
  const byItself = ['drop_time', 'leases', 'beats']
  const tables = JSON.parse(world.dump()) as readonly (readonly [string, unknown])[]
  return JSON.stringify(tables.filter(([table]) => !byItself.includes(table)))
}

function isAsBefore(before: string): boolean {
  return stored() === before
}

/** The words of `of` that the answer has, beside those that were asked with. */
function leaks(reply: Reply, asked: Asked, of: Objects): readonly string[] {
  const known = JSON.stringify(asked)
  return of.words.filter((word) => reply.text.includes(word) && !known.includes(word))
}

/** Asked with a body, and changes nothing. */
const questions: ReadonlySet<string> = new Set(['inspect', 'callApi'])

function isRead({ method, operationId }: Route): boolean {
  return method === 'GET' || questions.has(operationId)
}

function mayAsk({ scope, orScope }: Route, role: Role): boolean {
  const held: readonly ManagementScope[] = scopeOfRole[role]
  return [scope, orScope].some((each) => each !== undefined && held.includes(each))
}

const every = allRoutes.map((route) => [route.operationId, route] as const)
const roles = ['owner', 'developer', 'viewer'] as const

describe.each(every)('%s', (operationId, route) => {
  it.each(roles)('about another team finds and changes nothing, for its %s', async (role) => {
    const asked = requestOf(route, theirs)
    const before = stored()
    const reply = await ask(mine[role].browser, route, asked)
    expect(leaks(reply, asked, theirs)).toEqual([])
    expect(isAsBefore(before), 'nothing was changed').toBe(true)
    if (reply.status < 300) expect(isRead(route), 'only a list is answered, and it is empty of them').toBe(true)
    else expect([400, 403, 404]).toContain(reply.status)
    const isThere = Object.keys(asked.params ?? {}).length > 0 && mayAsk(route, role) && !ofTenant.has(operationId)
    if (isThere) expect(reply.status, reply.text).toBe(404)
  })

  it('is not helped by being an owner somewhere else', async () => {
    const asked = requestOf(route, theirs)
    const before = stored()
    const reply = await ask(both, route, asked)
    if (isRead(route) && mayAsk(route, 'viewer') && !ofTenant.has(operationId)) return expect(reply.status).toBe(200)
    if (operationId === 'removeTeamMember' || !ofAccount.has(operationId)) expect(reply.status, reply.text).toBe(403)
    expect(isAsBefore(before), 'nothing was changed').toBe(true)
  })

  it.each(roles)(
    'does for a %s what the role may do in its team, and else says that a scope is missing',
    async (role) => {
      if (ofAccount.has(operationId)) return
      // Taking somebody else out is an owner's, and leaving everybody's.
      const isOwners = operationId === 'removeTeamMember' && role !== 'owner'
      const isAllowed = mayAsk(route, role) && !isOwners && !ofTenant.has(operationId)
      const own = isAllowed && !isRead(route) ? await makeObjects(audience, 'orders:read') : mine
      const asked = requestOf(route, own)
      // Every team sees an API that has something on request: it has for this question alone.
      const offer = (scope: string) =>
        operationId === 'createAccessRequest' && world.ok('PATCH', `/v1/apis/${own.apiId}`, { onRequestScope: scope })
      await offer('orders:read')
      const before = stored()
      const reply = await ask(own[role].browser, route, asked)
      const isUnchanged = isAsBefore(before)
      await offer('')
      expect(leaks(reply, asked, theirs)).toEqual([])
      if (isAllowed) return expect(reply.status, reply.text).toBe(route.answer.status)
      expect(reply.status, reply.text).toBe(403)
      expect(reply.body.code).toMatch(/^(insufficient_scope|forbidden)$/)
      expect(isUnchanged, 'nothing was changed').toBe(true)
    },
  )
})

describe.each(every)('%s, asked by an operator who views as a team', (operationId, route) => {
  it('is answered as to a viewer of that team, with nothing of another, and changes nothing', async () => {
    // The hot route of verifiers reads no such header: it is about the credential in its body.
    if (operationId === 'verify') return
    for (const of of [mine, theirs]) {
      const asked = requestOf(route, of)
      const before = stored()
      const reply = await askAs(mine.team, route, asked)
      const { status, body, text } = reply
      expect(leaks(reply, asked, theirs)).toEqual([])
      if (route.method !== 'GET') {
        expect([status, body.code], text).toEqual([403, 'forbidden'])
        expect(isAsBefore(before), 'nothing was changed').toBe(true)
      } else if (!ofAccount.has(operationId)) {
        const viewer = await ask(mine.viewer.browser, route, asked)
        expect(status, text).toBe(viewer.status)
        // The log of a team gains who looked, and who asks is told in its own.
        if (status === 200 && operationId !== 'listAudit') expect(body).toEqual(viewer.body)
      }
    }
  })
})

describe('what a member reads', () => {
  const list = async (browser: Browser, path: string) => (await browser.call('GET', path)).body.data

  it('is what is of their teams: as many, by the cursor as well, and nothing of the tenant’s own', async () => {
    const { browser } = mine.viewer
    expect((await list(browser, '/v1/apis')).map(({ id }) => id)).toEqual([mine.apiId])
    expect((await list(browser, '/v1/teams')).map(({ id }) => id)).toEqual([mine.team])
    for (const { name, teamId } of await list(browser, '/v1/clients')) expect([name, teamId]).toEqual([name, mine.team])
    const keys: string[] = []
    for (let next: string | null = ''; next !== null; ) {
      const { body } = await browser.call('GET', `/v1/keys?limit=1${next === '' ? '' : `&after=${next}`}`)
      keys.push(...body.data.map(({ id }) => id))
      next = body.next
    }
    expect(keys).toContain(mine.key)
    const ofTenant = (await world.ok('GET', '/v1/keys?limit=100')).data.map(({ id }) => id)
    const clients = new Set((await list(browser, '/v1/clients?limit=100')).map(({ clientId }) => clientId))
    expect(keys.length).toBeLessThan(ofTenant.length)
    for (const id of keys) expect(clients).toContain((await world.ok('GET', `/v1/keys/${id}`)).clientId)
    const usage = await list(browser, '/v1/usage?groupBy=clientId')
    expect(usage.map(({ clientId, count }) => [clientId, count])).toEqual([[mine.client, 7]])
    expect((await list(both, '/v1/usage?groupBy=clientId')).map(({ count }) => count)).toEqual([7, 7])
  })

  it.each(['selfServiceScope', 'onRequestScope'])('has an API with %s, whatever the ceiling names', async (offer) => {
    const other = await world.ok('POST', '/v1/apis', {
      audience: `https://${mark()}.test`,
      name: 'x',
      [offer]: 'x:read',
    })
    const { browser } = mine.viewer
    const ids = async () => new Set((await list(browser, '/v1/apis')).map(({ id }) => id))
    expect(await ids()).toEqual(new Set([mine.apiId, other.id]))
    expect((await browser.call('GET', `/v1/apis/${other.id}`)).body).toMatchObject({ [offer]: 'x:read' })
    const access = [{ audience: other.audience, scope: 'x:read' }]
    const client = { name: 'x', type: 'service', access, teamId: mine.team }
    expect((await mine.owner.browser.call('POST', '/v1/clients', client)).status, 'seen is not given').toBe(400)
    await world.ok('PATCH', `/v1/apis/${other.id}`, { [offer]: '' })
    expect((await browser.call('GET', `/v1/apis/${other.id}`)).status).toBe(404)
    expect(await ids()).toEqual(new Set([mine.apiId]))
  })

  it('of the audit log is what was done in their teams, without the places and credentials of others', async () => {
    const events = await list(mine.viewer.browser, '/v1/audit?limit=100')
    expect(events.length).toBeGreaterThan(5)
    expect(JSON.stringify(events)).not.toContain('192.0.2.7')
    for (const { actor } of events) expect(actor).not.toHaveProperty('credentialId')
    await mine.owner.browser.call('PATCH', `/v1/clients/${mine.client}`, { name: mark() })
    const [last] = await list(mine.owner.browser, `/v1/audit?objectId=${mine.client}&limit=1`)
    expect(last?.actor).toMatchObject({ accountId: mine.owner.id, address: '192.0.2.7' })
    const [seen] = await list(mine.viewer.browser, `/v1/audit?objectId=${mine.client}&limit=1`)
    expect(seen?.actor).toEqual({ kind: 'credential', accountId: mine.owner.id })
  })
})

it('what a client of a team ends by itself is told to the team', async () => {
  const { clientId, clientSecret } = await world.client({
    teamId: mine.team,
    access: [{ audience, scope: 'orders:read' }],
  })
  const { token, jti } = await world.mint({ clientId, scope: 'orders:read' })
  await world.form('/oauth/revoke', { token, client_id: clientId, client_secret: clientSecret })
  const path = `/v1/audit?objectId=${jti}&action=token.revoke`
  expect((await mine.viewer.browser.call('GET', path)).body.data).toMatchObject([{ actor: { kind: 'client' } }])
  expect((await theirs.owner.browser.call('GET', path)).body.data).toEqual([])
})

describe('with a team’s reach', () => {
  it.each([
    ['a team’s access', 'PATCH', () => `/v1/teams/${mine.team}`, { access: [] }],
    ['a team’s external id', 'PATCH', () => `/v1/teams/${mine.team}`, { externalId: 'x' }],
    ['a team’s status', 'PATCH', () => `/v1/teams/${mine.team}`, { status: 'active' }],
    ['a client’s team', 'PATCH', () => `/v1/clients/${mine.client}`, { teamId: null }],
    ['a client’s guards', 'PATCH', () => `/v1/clients/${mine.client}`, { guards: [audience] }],
    ['a client’s self-issued life', 'PATCH', () => `/v1/clients/${mine.client}`, { selfIssuedTtlSecondsMax: 60 }],
    ['that a client is known', 'PATCH', () => `/v1/clients/${mine.client}`, { verified: true }],
    ['that a client asks nobody', 'PATCH', () => `/v1/clients/${mine.client}`, { consent: 'skip' }],
    ['that a client needs no PKCE', 'PATCH', () => `/v1/clients/${mine.client}`, { requirePkce: false }],
    ['a key’s subject', 'PATCH', () => `/v1/keys/${mine.key}`, { subject: 'x' }],
    ['all that a subject has', 'POST', () => '/v1/revocations', { subject: 'x' }],
  ])('%s is 403, and nothing is changed', async (_, method, path, body) => {
    const before = stored()
    const reply = await mine.owner.browser.call(method, path(), body)
    expect([reply.status, reply.body.code], reply.text).toEqual([403, 'forbidden'])
    expect(isAsBefore(before), 'nothing was changed').toBe(true)
  })

  it.each([
    ['guards', { guards: [] }],
    ['consent', { consent: 'skip' }],
    ['a longer life', { selfIssuedTtlSecondsMax: 86_400 }],
  ])('a client is made without %s', async (_, more) => {
    const body = { name: 'x', type: 'service', access: [], ...more }
    expect((await mine.owner.browser.call('POST', '/v1/clients', body)).body.code).toBe('forbidden')
  })

  it('a new client is of the only team, unverified; with two teams it must be said which', async () => {
    const body = { name: 'x', type: 'web', access: [] }
    const made = await mine.developer.browser.call('POST', '/v1/clients', body)
    expect(made.body).toMatchObject({ teamId: mine.team, verified: false })
    const { browser } = await addPerson(
      world,
      mine.team,
      'developer',
      await addPerson(world, (await makeTeam(world)).id, 'owner'),
    )
    expect((await browser.call('POST', '/v1/clients', body)).body.errors[0]?.pointer).toBe('/teamId')
    expect((await both.call('POST', '/v1/clients', body)).body.teamId, 'a viewer makes none in the other').toBe(
      mine.team,
    )
  })

  it('nobody gives a client, key or token more than the ceiling, nor the management API', async () => {
    const { browser } = mine.owner
    const before = stored()
    for (const given of [
      { audience, scope: 'orders:read orders:write' },
      { audience: otherAudience, scope: '' },
      { audience: `${baseUrl}/v1`, scope: 'keys:read' },
    ]) {
      const client = { name: 'x', type: 'service', access: [given] }
      const credential = { clientId: mine.client, name: 'x', ...given }
      for (const [method, path, body] of [
        ['POST', '/v1/clients', client],
        ['PATCH', `/v1/clients/${mine.client}`, { access: [given] }],
        ['POST', '/v1/keys', credential],
        ['POST', '/v1/tokens', { ...credential, ttlSeconds: 60 }],
      ] as const)
        expect((await browser.call(method, path, body)).status, `${path} ${given.audience}`).toBe(400)
    }
    expect(isAsBefore(before), 'nothing was changed').toBe(true)
  })

  it('an answer that was kept is given again only to whoever still has the role in that very team', async () => {
    const team = await makeTeam(world, { access: [{ audience, scope: 'orders:read' }] })
    await addPerson(world, team.id, 'owner')
    const person = await addPerson(world, team.id, 'owner', await addPerson(world, (await makeTeam(world)).id, 'owner'))
    const body = { name: 'x', type: 'service', access: [], teamId: team.id }
    const headers = [['Sec-Fetch-Site', 'same-origin'] as const, ['Idempotency-Key', mark()] as const]
    const create = () => person.browser.call('POST', '/v1/clients', body, headers)
    const first = await create()
    expect((await create()).body.clientSecret).toBe(first.body.clientSecret)
    await world.ok('PATCH', `/v1/teams/${team.id}/members/${person.id}`, { role: 'viewer' })
    expect((await create()).body).toMatchObject({ code: 'insufficient_scope' })
    await world.ok('DELETE', `/v1/teams/${team.id}/members/${person.id}`)
    expect((await create()).status).toBe(403)
  })

  it('an operator who is a member too reaches the tenant, with the scope of an operator and no more', async () => {
    const { browser } = await addPerson(
      world,
      mine.team,
      'owner',
      await makePerson(world, { role: 'operator', scope: 'keys:read' }),
    )
    expect((await browser.call('GET', `/v1/keys/${theirs.key}`)).status).toBe(200)
    expect((await browser.call('PATCH', `/v1/clients/${mine.client}`, { name: 'x' })).status).toBe(403)
  })
})
