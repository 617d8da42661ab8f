import type { Server } from 'node:http'
import { compileRoutes, readDocument, readOperations } from '@countersign/openapi'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { call, listen, openWorld, type World } from './gateway.fixture.ts'
import { createDemoApi, createHealthListener, demoDocument } from './index.ts'

let demo: Server
let demoPort: number
let world: World
beforeAll(async () => {
  demo = createDemoApi()
  demoPort = await listen(demo)
  world = await openWorld({ document: demoDocument(), upstream: new URL(`http://127.0.0.1:${demoPort}`) })
})
afterAll(async () => {
  await world.close()
  demo.closeAllConnections()
  demo.close()
})

test('the demo document describes the demo API: two scopes, one public operation, no problems', () => {
  const description = readOperations(readDocument(JSON.stringify(demoDocument())))
  expect(description.problems).toEqual([])
  expect(
    description.operations.map(({ method, path, requires, public: isPublic }) => [method, path, requires, isPublic]),
  ).toEqual([
    ['GET', '/orders', [['orders:read']], false],
    ['POST', '/orders', [['orders:write']], false],
    ['GET', '/health', [], true],
  ])
  expect(description.scopes.map(({ name }) => name)).toEqual(['orders:read', 'orders:write'])
  expect(compileRoutes(description).match('DELETE', '/orders').kind).toBe('method_not_allowed')
})

describe('behind the gateway', () => {
  test('a newcomer sees 401, 200 with who calls, 403, and 401 again after the revocation', async () => {
    const { id, text } = await world.key('orders:read')
    expect((await world.call('GET', '/orders')).status).toBe(401)
    const answer = await world.call('GET', '/orders', { key: text })
    expect(answer.status).toBe(200)
    const { orders, caller } = JSON.parse(answer.body) as { orders: unknown[]; caller: unknown }
    expect(orders.length).toBeGreaterThan(0)
    expect(caller).toEqual({
      client: 'client_1',
      subject: 'client_1',
      'external-subject': '-',
      scope: 'orders:read',
      credential: id,
      kind: 'api_key',
      metadata: '{"metadata":{}}',
      assertion: expect.stringMatching(/^a JWT of \d+ characters$/),
    })
    expect(answer.body).not.toContain(text)
    expect((await world.call('POST', '/orders', { key: text, body: '{}' })).status).toBe(403)
    world.revoke(id)
    expect((await world.call('GET', '/orders', { key: text })).status).toBe(401)
  })

  test('any JSON object is taken with 201, anything else is not', async () => {
    const { text } = await world.key('orders:read orders:write')
    const post = (body: string) => world.call('POST', '/orders', { key: text, body })
    expect((await post('{}')).status).toBe(201)
    const answer = await post('{"item":"a lamp","id":"mine"}')
    expect(JSON.parse(answer.body)).toMatchObject({ order: { item: 'a lamp', id: expect.any(Number) } })
    expect((await world.call('GET', '/orders', { key: text })).body).toContain('a lamp')
    for (const body of ['', '[]', 'null', '"x"', '{', '\ufeff{}']) expect((await post(body)).status).toBe(400)
    expect((await post(JSON.stringify({ x: 'x'.repeat(70_000) }))).status).toBe(413)
  })

  test('health is public, anything else is not there', async () => {
    expect(await world.call('GET', '/health')).toMatchObject({
      status: 200,
      headers: { 'content-type': 'application/json' },
    })
    expect((await world.call('GET', '/')).status).toBe(404)
    expect((await call(demoPort, 'GET', '/')).status).toBe(404)
  })

  test('it keeps no more than a hundred orders', async () => {
    for (let i = 0; i < 120; i++) await call(demoPort, 'POST', '/orders', { body: `{"i":${i}}` })
    const { orders } = JSON.parse((await call(demoPort, 'GET', '/orders')).body) as { orders: unknown[] }
    expect(orders).toHaveLength(100)
  })
})

test('the health listener tells alive from ready', async () => {
  let isFresh = false
  let isClosing = false
  const keeper = {
    book: undefined,
    isFresh: () => isFresh,
    refresh: () => isFresh,
    reach: () => false,
    subscribe: () => () => {},
    now: () => 0,
  }
  const listeners = [
    createHealthListener({ keeper }),
    createHealthListener({ keeper: { ...keeper, book: {} as never }, isClosing: () => isClosing }),
  ]
  const [none, some] = await Promise.all(listeners.map(listen))
  const ask = async (port: number | undefined, path: string) => (await call(port ?? 0, 'GET', path)).status
  expect([await ask(none, '/healthz'), await ask(none, '/readyz')]).toEqual([200, 503])
  expect(await ask(some, '/readyz')).toBe(503)
  isFresh = true
  expect([await ask(none, '/readyz'), await ask(some, '/readyz'), await ask(some, '/readyz?x')]).toEqual([
    503, 200, 200,
  ])
  isClosing = true
  expect([await ask(some, '/healthz'), await ask(some, '/readyz'), await ask(some, '/x')]).toEqual([200, 503, 404])
  expect((await call(some ?? 0, 'POST', '/readyz')).status).toBe(405)
  for (const listener of listeners) listener.close()
})
