import { afterAll, beforeAll, expect, it } from 'vitest'
import { startWorld, type World } from '../server.fixture.ts'

let isDown = false
let world: World
beforeAll(async () => {
  world = await startWorld({ fails: () => isDown })
})
afterAll(() => {
  isDown = false
  return world.close()
})

const get = (path: string) => world.call('GET', path, { as: null })

it('alive says that the process answers, whatever the database does', async () => {
  isDown = true
  expect(await get('/healthz')).toMatchObject({ status: 200, body: { status: 'ok' } })
  isDown = false
})

it('ready needs the database, a fresh book and a key that signs; not ready says what is missing', async () => {
  expect(await get('/readyz')).toMatchObject({
    status: 200,
    body: { status: 'ready', checks: { database: true, book: true, signingKey: true }, limits: 'per process' },
  })
  isDown = true
  world.now += 11
  const reply = await get('/readyz')
  expect(reply).toMatchObject({ status: 503, body: { status: 'not ready', checks: { database: false, book: false } } })
  expect(reply.headers['Retry-After']).toBeDefined()
  isDown = false
  expect((await get('/readyz')).status).toBe(200)
})

it('metrics are Prometheus text, count outcomes, and name no client, key or tenant', async () => {
  const { key, id } = await world.key()
  await world.verify(key)
  await world.verify(key, { scope: 'orders:write' })
  const { text, headers } = await get('/metrics')
  expect(headers['Content-Type']).toContain('text/plain')
  expect(text).toMatch(/countersign_verifications_total\{outcome="verified"\} [1-9]/)
  expect(text).toMatch(/countersign_verifications_total\{outcome="insufficient_scope"\} 1/)
  expect(text).toMatch(/^countersign_limits_shared 0$/m)
  for (const name of [id, world.clientId, world.apiId]) expect(text).not.toContain(name)
})

it('installation-wide endpoints are not below a tenant', async () => {
  await world.ok('POST', '/v1/tenants', { slug: 'acme', name: 'Acme' })
  for (const path of ['/healthz', '/readyz', '/metrics']) expect((await get(`/t/acme${path}`)).status).toBe(404)
})

/** A collection is shown for a second: each scrape is one later. */
const scrape = async (...names: readonly string[]): Promise<readonly number[]> => {
  world.now += 1
  const lines = (await get('/metrics')).text.split('\n')
  return names.map((name) =>
    Number(
      lines
        .find((line) => line.startsWith(`${name} `))
        ?.split(' ')
        .at(-1),
    ),
  )
}
const metric = async (name: string): Promise<number> => (await scrape(name))[0] as number

it('requests are counted by the route that is mounted and the class of the answer, under a tenant too', async () => {
  const count = (method: string, route: string, status: string): Promise<number> =>
    metric(`countersign_request_duration_seconds_count{method="${method}",route="${route}",status="${status}"}`)
  const before = await count('GET', '/v1/keys/{id}', '4xx')
  await world.call('GET', '/v1/keys/key_0000000000000000')
  await world.call('GET', '/v1/keys/key_0000000000000001', { at: '/t/acme' })
  expect((await count('GET', '/v1/keys/{id}', '4xx')) - (before || 0)).toBe(2)
  await get('/made/up')
  expect((await get('/metrics')).text).not.toContain('made')
  expect(await count('', 'none', '4xx')).toBeGreaterThan(0)
})

it('while the database is gone the scrape is answered, and says so', async () => {
  expect([await metric('countersign_database_up'), await metric('countersign_book_fresh')]).toEqual([1, 1])
  const failures = 'countersign_database_failures_total{operation="poll",reason="unreachable"}'
  const before = await metric(failures)
  isDown = true
  world.now += 11
  await get('/readyz')
  expect([await metric('countersign_database_up'), await metric('countersign_book_fresh')]).toEqual([0, 0])
  expect(await metric(failures)).toBeGreaterThan(before)
  expect(await metric('countersign_book_age_seconds')).toBeGreaterThan(0)
  isDown = false
  await get('/readyz')
  expect([await metric('countersign_database_up'), await metric('countersign_book_fresh')]).toEqual([1, 1])
})

it('a verifier is behind when it asks and does not move for longer than its bound; silent it is not counted', async () => {
  const { services } = world.server
  const tenant = services.tenant('')!.id
  const { epoch, sequence } = services.books.book(tenant)!.place
  const states = () => scrape('countersign_verifiers{state="current"}', 'countersign_verifiers{state="behind"}')
  const ask = (at: number) =>
    services.positions.report(tenant, {
      credentialId: 'key',
      instance: 'v',
      epoch,
      sequence: at,
      maxStalenessSeconds: 10,
    })
  ask(sequence)
  expect(await states()).toEqual([1, 0])
  await world.key()
  await world.call('GET', '/v1/keys')
  const { id } = await world.key()
  await world.ok('POST', `/v1/keys/${id}/revoke`, {})
  world.now += 8
  ask(sequence)
  expect(await states()).toEqual([1, 0])
  world.now += 2
  ask(sequence)
  expect(await states()).toEqual([0, 1])
  ask(services.books.book(tenant)!.place.sequence)
  expect(await states()).toEqual([1, 0])
  world.now += 11
  expect(await states()).toEqual([0, 0])
})

it('the age is that of the oldest key that signs', async () => {
  world.now += 3_600
  const before = await metric('countersign_signing_key_age_seconds')
  expect(before).toBeGreaterThanOrEqual(3_600)
  world.now += 99
  expect(await metric('countersign_signing_key_age_seconds')).toBe(before + 100)
})

it('metrics are collected once a second, whoever asks', async () => {
  world.now += 1
  const first = (await get('/metrics')).text
  const again = await Promise.all(Array.from({ length: 50 }, () => get('/metrics')))
  for (const { text } of again) expect(text).toBe(first)
  world.now += 1
  expect((await get('/metrics')).text).not.toBe(first)
})
