/** The share of the upstream that one caller can take, and the rest for the others. */
import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { connect, type Socket } from 'node:net'
import { type AddressRange, parseAddressRange } from '@countersign/core'
import { afterEach, expect, it } from 'vitest'
import type { GatewayOptions } from './create_gateway.ts'
import { openWorld, until, type World } from './gateway.fixture.ts'

let world: World
const sockets: Socket[] = []
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy()
  await world.close()
})

async function start(overrides: Partial<GatewayOptions> = {}): Promise<void> {
  world = await openWorld(overrides)
}

const loopback = parseAddressRange('127.0.0.0/8') as AddressRange

interface Caller {
  readonly socket: Socket
  text(): string
}

function open(bytes: string): Caller {
  const socket = connect(world.port, '127.0.0.1')
  sockets.push(socket)
  let text = ''
  socket.on('data', (chunk) => {
    text += chunk
  })
  socket.on('error', () => {})
  socket.write(bytes)
  return { socket, text: () => text }
}

const get = (path: string, key?: string, more = ''): string =>
  `GET ${path} HTTP/1.1\r\nHost: a\r\n${key === undefined ? '' : `X-API-Key: ${key}\r\n`}${more}\r\n`
const isAnswered = (caller: Caller): boolean => caller.text().startsWith('HTTP/1.1')

it('1,500 pipelined requests to a public route are one request at the upstream at a time, and all are answered', async () => {
  await start()
  let running = 0
  let most = 0
  world.handle = (request, response) => {
    most = Math.max(most, ++running)
    response.once('close', () => running--)
    request.resume()
    setImmediate(() => response.end('x'))
  }
  let connections = 0
  world.upstream.on('connection', () => connections++)
  const caller = open(get('/health').repeat(1_500))
  await until(() => caller.text().split('HTTP/1.1 200').length === 1_501, 20_000)
  expect(most).toBe(1)
  expect(connections).toBeLessThan(10)
})

it('beyond the room at the upstream a request waits its turn, and then is 503 with Retry-After', async () => {
  await start({ upstreamConnections: 2, trustedProxies: [loopback] })
  const held: ServerResponse[] = []
  world.handle = (request, response) => {
    request.resume()
    held.push(response)
  }
  const callers = Array.from({ length: 4 }, () => open(get('/health')))
  await until(() => held.length === 2, 1_000)
  held[0]?.end('x')
  await until(() => held.length === 3, 1_000)
  await until(() => callers.filter(isAnswered).length === 2, 3_000)
  const refused = callers.filter((caller) => caller.text().startsWith('HTTP/1.1 503'))
  expect(refused).toHaveLength(1)
  for (const caller of refused) expect(caller.text()).toMatch(/\r\nRetry-After: 1\r\n/i)
  for (const response of held.slice(1)) response.end('x')
  await until(() => callers.every(isAnswered), 1_000)
  expect(callers.filter((caller) => caller.text().startsWith('HTTP/1.1 200'))).toHaveLength(3)
})

it('a key that was revoked while its request waited for room does not reach the upstream', async () => {
  await start({ upstreamConnections: 1 })
  const held: ServerResponse[] = []
  world.handle = (request, response) => {
    request.resume()
    held.push(response)
  }
  const first = await world.key('orders:read')
  const second = await world.key('orders:read')
  open(get('/orders', first.text))
  await until(() => held.length === 1, 1_000)
  const waiting = open(get('/orders', second.text))
  await new Promise((resolve) => setTimeout(resolve, 50))
  world.revoke(second.id)
  held[0]?.end('x')
  await until(() => isAnswered(waiting), 1_000)
  expect(waiting.text()).toMatch(/^HTTP\/1.1 401/)
  expect(held).toHaveLength(1)
})

it('a credential that floods leaves room for others', async () => {
  await start({ upstreamConnections: 32, trustedProxies: [loopback] })
  world.handle = (request, response) => {
    request.resume()
    if (request.headers['x-countersign-credential'] === victim.id) response.end('x')
  }
  const flooder = await world.key('orders:read')
  const victim = await world.key('orders:read')
  const flood = Array.from({ length: 200 }, () => open(get('/orders', flooder.text)))
  await until(() => world.seen.length >= 16, 2_000)
  const answers = [open(get('/orders', victim.text)), open(get('/orders', victim.text))]
  await until(() => answers.every(isAnswered), 500)
  for (const answer of answers) expect(answer.text()).toMatch(/^HTTP\/1.1 200/)
  expect(world.seen.length).toBe(18)
  expect(flood.some((caller) => caller.text().startsWith('HTTP/1.1 200'))).toBe(false)
})

it('event streams count apart: they take no room of other requests, and have a bound of their own', async () => {
  await start({ upstreamConnections: 4, longConnections: 8, trustedProxies: [loopback] })
  world.handle = (request, response) => {
    request.resume()
    if (request.url === '/health') return void response.end('x')
    response.writeHead(200, { 'Content-Type': 'text/event-stream' }).write('data: x\n\n')
  }
  const keys = await Promise.all(Array.from({ length: 12 }, () => world.key('orders:read')))
  const streams: Caller[] = []
  for (const { text } of keys) {
    const stream = open(get('/orders', text))
    streams.push(stream)
    await until(() => isAnswered(stream), 3_000)
  }
  expect(streams.filter((stream) => stream.text().startsWith('HTTP/1.1 200'))).toHaveLength(8)
  expect(streams.filter((stream) => stream.text().startsWith('HTTP/1.1 503'))).toHaveLength(4)
  const other = open(get('/health'))
  await until(() => isAnswered(other), 500)
  expect(other.text()).toMatch(/^HTTP\/1.1 200/)
  // A stream that ends makes room for one more.
  const [ended] = streams
  ended?.socket.destroy()
  await once(ended?.socket as Socket, 'close')
  let next = open(get('/orders', keys[11]?.text))
  for (let tries = 0; tries < 50 && !next.text().startsWith('HTTP/1.1 200'); tries++) {
    await until(() => isAnswered(next), 3_000)
    if (next.text().startsWith('HTTP/1.1 503')) next = open(get('/orders', keys[11]?.text))
  }
  expect(next.text()).toMatch(/^HTTP\/1.1 200/)
})
