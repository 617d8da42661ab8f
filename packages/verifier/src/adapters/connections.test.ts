/** Behaviour that only raw sockets show. */
import { once } from 'node:events'
import { createServer, type RequestListener, type Server } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { boundConnections, type ConnectionBounds } from './connections.ts'

const servers: Server[] = []
const sockets: Socket[] = []
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy()
  for (const server of servers.splice(0)) {
    server.closeAllConnections()
    await new Promise((closed) => server.close(closed))
  }
})

async function listen(answer: RequestListener, bounds: Partial<ConnectionBounds> = {}): Promise<Server> {
  const server = createServer(answer)
  boundConnections(server, { connectionsMax: 1_000, writeTimeoutMs: 60_000, ...bounds })
  servers.push(server)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return server
}

function open(server: Server): Socket {
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
  socket.on('error', () => {})
  sockets.push(socket)
  return socket
}

/** Everything that came until the connection ended, however it did. */
function readToEnd(socket: Socket): Promise<string> {
  let text = ''
  socket.on('data', (chunk) => {
    text += chunk
  })
  return new Promise((done) => socket.once('close', () => done(text)))
}

/** Everything that came until the text is there. */
async function read(socket: Socket, until: string): Promise<string> {
  let text = ''
  for await (const chunk of socket) {
    text += chunk
    if (text.includes(until)) return text
  }
  return text
}

const get = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`
const post = (path: string, body: string): string =>
  `POST ${path} HTTP/1.1\r\nHost: a\r\nContent-Length: ${body.length}\r\n\r\n${body}`

/** Answers with path and body, a turn of the event loop later, and counts what is under way. */
function createEcho(): {
  readonly answer: RequestListener
  readonly counts: { running: number; most: number; all: number }
} {
  const counts = { running: 0, most: 0, all: 0 }
  return {
    counts,
    answer(request, response) {
      counts.all++
      counts.most = Math.max(counts.most, ++counts.running)
      response.once('close', () => counts.running--)
      let body = ''
      request.on('data', (chunk) => {
        body += chunk
      })
      request.on('end', () => setImmediate(() => response.end(`<${request.url} ${body}>`)))
    },
  }
}

describe('one request of a connection at a time', () => {
  it('pipelined requests are answered in order, each after the one before it was', async () => {
    const { answer, counts } = createEcho()
    const socket = open(await listen(answer))
    // Bodies that look like heads, and one of each kind of framing.
    const requests = Array.from({ length: 900 }, (_, index) => {
      if (index % 3 === 0) return get(`/${index}`)
      if (index % 3 === 1) return post(`/${index}`, get('/smuggled'))
      return `POST /${index} HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n\r\n\r\n\r\n0\r\n\r\n`
    })
    socket.write([...requests, get('/last')].join(''))
    const text = await read(socket, '</last >')
    const paths = [...text.matchAll(/<\/(\S+) /g)].map(([, path]) => path)
    expect(paths).toEqual([...Array.from({ length: 900 }, (_, index) => String(index)), 'last'])
    expect(text.match(/smuggled/g)).toHaveLength(300)
    expect(counts.most).toBe(1)
  })

  it('requests cut at any byte are the same requests', async () => {
    const { answer, counts } = createEcho()
    const socket = open(await listen(answer))
    const text = [get('/0'), post('/1', get('/smuggled')), get('/2'), post('/3', 'x'.repeat(50)), get('/4')].join('')
    const reading = read(socket, '</4 >')
    for (let at = 0; at < text.length; at += 7) {
      socket.write(text.slice(at, at + 7))
      await new Promise(setImmediate)
    }
    expect([...(await reading).matchAll(/<\/(\d)/g)].map(([, path]) => path)).toEqual(['0', '1', '2', '3', '4'])
    expect(counts.most).toBe(1)
  })

  it('while nothing is read, nothing more is begun, and the bytes wait with the sender', async () => {
    let begun = 0
    const server = await listen((_, response) => {
      begun++
      response.end(Buffer.alloc(16_777_216))
    })
    const socket = open(server)
    socket.pause()
    const [accepted] = (await once(server, 'connection')) as [Socket]
    const sent = get(`/${'x'.repeat(1_000)}`).repeat(5_000)
    socket.write(sent)
    await untilQuiet(() => accepted.bytesRead)
    expect(begun).toBe(1)
    // One read more than the first at most.
    expect(accepted.bytesRead).toBeLessThanOrEqual(2 * 65_536)
  })

  it('of 2,000 heads in one read, one is worked on and one is parsed', async () => {
    let release = (): void => {}
    const server = await listen((_, response) => {
      release = () => response.end()
    })
    let parsed = 0
    server.on('connection', (socket) => {
      const parser = (socket as unknown as { parser: { onIncoming: (...all: unknown[]) => number } }).parser
      const { onIncoming } = parser
      parser.onIncoming = (...all) => {
        parsed++
        return onIncoming(...all)
      }
    })
    const socket = open(server)
    socket.write(get('/').repeat(2_000))
    await once(server, 'request')
    await new Promise(setImmediate)
    expect(parsed).toBe(2)
    release()
    await once(server, 'request')
    expect(parsed).toBe(3)
  })

  it('the body of the request under way still comes while the next one waits', async () => {
    const server = await listen(async (request, response) => {
      await new Promise(setImmediate)
      let length = 0
      for await (const chunk of request) length += chunk.length
      response.end(`<${request.url} ${length}>`)
    })
    const socket = open(server)
    socket.write(post('/0', 'x'.repeat(300_000)) + post('/1', 'y'.repeat(200_000)) + get('/2'))
    const text = await read(socket, '</2')
    expect(text.match(/<\S+ \d+>/g)).toEqual(['</0 300000>', '</1 200000>', '</2 0>'])
  })

  it('behind an answer that ends the connection nothing is begun', async () => {
    let begun = 0
    const server = await listen((_, response) => {
      begun++
      setImmediate(() => response.writeHead(200, { Connection: 'close' }).end('x'))
    })
    const socket = open(server)
    socket.write(get('/').repeat(3))
    await read(socket, 'never')
    expect(begun).toBe(1)
  })

  it('a request to upgrade behind another one ends the connection and is never an upgrade', async () => {
    const upgraded: string[] = []
    const { answer, counts } = createEcho()
    const server = await listen(answer)
    server.on('upgrade', (request) => upgraded.push(request.url ?? ''))
    const socket = open(server)
    const upgrade = 'GET /upgrade HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n'
    socket.write(get('/0') + upgrade + get('/behind'))
    expect(await read(socket, 'never')).toContain('</0 >')
    expect(counts.all).toBe(1)
    expect(upgraded).toEqual([])
  })

  it('what is no HTTP behind a request is no request, and ends the connection', async () => {
    const { answer, counts } = createEcho()
    const socket = open(await listen(answer))
    socket.write(`${get('/0')}nonsense\r\n\r\n${get('/1')}`)
    await read(socket, 'never')
    expect(counts.all).toBe(1)
    const alone = open(servers[0] as Server)
    alone.write('nonsense\r\n\r\n')
    expect(await read(alone, 'never')).toMatch(/^HTTP\/1.1 400 /)
  })
})

describe('bodies', () => {
  const chunked = (path: string, body: string): string =>
    `POST ${path} HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n${body}`
  const chunk = (text: string): string => `${text.length.toString(16)}\r\n${text}\r\n`

  /** Whether it reads the bodies or not; counts the pieces that get through. */
  async function listenCounting(how: 'reads' | 'answers', nowMs: () => number) {
    const pieces = { count: 0, bytes: 0 }
    const malformed: unknown[] = []
    const answer: RequestListener = (request, response) => {
      if (how === 'answers') return void response.end('<done>')
      request.on('data', (piece: Buffer) => {
        pieces.count++
        pieces.bytes += piece.length
      })
      request.on('end', () => response.end('<done>'))
    }
    const server = await listen(answer, {
      nowMs,
      onMalformed: (error, socket) => malformed.push(error, socket.destroy()),
    })
    return { server, pieces, malformed }
  }

  it('one of many small chunks ends its connection after 500 of them, and the parser stops there', async () => {
    const { server, pieces, malformed } = await listenCounting('reads', () => 0)
    const socket = open(server)
    socket.write(chunked('/', chunk('a').repeat(65_000)) + chunk(''))
    expect(await readToEnd(socket)).toBe('')
    // 500, and one more for each 64 bytes.
    expect(pieces.count).toBe(507)
    expect(malformed).toEqual([])
  })

  it('nor are they parsed when nobody reads the body, or when the answer is out', async () => {
    const { server } = await listenCounting('answers', () => 0)
    let parsed = 0
    server.on('connection', (socket) => {
      const { parser } = socket as unknown as { parser: Record<number, unknown> & { constructor: { kOnBody: number } } }
      const { kOnBody } = parser.constructor
      const onBody = parser[kOnBody] as (piece: Buffer) => void
      parser[kOnBody] = function (this: unknown, piece: Buffer) {
        parsed++
        onBody.call(this, piece)
      }
      socket.once('close', () => {
        parser[kOnBody] = onBody
      })
    })
    const socket = open(server)
    socket.write(chunked('/', chunk('a').repeat(65_000)) + chunk(''))
    await readToEnd(socket)
    const later = open(server)
    later.write(chunked('/', chunk('a')))
    const answer = readToEnd(later)
    await once(later, 'data')
    later.write(chunk('a').repeat(65_000) + chunk(''))
    expect(await answer).toContain('<done>')
    expect(parsed).toBeGreaterThan(1)
    expect(parsed).toBeLessThan(1_100)
  })

  it('a parser that was stopped reads the bodies of its next connection', async () => {
    const { server, pieces } = await listenCounting('reads', () => 0)
    for (let round = 0; round < 5; round++) {
      const socket = open(server)
      socket.write(chunked('/', chunk('a').repeat(65_000)) + chunk(''))
      await readToEnd(socket)
    }
    pieces.bytes = 0
    const next = open(server)
    next.write(chunked('/', chunk('abc')) + chunk(''))
    await read(next, '<done>')
    expect(pieces.bytes).toBe(3)
  })

  it('an upload in chunks of 64 KiB, and one of small chunks over time, are read to their end', async () => {
    let ms = 0
    const { server, pieces } = await listenCounting('reads', () => ms)
    const socket = open(server)
    socket.write(chunked('/', chunk('x'.repeat(65_536)).repeat(160)) + chunk(''))
    expect(await read(socket, '<done>')).toContain('<done>')
    expect(pieces.bytes).toBe(160 * 65_536)
    const lines = open(server)
    lines.write(chunked('/', ''))
    for (let round = 0; round < 10; round++) {
      const before = pieces.count
      lines.write(chunk('{"event":1}\n').repeat(400))
      while (pieces.count < before + 400) await new Promise(setImmediate)
      ms += 200
    }
    lines.write(chunk(''))
    expect(await read(lines, '<done>')).toContain('<done>')
  })

  it('an hour of silence pays for no more at once than the beginning did', async () => {
    let ms = 0
    const { server, pieces } = await listenCounting('reads', () => ms)
    const socket = open(server)
    socket.write(chunked('/', chunk('a')))
    while (pieces.count < 1) await new Promise(setImmediate)
    ms += 3_600_000
    socket.write(chunk('a').repeat(65_000) + chunk(''))
    await readToEnd(socket)
    expect(pieces.count).toBeLessThan(510)
  })

  it('one that is answered unread ends its connection unless it has at most 64 KiB', async () => {
    const { server } = await listenCounting('answers', () => 0)
    // Nor does it end because nothing is asked for.
    server.keepAliveTimeout = 0
    const small = open(server)
    small.write(post('/', 'x'.repeat(65_536)) + get('/next'))
    const answers = readToEnd(small)
    const large = open(server)
    large.write(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n${'x'.repeat(100)}`)
    // Ends by itself: nothing more is sent.
    expect(await readToEnd(large)).toContain('<done>')
    small.end()
    expect((await answers).match(/<done>/g)).toHaveLength(2)
  })
})

describe('connections', () => {
  it('one who takes nothing of an answer loses the connection; one who reads on does not', async () => {
    const size = 16_777_216
    const server = await listen((_, response) => response.end(Buffer.alloc(size)), {
      writeTimeoutMs: 1_000,
      sweepEveryMs: 20,
    })
    const silent = open(server)
    silent.pause()
    const [accepted] = (await once(server, 'connection')) as [Socket]
    silent.write(get('/'))
    await once(accepted, 'close')
    const reading = open(server)
    reading.write(get('/'))
    let length = 0
    reading.on('data', (chunk) => {
      length += chunk.length
      reading.pause()
      setTimeout(() => reading.resume(), 1)
    })
    await new Promise<void>((done) => reading.on('data', () => length >= size && done()))
    expect(length).toBeGreaterThanOrEqual(size)
  })

  it('beyond half of them one address has a sixteenth; a proxy has no share of its own', async () => {
    const bounds = { connectionsMax: 32 }
    const direct = await listen((_, response) => response.end('x'), bounds)
    expect(await countServed(direct, 40)).toBe(16)
    const proxied = await listen((_, response) => response.end('x'), { ...bounds, isProxy: () => true })
    expect(await countServed(proxied, 40)).toBe(32)
  })

  it('a connection that has ended makes room', async () => {
    const server = await listen((_, response) => response.end('x'), { connectionsMax: 2 })
    const connected: Socket[] = []
    server.on('connection', (socket) => connected.push(socket))
    for (let round = 0; round < 5; round++) {
      const socket = open(server)
      socket.write(get('/'))
      await once(socket, 'data')
      const { promise, resolve } = Promise.withResolvers<void>()
      server.getConnections((_, count) => expect(count).toBe(1))
      for (const accepted of connected.splice(0)) accepted.once('close', resolve)
      socket.destroy()
      await promise
    }
  })
})

async function countServed(server: Server, connections: number): Promise<number> {
  const answers = await Promise.all(
    Array.from({ length: connections }, async () => {
      const socket = open(server)
      socket.write(get('/'))
      return new Promise<boolean>((done) => {
        socket.once('data', () => done(true)).once('close', () => done(false))
      })
    }),
  )
  return answers.filter(Boolean).length
}

/** Until it has not grown for some turns of the event loop. */
async function untilQuiet(value: () => number): Promise<void> {
  let last = -1
  for (let same = 0; same < 50; same++) {
    if (value() !== last) same = 0
    last = value()
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
}
