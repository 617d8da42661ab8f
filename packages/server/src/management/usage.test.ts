import { DatabaseSync } from 'node:sqlite'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { serverLimits } from '../limits.ts'
import { keptAddress, keptAddresses } from '../observe/kept_address.ts'
import { audience, otherAudience, startAt, startWorld, type World } from '../server.fixture.ts'
import type { Wire } from '../wire.fixture.ts'

let world: World
beforeAll(async () => {
  world = await startWorld()
  await world.ok('POST', '/v1/apis', { audience: otherAudience, name: 'Invoices', scopes: [{ name: 'invoices:read' }] })
})
afterAll(() => world.close())

const rfc3339 = (seconds: number): string => new Date(seconds * 1000).toISOString().replace('.000', '')
const span = `from=${rfc3339(startAt - 86_400)}&to=${rfc3339(startAt + 86_400)}&interval=day`

async function sums(query: string): Promise<Record<string, number>> {
  const { data } = await world.ok('GET', `/v1/usage?${span}&${query}`)
  const total: Record<string, number> = {}
  for (const { outcome, scope, keyId, clientId, count } of data as readonly Wire[]) {
    const group = String(outcome ?? scope ?? keyId ?? clientId)
    total[group] = (total[group] ?? 0) + Number(count)
  }
  return total
}

function report(as: string, counts: readonly object[], batchId = `batch ${Math.random()}`) {
  const usual = { outcome: 'verified', minuteAt: rfc3339(startAt), count: 1 }
  return world.call('POST', '/v1/usage', {
    as,
    body: { batchId, counts: counts.map((each) => ({ ...usual, ...each })) },
  })
}

const byOperation = async () => (await world.ok('GET', `/v1/apis/${world.apiId}/usage`)).data

describe('counts by operation', () => {
  it('are of what a proxy or verifier asks for a described operation, and of public ones there are none', async () => {
    await world.ok('POST', `/v1/apis/${world.apiId}/openapi`, {
      openapi: '3.1.0',
      info: { title: 'x', version: '1' },
      servers: [{ url: '/v2' }],
      paths: {
        '/orders/{id}': {
          get: { security: [{ k: ['orders:read'] }] },
          delete: { security: [{ k: ['orders:write'] }] },
        },
        '/health': { get: { security: [] } },
      },
    })
    const { key } = await world.key({ scope: 'orders:read' })
    const proxied = (method: string, uri: string) =>
      world.call('GET', `/v1/forward-auth?audience=${encodeURIComponent(audience)}&proxy=traefik`, {
        as: key,
        headers: [
          ['X-Countersign-Verifier', world.admin],
          ['X-Forwarded-Method', method],
          ['X-Forwarded-Uri', uri],
          ['X-Forwarded-For', '192.0.2.1'],
        ],
      })
    const statuses = [
      (await proxied('GET', '/v2/orders/7')).status,
      (await proxied('GET', '/v2/orders/8')).status,
      (await proxied('DELETE', '/v2/orders/7')).status,
      (await proxied('GET', '/v2/health')).status,
    ]
    expect(statuses).toEqual([200, 200, 403, 200])
    await world.ok('POST', '/v1/verify', { credential: key, audience, method: 'GET', path: '/v2/orders/9' })
    await world.ok('POST', '/v1/verify', { credential: key, audience, scope: 'orders:read' })
    await world.server.services.usage.flush()
    expect(await byOperation()).toEqual([
      { method: 'GET', route: '/v2/orders/{id}', outcome: 'verified', count: 3 },
      { method: 'DELETE', route: '/v2/orders/{id}', outcome: 'insufficient_scope', count: 1 },
    ])
  })

  it('are taken of what a verifier guards alone, once a batch, and times that cannot be count as the nearest', async () => {
    const { key } = await world.caller('credentials:verify', [audience])
    const of = (audienceOf: string, route: string, dayAt = startAt) => ({
      ...{ audience: audienceOf, method: 'PUT', route, outcome: 'verified', dayAt: rfc3339(dayAt), count: 2 },
    })
    const operations = [
      of(audience, '/a'),
      of(otherAudience, '/b'),
      of('https://none.test', '/c'),
      of(audience, '/d', 0),
    ]
    const body = { batchId: 'by operation 1', counts: [], operations }
    expect((await world.call('POST', '/v1/usage', { as: key, body })).body).toEqual({ accepted: true })
    expect((await world.call('POST', '/v1/usage', { as: key, body })).body).toEqual({ accepted: false })
    const counted = (await byOperation()).filter(({ method }: Wire) => method === 'PUT')
    expect(counted.map(({ route, count }: Wire) => [route, count])).toEqual([
      ['/a', 2],
      ['/d', 2],
    ])
    const today = `/v1/apis/${world.apiId}/usage?from=${rfc3339(startAt)}&to=${rfc3339(startAt + 1)}`
    const { data } = await world.ok('GET', today)
    expect(data.map(({ route }: Wire) => route)).not.toContain('/d')
  })

  it('of a span that ends before it begins are 400, and of an API that is not there 404', async () => {
    const path = `/v1/apis/${world.apiId}/usage`
    const wrong = await world.call('GET', `${path}?from=${rfc3339(startAt)}&to=${rfc3339(startAt)}`)
    expect([wrong.status, wrong.body.code]).toEqual([400, 'invalid_request'])
    expect((await world.call('GET', '/v1/apis/none/usage')).status).toBe(404)
  })
})

describe('what the server verifies itself', () => {
  it('is counted by key, scope and outcome, shown once it is written, and nothing is written before', async () => {
    const key = await world.key()
    await world.server.services.usage.flush()
    const before = world.dump()
    await world.verify(key.key, { scope: 'orders:read' })
    await world.verify(key.key, { scope: 'orders:read' })
    await world.verify(key.key, { scope: 'orders:write' })
    await world.verify(key.key, { anyScope: 'orders:read orders:write' })
    expect(world.dump()).toBe(before)
    await world.server.services.usage.flush()
    expect(await sums(`keyId=${key.id}`)).toEqual({ verified: 3, insufficient_scope: 1 })
    expect(await sums(`keyId=${key.id}&groupBy=scope`)).toEqual({
      'orders:read': 2,
      'orders:write': 1,
      'orders:read | orders:write': 1,
    })
    expect(await sums(`keyId=${key.id}&scope=orders%3Awrite`)).toEqual({ insufficient_scope: 1 })
    expect(await sums(`keyId=${key.id}&groupBy=clientId`)).toEqual({ [world.clientId]: 4 })
    const { data } = await world.ok('GET', `/v1/usage?${span}&keyId=${key.id}&groupBy=outcome,scope`)
    expect(data.map(({ outcome, scope, count }) => [outcome, scope, count])).toEqual([
      ['insufficient_scope', 'orders:write', 1],
      ['verified', 'orders:read', 2],
      ['verified', 'orders:read | orders:write', 1],
    ])
    for (const bad of ['outcome,outcome', 'outcome,', 'outcome,scope,keyId', 'audience'])
      expect((await world.call('GET', `/v1/usage?groupBy=${bad}`)).status, bad).toBe(400)
    expect((await sums(`clientId=${world.clientId}&groupBy=keyId`))[key.id]).toBe(4)
  })

  it('leaves one row for all the tokens a client was issued, and one for each that was minted as a key', async () => {
    const { clientId, clientSecret } = await world.client()
    const own = { client_id: clientId, client_secret: clientSecret }
    const issued = await Promise.all([1, 2, 3].map(async () => (await world.token(own)).body.access_token))
    const minted = await Promise.all([1, 2].map(() => world.mint({ clientId })))
    for (const token of [...issued, ...minted.map(({ token }) => token)])
      await world.verify(token, { scope: 'orders:read' })
    await world.server.services.usage.flush()
    expect(await sums(`clientId=${clientId}&groupBy=keyId`)).toEqual({
      '': 3,
      [minted[0]!.jti]: 1,
      [minted[1]!.jti]: 1,
    })
  })

  it('counts introspection and forward-auth, and what is unknown to the asker under no name', async () => {
    const key = await world.key()
    const own = { client_id: world.clientId, client_secret: world.clientSecret }
    await world.form('/oauth/introspect', { token: key.key, ...own })
    const stranger = await world.client()
    const asStranger = { client_id: stranger.clientId, client_secret: stranger.clientSecret }
    await world.form('/oauth/introspect', { token: key.key, ...asStranger })
    const { key: verifier } = await world.caller('credentials:verify', [audience])
    const headers = [
      ['X-Countersign-Verifier', verifier],
      ['X-Forwarded-Method', 'GET'],
      ['X-Forwarded-Uri', '/'],
    ] as const
    const path = `/v1/forward-auth?audience=${encodeURIComponent(audience)}&scope=orders%3Aread&proxy=traefik`
    await world.call('GET', path, { as: key.key, headers })
    await world.server.services.usage.flush()
    expect(await sums(`keyId=${key.id}&groupBy=scope`)).toEqual({ '': 1, 'orders:read': 1 })
  })

  it('a flood of unknown credentials adds a bounded number of rows', async () => {
    const rows = async () => (await world.ok('GET', `/v1/usage?${span}&groupBy=keyId`)).data.length
    const before = await rows()
    for (let index = 0; index < 500; index++) await world.verify(`cs_live_${index}`)
    await world.server.services.usage.flush()
    expect((await rows()) - before).toBeLessThan(10)
    expect((await sums('groupBy=outcome')).malformed).toBeGreaterThanOrEqual(500)
  })

  it('what cannot be written is written later, once', async () => {
    let isDown = false
    const own = await startWorld({ fails: (call) => isDown && call === 'countUsage' })
    const key = await own.key()
    await own.server.services.usage.flush()
    await own.verify(key.key)
    isDown = true
    await expect(own.server.services.usage.flush()).rejects.toThrow('unreachable')
    await own.verify(key.key)
    await expect(own.server.services.usage.flush()).rejects.toThrow('unreachable')
    isDown = false
    await own.server.services.usage.flush()
    await own.server.services.usage.flush()
    const { data } = await own.ok('GET', `/v1/usage?keyId=${key.id}&${span}`)
    expect(data).toMatchObject([{ outcome: 'verified', count: 2 }])
    await own.close()
  })
})

describe('the last use of a key', () => {
  it('is shown for each scope, and in a list for the key', async () => {
    const key = await world.key({ scope: 'orders:read orders:write' })
    const unused = await world.key()
    expect(await world.ok('GET', `/v1/keys/${key.id}`)).toMatchObject({ lastUsedAt: null, lastUsedScopes: [] })
    await world.verify(key.key, { scope: 'orders:read' })
    world.now = startAt + 5
    await world.verify(key.key, { scope: 'orders:write', ip: '2001:db8:7:8::9' })
    world.now = startAt + 7
    await world.verify(key.key, { scope: 'orders:admin', ip: '192.0.2.9' })
    await world.server.services.usage.flush()
    world.now = startAt
    expect(await world.ok('GET', `/v1/keys/${key.id}`)).toMatchObject({
      lastUsedAt: rfc3339(startAt + 5),
      lastUsed: { at: rfc3339(startAt + 5), scope: 'orders:write', address: '2001:db8:7::/48' },
      lastUsedScopes: [
        { scope: 'orders:write', at: rfc3339(startAt + 5) },
        { scope: 'orders:read', at: rfc3339(startAt) },
      ],
    })
    const { data } = await world.ok('GET', `/v1/keys?clientId=${world.clientId}&limit=100`)
    const shown = new Map(data.map(({ id, lastUsedAt }) => [id, lastUsedAt]))
    expect([shown.get(key.id), shown.get(unused.id)]).toEqual([rfc3339(startAt + 5), null])
    expect(data.find(({ id }) => id === key.id)?.lastUsed).toMatchObject({ address: '2001:db8:7::/48' })
  })

  it('names the network that a verifier reports for 30 days, and no text that is no address', async () => {
    const key = await world.key()
    const { key: writer } = await world.caller('usage:write')
    const use = { credentialId: key.id, clientId: world.clientId, lastAt: rfc3339(startAt) }
    const address = async () => ((await world.ok('GET', `/v1/keys/${key.id}`)).lastUsed as Wire).address
    await report(writer, [{ ...use, lastAddress: '203.0.113.77' }])
    expect(await address()).toBe('203.0.113.0/24')
    world.now = startAt + 30 * 86_400
    expect(await address()).toBe('203.0.113.0/24')
    world.now += 1
    expect(await address()).toBeNull()
    world.now = startAt + 1
    await report(writer, [
      { ...use, scope: 'orders:read', lastAt: rfc3339(startAt + 1), lastAddress: '<b>203.0.113.7' },
    ])
    expect(await address()).toBeNull()
    world.now = startAt
  })

  it('is kept with as much of its address as the operator chose', () => {
    const kept = keptAddresses.map((each) => keptAddress('2001:db8:7:8::9', each))
    expect(kept).toEqual(['2001:db8:7:8::9', '2001:db8:7::/48', undefined])
    expect(keptAddress('no address', 'full')).toBeUndefined()
  })
})

describe('what a verifier reports', () => {
  it('with credentials:verify alone, it names keys and tokens of the audiences it guards, and nothing else', async () => {
    const { key: verifier } = await world.caller('credentials:verify', [audience])
    const access = [{ audience: otherAudience, scope: 'invoices:read' }]
    const foreign = await world.client({ access })
    const foreignKey = await world.key({ clientId: foreign.clientId, audience: otherAudience, scope: 'invoices:read' })
    const own = await world.key()
    const { clientId } = world
    const reply = await report(verifier, [
      { credentialId: own.id, clientId },
      { credentialId: 'a jti', clientId },
      { credentialId: foreignKey.id, clientId: foreign.clientId, count: 1_000 },
      { credentialId: foreignKey.id, clientId, count: 1_000 },
      { credentialId: own.id, clientId: foreign.clientId, count: 1_000 },
      { credentialId: 'another jti', clientId: foreign.clientId, count: 1_000 },
      { outcome: 'malformed' },
    ])
    expect([reply.status, reply.body]).toEqual([200, { accepted: true }])
    expect(await sums(`keyId=${own.id}`)).toEqual({ verified: 1 })
    expect(await sums('keyId=a%20jti')).toEqual({ verified: 1 })
    for (const id of [foreignKey.id, 'another jti']) expect(await sums(`keyId=${encodeURIComponent(id)}`)).toEqual({})
    expect(await sums(`clientId=${foreign.clientId}`)).toEqual({})
    expect((await world.ok('GET', `/v1/keys/${foreignKey.id}`)).lastUsedAt).toBeNull()
    // They are counted all the same.
    expect((await sums('groupBy=keyId'))['']).toBeGreaterThanOrEqual(4_000)
  })

  it('with usage:write it names anybody of its tenant; with neither it is refused', async () => {
    const foreign = await world.client({ access: [{ audience: otherAudience, scope: 'invoices:read' }] })
    const { key: writer } = await world.caller('usage:write')
    await report(writer, [{ credentialId: 'some jti', clientId: foreign.clientId }])
    expect(await sums(`clientId=${foreign.clientId}`)).toEqual({ verified: 1 })
    const { key: reader } = await world.caller('usage:read')
    expect((await report(reader, [{}])).body.code).toBe('insufficient_scope')
  })

  it('two verifiers may choose the same id for a batch: each counts once', async () => {
    const [a, b] = await Promise.all([world.caller('usage:write'), world.caller('usage:write')])
    for (const { key } of [a, b, a, b]) await report(key, [{ credentialId: 'same', clientId: 'c' }], 'the same id')
    expect(await sums('keyId=same')).toEqual({ verified: 2 })
  })

  it('a clock that is years off counts within a day of now, and makes nobody’s last use lie ahead', async () => {
    const key = await world.key()
    const { key: writer } = await world.caller('usage:write')
    const who = { credentialId: key.id, clientId: world.clientId }
    await report(writer, [
      { ...who, minuteAt: '1960-01-01T00:00:00Z' },
      { ...who, minuteAt: '2999-01-01T00:00:00Z', lastAt: '2999-01-01T00:00:00Z' },
    ])
    expect(await sums(`keyId=${key.id}`)).toEqual({ verified: 2 })
    expect((await world.ok('GET', `/v1/keys/${key.id}`)).lastUsedAt).toBe(rfc3339(startAt))
  })

  it('tenants never see each other’s', async () => {
    const acme = await world.ok('POST', '/v1/tenants', { slug: 'acme', name: 'Acme' })
    const at = '/t/acme'
    const counts = [
      { credentialId: 'k of acme', clientId: 'c', outcome: 'verified', minuteAt: rfc3339(startAt), count: 1 },
    ]
    const body = { batchId: 'a batch of acme', counts }
    expect((await world.call('POST', '/v1/usage', { at, as: acme.adminKey, body })).status).toBe(200)
    expect(await sums('keyId=k%20of%20acme')).toEqual({})
    const seen = await world.call('GET', `/v1/usage?${span}&groupBy=keyId`, { at, as: acme.adminKey })
    expect(seen.body.data.map(({ keyId }) => keyId)).toContain('k of acme')
    await world.server.services.usage.flush()
    const later = await world.call('GET', `/v1/usage?${span}&groupBy=clientId`, { at, as: acme.adminKey })
    expect(later.body.data.map(({ clientId }) => clientId)).not.toContain(world.clientId)
  })

  it('texts that nothing here knows are told apart up to a number, and one who makes them up takes no other’s place', async () => {
    const [flooder, victim] = [await world.caller('usage:write'), await world.caller('usage:write')]
    const rows = (): number => {
      using database = new DatabaseSync(world.file, { readOnly: true })
      return Number(database.prepare('select count(*) as count from usage_sums').get()?.count)
    }
    const before = rows()
    for (let batch = 0; batch < 3; batch++) {
      const made = Array.from({ length: 1_000 }, (_, index) => ({
        credentialId: `made-${batch}-${index}`,
        clientId: 'c',
        scope: `made:${batch}-${index}`,
      }))
      expect((await report(flooder.key, made)).status).toBe(200)
    }
    expect(rows() - before).toBeLessThanOrEqual(serverLimits.usageNamesOfCredentialMax + 1)
    expect(await sums('scope=(overflow)')).toMatchObject({ verified: expect.any(Number) })
    await report(victim.key, [{ credentialId: 'v', clientId: 'c', scope: 'orders:read' }])
    expect(await sums('keyId=v&scope=orders:read')).toEqual({ verified: 1 })
  })

  it('outcomes that nothing here knows are told apart up to the same number, also by operation', async () => {
    const { key } = await world.caller('usage:write')
    const made = Array.from({ length: 1_500 }, (_, index) => `made_${index}`)
    const day = rfc3339(startAt)
    const operation = { audience, method: 'TRACE', route: '/made', dayAt: day, count: 1 }
    const body = {
      batchId: 'made outcomes',
      counts: made.map((outcome) => ({ outcome, minuteAt: day, count: 1 })),
      operations: made.map((outcome) => ({ ...operation, outcome })),
    }
    expect((await world.call('POST', '/v1/usage', { as: key, body })).status).toBe(200)
    const counted = await sums('groupBy=outcome')
    const told = Object.keys(counted).filter((outcome) => outcome.startsWith('made_')).length
    expect(told).toBeGreaterThan(0)
    expect(told).toBeLessThanOrEqual(serverLimits.usageNamesOfCredentialMax)
    expect(counted['(overflow)']).toBe(made.length - told)
    const byName = (await byOperation()).filter(({ route }) => route === '/made')
    expect(byName).toHaveLength(told + 1)
    expect(byName[0]).toMatchObject({ outcome: '(overflow)', count: made.length - told })
  })

  it('more sums than one answer may hold is 400, not a part of them', async () => {
    const counts = Array.from({ length: 10_002 }, (_, index) => ({
      tenant: 'default',
      credentialId: `key ${index}`,
      clientId: 'many',
      scope: '',
      outcome: 'verified',
      minuteAt: startAt - (startAt % 60),
      lastAt: startAt,
      count: 1,
    }))
    await world.store.countUsage({ id: 'many', counts, now: startAt })
    const reply = await world.call('GET', `/v1/usage?${span}&groupBy=keyId`)
    expect([reply.status, reply.body.code]).toEqual([400, 'invalid_request'])
    expect(await sums('clientId=many')).toEqual({ verified: 10_002 })
  })
})

it('metrics tell of what was counted under no name', async () => {
  const { text } = await world.call('GET', '/metrics', { as: null })
  expect(text).toContain('countersign_usage_unnamed_total{why="overflowed"} 0')
  expect(text).toContain('countersign_usage_unnamed_total{why="dropped"} 0')
})
