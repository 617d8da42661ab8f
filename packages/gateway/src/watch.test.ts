import { createHash } from 'node:crypto'
import { once } from 'node:events'
import http, { type IncomingMessage, type ServerResponse } from 'node:http'
import { connect, type Socket } from 'node:net'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { openWorld, statusesOf, until, type World } from './gateway.fixture.ts'

let world: World
beforeAll(async () => {
  world = await openWorld()
  // A WebSocket of RFC 6455 as far as bytes go: the handshake, then an echo.
  world.upstream.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) => {
    world.seen.push({
      method: 'UPGRADE',
      url: request.url ?? '',
      rawHeaders: request.rawHeaders,
      headers: request.headers,
      body: '',
    })
    socket.on('error', () => {})
    if (request.url?.includes('refuse')) {
      socket.end('HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\nX-Countersign-Kind: x\r\n\r\nno')
      return
    }
    const accept = createHash('sha1')
      .update(`${request.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
      .digest('base64')
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\nX-Countersign-Kind: x\r\n\r\nhello `,
    )
    socket.write(head)
    socket.pipe(socket)
  })
})
afterAll(() => world.close())
beforeEach(() => {
  world.seen.length = 0
  world.events.length = 0
  world.isFresh = true
  world.handle = (_, response) => void streamEvents(response)
})

/** An event every 50 ms until the connection goes. */
function streamEvents(response: ServerResponse, type = 'text/event-stream; charset=utf-8'): void {
  response.writeHead(200, { 'Content-Type': type })
  const timer = setInterval(() => response.write('data: x\n\n'), 50)
  response.on('close', () => clearInterval(timer))
}

interface Open {
  readonly text: () => string
  readonly isClosed: () => boolean
  readonly closedAt: () => number
  readonly socket: Socket
}

function open(bytes: string): Open {
  const socket = connect(world.port, '127.0.0.1')
  let received = ''
  let closedAt = 0
  socket.on('data', (chunk: Buffer) => {
    received += chunk.toString('latin1')
  })
  socket.on('error', () => {})
  socket.on('close', () => {
    closedAt = Date.now()
  })
  socket.write(bytes)
  return { text: () => received, isClosed: () => closedAt > 0, closedAt: () => closedAt, socket }
}

const handshake = (key: string, path = '/orders', more = ''): string =>
  `GET ${path} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${key}\r\nConnection: keep-alive, Upgrade\r\nUpgrade: WebSocket\r\n` +
  `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n${more}\r\n`
const get = (key: string): string => `GET /orders HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${key}\r\n\r\n`

describe('an upgrade', () => {
  test('passes when the credential does, with the identity and without the credential; bytes go both ways', async () => {
    const { id, text } = await world.key('orders:read')
    const caller = open(`${handshake(text, '/orders?x=1', 'X_Countersign_Kind: forged\r\n')}early `)
    await until(() => caller.text().endsWith('hello early '), 1_000)
    expect(caller.text()).toContain('HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n')
    expect(caller.text()).toContain('Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n')
    expect(caller.text()).not.toMatch(/countersign/i)
    caller.socket.write('late')
    await until(() => caller.text().endsWith('early late'), 1_000)
    const { headers, rawHeaders } = world.seen[0]!
    expect(headers).toMatchObject({ 'x-countersign-credential': id, connection: 'Upgrade', upgrade: 'websocket' })
    expect(JSON.stringify(rawHeaders)).not.toContain(text)
    expect(rawHeaders.filter((name) => /countersign.kind/i.test(name))).toEqual(['X-Countersign-Kind'])
    expect(world.events).toMatchObject([{ decision: 'verified', status: 101, path: '/orders' }])
    caller.socket.end()
    await until(caller.isClosed, 1_000)
  })

  test.each([
    ['no credential', '', '/orders', 401],
    ['a wrong one', 'cs_test_nonsense', '/orders', 401],
    ['an unknown path', '', '/nothing', 404],
    ['a path with two readings', '', '/orders/..%2f', 400],
  ])('%s: refused as any request, and the connection ends', async (_, key, path, status) => {
    const text = handshake(key, path).replace(/Authorization: Bearer \r\n/, '')
    const received = await world.raw(text, 1_000)
    expect(statusesOf(received)).toEqual([status])
    expect(received).toMatch(/application\/problem\+json/)
    expect(received).toMatch(/connection: close/i)
    expect(world.seen).toEqual([])
  })

  test('a refusal of the upstream is passed on, without what is ours', async () => {
    const { text } = await world.key('orders:read')
    const received = await world.raw(handshake(text, '/orders?refuse'), 1_000)
    expect(received).toMatch(/^HTTP\/1\.1 403 Forbidden\r\n[\s\S]*no$/)
    expect(received).not.toMatch(/x-countersign/i)
  })

  test('what is no answer to it is no tunnel: requests behind an upgrade that was not agreed to go nowhere', async () => {
    const { text } = await world.key('orders:read')
    const received = await world.raw(
      `${handshake(text, '/orders?refuse')}DELETE /orders HTTP/1.1\r\nHost: a\r\n\r\n`,
      1_000,
    )
    expect(statusesOf(received)).toEqual([403])
    expect(world.seen).toHaveLength(1)
  })

  test('to anything but WebSocket is not offered: the request is a request', async () => {
    const { text } = await world.key('orders:read')
    world.handle = (_, response) => response.end('plain')
    for (const protocol of ['h2c', 'TLS/1.0', 'websocket, h2c']) {
      const received = await world.raw(handshake(text).replace('WebSocket', protocol), 100)
      expect(received).toMatch(/^HTTP\/1\.1 200 OK/)
      expect(world.seen.at(-1)?.headers.upgrade).toBeUndefined()
    }
  })

  test('the upstream going ends the caller, the caller going ends the upstream', async () => {
    const { text } = await world.key('orders:read')
    const sockets: Socket[] = []
    const note = (_: IncomingMessage, socket: Socket): void => void sockets.push(socket)
    world.upstream.on('upgrade', note)
    const first = open(handshake(text))
    await until(() => first.text().includes('hello'), 1_000)
    sockets[0]?.destroy()
    await until(first.isClosed, 1_000)
    const second = open(handshake(text))
    await until(() => second.text().includes('hello'), 1_000)
    second.socket.destroy()
    await until(() => sockets[1]?.destroyed === true, 1_000)
    world.upstream.off('upgrade', note)
  })
})

describe('what goes on is judged again (docs/protocol/gateway.md §4)', () => {
  const kinds: readonly [string, (key: string) => string, (text: string) => boolean][] = [
    ['a WebSocket', handshake, (text) => text.includes('hello')],
    ['an event stream', get, (text) => text.includes('data: x')],
  ]

  test.each(kinds)('%s is cut within 1.5 s of revocation, and the operator is told', async (_, bytes, isOpen) => {
    const { id, text } = await world.key('orders:read')
    const other = await world.key('orders:read')
    const [caller, bystander] = [open(bytes(text)), open(bytes(other.text))]
    await until(() => isOpen(caller.text()) && isOpen(bystander.text()), 1_000)
    const revokedAt = Date.now()
    world.revoke(id)
    await until(caller.isClosed, 1_500)
    expect(caller.closedAt() - revokedAt).toBeLessThan(500)
    expect(caller.text().endsWith('0\r\n\r\n')).toBe(false)
    expect(bystander.isClosed()).toBe(false)
    expect(world.events.at(-1)).toMatchObject({
      decision: 'cut',
      credentialId: id,
      why: expect.stringMatching(/^revoked/),
    })
    bystander.socket.destroy()
  })

  test.each(kinds)('%s is cut when its scope no longer reaches, and goes on when it does', async (_, bytes, isOpen) => {
    const { id, text } = await world.key('orders:read orders:write')
    const caller = open(bytes(text))
    await until(() => isOpen(caller.text()), 1_000)
    world.change(id, { scope: 'orders:read' })
    await new Promise((resolve) => setTimeout(resolve, 200))
    expect(caller.isClosed()).toBe(false)
    world.change(id, { scope: 'orders:write' })
    await until(caller.isClosed, 1_500)
  })

  test.each(kinds)('%s is cut when the book goes stale, without a word of the keeper', async (_, bytes, isOpen) => {
    const { text } = await world.key('orders:read')
    const caller = open(bytes(text))
    await until(() => isOpen(caller.text()), 1_000)
    world.isFresh = false
    await until(caller.isClosed, 1_500)
  })

  test.each(kinds)('%s is cut at expiry', async (_, bytes, isOpen) => {
    const expiresAt = Date.now() / 1000 + 1.4
    const { text } = await world.key('orders:read', { expiresAt })
    const caller = open(bytes(text))
    await until(() => isOpen(caller.text()), 1_000)
    await until(caller.isClosed, 2_500)
    expect(caller.closedAt() / 1000 - expiresAt).toBeGreaterThan(-0.01)
    expect(caller.closedAt() / 1000 - expiresAt).toBeLessThan(0.2)
  })

  test('an event stream whose head was long in coming is judged when it comes', async () => {
    const { id, text } = await world.key('orders:read')
    let begin = (): void => {}
    world.handle = (_, response) => {
      begin = () => streamEvents(response)
    }
    const caller = open(get(text))
    await until(() => world.seen.length === 1, 1_000)
    world.revoke(id)
    await new Promise((resolve) => setTimeout(resolve, 150))
    begin()
    await until(caller.isClosed, 500)
  })

  test('being judged spends nothing from a rate limit', async () => {
    const { text } = await world.key('orders:read', { rateLimit: { limit: 2, windowSeconds: 600 } })
    const caller = open(handshake(text))
    await until(() => caller.text().includes('hello'), 1_000)
    for (let i = 0; i < 5; i++) {
      world.say({ type: 'tenant', id: 't', state: { status: 'active', slug: '' } })
      await new Promise((resolve) => setTimeout(resolve, 60))
    }
    expect(caller.isClosed()).toBe(false)
    const answer = http.get({ port: world.port, host: '127.0.0.1', path: '/orders', headers: { 'X-API-Key': text } })
    const [response] = (await once(answer, 'response')) as [IncomingMessage]
    expect(response.headers.ratelimit).toMatch(/r=0/)
    answer.on('error', () => {})
    answer.destroy()
    caller.socket.destroy()
  })

  test('a download is cut, one that has just begun too', async () => {
    world.handle = (_, response) => streamEvents(response, 'application/octet-stream')
    const { id, text } = await world.key('orders:read')
    const callers = [open(get(text))]
    await until(() => callers[0]?.text().includes('data') === true, 1_000)
    callers.push(open(get(text)))
    await until(() => callers[1]?.text().includes('data') === true, 1_000)
    world.revoke(id)
    await until(() => callers.every((caller) => caller.isClosed()), 1_500)
  })

  test('an answer that is there at once is not cut, though its key was revoked while the upstream made it', async () => {
    const { id, text } = await world.key('orders:read')
    let finish = (): void => {}
    world.handle = (_, response) => {
      finish = () => response.end('done')
    }
    const caller = open(get(text))
    await until(() => world.seen.length === 1, 1_000)
    world.revoke(id)
    finish()
    await until(() => caller.text().endsWith('done'), 1_000)
  })

  const upload = (text: string): string =>
    `POST /orders HTTP/1.1\r\nHost: a\r\nX-API-Key: ${text}\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n`

  test('an upload ends with its revoke, however long it sends', async () => {
    const { id, text } = await world.key('orders:write')
    let isUpstreamGone = false
    world.handle = (request) =>
      request.on('close', () => {
        isUpstreamGone = true
      })
    const caller = open(upload(text))
    const timer = setInterval(() => caller.socket.writable && caller.socket.write('1\r\ny\r\n'), 10)
    await until(() => world.seen.length === 1, 1_000)
    world.revoke(id)
    await until(() => caller.isClosed() && isUpstreamGone, 1_500)
    clearInterval(timer)
    expect(caller.text()).toMatch(/^HTTP\/1.1 401 .*Connection: close/s)
    expect(world.events.filter(({ decision }) => decision === 'cut')).toHaveLength(1)
  })

  test('an upload whose key was revoked before it came under watch ends then', async () => {
    const { id, text } = await world.key('orders:write')
    world.handle = () => {}
    const caller = open(upload(text))
    await until(() => world.seen.length === 1, 1_000)
    // In the turn in which it is seen: no change comes after it is watched.
    world.revoke(id)
    await until(caller.isClosed, 800)
  })

  test('an upload that has ended waits for its answer unwatched', async () => {
    const { id, text } = await world.key('orders:write')
    let finish = (): void => {}
    world.handle = (request, response) => {
      request.resume()
      finish = () => response.end('done')
    }
    const caller = open(upload(text))
    await new Promise((resolve) => setTimeout(resolve, 150))
    caller.socket.write('0\r\n\r\n')
    await until(() => world.seen.length === 1 && world.seen[0]?.body === 'x', 1_000)
    await new Promise((resolve) => setTimeout(resolve, 50))
    world.revoke(id)
    await new Promise((resolve) => setTimeout(resolve, 150))
    finish()
    await until(() => caller.text().endsWith('done'), 1_000)
  })

  test('two hundred streams are all cut, and nothing is left watching', async () => {
    const { id, text } = await world.key('orders:read')
    const callers = Array.from({ length: 200 }, (_, i) => open(i % 2 === 0 ? handshake(text) : get(text)))
    await until(() => callers.every((caller) => /hello|data/.test(caller.text())), 5_000)
    world.revoke(id)
    await until(() => callers.every((caller) => caller.isClosed()), 1_500)
    expect(world.events.filter(({ decision }) => decision === 'cut')).toHaveLength(200)
  })
})
