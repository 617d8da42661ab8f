/** A client can get lost access back, so whoever touches it must hold everything that it can come to have. */
import { generateKeyPair } from '@countersign/core'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { audience, baseUrl, otherAudience, startWorld, type World } from '../server.fixture.ts'
import type { CallOptions, Wire } from '../wire.fixture.ts'

const management = `${baseUrl}/v1`
const all = [{ audience: management, scope: 'keys:write audit:read credentials:verify' }]
let world: World
let caller: { readonly key: string; readonly clientId: string }
let victim: Wire
let key: Wire
let token: Wire

beforeEach(async () => {
  world = await startWorld()
  await world.ok('POST', '/v1/apis', { audience: otherAudience, name: 'Invoices' })
  caller = await world.caller('clients:write clients:read keys:write tokens:write credentials:verify')
  victim = await world.client({ access: all })
  key = await world.key({ clientId: victim.clientId, audience: management, scope: 'audit:read' })
  token = await world.mint({ clientId: victim.clientId, audience: management, scope: 'audit:read' })
})
afterEach(() => world.close())

const attempt = async (method: string, path: string, options: CallOptions = {}): Promise<number> =>
  (await world.call(method, path, { as: caller.key, ...options })).status

/** Everything that would give the caller a credential of the victim, or change one. */
async function attacks(): Promise<Readonly<Record<string, number>>> {
  const { publicJwk } = await generateKeyPair('ES256')
  const client = `/v1/clients/${victim.clientId}`
  const outcomes: Record<string, number> = {}
  const acts: Readonly<Record<string, readonly [string, string, object?]>> = {
    'a key is rolled': ['POST', `/v1/keys/${key.id}/roll`, { graceSeconds: 0 }],
    'a key is changed': ['PATCH', `/v1/keys/${key.id}`, { name: 'mine' }],
    'a key is disabled': ['POST', `/v1/keys/${key.id}/disable`],
    'a key is enabled': ['POST', `/v1/keys/${key.id}/enable`],
    'a key is revoked': ['POST', `/v1/keys/${key.id}/revoke`],
    'a key is made': ['POST', '/v1/keys', { clientId: victim.clientId, audience, scope: '', name: 'mine' }],
    'a token is minted': ['POST', '/v1/tokens', { clientId: victim.clientId, audience, scope: '', ttlSeconds: 60 }],
    'a token is changed': [
      'PATCH',
      `/v1/tokens/${token.jti}`,
      { expiresAt: new Date(1_800_000_300_000).toISOString() },
    ],
    'a token is revoked': ['POST', `/v1/tokens/${token.jti}/revoke`],
    'a secret is added': ['POST', `${client}/secrets`, {}],
    'a public key is added': ['PATCH', client, { jwks: { keys: [{ ...publicJwk, kid: 'mine', alg: 'ES256' }] } }],
    'the client is renamed': ['PATCH', client, { name: 'mine' }],
    'the client is revoked': ['POST', `${client}/revoke`],
    'the client is deleted': ['DELETE', client],
  }
  for (const [name, [method, path, body]] of Object.entries(acts)) {
    outcomes[name] = await attempt(method, path, body === undefined ? {} : { body })
  }
  return outcomes
}

const refused = (outcomes: object) => Object.fromEntries(Object.keys(outcomes).map((name) => [name, 403]))

describe('a client that was taken', () => {
  it.each([
    ['all access', { access: [] }],
    ['its management access', { access: [{ audience, scope: 'orders:read' }] }],
    ['the scopes that the caller lacks', { access: [{ audience: management, scope: 'keys:write' }] }],
    ['its access while it is disabled', { access: [], status: 'disabled' }],
  ])('%s is touched by nobody who lacks what it had', async (_, change) => {
    await world.ok('PATCH', `/v1/clients/${victim.clientId}`, change)
    const outcomes = await attacks()
    expect(outcomes).toEqual(refused(outcomes))
  })

  it('its guards likewise', async () => {
    const path = `/v1/clients/${victim.clientId}`
    await world.ok('PATCH', path, { access: [], guards: [otherAudience] })
    await world.ok('POST', `${path}/revoke`)
    await world.ok('PATCH', path, { guards: [] })
    expect(await attempt('POST', `${path}/secrets`, { body: {} })).toBe(403)
    await world.ok('POST', `${path}/revoke`)
    expect(await attempt('POST', `${path}/secrets`, { body: {} })).toBe(201)
  })

  it('twice is judged by the highest of all', async () => {
    const path = `/v1/clients/${victim.clientId}`
    for (const scope of ['keys:write', 'credentials:verify', '']) {
      await world.ok('PATCH', path, { access: [{ audience: management, scope }] })
    }
    expect(await attempt('POST', `${path}/secrets`, { body: {} })).toBe(403)
  })
})

it('a client’s revoke ends what it had, and with it what nobody else may touch', async () => {
  const path = `/v1/clients/${victim.clientId}`
  await world.ok('PATCH', path, { access: [] })
  await world.ok('POST', `${path}/revoke`)
  expect(await attempt('POST', `${path}/secrets`, { body: {} })).toBe(201)
})

it('a client’s revoke ends nothing of what it has', async () => {
  const path = `/v1/clients/${victim.clientId}`
  await world.ok('POST', `${path}/revoke`)
  expect(await attempt('POST', `${path}/secrets`, { body: {} })).toBe(403)
  await world.ok('PATCH', path, { access: [] })
  expect(await attempt('POST', `${path}/secrets`, { body: {} })).toBe(403)
})

it('a kept answer is not given again while its client has no access', async () => {
  const made = { clientId: victim.clientId, audience: management, scope: 'keys:write', name: 'kept' }
  const ask = (as: string) =>
    world.call('POST', '/v1/keys', { as, body: made, headers: [['Idempotency-Key', 'the-same']] })
  const path = `/v1/clients/${caller.clientId}`
  const wide = [{ audience: management, scope: 'keys:write audit:read credentials:verify' }]
  await world.ok('PATCH', path, { access: wide })
  const strong = await world.key({ clientId: caller.clientId, audience: management, scope: wide[0]!.scope })
  const weak = await world.key({ clientId: caller.clientId, audience: management, scope: 'keys:write' })
  expect((await ask(strong.key)).status).toBe(201)
  await world.ok('PATCH', `/v1/clients/${victim.clientId}`, { access: [] })
  expect((await ask(weak.key)).status).toBe(403)
})

it('a key that has more than its client was ever recorded with is touched by nobody who lacks it', async () => {
  const { DatabaseSync } = await import('node:sqlite')
  await world.ok('PATCH', `/v1/clients/${victim.clientId}`, { access: [] })
  const database = new DatabaseSync(world.file)
  database.prepare('update clients set authority = ? where id = ?').run('{"scope":"","guards":[]}', victim.clientId)
  database.close()
  for (const action of ['roll', 'disable', 'enable']) {
    expect(await attempt('POST', `/v1/keys/${key.id}/${action}`), action).toBe(403)
  }
})
