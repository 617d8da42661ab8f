/** Behaviour that only a real connection shows. */
import { once } from 'node:events'
import type { Server } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { baseUrl, startWorld, type World } from '../server.fixture.ts'
import { createListener } from './node_listener.ts'
import type { HttpRequest } from './request.ts'

let world: World
let listener: Server
let port = 0
beforeAll(async () => {
  world = await startWorld()
  listener = world.server.createListener()
  listener.listen(0, '127.0.0.1')
  await once(listener, 'listening')
  port = (listener.address() as AddressInfo).port
})
afterAll(async () => {
  listener.closeAllConnections()
  await new Promise((resolve) => listener.close(resolve))
  await world.close()
})

/** Everything the server says until it closes or has been silent for a moment. */
async function raw(text: string): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  let answer = ''
  socket.on('data', (chunk) => {
    answer += chunk
  })
  socket.on('error', () => {})
  socket.write(text)
  const closed = once(socket, 'close')
  await Promise.race([closed, new Promise((resolve) => setTimeout(resolve, 150))])
  socket.destroy()
  return answer
}

const post = (path: string, ...headers: readonly string[]): string =>
  [`POST ${path} HTTP/1.1`, 'Host: x', `Authorization: Bearer ${world.admin}`, ...headers, '', ''].join('\r\n')

it('every answer names its request', async () => {
  const answer = await raw('GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n')
  expect(answer).toMatch(/^HTTP\/1.1 200/)
  expect(answer).toMatch(/X-Request-Id: req_\w{8,}/i)
})

it('a problem names the page about its code, below the issuer, for a request that no endpoint has seen too', async () => {
  for (const [text, code] of [
    ['GET /v1/keys HTTP/1.1\r\nHost: x\r\n\r\n', 'missing_credential'],
    ['GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n', 'invalid_request'],
  ] as const)
    expect(await raw(text)).toContain(`"type":"${baseUrl}/errors/${code}"`)
})

it('a body that says it is too long is refused before it is read, and one that is too long while it is', async () => {
  const said = await raw(post('/v1/keys', 'Content-Type: application/json', 'Content-Length: 1048577'))
  expect(said).toMatch(/^HTTP\/1.1 413/)
  const chunk = `${(65_536).toString(16)}\r\n${' '.repeat(65_536)}\r\n`
  const sent = await raw(
    `${post('/v1/keys', 'Content-Type: application/json', 'Transfer-Encoding: chunked')}${chunk.repeat(17)}`,
  )
  expect(sent).toMatch(/^HTTP\/1.1 413/)
  expect(sent).toMatch(/Connection: close/i)
})

it('an unread body is never taken for the next request', async () => {
  const smuggled = 'GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n'
  const request = `POST /nothing HTTP/1.1\r\nHost: x\r\nContent-Length: ${smuggled.length + 10}\r\n\r\n${smuggled}`
  const answer = await raw(request)
  expect(answer.match(/HTTP\/1.1 \d+/g)).toEqual(['HTTP/1.1 404'])
})

it('what is no HTTP, has two lengths, a huge header or no Host is 4xx, and the server lives on', async () => {
  const bad = [
    'nonsense\r\n\r\n',
    'GET / HTTP/1.1\r\n\r\n',
    'GET / HTTP/1.1\r\nHost: x\r\nHost : y\r\n\r\n',
    'GET /healthz HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n',
    'GET /healthz HTTP/1.1\r\nHost: x\r\nhOST: x\r\n\r\n',
    'GET /healthz HTTP/1.0\r\nHost: x\r\nHost: y\r\n\r\n',
    `GET / HTTP/1.1\r\nHost: x\r\nA: ${'x'.repeat(40_000)}\r\n\r\n`,
    `${post('/v1/keys', 'Content-Length: 1', 'Content-Length: 2')}ab`,
    `${post('/v1/keys', 'Content-Length: 1', 'Transfer-Encoding: chunked')}0\r\n\r\n`,
    `${post('/v1/keys', 'Transfer-Encoding: chunked')}zz\r\n`,
  ]
  for (const text of bad) expect(await raw(text), text.slice(0, 40)).toMatch(/^HTTP\/1.1 4\d\d/)
  expect(await raw('GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n')).toMatch(/^HTTP\/1.1 200/)
})

it('a request line in absolute form reaches nothing', async () => {
  expect(await raw('GET http://evil.test/healthz HTTP/1.1\r\nHost: x\r\n\r\n')).toMatch(/^HTTP\/1.1 404/)
})

it('a caller that goes away in the middle of its body leaves nothing behind', async () => {
  const before = world.dump()
  const socket = connect(port, '127.0.0.1')
  socket.write(`${post('/v1/clients', 'Content-Type: application/json', 'Content-Length: 100')}{"name":`)
  await new Promise((resolve) => setTimeout(resolve, 20))
  socket.destroy()
  await new Promise((resolve) => setTimeout(resolve, 20))
  expect(world.dump()).toBe(before)
  expect(world.logged.filter(({ level }) => level === 'error')).toEqual([])
})

it('requests that come in one piece are answered in their order, each once', async () => {
  const get = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`
  const answer = await raw(get('/healthz') + get('/nowhere') + get('/oauth/jwks') + get('/healthz'))
  expect(answer.match(/HTTP\/1\.1 \d+/g)).toEqual([200, 404, 200, 200].map((status) => `HTTP/1.1 ${status}`))
  expect(new Set(answer.match(/X-Request-Id: \S+/gi)).size).toBe(4)
})

it('a request has no accessor of its own, which would keep it alive beyond its answer', async () => {
  const seen: HttpRequest[] = []
  const bare = createListener(
    (exchange) => {
      seen.push(exchange)
      return { status: 204, headers: {} }
    },
    () => 'req_1',
  ).listen(0, '127.0.0.1')
  await once(bare, 'listening')
  await fetch(`http://127.0.0.1:${(bare.address() as AddressInfo).port}/`)
  bare.close()
  const own = Object.values(Object.getOwnPropertyDescriptors(seen[0] as HttpRequest))
  expect(own.length).toBeGreaterThan(0)
  expect(own.filter(({ get }) => get !== undefined)).toEqual([])
})

it('a caller who left before anybody asked for the signal has gone for whoever asks later', async () => {
  const asked = Promise.withResolvers<HttpRequest>()
  const left = Promise.withResolvers<void>()
  const own = createListener(
    (request) => {
      asked.resolve(request)
      return new Promise(() => {})
    },
    () => 'req_1',
  )
  own.on('connection', (socket) => socket.once('close', () => setImmediate(left.resolve)))
  own.listen(0, '127.0.0.1')
  await once(own, 'listening')
  const socket = connect((own.address() as AddressInfo).port, '127.0.0.1')
  socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
  const request = await asked.promise
  socket.destroy()
  await left.promise
  expect(request.signal.aborted).toBe(true)
  own.close()
})
