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
