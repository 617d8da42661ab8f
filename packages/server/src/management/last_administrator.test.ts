/** No act leaves a tenant without a live credential that has all management scopes, unless it is forced. */
import { managementScopes } from '@countersign/contract'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { baseUrl, startAt, startWorld, type World } from '../server.fixture.ts'
import type { Wire } from '../wire.fixture.ts'

const management = `${baseUrl}/v1`
const all = managementScopes.join(' ')
const day = 86_400
const iso = (seconds: number): string => new Date(seconds * 1000).toISOString()

let world: World
let keyId: string
let clientId: string
beforeEach(async () => {
  world = await startWorld()
  keyId = world.admin.split('_')[2] as string
  clientId = (await world.ok('GET', `/v1/keys/${keyId}`)).clientId
})
afterEach(() => world.close())

type Act = readonly [method: string, path: () => string, body?: () => object]

const acts: Readonly<Record<string, Act>> = {
  'revoke the key': ['POST', () => `/v1/keys/${keyId}/revoke`],
  'disable the key': ['POST', () => `/v1/keys/${keyId}/disable`],
  'narrow the key': ['PATCH', () => `/v1/keys/${keyId}`, () => ({ scope: all.replace(' audit:read', '') })],
  'end the key soon': ['PATCH', () => `/v1/keys/${keyId}`, () => ({ expiresAt: iso(startAt + day) })],
  'bind the key to origins': ['PATCH', () => `/v1/keys/${keyId}`, () => ({ originAllow: ['https://nobody.invalid'] })],
  'bind the key to addresses': ['PATCH', () => `/v1/keys/${keyId}`, () => ({ ipAllow: ['192.0.2.0/24'] })],
  'disable the client': ['PATCH', () => `/v1/clients/${clientId}`, () => ({ status: 'disabled' })],
  'take the client’s access': ['PATCH', () => `/v1/clients/${clientId}`, () => ({ access: [] })],
  'narrow the client’s access': [
    'PATCH',
    () => `/v1/clients/${clientId}`,
    () => ({ access: [{ audience: management, scope: all.replace('tenants:write ', '') }] }),
  ],
  'revoke the client': ['POST', () => `/v1/clients/${clientId}/revoke`],
  'delete the client': ['DELETE', () => `/v1/clients/${clientId}`],
}

const forced = (method: string, path: string, body: object = {}) =>
  method === 'DELETE'
    ? world.call(method, `${path}?force=true`)
    : world.call(method, path, { body: { ...body, force: true } })

describe.each(Object.keys(acts))('%s', (name) => {
  const [method, pathOf, bodyOf] = acts[name]!
  const act = (path = pathOf()) => world.call(method, path, method === 'DELETE' ? {} : { body: bodyOf?.() ?? {} })

  it('is refused for the last one, and nothing is changed', async () => {
    const before = world.dump()
    const reply = await act()
    expect(reply).toMatchObject({ status: 409, body: { code: 'last_administrator' } })
    expect(reply.body.detail).toMatch(/graceSeconds 0.*force: true/)
    expect(world.dump()).toBe(before)
    expect((await world.call('GET', `/v1/keys/${keyId}`)).status).toBe(200)
  })

  it('is done when forced, and the audit log says so', async () => {
    expect((await forced(method, pathOf(), bodyOf?.())).status).toBe(200)
    const page = await world.store.read.audit.list('default', { action: 'tenant.last_administrator' }, { limit: 5 })
    expect(page).toHaveLength(1)
    expect(page[0]).toMatchObject({ actor: { credentialId: keyId }, after: { forced: true } })
  })

  it('is done while another one is left', async () => {
    const other = await world.client({ type: 'spa', access: [{ audience: management, scope: all }] })
    const key = { clientId: other.clientId, audience: management, scope: all, name: 'another administrator' }
    await world.ok('POST', '/v1/keys', { ...key, expiresAt: iso(startAt + day + 60) })
    expect((await act()).status).toBe(200)
  })

  it('is refused when the other one ends within a day, has less, is disabled, or is bound to places', async () => {
    const other = await world.client({ type: 'spa', access: [{ audience: management, scope: all }] })
    const key = { clientId: other.clientId, audience: management, scope: all, name: 'nearly' }
    await world.ok('POST', '/v1/keys', { ...key, expiresAt: iso(startAt + day) })
    await world.ok('POST', '/v1/keys', { ...key, scope: 'keys:read keys:write' })
    const { id } = await world.ok('POST', '/v1/keys', key)
    await world.ok('POST', `/v1/keys/${id}/disable`)
    await world.ok('POST', '/v1/keys', { ...key, originAllow: ['https://nobody.invalid'] })
    await world.ok('POST', '/v1/keys', { ...key, ipAllow: ['192.0.2.0/24'] })
    expect((await act()).status).toBe(409)
  })
})

describe('an administrator is left', () => {
  const end = () => world.call('POST', `/v1/keys/${keyId}/revoke`, { body: {} })

  it('when the key is rolled', async () => {
    const rolled = await world.call('POST', `/v1/keys/${keyId}/roll`, { body: { graceSeconds: 0 } })
    expect(rolled.status).toBe(201)
    expect((await world.call('GET', '/v1/keys', { as: rolled.body.key })).status).toBe(200)
  })

  it('but not when what it is rolled to ends within a day', async () => {
    const other = await world.client({ type: 'spa', access: [{ audience: management, scope: all }] })
    const key = { clientId: other.clientId, audience: management, scope: all, name: 'short' }
    const short = await world.ok('POST', '/v1/keys', { ...key, expiresAt: iso(startAt + 2 * day) })
    expect((await end()).status).toBe(200)
    world.now += day + day / 2
    const roll = (as: string) => world.call('POST', `/v1/keys/${short.id}/roll`, { as, body: { graceSeconds: 0 } })
    // Before, it was as good as ended, and rolling takes nothing away.
    expect((await roll(short.key)).status).toBe(201)
  })

  it('when its client has a secret', async () => {
    await world.ok('POST', `/v1/clients/${clientId}/secrets`)
    expect((await end()).status).toBe(200)
  })

  it('when a token was minted for longer than a day, unless its signing key goes', async () => {
    const token = { clientId, audience: management, scope: all }
    await world.ok('POST', '/v1/tokens', { ...token, ttlSeconds: day })
    expect((await end()).status).toBe(409)
    const minted = await world.ok('POST', '/v1/tokens', { ...token, ttlSeconds: day + 60 })
    expect((await end()).status).toBe(200)
    const as = minted.token
    const { body } = await world.call('GET', '/v1/signing-keys', { as })
    const { kid } = body.data.find((key: Wire) => key.purpose === 'access_token')!
    expect((await world.call('POST', `/v1/signing-keys/${kid}/revoke`, { as })).status).toBe(409)
    expect((await world.call('POST', `/v1/tokens/${minted.jti}/revoke`, { as })).status).toBe(409)
    const shorter = { as, body: { expiresAt: iso(startAt + 60) } }
    expect((await world.call('PATCH', `/v1/tokens/${minted.jti}`, shorter)).status).toBe(409)
    const force = await world.call('POST', `/v1/signing-keys/${kid}/revoke`, { as, body: { force: true } })
    expect(force.status).toBe(200)
  })
})

it('its own client cannot revoke it at the OAuth endpoint either, unless it says force', async () => {
  const { clientSecret } = await world.ok('POST', `/v1/clients/${clientId}/secrets`)
  // The secret counts as well; this one ends within a day.
  const { DatabaseSync } = await import('node:sqlite')
  const database = new DatabaseSync(world.file)
  database.prepare('update client_secrets set expires_at = ? where client_id = ?').run(startAt + 3_600, clientId)
  database.close()
  const own = { client_id: clientId, client_secret: clientSecret, token: world.admin }
  const refused = await world.form('/oauth/revoke', own)
  expect(refused).toMatchObject({ status: 409, body: { error: 'invalid_request' } })
  expect((await world.call('GET', '/v1/keys')).status).toBe(200)
  expect((await world.form('/oauth/revoke', { ...own, force: 'true' })).status).toBe(200)
  expect((await world.call('GET', '/v1/keys')).status).toBe(401)
})

it('of two administrators that end each other at once one is left', async () => {
  const other = await world.client({ type: 'spa', access: [{ audience: management, scope: all }] })
  const key = { clientId: other.clientId, audience: management, scope: all, name: 'another administrator' }
  const second = await world.ok('POST', '/v1/keys', key)
  const replies = await Promise.all([
    world.call('POST', `/v1/keys/${second.id}/revoke`, { as: world.admin }),
    world.call('POST', `/v1/keys/${keyId}/revoke`, { as: second.key }),
  ])
  expect(replies.filter(({ status }) => status === 200)).toHaveLength(1)
})

it('a tenant of its own is judged by its own administrators', async () => {
  const made = await world.ok('POST', '/v1/tenants', { slug: 'acme', name: 'Acme' })
  const id = made.adminKey.split('_')[2]
  const options = { as: made.adminKey, at: '/t/acme', body: {} }
  expect((await world.call('POST', `/v1/keys/${id}/revoke`, options)).status).toBe(409)
})

it('where there was none before, nothing is kept from being done', async () => {
  const caller = await world.caller('keys:write clients:write')
  await world.ok('POST', `/v1/keys/${keyId}/revoke`, { force: true })
  const key = { clientId: caller.clientId, audience: management, scope: 'keys:write', name: 'more' }
  const more = await world.call('POST', '/v1/keys', { as: caller.key, body: key })
  expect(more.status).toBe(201)
  expect((await world.call('POST', `/v1/keys/${more.body.id}/revoke`, { as: caller.key })).status).toBe(200)
})
