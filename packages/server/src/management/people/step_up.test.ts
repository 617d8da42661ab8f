import { generateKeyPairSync } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { audience, baseUrl, startWorld, type World } from '../../server.fixture.ts'
import { type Browser, signIn } from '../../sign_in.fixture.ts'
import type { Wire } from '../../wire.fixture.ts'

let world: World
beforeAll(async () => {
  world = await startWorld()
})
afterAll(() => world.close())
beforeEach(() => {
  world.now += 7_200
})

let count = 0
async function operator(): Promise<{ id: string; browser: Browser }> {
  const body = { email: `o${++count}@example.com`, emailVerified: true, name: 'Boss', role: 'operator' }
  const { id } = await world.ok('POST', '/v1/accounts', body)
  return { id: String(id), browser: await signIn(world, String(id)) }
}

type Objects = Record<string, Wire>

const jwk = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ format: 'jwk' })

function issuerOf({ client }: Objects): object {
  const issuer = `https://issuer-${++count}.example`
  const jwks = { keys: [{ ...jwk, kid: 'k1', alg: 'ES256', use: 'sig' }] }
  return {
    issuer,
    jwks,
    clientId: client?.clientId,
    audience,
    rules: [{ when: { sub: 'repo:acme' }, scope: 'orders:read' }],
    scope: 'orders:read',
  }
}

async function objects(): Promise<Objects> {
  const access = [{ audience, scope: 'orders:read' }]
  const email = `q${++count}@example.com`
  const wide = await world.ok('POST', '/v1/clients', {
    name: 'w',
    type: 'service',
    access: [{ audience, scope: 'orders:read orders:write' }],
  })
  const client = await world.ok('POST', '/v1/clients', { name: 'c', type: 'service', access })
  const site = { name: 's', type: 'web', access, redirectUris: ['https://a.test/cb'] }
  const web = await world.ok('POST', '/v1/clients', site)
  const key = await world.ok('POST', '/v1/keys', {
    clientId: wide.clientId,
    audience,
    scope: 'orders:read orders:write',
    name: 'k',
    ipAllow: ['192.0.2.0/24', '203.0.113.0/24'],
    expiresAt: '2030-01-01T00:00:00Z',
  })
  const token = await world.ok('POST', '/v1/tokens', {
    clientId: wide.clientId,
    audience,
    scope: 'orders:read orders:write',
    ttlSeconds: 86_400,
  })
  await world.ok('PATCH', `/v1/tokens/${token.jti}`, { scope: 'orders:read' })
  await world.ok('PATCH', `/v1/keys/${key.id}`, { scope: 'orders:read' })
  const account = await world.ok('POST', '/v1/accounts', { email, emailVerified: true, name: 'A' })
  const team = await world.ok('POST', '/v1/teams', { name: 't', access })
  await world.ok('POST', `/v1/teams/${team.id}/members`, { email, role: 'developer' })
  const issuer = await world.ok('POST', '/v1/issuers', issuerOf({ client }))
  return { client, wide, web, key, token, account, team, issuer }
}

type Call = readonly [
  what: string,
  method: string,
  path: (it: Objects) => string,
  body: object | ((it: Objects) => object),
]
const member = ({ team, account }: Objects) => `/v1/teams/${team?.id}/members/${account?.id}`
const key = (it: Objects) => `/v1/keys/${it.key?.id}`
const client = (it: Objects) => `/v1/clients/${it.client?.clientId}`
const web = (it: Objects) => `/v1/clients/${it.web?.clientId}`
const issuer = (it: Objects) => `/v1/issuers/${it.issuer?.id}`
const api = () => `/v1/apis/${world.apiId}`
const account = (it: Objects) => `/v1/accounts/${it.account?.id}`

const wanting: readonly Call[] = [
  ['rolling a key', 'POST', (it) => `${key(it)}/roll`, {}],
  ['a new client secret', 'POST', (it) => `${client(it)}/secrets`, {}],
  ['rotating signing keys', 'POST', () => '/v1/signing-keys/rotate', {}],
  ['a link that signs in', 'POST', (it) => `${account(it)}/links`, {}],
  ['another address', 'PATCH', account, { email: 'other@example.com' }],
  ['another id of the owner’s', 'PATCH', account, { externalSubject: 'x' }],
  ['a password', 'PATCH', account, { password: 'correct horse battery' }],
  ['making somebody operator', 'PATCH', account, { role: 'operator' }],
  ['a new operator', 'POST', () => '/v1/accounts', { email: 'new@example.com', name: 'N', role: 'operator' }],
  [
    'a new account with the owner’s id',
    'POST',
    () => '/v1/accounts',
    { email: 'id@example.com', name: 'N', externalSubject: 'y' },
  ],
  [
    'a new account whose address counts as proven',
    'POST',
    () => '/v1/accounts',
    { email: 'proven@example.com', emailVerified: true, name: 'N' },
  ],
  ['a new team with the owner’s id', 'POST', () => '/v1/teams', { name: 't', access: [], externalId: 'x' }],
  ['another id of a team', 'PATCH', (it) => `/v1/teams/${it.team?.id}`, { externalId: 'y' }],
  ['a wider key', 'PATCH', key, { scope: 'orders:read orders:write' }],
  ['a key that lives longer', 'PATCH', key, { expiresAt: '2031-01-01T00:00:00Z' }],
  ['a key without an end', 'PATCH', key, { expiresAt: null }],
  ['a key for other addresses', 'PATCH', key, { ipAllow: ['192.0.2.0/24', '198.51.100.0/24'] }],
  ['a key for all addresses', 'PATCH', key, { ipAllow: null }],
  ['a wider token', 'PATCH', (it) => `/v1/tokens/${it.token?.jti}`, { scope: 'orders:read orders:write' }],
  ['a wider client', 'PATCH', client, { access: [{ audience, scope: 'orders:read orders:write' }] }],
  ['a client that guards', 'PATCH', client, { guards: [audience] }],
  ['another place for codes', 'PATCH', web, { redirectUris: ['https://a.test/cb', 'https://b.test/cb'] }],
  ['a client that asks nobody', 'PATCH', web, { consent: 'skip' }],
  ['a client without PKCE', 'PATCH', web, { requirePkce: false }],
  [
    'a wider team',
    'PATCH',
    (it) => `/v1/teams/${it.team?.id}`,
    { access: [{ audience, scope: 'orders:read orders:write' }] },
  ],
  ['more for accounts of an API', 'PATCH', api, { accountScope: 'orders:read' }],
  ['more for new teams at an API', 'PATCH', api, { selfServiceScope: 'orders:read' }],
  ['more to ask for at an API', 'PATCH', api, { onRequestScope: 'orders:read' }],
  ['another place for calls', 'PATCH', api, { callUrl: 'https://orders.example' }],
  ['a higher role', 'PATCH', member, { role: 'owner' }],
  ['a new member', 'POST', (it) => `/v1/teams/${it.team?.id}/members`, { email: 'm@example.com', role: 'viewer' }],
  ['an issuer whose JWTs count', 'POST', () => '/v1/issuers', issuerOf],
  ['more rules of an issuer', 'PATCH', issuer, { rules: [] }],
  ['an issuer that counts again', 'PATCH', issuer, { status: 'active' }],
  ['other ways in', 'PATCH', () => '/v1/settings', { signIn: { mailCode: true } }],
  ['a sign-up for all', 'PATCH', () => '/v1/settings', { signUp: 'off' }],
]

it.each(wanting)('%s by a session wants a proof of the last ten minutes', async (_, method, path, given) => {
  const it_ = await objects()
  const body = typeof given === 'function' ? given(it_) : given
  const { browser } = await operator()
  world.now += 600
  const before = world.dump()
  const refused = await browser.call(method, path(it_), body)
  expect(refused.body, refused.text).toMatchObject({
    status: 403,
    code: 'step_up_required',
    maxAgeSeconds: 600,
    stepUpUrl: `${baseUrl}/account/step-up`,
  })
  expect(world.dump()).toBe(before)
  expect((await operator()).browser).toBeDefined()
  const fresh = (await operator()).browser
  const done = await fresh.call(method, path(it_), body)
  expect(done.status, done.text).toBeLessThan(300)
})

const free: readonly Call[] = [
  ['making a key', 'POST', () => '/v1/keys', {}],
  ['a narrower key', 'PATCH', key, { scope: '' }],
  ['the same scope', 'PATCH', key, { scope: 'orders:read' }],
  ['a key that ends earlier', 'PATCH', key, { expiresAt: '2029-01-01T00:00:00Z' }],
  ['a key for fewer addresses', 'PATCH', key, { ipAllow: ['192.0.2.0/24'] }],
  ['another name', 'PATCH', key, { name: 'x' }],
  ['revoking a key', 'POST', (it) => `${key(it)}/revoke`, {}],
  ['a narrower token', 'PATCH', (it) => `/v1/tokens/${it.token?.jti}`, { scope: '' }],
  ['a narrower client', 'PATCH', client, { access: [] }],
  ['the same place for codes', 'PATCH', web, { redirectUris: ['https://a.test/cb'], consent: 'ask' }],
  ['a narrower team', 'PATCH', (it) => `/v1/teams/${it.team?.id}`, { access: [] }],
  ['a new account', 'POST', () => '/v1/accounts', { email: 'plain@example.com', name: 'N' }],
  ['a new team', 'POST', () => '/v1/teams', { name: 't', access: [] }],
  ['the same id of a team', 'PATCH', (it) => `/v1/teams/${it.team?.id}`, { externalId: null }],
  ['a lower role', 'PATCH', member, { role: 'viewer' }],
  ['an issuer that counts no more', 'PATCH', issuer, { status: 'disabled' }],
  ['another look', 'PATCH', () => '/v1/settings', { name: 'Acme' }],
  ['another name of an account', 'PATCH', account, { name: 'B' }],
  ['ending sessions', 'POST', (it) => `${account(it)}/revoke`, {}],
]

it.each(free)('%s wants none', async (_, method, path, body) => {
  const it_ = await objects()
  const { browser } = await operator()
  world.now += 3_000
  const made = { clientId: it_.client?.clientId, audience, scope: 'orders:read', name: 'n' }
  const reply = await browser.call(method, path(it_), method === 'POST' && path(it_) === '/v1/keys' ? made : body)
  expect(reply.status, reply.text).toBeLessThan(300)
})

it('a key needs no proof, and an answer that was kept is given again only to whoever has proven it', async () => {
  const it_ = await objects()
  expect((await world.call('POST', `${key(it_)}/roll`, { body: {} })).status).toBe(201)
  const { browser } = await operator()
  const headers = [
    ['Sec-Fetch-Site', 'same-origin'],
    ['Idempotency-Key', 'once'],
  ] as const
  const path = `${client(it_)}/secrets`
  const first = await browser.call('POST', path, {}, headers)
  expect(first.status, first.text).toBe(201)
  expect((await browser.call('POST', path, {}, headers)).body).toEqual(first.body)
  world.now += 600
  expect((await browser.call('POST', path, {}, headers)).body.code).toBe('step_up_required')
})
