import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { audience, startAt, startWorld, type World } from '../server.fixture.ts'
import type { CallOptions, Reply } from '../wire.fixture.ts'

let world: World
beforeAll(async () => {
  world = await startWorld()
})
beforeEach(() => {
  world.now = startAt
})
afterAll(() => world.close())

let count = 0
const nextKey = (): string => `idempotency-key-${++count}`

function post(path: string, key: string, body: object, more: CallOptions = {}): Promise<Reply> {
  return world.call('POST', path, { ...more, body, headers: [['Idempotency-Key', key], ...(more.headers ?? [])] })
}

const newKey = (more: object = {}) => ({
  clientId: world.clientId,
  audience,
  scope: 'orders:read',
  name: 'a key',
  ...more,
})

describe('the same key and body', () => {
  const requests: Readonly<Record<string, () => Promise<readonly [string, object]>>> = {
    createApi: async () => ['/v1/apis', { audience: `https://${++count}.test`, name: 'An API' }],
    createClient: async () => ['/v1/clients', { name: 'a client', type: 'service', access: [] }],
    createClientSecret: async () => [`/v1/clients/${(await world.client()).clientId}/secrets`, { graceSeconds: 9 }],
    createKey: async () => ['/v1/keys', newKey()],
    rollKey: async () => [`/v1/keys/${(await world.key()).id}/roll`, { graceSeconds: 9 }],
    createToken: async () => [
      '/v1/tokens',
      { clientId: world.clientId, audience, scope: 'orders:read', ttlSeconds: 9 },
    ],
    createTenant: async () => ['/v1/tenants', { slug: `tenant-${++count}`, name: 'A tenant' }],
  }

  it.each(Object.entries(requests))(
    '%s answers the same again, secret included, and does nothing more',
    async (_, make) => {
      const [path, body] = await make()
      const key = nextKey()
      const first = await post(path, key, body)
      expect(first.status, first.text).toBe(201)
      const before = world.dump()
      world.now += 86_399
      const second = await post(path, key, body)
      expect([second.status, second.body]).toEqual([201, first.body])
      expect(world.dump()).toBe(before)
    },
  )

  it('defaults that are written out are the same body', async () => {
    const key = nextKey()
    const first = await post('/v1/keys', key, newKey())
    expect((await post('/v1/keys', key, newKey({ environment: 'live' }))).body).toEqual(first.body)
  })

  it('after 24 hours it is a new request', async () => {
    const key = nextKey()
    const first = await post('/v1/keys', key, newKey())
    world.now += 86_400
    const second = await post('/v1/keys', key, newKey())
    expect(second.status).toBe(201)
    expect(second.body.id).not.toBe(first.body.id)
  })
})

describe('another body, client, path or tenant', () => {
  it('another body is 409 idempotency_mismatch and does nothing', async () => {
    const key = nextKey()
    await post('/v1/keys', key, newKey())
    const before = world.dump()
    const reply = await post('/v1/keys', key, newKey({ name: 'another' }))
    expect(reply).toMatchObject({ status: 409, body: { code: 'idempotency_mismatch' } })
    expect(world.dump()).toBe(before)
  })

  it('another client’s use of the same key is its own', async () => {
    const key = nextKey()
    const first = await post('/v1/keys', key, newKey())
    const other = await world.caller('keys:write')
    const second = await post('/v1/keys', key, newKey(), { as: other.key })
    expect(second.status).toBe(201)
    expect(second.body.id).not.toBe(first.body.id)
  })

  it('another path is another request', async () => {
    const key = nextKey()
    const [one, two] = [await world.key(), await world.key()]
    const first = await post(`/v1/keys/${one.id}/roll`, key, {})
    const second = await post(`/v1/keys/${two.id}/roll`, key, {})
    expect([first.status, second.status]).toEqual([201, 201])
    expect(first.body.rolledFrom).not.toBe(second.body.rolledFrom)
  })

  it('another tenant is another request', async () => {
    const tenant = await world.ok('POST', '/v1/tenants', { slug: 'idempotent', name: 'T' })
    const key = nextKey()
    const body = { audience: 'https://twice.test', name: 'Twice' }
    const first = await post('/v1/apis', key, body)
    const second = await post('/v1/apis', key, body, { as: tenant.adminKey, at: '/t/idempotent' })
    expect(second.status).toBe(201)
    expect(second.body.id).not.toBe(first.body.id)
  })
})

describe('while the first runs', () => {
  it('a second one is 409 idempotency_in_progress, and one thing is made', async () => {
    const key = nextKey()
    const body = newKey({ name: 'parallel' })
    const replies = await Promise.all(Array.from({ length: 20 }, () => post('/v1/keys', key, body)))
    const made = replies.filter(({ status }) => status === 201)
    expect(made.length).toBeGreaterThanOrEqual(1)
    for (const reply of replies.filter(({ status }) => status !== 201)) {
      expect(reply).toMatchObject({ status: 409, body: { code: 'idempotency_in_progress' } })
      expect(reply.headers['Retry-After']).toBeDefined()
    }
    expect(new Set(made.map((reply) => reply.body.id)).size).toBe(1)
    const { data } = await world.ok('GET', `/v1/keys?clientId=${world.clientId}&limit=100`)
    expect(data.filter(({ name }) => name === 'parallel')).toHaveLength(1)
  })

  it('two servers over one database make one thing', async () => {
    const second = await world.second()
    const key = nextKey()
    const body = newKey({ name: 'two servers' })
    const replies = await Promise.all([post('/v1/keys', key, body), post('/v1/keys', key, body, { server: second })])
    for (const { status } of replies) expect([201, 409]).toContain(status)
    const ids = new Set(replies.filter(({ status }) => status === 201).map((reply) => reply.body.id))
    expect(ids.size).toBe(1)
    expect((await post('/v1/keys', key, body)).body.id).toBe([...ids][0])
  })
})

describe('what is kept', () => {
  it('a failed request is not: it may be tried again with the same key', async () => {
    const key = nextKey()
    const name = 'https://later.test'
    const body = newKey({ audience: name })
    expect((await post('/v1/keys', key, body)).status).toBe(400)
    await world.ok('POST', '/v1/apis', { audience: name, name: 'Later' })
    const access = [
      { audience, scope: 'orders:read orders:write' },
      { audience: name, scope: 'orders:read' },
    ]
    await world.ok('PATCH', `/v1/clients/${world.clientId}`, { access })
    expect((await post('/v1/keys', key, body)).status).toBe(201)
  })

  it('neither the Idempotency-Key nor the answer can be read in the database', async () => {
    const key = `${nextKey()}-secret-of-the-caller`
    const { body } = await post('/v1/keys', key, newKey({ name: 'sealed' }))
    for (const text of [world.dump(), world.bytes()]) {
      expect(text).not.toContain(key)
      expect(text).not.toContain(body.key)
      expect(text).not.toContain(Buffer.from(body.key).toString('hex'))
    }
  })
})

describe('refused', () => {
  it.each([
    ['empty', ''],
    ['with a space', 'a b'],
    ['not ASCII', 'ä'],
    ['256 characters', 'a'.repeat(256)],
    ['with a control character', 'a\u0001'],
  ])('a key that is %s is 400', async (_, key) => {
    const before = world.dump()
    expect(await post('/v1/keys', key, newKey())).toMatchObject({ status: 400, body: { code: 'invalid_request' } })
    expect(world.dump()).toBe(before)
  })

  it('a key sent twice is 400', async () => {
    const reply = await post('/v1/keys', 'a', newKey(), { headers: [['idempotency-key', 'a']] })
    expect(reply.status).toBe(400)
  })

  it('255 visible characters are taken', async () => {
    expect((await post('/v1/keys', `~!"${'x'.repeat(252)}`, newKey())).status).toBe(201)
  })

  it('a caller whose key was revoked gets no replay', async () => {
    const { key, clientId } = await world.caller('keys:write')
    const idempotencyKey = nextKey()
    expect((await post('/v1/keys', idempotencyKey, newKey(), { as: key })).status).toBe(201)
    await world.ok('POST', `/v1/clients/${clientId}/revoke`)
    expect((await post('/v1/keys', idempotencyKey, newKey(), { as: key })).status).toBe(401)
  })
})
