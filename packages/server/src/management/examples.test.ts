/**
 * The examples of the OpenAPI document tell one story. It is sent to a real server, example after example; each answer
 * has the members and values of the example's. Ids, secrets and digests differ, but always in the same way.
 */
import { createHash, randomBytes } from 'node:crypto'
import { type AddressInfo, createServer, type Server } from 'node:net'
import { isDeepStrictEqual } from 'node:util'
import { allRoutes, examples, type OperationId, type Route, routes } from '@countersign/contract'
import { newConsent } from '@countersign/store'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { baseUrl, startWorld, type World } from '../server.fixture.ts'
import { type Browser, signIn } from '../sign_in.fixture.ts'
import type { Wire } from '../wire.fixture.ts'
import { callsTo } from './apis/upstream.fixture.ts'

const story: readonly OperationId[] = [
  ...(['createApi', 'listApis', 'getApi', 'updateApi', 'importOpenapi'] as const),
  ...(['getOpenapi', 'callApi', 'listOperations', 'listSigningKeys'] as const),
  ...(['createClient', 'listClients', 'getClient', 'updateClient', 'createClientSecret'] as const),
  ...(['listClientSecrets'] as const),
  ...(['createKey', 'listKeys', 'getKey', 'updateKey', 'verify', 'createAssertion', 'lookup', 'inspect'] as const),
  ...(['rollKey', 'disableKey', 'enableKey'] as const),
  ...(['createIssuer', 'listIssuers', 'getIssuer', 'updateIssuer', 'testIssuer', 'deleteIssuer'] as const),
  ...([
    'createToken',
    'listTokens',
    'getToken',
    'updateToken',
    'feedPosition',
    'revokeToken',
    'listVerifiers',
  ] as const),
  ...(['getRevocation', 'feedSnapshot', 'feed', 'handBackRevocations'] as const),
  ...([
    'reportUsage',
    'getUsage',
    'getApiUsage',
    'listRefusals',
    'revokeKey',
    'listAudit',
    'rotateSigningKeys',
    'revokeSigningKey',
  ] as const),
  ...(['createTenant', 'listTenants', 'getTenant', 'updateTenant', 'deleteTenant'] as const),
  ...(['createTeam', 'listTeams', 'getTeam', 'updateTeam'] as const),
  ...(['createAccessRequest', 'listAccessRequests', 'approveAccessRequest'] as const),
  ...(['refuseAccessRequest', 'withdrawAccessRequest', 'addTeamMember', 'listInvitations'] as const),
  ...(['createPortalLink'] as const),
  ...(['createAccount', 'listAccounts', 'getAccount', 'updateAccount', 'createAccountLink'] as const),
  ...(['getMe', 'acceptInvitation', 'listTeamMembers', 'updateTeamMember', 'removeTeamMember'] as const),
  ...(['deleteInvitation', 'deleteTeam', 'listSessions', 'listConsents', 'revokeConsent', 'revokeSession'] as const),
  ...(['revokeAccount', 'deleteAccount'] as const),
  ...(['createRevocation', 'revokeClientSecret', 'revokeClient', 'deleteClient', 'deleteApi'] as const),
  ...(['getSettings', 'updateSettings'] as const),
]

/** Made by the server, so that they differ from the example's. */
const made = new Set([
  ...['id', 'clientId', 'apiId', 'credentialId', 'objectId', 'limitId', 'secretId', 'jti', 'kid', 'requestId'],
  ...['url', 'key', 'clientSecret', 'adminKey', 'token', 'assertion', 'epoch', 'chain', 'seal', 'mac', 'audit', 'link'],
])
/** They depend on how much a fresh installation has written before the story, and on the time that passes. */
const counted = new Set(['sequence', 'feedSequence', 'head', 'ageMs', 'dropAt', 'dropTime', 'applied', 'total'])

/** The API of the story, as it answers on the wire. */
const apiAnswer = 'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 12\r\n\r\n{"data":[]}\n'
let upstream: Server

let world: World
/** Signed in to the account of the story. */
let browser: Browser
/** From a made text, or a sequence, of the examples to the same of this run. */
const real = new Map<unknown, unknown>()

beforeAll(async () => {
  upstream = createServer((socket) => {
    socket.once('data', () => socket.end(apiAnswer))
  })
  await new Promise<void>((listening) => upstream.listen(0, '127.0.0.1', listening))
  world = await startWorld({ outbound: callsTo(['127.0.0.1']) })
})
afterAll(() => {
  upstream.close()
  return world.close()
})

it('the story has every operation once', () => {
  expect([...story].sort()).toEqual(allRoutes.map(({ operationId }) => operationId).sort())
})

it.each(story)('%s answers as its example says', async (operationId) => {
  const route: Route = routes[operationId]
  const example = examples[operationId] as AnyExample
  const { params = {}, query, body, document } = translate(example) as AnyExample
  const path = route.path.replaceAll(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(params[name] as string))
  const target = query === undefined ? path : `${path}?${new URLSearchParams(query)}`
  const content = { raw: JSON.stringify(document), headers: [['Content-Type', 'application/json']] as const }
  const asPerson = operationId === 'getMe' || operationId === 'acceptInvitation'
  const reply = asPerson
    ? await browser.call(route.method, target, body)
    : await world.call(route.method, target, document === undefined ? { body } : content)
  expect(reply.status, reply.text).toBe(route.answer.status)
  if (typeof example.answer === 'string') {
    const [first = ''] = example.answer.split('\n')
    return expectSame(JSON.parse(first), JSON.parse(reply.text.split('\n')[0] as string))
  }
  expectSame(example.answer, reply.body)
  await learnWhatNoAnswerTells(operationId, reply.body)
})

interface AnyExample {
  readonly params?: Readonly<Record<string, string>>
  readonly query?: Readonly<Record<string, string>>
  readonly body?: unknown
  readonly document?: unknown
  readonly answer: unknown
}

/** A verifier makes the digest of a key itself, and knows its place by following the feed. */
async function learnWhatNoAnswerTells(operationId: OperationId, { key, invitation }: Wire): Promise<void> {
  if (operationId === 'createAccountLink') {
    const accountId = real.get(examples.getAccount.params?.id) as string
    const browsers = [await signIn(world, accountId), await signIn(world, accountId)]
    // The story is about the one that a list shows first: both were made in the same second.
    const first = (await world.ok('GET', `/v1/sessions?accountId=${accountId}`)).data[0]?.id
    for (const each of browsers) if ((await each.call('GET', '/v1/me')).body.session.id === first) browser = each
    real.set(examples.revokeSession.params?.id, first)
    const clientId = real.get(examples.getClient.params?.clientId) as string
    const apiId = real.get(examples.getApi.params?.id) as string
    const draft = { tenant: 'default', accountId, clientId, apiId, scope: 'orders:read', position: 1 }
    const consent = newConsent(draft, { now: world.now, randomBytes })
    await world.store.write((transaction) => transaction.consents.insert(consent))
    real.set(examples.revokeConsent.params?.id, consent.id)
  }
  if (operationId === 'importOpenapi') {
    const callUrl = `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`
    await world.ok('PATCH', `/v1/apis/${real.get(examples.getApi.params?.id)}`, { callUrl })
  }
  if (operationId === 'addTeamMember') {
    const path = `/v1/teams/${real.get(examples.getTeam.params?.id)}/members`
    const again = await world.ok('POST', path, { email: 'bob@example.com', role: 'viewer' })
    real.set(examples.deleteInvitation.params?.invitationId, again.invitation.id)
    real.set(examples.acceptInvitation.body.code, new URL(invitation.url).hash.slice(1))
  }
  if (operationId === 'createAccessRequest') {
    const body = translate(examples.createAccessRequest.body) as object
    for (const { answer } of [examples.refuseAccessRequest, examples.withdrawAccessRequest])
      real.set(answer.id, (await world.ok('POST', '/v1/access-requests', { ...body, reason: answer.reason })).id)
  }
  if (operationId === 'createKey') {
    real.set(examples.lookup.body.digest, createHash('sha256').update(key).digest('base64url'))
  }
  if (operationId === 'updateToken') {
    const { sequence, chain } = await world.store.feed.place('default')
    real.set(examples.feedPosition.body.sequence, sequence).set(examples.feedPosition.body.chain, chain)
  }
}

/** The request of this run. */
function translate(value: unknown, name = ''): unknown {
  if (Array.isArray(value)) return value.map((item) => translate(item))
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([member, inner]) => [member, translate(inner, member)]))
  }
  if (name === 'after' || name === 'feedSequence') return String(real.get(Number(value)))
  if (typeof value === 'number') return counted.has(name) ? real.get(value) : value
  return real.get(value) ?? (typeof value === 'string' ? value.replace('https://auth.example', baseUrl) : value)
}

function expectSame(example: unknown, actual: unknown, name = ''): void {
  if (Array.isArray(example) && Array.isArray(actual)) {
    if (name !== 'data') expect(actual, name).toHaveLength(example.length)
    for (const [index, item] of example.entries()) {
      // A page has items that are not of the story, in an order of its own.
      const like =
        name === 'data' ? actual.find((other) => isDeepStrictEqual(fixed(other), fixed(item))) : actual[index]
      expectSame(item, like ?? actual[index])
    }
  } else if (typeof example === 'object' && example !== null) {
    expect(Object.keys(actual as object).sort(), name).toEqual(Object.keys(example).sort())
    for (const [member, inner] of Object.entries(example)) {
      expectSame(inner, (actual as Record<string, unknown>)[member], member)
    }
  } else if (counted.has(name) || (made.has(name) && !real.has(example))) {
    expect(typeof actual, name).toBe(typeof example)
    real.set(example, actual)
  } else {
    expect(actual, name).toEqual(translate(example, name))
  }
}

/** Without what differs from run to run. */
function fixed(value: unknown, name = ''): unknown {
  if (counted.has(name) || (made.has(name) && typeof value === 'string')) return typeof value
  if (Array.isArray(value)) return value.map((item) => fixed(item))
  if (typeof value !== 'object' || value === null) return translate(value, name)
  return Object.fromEntries(Object.entries(value).map(([member, inner]) => [member, fixed(inner, member)]))
}
