import { once } from 'node:events'
import { type AddressInfo, connect } from 'node:net'
import { readDocument, readOperations } from '@countersign/openapi'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { documentSenders } from '../../apis/document.ts'
import { serverLimits } from '../../limits.ts'
import { makePerson } from '../../people/teams.fixture.ts'
import { startWorld, type World } from '../../server.fixture.ts'
import { signIn } from '../../sign_in.fixture.ts'

let world: World
beforeAll(async () => {
  world = await startWorld()
})
afterAll(() => world.close())

let count = 0

async function imported(raw: string): Promise<string> {
  const { id } = await world.ok('POST', '/v1/apis', { audience: `https://document-${++count}.test`, name: 'An API' })
  const reply = await world.call('POST', `/v1/apis/${id}/openapi`, { raw })
  expect(reply.status, reply.text).toBe(200)
  return id as string
}

const yaml = `
openapi: 3.1.0
info: {title: Orders, version: 1.10}
x-shared: &shared {description: "<script>"}
paths:
  /orders:
    get: {operationId: listOrders, summary: List orders, tags: [Orders], security: [{k: [orders:read]}], x-a: *shared}
  /health:
    get: {security: []}
`

it('a document in YAML is read back as JSON, aliases written out, under a type that no browser takes for a page', async () => {
  const { body, headers } = await world.call('GET', `/v1/apis/${await imported(yaml)}/openapi`)
  expect(body).toEqual({ ...readDocument(yaml).root })
  expect(headers).toMatchObject({ 'Content-Type': 'application/json', 'X-Content-Type-Options': 'nosniff' })
  expect(headers['Cache-Control']).toBe('no-store')
})

it('a document in JSON is read back as it was sent, numbers beyond those of JavaScript as well', async () => {
  const text = '{"openapi": "3.1.0", "info": {"title":"x","version":"1"}, "x-n": 9007199254740993, "paths": {}}'
  expect((await world.call('GET', `/v1/apis/${await imported(`\ufeff${text}`)}/openapi`)).text).toBe(text)
})

it('a document that was stored before texts were JSON is read back as JSON all the same', async () => {
  const id = await imported(yaml)
  const description = readOperations(readDocument(yaml))
  const old = { tenant: 'default', apiId: id, text: yaml, isJson: false, description, importedAt: world.now }
  await world.store.write((transaction) => transaction.apis.saveDocument(old))
  expect((await world.ok('GET', `/v1/apis/${id}/openapi`)).paths).toHaveProperty('/orders')
})

it('aliases that would make megabytes of a few lines are refused at the import, and nothing is made of them', async () => {
  const { id } = await world.ok('POST', '/v1/apis', { audience: `https://document-${++count}.test`, name: 'An API' })
  const lines = ['openapi: 3.1.0', 'info: {title: x, version: "1"}', 'paths: {}', `x-0: &a0 "${'y'.repeat(2_000)}"`]
  for (let level = 1; level <= 5; level++) {
    const aliases = Array.from({ length: 15 }, () => `*a${level - 1}`)
    lines.push(`x-${level}: &a${level} [${aliases.join(', ')}]`)
  }
  const reply = await world.call('POST', `/v1/apis/${id}/openapi`, { raw: lines.join('\n') })
  expect(reply).toMatchObject({ status: 400, body: { code: 'invalid_document' } })
  expect(reply.body.detail).toContain('as JSON')
  expect((await world.call('GET', `/v1/apis/${id}/openapi`)).status).toBe(404)
})

it('the operations say what each needs, with its tags and a line about it, and when they were imported', async () => {
  const id = await imported(yaml)
  const { data, importedAt } = await world.ok('GET', `/v1/apis/${id}/operations`)
  expect(importedAt).toBe('2027-01-15T08:00:00Z')
  const place = { method: 'GET', basePath: '' }
  expect(data).toEqual([
    {
      ...place,
      path: '/orders',
      operationId: 'listOrders',
      summary: 'List orders',
      tags: ['Orders'],
      requires: [['orders:read']],
      public: false,
    },
    { ...place, path: '/health', tags: [], requires: [], public: true },
  ])
})

it('the operations are read from the description alone, and once for each import', async () => {
  const id = await imported(yaml)
  const { apis } = world.store.read
  const [descriptions, texts] = [vi.spyOn(apis, 'findDescription'), vi.spyOn(apis, 'findDocumentText')]
  const paths = async () =>
    (await world.ok('GET', `/v1/apis/${id}/operations`)).data.map(({ path }) => path as string).join(' ')
  for (let each = 0; each < 3; each++) expect(await paths()).toBe('/orders /health')
  expect([descriptions.mock.calls.length, texts.mock.calls.length]).toEqual([1, 0])
  await world.call('POST', `/v1/apis/${id}/openapi`, { raw: yaml.replace('/health', '/alive') })
  expect(await paths()).toBe('/orders /alive')
  descriptions.mockRestore()
  texts.mockRestore()
})

it('an API without a document has no operations, and says that nothing was imported', async () => {
  const { id } = await world.ok('POST', '/v1/apis', { audience: `https://document-${++count}.test`, name: 'An API' })
  expect(await world.ok('GET', `/v1/apis/${id}/operations`)).toEqual({ data: [], importedAt: null })
  expect((await world.call('GET', `/v1/apis/${id}/openapi`)).body.code).toBe('not_found')
})

it('reading a large document takes a place until it was sent, and gives it back', async () => {
  const long = { openapi: '3.1.0', info: { title: 'x', version: '1', description: 'y'.repeat(400_000) }, paths: {} }
  const id = await imported(JSON.stringify(long))
  for (let each = 0; each < 2 * serverLimits.documentsSentMax; each++)
    expect((await world.call('GET', `/v1/apis/${id}/openapi`)).text).toHaveLength(JSON.stringify(long).length)
  const holders = Array.from({ length: serverLimits.documentsSentMax }, (_, each) => ({ tenant: `t-${each}` }))
  expect(holders.map((holder) => documentSenders.enterNow(holder))).not.toContain(false)
  for (const holder of holders) documentSenders.leave(holder)
})

it('a place is given back when the caller has gone, and after HEAD, which begins no body', async () => {
  const long = { openapi: '3.1.0', info: { title: 'x', version: '1', description: 'y'.repeat(400_000) }, paths: {} }
  const id = await imported(JSON.stringify(long))
  const listener = world.server.createListener().listen(0, '127.0.0.1')
  await once(listener, 'listening')
  const url = `http://127.0.0.1:${(listener.address() as AddressInfo).port}/v1/apis/${id}/openapi`
  const headers = { Authorization: `Bearer ${world.admin}` }
  try {
    for (let each = 0; each < 2 * serverLimits.documentsSentMax; each++) {
      expect((await fetch(url, { method: 'HEAD', headers })).status).toBe(200)
      const reading = new AbortController()
      expect((await fetch(url, { headers, signal: reading.signal })).status).toBe(200)
      reading.abort()
    }
  } finally {
    listener.close()
  }
})

it('a caller that does not take a document in time loses its connection, and its place is another’s', async () => {
  const long = { openapi: '3.1.0', info: { title: 'x', version: '1', description: 'y'.repeat(12_000_000) }, paths: {} }
  const id = await imported(JSON.stringify(long))
  const limits = serverLimits as { documentSendMs: number }
  const { documentSendMs } = limits
  const left = vi.spyOn(documentSenders, 'leave')
  const listener = world.server.createListener().listen(0, '127.0.0.1')
  await once(listener, 'listening')
  try {
    limits.documentSendMs = 50
    const socket = connect((listener.address() as AddressInfo).port, '127.0.0.1').on('error', () => {})
    const fields = ['Host: x', `Authorization: Bearer ${world.admin}`]
    const closed = once(await once(listener, 'connection').then(([peer]) => peer), 'close')
    socket.write([`GET /v1/apis/${id}/openapi HTTP/1.1`, ...fields, '', ''].join('\r\n'))
    await closed
    await vi.waitFor(() => expect(left).toHaveBeenCalledTimes(1))
    socket.destroy()
  } finally {
    limits.documentSendMs = documentSendMs
    left.mockRestore()
    listener.close()
  }
})

it('an account holds places as one, however many sessions it has', async () => {
  const id = await imported(yaml)
  const operator = { role: 'operator', scope: 'apis:read' }
  const [one, other] = [await makePerson(world, operator), await makePerson(world, operator)]
  const entered = vi.spyOn(documentSenders, 'enter')
  const again = await signIn(world, one.id)
  for (const browser of [one.browser, again, other.browser]) await browser.call('GET', `/v1/apis/${id}/operations`)
  const [first, second, others] = entered.mock.calls.map(([holder]) => holder.credential)
  entered.mockRestore()
  expect(second).toBe(first)
  expect(others).not.toBe(first)
})
