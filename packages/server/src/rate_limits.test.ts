import { parseAddressRange } from '@countersign/core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { audience, baseUrl, startWorld, type World } from './server.fixture.ts'
import type { Wire } from './wire.fixture.ts'

let world: World
beforeAll(async () => {
  world = await startWorld({ trustedProxies: [parseAddressRange('10.0.0.0/8')!] })
})
afterAll(() => world.close())

const perMinute = (limit: number) => ({ limit, windowSeconds: 60 })
const burst = (limit: number) => ({ name: 'burst', limit, windowSeconds: 1 })
const changeClient = (clientId: string, body: object) => world.ok('PATCH', `/v1/clients/${clientId}`, body)
const changeApi = (body: object) => world.ok('PATCH', `/v1/apis/${world.apiId}`, body)
const namesOf = (verdict: Wire) =>
  (verdict.rateLimits as readonly { readonly name: string }[] | undefined)?.map(({ name }) => name)

/** One of each kind, all of one client. */
async function credentialsOf(
  limits: object,
): Promise<{ readonly clientId: string; readonly texts: Readonly<Record<string, string>> }> {
  const client = await world.signedClient(limits)
  const { clientId } = client
  const owner = { client_id: clientId, client_secret: client.clientSecret }
  const key = await world.key({ clientId })
  return {
    clientId,
    texts: {
      'an API key': key.key,
      'an access token': (await world.token({ ...owner, scope: 'orders:read' })).body.access_token,
      'an exchanged token': (await world.exchange(key.key, owner)).body.access_token,
      'a minted token': (await world.mint({ clientId })).token,
      'a self-issued JWT': await client.selfIssued(),
    },
  }
}

describe('a limit of the client', () => {
  it('is shared by every credential it has for that API, of whatever kind', async () => {
    const { texts } = await credentialsOf({ rateLimit: perMinute(5) })
    for (const [kind, text] of Object.entries(texts))
      expect(await world.verify(text), kind).toMatchObject({ active: true })
    for (const [kind, text] of Object.entries(texts)) {
      expect(await world.verify(text), kind).toMatchObject({ active: false, code: 'rate_limited' })
    }
  })

  it('that is changed or taken away holds at once for what is already out', async () => {
    const { clientId, texts } = await credentialsOf({ rateLimits: [burst(0)] })
    const expectAll = async (names: readonly string[] | undefined, active: boolean) => {
      for (const [kind, text] of Object.entries(texts)) {
        const verdict = await world.verify(text)
        expect([verdict.active, namesOf(verdict)], kind).toEqual([active, names])
      }
    }
    await expectAll(['burst'], false)
    expect(await changeClient(clientId, { rateLimits: null })).toMatchObject({ rateLimit: null, rateLimits: null })
    await expectAll(undefined, true)
    await changeClient(clientId, { rateLimit: perMinute(100) })
    await expectAll(['default'], true)
    expect(await changeClient(clientId, { name: 'renamed' })).toMatchObject({ rateLimit: perMinute(100) })
    await expectAll(['default'], true)
  })
})

describe('a limit of the API', () => {
  it('is shared by all who call it, and taken away with null', async () => {
    const [one, other] = [await world.key(), await world.key({ clientId: (await world.client()).clientId })]
    await changeApi({ rateLimit: perMinute(2) })
    expect(await world.verify(one.key)).toMatchObject({ active: true, rateLimit: { remaining: 1 } })
    expect(await world.verify(other.key)).toMatchObject({ active: true, rateLimit: { remaining: 0 } })
    for (const { key } of [one, other]) expect(await world.verify(key)).toMatchObject({ code: 'rate_limited' })
    await changeApi({ rateLimit: null })
    for (const { key } of [one, other]) expect(await world.verify(key)).toMatchObject({ active: true })
  })

  it('cannot be set on the management API: spent, it would refuse the call that takes it away', async () => {
    const { data } = await world.ok('GET', '/v1/apis')
    const { id } = data.find((api) => api.audience === `${baseUrl}/v1`)!
    for (const body of [{ rateLimit: perMinute(9) }, { rateLimits: [burst(9)] }, { rateLimits: null }]) {
      expect(await world.call('PATCH', `/v1/apis/${id}`, { body })).toMatchObject({
        status: 409,
        body: { code: 'built_in' },
      })
    }
  })
})

describe('several policies', () => {
  it('must all be passed, and what one refuses is spent from none', async () => {
    const { key } = await world.key({ rateLimit: perMinute(3), rateLimits: [burst(2)] })
    await world.verify(key)
    expect(await world.verify(key)).toMatchObject({ rateLimit: { name: 'burst', remaining: 0 } })
    expect(await world.verify(key)).toMatchObject({
      active: false,
      rateLimit: { name: 'burst', retryAfterSeconds: 1 },
      rateLimits: [
        { name: 'default', remaining: 1 },
        { name: 'burst', remaining: 0 },
      ],
    })
    world.now += 1
    expect(await world.verify(key)).toMatchObject({ active: true, rateLimit: { name: 'default', remaining: 0 } })
  })

  it('of a key go with what was exchanged from it, and are counted together', async () => {
    const key = await world.key({ rateLimits: [burst(2)] })
    const child = (await world.exchange(key.key)).body.access_token
    expect(await world.verify(child)).toMatchObject({ active: true, rateLimits: [{ name: 'burst', remaining: 1 }] })
    expect(await world.verify(key.key)).toMatchObject({ active: true })
    expect(await world.verify(child)).toMatchObject({ active: false, code: 'rate_limited' })
    await world.ok('PATCH', `/v1/keys/${key.id}`, { rateLimits: [] })
    expect(namesOf(await world.verify(child))).toBeUndefined()
  })

  it('that a key is given later count what was exchanged from it before, together with the key', async () => {
    const key = await world.key()
    const child = (await world.exchange(key.key)).body.access_token
    await world.ok('PATCH', `/v1/keys/${key.id}`, { rateLimits: [burst(2)] })
    expect(await world.verify(child)).toMatchObject({ active: true, rateLimits: [{ remaining: 1 }] })
    expect(await world.verify(key.key)).toMatchObject({ active: true, rateLimits: [{ remaining: 0 }] })
    for (const text of [child, key.key]) expect(await world.verify(text)).toMatchObject({ code: 'rate_limited' })
  })

  it('go with an opaque token too, and with a key that is rolled', async () => {
    const opaque = await world.ok('POST', '/v1/apis', {
      audience: 'https://opaque.test',
      name: 'o',
      tokenFormat: 'opaque',
      scopes: [{ name: 'a' }],
    })
    const access = [{ audience: opaque.audience, scope: 'a' }]
    const client = await world.client({ access, rateLimits: [{ ...burst(9), name: 'day' }] })
    const key = await world.key({
      clientId: client.clientId,
      audience: opaque.audience,
      scope: 'a',
      rateLimits: [burst(2)],
    })
    const owner = { client_id: client.clientId, client_secret: client.clientSecret }
    const child = (await world.exchange(key.key, owner)).body.access_token
    const question = { audience: opaque.audience }
    expect(child).toMatch(/^cs_at_/)
    expect(namesOf(await world.verify(child, question))).toEqual(['burst', 'day'])
    const rolled = await world.ok('POST', `/v1/keys/${key.id}/roll`, {})
    expect(rolled).toMatchObject({ rateLimit: null, rateLimits: [burst(2)] })
    expect(namesOf(await world.verify(rolled.key, question))).toEqual(['burst', 'day'])
  })

  it('are members of one RateLimit field at a proxy', async () => {
    const { key } = await world.key({ rateLimit: perMinute(100), rateLimits: [burst(5)] })
    const ask = () =>
      world.call('GET', `/v1/forward-auth?audience=${encodeURIComponent(audience)}&proxy=nginx`, {
        as: key,
        peer: '10.0.0.1',
        headers: [
          ['X-Original-Method', 'GET'],
          ['X-Original-URI', '/orders'],
          ['X-Real-IP', '192.0.2.9'],
        ],
      })
    const fields = (r: number, t: number) => ({
      'RateLimit-Policy': '"default";q=100;w=60, "burst";q=5;w=1',
      RateLimit: `"default";r=${r};t=${t}, "burst";r=${r - 95};t=1`,
    })
    expect(await ask()).toMatchObject({ status: 200, headers: fields(99, 1) })
    for (let index = 0; index < 4; index++) await ask()
    expect(await ask()).toMatchObject({ status: 429, headers: { ...fields(95, 3), 'Retry-After': '1' } })
  })

  it('that cannot be are refused, and each is pointed at', async () => {
    for (const [limits, pointer] of [
      [{ rateLimits: [burst(1), burst(2)] }, '/rateLimits'],
      [{ rateLimit: perMinute(1), rateLimits: [{ ...burst(1), name: 'default' }] }, '/rateLimits'],
      [{ rateLimits: Array.from({ length: 9 }, (_, at) => ({ ...burst(1), name: `p${at}` })) }, '/rateLimits'],
      [{ rateLimits: [{ ...burst(1), name: 'Day' }] }, '/rateLimits/0/name'],
      [{ rateLimits: [{ ...burst(1), name: 'a";q=9' }] }, '/rateLimits/0/name'],
      [{ rateLimits: [{ limit: 1, windowSeconds: 1 }] }, '/rateLimits/0/name'],
      [{ rateLimits: [{ ...burst(1), windowSeconds: 0 }] }, '/rateLimits/0/windowSeconds'],
      [{ rateLimits: [{ ...burst(1), limit: -1 }] }, '/rateLimits/0/limit'],
    ] as const) {
      const key = { clientId: world.clientId, audience, scope: 'orders:read', name: 'k', ...limits }
      const client = { name: 'c', type: 'service', access: [], ...limits }
      const api = { audience: 'https://bad.test', name: 'a', ...limits }
      for (const [path, body] of [
        ['/v1/keys', key],
        ['/v1/clients', client],
        ['/v1/apis', api],
      ] as const) {
        const reply = await world.call('POST', path, { body })
        expect(reply, JSON.stringify(limits)).toMatchObject({ status: 400, body: { errors: [{ pointer }] } })
      }
    }
    const { id } = await world.key({ rateLimits: [{ ...burst(1), name: 'default' }] })
    const both = await world.call('PATCH', `/v1/keys/${id}`, { body: { rateLimit: perMinute(1) } })
    expect(both).toMatchObject({ status: 400, body: { errors: [{ pointer: '/rateLimits' }] } })
  })
})

describe('a call that costs', () => {
  it('spends what the question says', async () => {
    const { key } = await world.key({ rateLimit: perMinute(10) })
    expect(await world.verify(key, { cost: 8 })).toMatchObject({ rateLimit: { remaining: 2 } })
    expect(await world.verify(key, { cost: 0 })).toMatchObject({ active: true, rateLimit: { remaining: 2 } })
    expect(await world.verify(key, { cost: 3 })).toMatchObject({ active: false, rateLimit: { retryAfterSeconds: 6 } })
    const never = await world.verify(key, { cost: 11 })
    expect(never).toMatchObject({ code: 'rate_limited', detail: expect.stringContaining('costs more') })
    expect(never.rateLimit).not.toHaveProperty('retryAfterSeconds')
    for (const cost of [-1, 1.5, 1_000_001, '1', null]) {
      const reply = await world.call('POST', '/v1/verify', { body: { credential: key, audience, cost } })
      expect(reply, String(cost)).toMatchObject({ status: 400, body: { errors: [{ pointer: '/cost' }] } })
    }
  })

  it('spends what the operation is described to cost, at a proxy and in a question that names it', async () => {
    const fresh = await startWorld({ trustedProxies: [parseAddressRange('10.0.0.0/8')!] })
    const get = { security: [{ k: ['orders:read'] }], responses: {}, 'x-countersign-cost': 5 }
    const document = { openapi: '3.1.0', info: { title: 'x', version: '1' }, paths: { '/orders': { get } } }
    const imported = await fresh.call('POST', `/v1/apis/${fresh.apiId}/openapi`, {
      raw: JSON.stringify(document),
      headers: [['Content-Type', 'application/json']],
    })
    expect(imported.body.operations).toMatchObject([{ cost: 5 }])
    const { key } = await fresh.key({ rateLimit: perMinute(100) })
    const ask = async (query: string) =>
      (
        await fresh.call('GET', `/v1/forward-auth?audience=${encodeURIComponent(audience)}&proxy=nginx${query}`, {
          as: key,
          peer: '10.0.0.1',
          headers: [
            ['X-Original-Method', 'GET'],
            ['X-Original-URI', '/orders'],
            ['X-Real-IP', '192.0.2.9'],
          ],
        })
      ).headers.RateLimit
    expect(await ask('')).toContain('r=95')
    expect(await ask('&scope=orders:read')).toContain('r=90')
    const named = { method: 'GET', path: '/orders' }
    expect(await fresh.verify(key, named)).toMatchObject({ rateLimit: { remaining: 85 } })
    expect(await fresh.verify(key, { ...named, cost: 1 })).toMatchObject({ rateLimit: { remaining: 84 } })
    await fresh.close()
  })
})

it('tenants never share a counter, whatever ids they have in common', async () => {
  world.now += 600
  const { adminKey: as } = await world.ok('POST', '/v1/tenants', { slug: 'acme', name: 'Acme' })
  const post = async (path: string, body: object) => (await world.call('POST', path, { as, at: '/t/acme', body })).body
  await post('/v1/apis', { audience, name: 'Orders', rateLimit: perMinute(1) })
  const { clientId } = await post('/v1/clients', { name: 'c', type: 'service', access: [{ audience, scope: 'a' }] })
  const { key } = await post('/v1/keys', { clientId, audience, scope: 'a', name: 'k' })
  await changeApi({ rateLimit: perMinute(1) })
  const own = await world.key()
  const ask = () => post('/v1/verify', { credential: key, audience })
  expect(await ask()).toMatchObject({ active: true })
  expect(await ask()).toMatchObject({ code: 'rate_limited' })
  expect(await world.verify(own.key)).toMatchObject({ active: true })
  await changeApi({ rateLimit: null })
})

it('a change of limits is in the audit log, before and after', async () => {
  const { clientId } = await world.client({ rateLimit: perMinute(1) })
  await changeClient(clientId, { rateLimit: null, rateLimits: [burst(3)] })
  const { data } = await world.ok('GET', `/v1/audit?objectId=${clientId}&action=client.update`)
  expect(data).toMatchObject([
    { before: { rateLimit: perMinute(1), rateLimits: null }, after: { rateLimit: null, rateLimits: [burst(3)] } },
  ])
})
