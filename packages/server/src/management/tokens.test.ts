import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { audience, startAt, startWorld, type World } from '../server.fixture.ts'

let world: World
beforeAll(async () => {
  world = await startWorld()
})
beforeEach(() => {
  world.now = startAt
})
afterAll(() => world.close())

const rfc3339 = (seconds: number): string => new Date(seconds * 1000).toISOString()

describe('a minted JWT', () => {
  it('is registered, listed, verified like any other, and shown once', async () => {
    const made = await world.mint({ name: 'CI', subject: 'user-7', metadata: { team: 'a' } })
    expect(made.token.split('.')).toHaveLength(3)
    expect(await world.verify(made.token, { scope: 'orders:read' })).toMatchObject({
      active: true,
      grant: { kind: 'access_token', credentialId: made.jti, subject: 'user-7', metadata: { team: 'a' } },
    })
    const listed = await world.ok('GET', `/v1/tokens?clientId=${world.clientId}&limit=100`)
    expect(listed.data.find(({ jti }) => jti === made.jti)).toMatchObject({ name: 'CI', status: 'active' })
    expect(JSON.stringify(listed)).not.toContain(made.token)
    expect(await world.ok('GET', `/v1/tokens/${made.jti}`)).not.toHaveProperty('token')
    expect(world.dump()).not.toContain(made.token)
  })

  it('narrowed, widened again and beyond what was signed, always within the client’s access', async () => {
    const { token, jti } = await world.mint({ scope: 'orders:read' })
    const change = (scope: string) => world.ok('PATCH', `/v1/tokens/${jti}`, { scope })
    const may = async (scope: string) => (await world.verify(token, { scope })).active
    expect([await may('orders:read'), await may('orders:write')]).toEqual([true, false])
    await change('orders:read orders:write')
    expect([await may('orders:read'), await may('orders:write')]).toEqual([true, true])
    await change('orders:write')
    expect([await may('orders:read'), await may('orders:write')]).toEqual([false, true])
    await change('')
    expect([await may('orders:read'), await may('orders:write')]).toEqual([false, false])
    const beyond = await world.call('PATCH', `/v1/tokens/${jti}`, { body: { scope: 'orders:delete' } })
    expect(beyond).toMatchObject({ status: 400, body: { errors: [{ pointer: '/scope' }] } })
  })

  it('ends earlier, later again, and never beyond its signed end: that is 400', async () => {
    const { token, jti } = await world.mint({ ttlSeconds: 100 })
    const endAt = (at: number) => world.call('PATCH', `/v1/tokens/${jti}`, { body: { expiresAt: rfc3339(at) } })
    expect((await endAt(startAt + 50)).status).toBe(200)
    world.now += 50
    expect(await world.verify(token)).toMatchObject({ active: false, code: 'expired' })
    expect((await endAt(startAt + 100)).status).toBe(200)
    expect((await world.verify(token)).active).toBe(true)
    expect(await endAt(startAt + 101)).toMatchObject({ status: 400, body: { errors: [{ pointer: '/expiresAt' }] } })
    world.now = startAt + 100
    expect(await world.verify(token)).toMatchObject({ active: false, code: 'expired' })
    expect((await endAt(startAt + 100)).status).toBe(409)
  })

  it('revoked is revoked for good, and cannot be changed any more', async () => {
    const { token, jti } = await world.mint()
    const { feedSequence } = await world.ok('POST', `/v1/tokens/${jti}/revoke`)
    expect(await world.verify(token)).toMatchObject({ active: false, code: 'revoked' })
    expect((await world.ok('POST', `/v1/tokens/${jti}/revoke`)).feedSequence).toBe(feedSequence)
    const change = await world.call('PATCH', `/v1/tokens/${jti}`, { body: { scope: 'orders:read' } })
    expect(change).toMatchObject({ status: 409, body: { code: 'revoked' } })
  })

  it('CVE-2021-32923: a life of 0, a negative, a huge or a broken one is 400, never for ever', async () => {
    for (const ttlSeconds of [0, -1, 1.5, 1e99, 86_400 * 90 + 1, Number.MAX_SAFE_INTEGER, '600', null]) {
      const body = { clientId: world.clientId, audience, scope: 'orders:read', ttlSeconds }
      const reply = await world.call('POST', '/v1/tokens', { body })
      expect(reply.status, String(ttlSeconds)).toBe(400)
      expect(reply.body.errors[0]?.pointer).toBe('/ttlSeconds')
    }
  })

  it('speaks for no client but its own: a subject may not begin like a client id', async () => {
    const body = { clientId: world.clientId, audience, scope: 'orders:read', ttlSeconds: 9, subject: 'client_other' }
    expect(await world.call('POST', '/v1/tokens', { body })).toMatchObject({
      status: 400,
      body: { errors: [{ pointer: '/subject' }] },
    })
  })

  it('metadata that no token can carry is 400', async () => {
    let metadata: object = {}
    for (let depth = 0; depth < 200; depth++) metadata = { a: metadata }
    const body = { clientId: world.clientId, audience, scope: 'orders:read', ttlSeconds: 9, metadata }
    expect((await world.call('POST', '/v1/tokens', { body })).status).toBe(400)
    const withText = (length: number) => ({ ...body, metadata: { a: 'x'.repeat(length) } })
    const mint = (length: number) => world.call('POST', '/v1/tokens', { body: withText(length) })
    // {"a":""} has 8 bytes; a JWT takes 1 KiB.
    expect((await mint(1_016)).status).toBe(201)
    expect(await mint(1_017)).toMatchObject({ status: 400, body: { errors: [{ pointer: '/metadata' }] } })
  })
})

describe('a list of tokens', () => {
  const opaque = 'https://listed.test'
  beforeAll(async () => {
    const scopes = [{ name: 'orders:read' }]
    await world.ok('POST', '/v1/apis', { audience: opaque, name: 'Listed', scopes, tokenFormat: 'opaque' })
  })

  async function childOfKey() {
    const access = [{ audience: opaque, scope: 'orders:read' }]
    const { clientId, clientSecret } = await world.client({ access })
    const key = await world.key({ clientId, audience: opaque })
    const owner = { client_id: clientId, client_secret: clientSecret }
    const text: string = (await world.exchange(key.key, owner)).body.access_token
    const path = `/v1/tokens/${text.split('_')[2]}`
    const statuses = async () => {
      const listed = await world.ok('GET', `/v1/tokens?clientId=${clientId}`)
      return [(await world.ok('GET', path)).status, ...listed.data.map(({ status }) => status)]
    }
    return { clientId, key, text, statuses }
  }

  it('says of a child what every verifier says of it once its parent or its client has ended', async () => {
    const { clientId, key, text, statuses } = await childOfKey()
    expect(await statuses()).toEqual(['active', 'active'])
    await world.ok('POST', `/v1/keys/${key.id}/disable`, {})
    expect(await statuses()).toEqual(['disabled', 'disabled'])
    await world.ok('POST', `/v1/keys/${key.id}/enable`, {})
    await world.ok('PATCH', `/v1/clients/${clientId}`, { status: 'disabled' })
    expect(await statuses()).toEqual(['disabled', 'disabled'])
    await world.ok('PATCH', `/v1/clients/${clientId}`, { status: 'active' })
    expect([await statuses(), (await world.verify(text, { audience: opaque })).active]).toEqual([
      ['active', 'active'],
      true,
    ])
    await world.ok('POST', `/v1/keys/${key.id}/revoke`, {})
    expect([await statuses(), (await world.verify(text, { audience: opaque })).code]).toEqual([
      ['revoked', 'revoked'],
      'revoked',
    ])
  })

  it('of a subject has the tokens that speak for it, of whichever client', async () => {
    const other = await world.client({ access: [{ audience, scope: 'orders:read' }] })
    const mine = [
      await world.mint({ subject: 'user-x' }),
      await world.mint({ subject: 'user-x', clientId: other.clientId }),
    ]
    await world.mint({ subject: 'user-xy' })
    const list = (query: string) => world.ok('GET', `/v1/tokens?${query}`)
    expect((await list('subject=user-x')).data.map(({ jti }) => jti).sort()).toEqual(mine.map(({ jti }) => jti).sort())
    expect((await list(`subject=user-x&clientId=${other.clientId}`)).data).toHaveLength(1)
    expect((await list('subject=user-z')).data).toEqual([])
  })
})

describe('an opaque token', () => {
  it('is changed and revoked like a minted one, but never wider than its parent made it', async () => {
    const name = 'https://opaque.test'
    await world.ok('POST', '/v1/apis', { audience: name, name: 'Opaque', tokenFormat: 'opaque' })
    const client = await world.client({ access: [{ audience: name, scope: 'a b' }] })
    const owner = { client_id: client.clientId, client_secret: client.clientSecret }
    const parent = (await world.token({ ...owner, scope: 'a' })).body.access_token
    const child = (await world.exchange(parent, owner)).body.access_token
    const path = (text: string) => `/v1/tokens/${text.split('_')[2]}`
    await world.ok('PATCH', path(parent), { scope: 'a b' })
    expect((await world.verify(parent, { audience: name, scope: 'b' })).active).toBe(true)
    expect((await world.call('PATCH', path(child), { body: { scope: 'a b' } })).status).toBe(400)
    await world.ok('POST', `${path(parent)}/revoke`)
    for (const token of [parent, child]) {
      expect(await world.verify(token, { audience: name })).toMatchObject({ active: false, code: 'revoked' })
    }
  })
})
