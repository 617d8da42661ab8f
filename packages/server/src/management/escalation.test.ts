/**
 * docs/security/invariants.md §11: no call creates, widens, enables, rolls, mints for or returns what its caller does
 * not have.
 */
import { generateKeyPair } from '@countersign/core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  accessTokenType,
  assertionType,
  audience,
  baseUrl,
  exchangeGrant,
  startWorld,
  type World,
} from '../server.fixture.ts'
import type { CountersignServer } from '../server.ts'
import type { CallOptions, Wire } from '../wire.fixture.ts'

const management = `${baseUrl}/v1`
const writer = 'apis:read apis:write clients:read clients:write keys:read keys:write tokens:read tokens:write'
let world: World
let second: CountersignServer
/** A client with more than the caller: a scope that the caller lacks. */
let stronger: Wire
let strongerKey: Wire
let strongerToken: Wire
/** A client that guards an audience; the caller has the scope to verify, and guards nothing. */
let guarding: Wire
let guardingKey: Wire
let caller: { readonly key: string; readonly clientId: string }

beforeAll(async () => {
  world = await startWorld()
  second = await world.second()
  caller = await world.caller(`${writer} credentials:verify`)
  stronger = await world.client({ access: [{ audience: management, scope: 'keys:read audit:read' }] })
  strongerKey = await world.key({ clientId: stronger.clientId, audience: management, scope: 'audit:read' })
  strongerToken = await world.mint({ clientId: stronger.clientId, audience: management, scope: 'audit:read' })
  guarding = await world.client({
    access: [{ audience: management, scope: 'credentials:verify' }],
    guards: [audience],
  })
  guardingKey = await world.key({ clientId: guarding.clientId, audience: management, scope: 'credentials:verify' })
})
afterAll(() => world.close())

async function expectRefused(method: string, path: string, options: CallOptions = {}, statuses = [403]): Promise<void> {
  const before = world.dump()
  const reply = await world.call(method, path, { as: caller.key, ...options })
  expect(statuses, `${method} ${path}: ${reply.text}`).toContain(reply.status)
  expect(world.dump()).toBe(before)
}

describe('a caller that may write everything, but lacks one scope or guards nothing', () => {
  it('cannot roll, change, enable, disable or revoke the administrator’s key or a stronger client’s', async () => {
    const administrator = world.admin.split('_')[2] as string
    for (const id of [administrator, strongerKey.id, guardingKey.id]) {
      await expectRefused('POST', `/v1/keys/${id}/roll`, { body: { graceSeconds: 10 } })
      await expectRefused('POST', `/v1/keys/${id}/roll`)
      await expectRefused('PATCH', `/v1/keys/${id}`, { body: { scope: '', name: 'mine' } })
      for (const action of ['enable', 'disable', 'revoke']) await expectRefused('POST', `/v1/keys/${id}/${action}`)
    }
  })

  it('cannot enable what was disabled of a stronger client', async () => {
    await world.ok('POST', `/v1/keys/${strongerKey.id}/disable`)
    await expectRefused('POST', `/v1/keys/${strongerKey.id}/enable`)
    await world.ok('POST', `/v1/keys/${strongerKey.id}/enable`)
    await world.ok('PATCH', `/v1/clients/${stronger.clientId}`, { status: 'disabled' })
    await expectRefused('PATCH', `/v1/clients/${stronger.clientId}`, { body: { status: 'active' } })
    await world.ok('PATCH', `/v1/clients/${stronger.clientId}`, { status: 'active' })
  })

  it('cannot add a secret or a public key to a stronger client', async () => {
    const { publicJwk } = await generateKeyPair('ES256')
    const jwks = { keys: [{ ...publicJwk, kid: 'mine', alg: 'ES256' }] }
    for (const { clientId } of [stronger, guarding]) {
      await expectRefused('POST', `/v1/clients/${clientId}/secrets`)
      await expectRefused('PATCH', `/v1/clients/${clientId}`, { body: { jwks } })
    }
  })

  it('cannot change, revoke or delete a stronger client', async () => {
    for (const { clientId } of [stronger, guarding]) {
      const path = `/v1/clients/${clientId}`
      await expectRefused('PATCH', path, { body: { name: 'renamed' } })
      await expectRefused('PATCH', path, { body: { access: [] } })
      await expectRefused('POST', `${path}/revoke`)
      await expectRefused('DELETE', path)
    }
  })

  it('cannot make a key or a token for a stronger client', async () => {
    for (const { clientId } of [stronger, guarding]) {
      const scope = clientId === stronger.clientId ? 'keys:read' : 'credentials:verify'
      const common = { clientId, audience: management, scope }
      await expectRefused('POST', '/v1/keys', { body: { ...common, name: 'mine' } })
      await expectRefused('POST', '/v1/tokens', { body: { ...common, ttlSeconds: 60 } })
    }
  })

  it('cannot change or revoke a stronger client’s token', async () => {
    const path = `/v1/tokens/${strongerToken.jti}`
    await expectRefused('PATCH', path, { body: { scope: 'keys:read' } })
    await expectRefused('POST', `${path}/revoke`)
  })

  it('cannot create or widen a client beyond itself, in scopes or in guards', async () => {
    const plain = await world.client()
    const access = (scope: string) => [{ audience: management, scope }]
    for (const more of [
      { access: access('audit:read') },
      { access: access('tenants:write') },
      { access: access('keys:read usage:write') },
      { guards: ['*'] },
      { guards: [audience] },
    ]) {
      const body = { name: 'mine', type: 'service', access: [], ...more }
      await expectRefused('POST', '/v1/clients', { body })
      await expectRefused('PATCH', `/v1/clients/${plain.clientId}`, { body: more })
      await expectRefused('PATCH', `/v1/clients/${caller.clientId}`, { body: more })
    }
  })

  it('cannot mint a key or a token for the management API beyond its own scopes', async () => {
    const wide = await world.client({ access: [{ audience: management, scope: 'keys:read' }] })
    const common = { clientId: wide.clientId, audience: management, scope: 'keys:read audit:read' }
    await expectRefused('POST', '/v1/keys', { body: { ...common, name: 'mine' } })
    await expectRefused('POST', '/v1/tokens', { body: { ...common, ttlSeconds: 60 } })
    const key = await world.key({ clientId: wide.clientId, audience: management, scope: 'keys:read' })
    await expectRefused('PATCH', `/v1/keys/${key.id}`, { body: { scope: 'audit:read' } })
  })

  it('cannot rotate or remove signing keys, nor change the management API', async () => {
    const [key] = (await world.ok('GET', '/v1/signing-keys')).data
    await expectRefused('POST', '/v1/signing-keys/rotate')
    await expectRefused('POST', `/v1/signing-keys/${key?.kid}/revoke`)
    await expectRefused('PATCH', '/v1/apis/api_management', { body: { name: 'mine' } })
    await expectRefused('PATCH', '/v1/apis/api_management', { body: { tokenTtlSecondsMax: 1 } })
  })

  it('and can do all of that for what is no stronger than itself', async () => {
    const body = { name: 'equal', type: 'service', access: [{ audience: management, scope: writer }] }
    const made = await world.call('POST', '/v1/clients', { as: caller.key, body })
    expect(made.status).toBe(201)
    const key = { clientId: made.body.clientId, audience: management, scope: writer, name: 'equal' }
    expect((await world.call('POST', '/v1/keys', { as: caller.key, body: key })).status).toBe(201)
  })
})

describe('a key with fewer scopes than its own client', () => {
  it('cannot make its sibling: what counts is what the key holds', async () => {
    const access = [{ audience: management, scope: 'keys:write audit:read' }]
    const { clientId } = await world.client({ access })
    const weak = await world.key({ clientId, audience: management, scope: 'keys:write' })
    const body = { clientId, audience: management, scope: 'keys:write', name: 'sibling' }
    await expectRefused('POST', '/v1/keys', { as: weak.key, body })
    await expectRefused('POST', `/v1/keys/${weak.id}/roll`, { as: weak.key })
  })
})

describe('a replay is authorised anew', () => {
  const idempotent = (as: string, body: object, path = '/v1/keys'): Promise<Wire & { status: unknown }> =>
    world
      .call('POST', path, { as, body, headers: [['Idempotency-Key', 'the-same']] })
      .then(({ status, body: answer }) => ({ ...answer, status: status as unknown as string }))

  it('another, weaker credential of the same client is refused the answer', async () => {
    const scope = 'keys:write clients:write audit:read'
    const { clientId } = await world.client({ access: [{ audience: management, scope }] })
    const strong = await world.key({ clientId, audience: management, scope })
    const weak = await world.key({ clientId, audience: management, scope: 'keys:write' })
    const body = { clientId, audience: management, scope: 'audit:read', name: 'kept' }
    expect((await idempotent(strong.key, body)).status).toBe(201)
    const before = world.dump()
    expect([403, 409]).toContain((await idempotent(weak.key, body)).status)
    expect(world.dump()).toBe(before)
  })

  it('so is one that has lost a scope since, and one whose client no longer guards', async () => {
    const maker = await world.caller('clients:write audit:read credentials:verify', [audience])
    const made = {
      name: 'made',
      type: 'service',
      access: [{ audience: management, scope: 'audit:read credentials:verify' }],
      guards: [audience],
    }
    expect((await idempotent(maker.key, made, '/v1/clients')).status).toBe(201)
    expect((await idempotent(maker.key, made, '/v1/clients')).status).toBe(201)
    await world.ok('PATCH', `/v1/clients/${maker.clientId}`, { guards: [] })
    expect((await idempotent(maker.key, made, '/v1/clients')).status).toBe(403)
    await world.ok('PATCH', `/v1/clients/${maker.clientId}`, { guards: [audience] })
    expect((await idempotent(maker.key, made, '/v1/clients')).status).toBe(201)
    const access = [{ audience: management, scope: 'clients:write credentials:verify' }]
    await world.ok('PATCH', `/v1/clients/${maker.clientId}`, { access })
    expect((await idempotent(maker.key, made, '/v1/clients')).status).toBe(403)
  })

  it('and the secret of a client that was made stronger since is not given again', async () => {
    const maker = await world.caller('clients:write')
    const body = { name: 'grows', type: 'service', access: [] }
    const made = await idempotent(maker.key, body, '/v1/clients')
    expect(made.status).toBe(201)
    const access = [{ audience: management, scope: 'audit:read' }]
    await world.ok('PATCH', `/v1/clients/${made.clientId}`, { access })
    expect((await idempotent(maker.key, body, '/v1/clients')).status).toBe(403)
  })
})

describe('a caller that loses its credential between authentication and transaction is refused', () => {
  const scope = 'clients:write'
  type Lost = { readonly key: string; readonly lose: () => Promise<unknown>; readonly status?: number }

  async function ownClient() {
    const client = await world.signedClient({ access: [{ audience: management, scope }] })
    const owner = { client_id: client.clientId, client_secret: client.clientSecret }
    const path = `/v1/clients/${client.clientId}`
    const key = await world.key({ clientId: client.clientId, audience: management, scope })
    return { ...client, owner, path, apiKey: key }
  }

  const cases: Readonly<Record<string, () => Promise<Lost>>> = {
    async 'key revoked'() {
      const { apiKey } = await ownClient()
      return { key: apiKey.key, lose: () => world.ok('POST', `/v1/keys/${apiKey.id}/revoke`) }
    },
    async 'key disabled'() {
      const { apiKey } = await ownClient()
      return { key: apiKey.key, lose: () => world.ok('POST', `/v1/keys/${apiKey.id}/disable`) }
    },
    async 'key narrowed'() {
      const { apiKey } = await ownClient()
      return { key: apiKey.key, lose: () => world.ok('PATCH', `/v1/keys/${apiKey.id}`, { scope: '' }), status: 403 }
    },
    async 'client disabled'() {
      const { apiKey, path } = await ownClient()
      return { key: apiKey.key, lose: () => world.ok('PATCH', path, { status: 'disabled' }) }
    },
    async 'client deleted'() {
      const { apiKey, path } = await ownClient()
      return { key: apiKey.key, lose: () => world.ok('DELETE', path) }
    },
    async 'access taken away'() {
      const { apiKey, path } = await ownClient()
      return { key: apiKey.key, lose: () => world.ok('PATCH', path, { access: [] }) }
    },
    async 'client’s tokens cut off'() {
      const { owner, path } = await ownClient()
      const { access_token: key } = (await world.token(owner)).body
      return { key, lose: () => world.ok('POST', `${path}/revoke`) }
    },
    async 'token revoked'() {
      const { owner } = await ownClient()
      const { access_token: key } = (await world.token(owner)).body
      return { key, lose: () => world.form('/oauth/revoke', { ...owner, token: key }) }
    },
    async 'minted token narrowed'() {
      const { clientId } = await ownClient()
      const { token: key, jti } = await world.mint({ clientId, audience: management, scope })
      return { key, lose: () => world.ok('PATCH', `/v1/tokens/${jti}`, { scope: '' }), status: 403 }
    },
    async 'minted token ended'() {
      const { clientId } = await ownClient()
      const { token: key, jti } = await world.mint({ clientId, audience: management, scope })
      const expiresAt = new Date(world.now * 1000).toISOString()
      return { key, lose: () => world.ok('PATCH', `/v1/tokens/${jti}`, { expiresAt }) }
    },
    async 'parent key revoked'() {
      const { owner, apiKey } = await ownClient()
      const child = await world.form('/oauth/token', {
        ...owner,
        grant_type: exchangeGrant,
        subject_token: apiKey.key,
        subject_token_type: accessTokenType,
      })
      return { key: child.body.access_token, lose: () => world.ok('POST', `/v1/keys/${apiKey.id}/revoke`) }
    },
    async 'self-issued JWT revoked'() {
      const { selfIssued, owner } = await ownClient()
      const key = await selfIssued({ aud: management, scope })
      return { key, lose: () => world.form('/oauth/revoke', { ...owner, token: key }) }
    },
    async 'public key taken away'() {
      const { selfIssued, path } = await ownClient()
      const key = await selfIssued({ aud: management, scope })
      return { key, lose: () => world.ok('PATCH', path, { jwks: { keys: [] } }) }
    },
  }

  describe.each(Object.entries(cases))('%s', (_, make) => {
    it.each(['in this process', 'in another process'])('%s', async (where) => {
      const { key, lose, status = 401 } = await make()
      const body = { name: 'made too late', type: 'service', access: [] }
      const server = where === 'in this process' ? {} : { server: second }
      const early = await world.call('POST', '/v1/clients', { as: key, body, ...server })
      expect(early.status, early.text).toBe(201)
      let before = ''
      const whileReading = async () => {
        await lose()
        before = world.dump()
      }
      const late = await world.call('POST', '/v1/clients', { as: key, body, whileReading, ...server })
      expect(late.status, late.text).toBe(status)
      expect(world.dump()).toBe(before)
    })
  })
})

it('a client that authenticates with an assertion is not a caller of the management API', async () => {
  const client = await world.signedClient({ access: [{ audience: management, scope: 'keys:read' }] })
  const assertion = await client.assertion({ aud: management })
  expect((await world.call('GET', '/v1/keys', { as: assertion })).status).toBe(401)
  const reply = await world.form('/oauth/token', {
    grant_type: 'client_credentials',
    client_assertion_type: assertionType,
    client_assertion: assertion,
  })
  expect(reply.status).toBe(401)
})
