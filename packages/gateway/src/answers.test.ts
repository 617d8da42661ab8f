import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import { listen, openWorld, type World } from './gateway.fixture.ts'

const document = {
  openapi: '3.0.3',
  info: { title: 'Depot', version: '1' },
  paths: { '/t/{case}': { get: { responses: {}, security: [{ o: ['t'] }] } } },
}

const closing: (() => Promise<unknown> | unknown)[] = []
afterEach(async () => {
  for (const close of closing.splice(0)) await close()
})

/** An upstream that answers each request with these bytes. */
async function openBehind(answer: string | ((port: number) => string), more: object = {}): Promise<World> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.on('data', () => socket.write(typeof answer === 'string' ? answer : answer(port)))
  })
  const port: number = await listen(server)
  const world = await openWorld({ document, upstream: new URL(`http://127.0.0.1:${port}`), ...more })
  closing.push(
    () => world.close(),
    () => {
      for (const socket of sockets) socket.destroy()
      server.close()
    },
  )
  return world
}

const ask = async (world: World) => world.call('GET', '/t/x', { key: (await world.key('t')).text })

test.each([
  ['307 Temporary Redirect', 'Location', '/t/next'],
  ['201 Created', 'Location', '/t/5?a=b'],
  ['200 OK', 'Content-Location', '/t/5'],
])('%s: %s at the upstream’s own origin is relative', async (status, name, path) => {
  const world = await openBehind((port) => {
    return `HTTP/1.1 ${status}\r\n${name}: http://127.0.0.1:${port}${path}\r\nContent-Length: 0\r\n\r\n`
  })
  expect((await ask(world)).headers[name.toLowerCase()]).toBe(path)
})

describe('interim answers', () => {
  const hints =
    'HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\nX-A: b\r\n\r\n'
  const rest = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'

  test('102 and 103 arrive before the answer, 103 with its links alone', async () => {
    const world = await openBehind(hints + rest)
    const { text } = await world.key('t')
    const received = await world.raw(
      `GET /t/x HTTP/1.1\r\nHost: a\r\nConnection: close\r\nAuthorization: Bearer ${text}\r\n\r\n`,
    )
    const heads = received.split('\r\n\r\n')
    expect(heads.slice(0, 2)).toEqual([
      'HTTP/1.1 102 Processing',
      'HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload',
    ])
    expect(heads[2]).toMatch(/^HTTP\/1\.1 200 OK/)
  })

  test('a caller of HTTP/1.0 gets the answer alone', async () => {
    const world = await openBehind(hints + rest)
    const { text } = await world.key('t')
    const received = await world.raw(`GET /t/x HTTP/1.0\r\nHost: a\r\nAuthorization: Bearer ${text}\r\n\r\n`)
    expect(received).toMatch(/^HTTP\/1\.1 200 OK/)
  })

  test('a hint that cannot be written is lost, and a flood of them ends', async () => {
    const odd = 'HTTP/1.1 103 Early Hints\r\nLink: what\r\n\r\n'
    const world = await openBehind(odd + 'HTTP/1.1 102 Processing\r\n\r\n'.repeat(100) + rest)
    const { text } = await world.key('t')
    const received = await world.raw(
      `GET /t/x HTTP/1.1\r\nHost: a\r\nConnection: close\r\nAuthorization: Bearer ${text}\r\n\r\n`,
    )
    expect(received).not.toContain('103')
    expect(received.match(/ 102 /g)).toHaveLength(15)
    expect(received).toContain('200 OK')
  })
})

test('trailers are dropped, and the field that announces them', async () => {
  const world = await openBehind(
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n2\r\nok\r\n0\r\nX-Sum: 1\r\n\r\n',
  )
  const { text } = await world.key('t')
  const received = await world.raw(
    `GET /t/x HTTP/1.1\r\nHost: a\r\nConnection: close\r\nAuthorization: Bearer ${text}\r\n\r\n`,
  )
  expect(received).toContain('ok')
  expect(received).not.toMatch(/x-sum|trailer:/i)
})

describe('what stands still ends', () => {
  test('an answer that stops half-way', async () => {
    const world = await openBehind('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf', { idleTimeoutMs: 200 })
    await expect(ask(world)).rejects.toThrow()
    expect(world.events).toMatchObject([
      { decision: 'verified', status: 200 },
      { decision: 'cut', why: 'nothing of the answer came for 200 ms' },
    ])
  })

  test('an event stream by its own limit', async () => {
    const world = await openBehind('HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: 1\n\n', {
      idleTimeoutMs: 60_000,
      streamIdleTimeoutMs: 200,
    })
    await expect(ask(world)).rejects.toThrow()
    expect(world.events.at(-1)).toMatchObject({ decision: 'cut' })
  })

  test('a tunnel', async () => {
    const accept = 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n'
    const world = await openBehind(accept, { streamIdleTimeoutMs: 200 })
    const { text } = await world.key('t')
    const socket = connect(world.port, '127.0.0.1')
    socket.write(
      `GET /t/x HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${text}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
        'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n',
    )
    socket.resume()
    await once(socket, 'close')
    expect(world.events.map(({ decision }) => decision)).toEqual(['verified', 'cut'])
  })

  test('and what moves goes on beyond the limit', async () => {
    const world = await openWorld({ document, idleTimeoutMs: 400 })
    closing.push(() => world.close())
    world.handle = (_, response) => {
      response.writeHead(200, { 'Content-Length': 10 })
      let sent = 0
      const timer = setInterval(() => {
        response.write('x')
        if (++sent === 10) clearInterval(timer)
      }, 100)
    }
    expect((await ask(world)).body).toBe('xxxxxxxxxx')
  })
})

describe('scripts of other origins', () => {
  const origin = 'https://app.test'
  const upstreamFields = {
    'Access-Control-Allow-Origin': '*',
    access_control_allow_credentials: 'true',
    Vary: 'Accept',
  }
  async function openCors(more: object = {}): Promise<World> {
    const world = await openWorld({ document, corsOrigins: [origin, 'http://localhost:3000'], ...more })
    closing.push(() => world.close())
    world.handle = (request, response) => {
      request.resume()
      response.writeHead(200, upstreamFields).end('{}')
    }
    return world
  }
  const preflight = { Origin: origin, 'Access-Control-Request-Method': 'GET' }

  test('a preflight is answered here, with the methods of the path', async () => {
    const world = await openCors()
    const headers = { ...preflight, 'Access-Control-Request-Headers': 'authorization, x-one' }
    const answer = await world.call('OPTIONS', '/t/x', { headers })
    expect(answer.status).toBe(204)
    expect(answer.headers).toMatchObject({
      'access-control-allow-origin': origin,
      'access-control-allow-methods': 'GET, HEAD',
      'access-control-allow-headers': 'authorization, x-one',
      'access-control-max-age': '600',
    })
    expect(answer.headers).not.toHaveProperty('access-control-allow-credentials')
    expect(world.seen).toEqual([])
  })

  test('another origin is told nothing that lets it read', async () => {
    const world = await openCors()
    const asked = await world.call('OPTIONS', '/t/x', { headers: { ...preflight, Origin: 'https://evil.test' } })
    const { text } = await world.key('t')
    const read = await world.call('GET', '/t/x', { key: text, headers: { Origin: 'null' } })
    for (const { headers } of [asked, read]) {
      expect(Object.keys(headers).filter((name) => /^access[-_]control/.test(name))).toEqual([])
      expect(headers.vary).toContain('Origin')
    }
  })

  test('answers and refusals can be read, once, and the upstream’s own fields are gone', async () => {
    const world = await openCors()
    const { text } = await world.key('t')
    const none = await world.call('GET', '/t/x', { headers: { Origin: origin } })
    const missing = await world.call('GET', '/nowhere', { headers: { Origin: origin } })
    const let_in = await world.call('GET', '/t/x', { key: text, headers: { Origin: origin } })
    expect([none.status, missing.status, let_in.status]).toEqual([401, 404, 200])
    for (const { rawHeaders, headers } of [none, missing, let_in]) {
      const names = rawHeaders
        .filter((_, index) => index % 2 === 0)
        .map((name) => name.toLowerCase().replaceAll('_', '-'))
      expect(names.filter((name) => name === 'access-control-allow-origin')).toHaveLength(1)
      expect(names).not.toContain('access-control-allow-credentials')
      expect(headers['access-control-allow-origin']).toBe(origin)
      expect(headers['access-control-expose-headers']).toContain('RateLimit')
      expect(headers['access-control-expose-headers']).toContain('WWW-Authenticate')
    }
    expect(let_in.headers.vary).toBe('Accept, Origin')
  })

  test('without the setting a preflight reaches the upstream and its answer comes back', async () => {
    const world = await openCors({ corsOrigins: undefined })
    const answer = await world.call('OPTIONS', '/t/x', { headers: preflight })
    expect(answer.headers['access-control-allow-origin']).toBe('*')
    expect(world.seen).toHaveLength(1)
  })

  test.each(['*', 'null', 'https://app.test/', 'app.test', 'https://app.test/path', 'file:///x', ''])(
    '%j is no origin and makes no gateway',
    async (bad) => {
      await expect(openWorld({ document, corsOrigins: [bad] })).rejects.toThrow(TypeError)
    },
  )
})

test('characters that clients send raw reach the upstream as they are', async () => {
  const world = await openWorld({ document })
  closing.push(() => world.close())
  const { text: key } = await world.key('t')
  const paths = ['/t/a|b', '/t/a[1]', '/t/a^b']
  for (const path of paths) expect((await world.call('GET', path, { key })).status).toBe(200)
  expect(world.seen.map(({ url }) => url)).toEqual(paths)
})
