import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { openWorld, statusesOf, type World } from './gateway.fixture.ts'

let world: World
let key: string
beforeAll(async () => {
  world = await openWorld()
  key = (await world.key('orders:read orders:write')).text
})
afterAll(() => world.close())
beforeEach(() => {
  world.seen.length = 0
})

/** A request with a good credential; `smuggled` is what an attacker hopes the upstream takes for a request of its own. */
const head = (line: string, ...fields: string[]): string =>
  [`${line}`, 'Host: a', `Authorization: Bearer ${key}`, ...fields, '', ''].join('\r\n')
const smuggled = 'DELETE /orders HTTP/1.1\r\nHost: a\r\n\r\n'
/** Closes a connection that a refusal has left open; no operation has its path. */
const last = 'GET /none HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'
const chunked = `${smuggled.length.toString(16)}\r\n${smuggled}\r\n0\r\n\r\n`

describe('goal B4: bytes with two readings end at the gateway', () => {
  test.each<[string, () => string]>([
    [
      'two Content-Length',
      () => `${head('POST /orders HTTP/1.1', 'Content-Length: 0', `Content-Length: ${smuggled.length}`)}${smuggled}`,
    ],
    ['two equal Content-Length', () => `${head('POST /orders HTTP/1.1', 'Content-Length: 1', 'Content-Length: 1')}x`],
    ['a list of lengths', () => `${head('POST /orders HTTP/1.1', 'Content-Length: 1, 1')}x`],
    ['a signed length', () => `${head('POST /orders HTTP/1.1', 'Content-Length: +1')}x`],
    ['a hexadecimal length', () => `${head('POST /orders HTTP/1.1', 'Content-Length: 0x1')}x`],
    ['a negative length', () => head('POST /orders HTTP/1.1', 'Content-Length: -1')],
    [
      'length and chunked',
      () => `${head('POST /orders HTTP/1.1', 'Content-Length: 4', 'Transfer-Encoding: chunked')}${chunked}`,
    ],
    [
      'chunked and length',
      () => `${head('POST /orders HTTP/1.1', 'Transfer-Encoding: chunked', 'Content-Length: 4')}${chunked}`,
    ],
    [
      'another coding before chunked',
      () => `${head('POST /orders HTTP/1.1', 'Transfer-Encoding: gzip, chunked')}${chunked}`,
    ],
    [
      'chunked and then another',
      () => `${head('POST /orders HTTP/1.1', 'Transfer-Encoding: chunked, identity')}${chunked}`,
    ],
    [
      'chunked twice',
      () => `${head('POST /orders HTTP/1.1', 'Transfer-Encoding: chunked', 'Transfer-Encoding: chunked')}${chunked}`,
    ],
    ['xchunked', () => `${head('POST /orders HTTP/1.1', 'Transfer-Encoding: xchunked')}${chunked}`],
    [
      'a coding with a vertical tab',
      () => `${head('POST /orders HTTP/1.1', 'Transfer-Encoding: \x0bchunked')}${chunked}`,
    ],
    ['a space before the colon', () => `${head('POST /orders HTTP/1.1', 'Transfer-Encoding : chunked')}${chunked}`],
    ['a folded field', () => `${head('POST /orders HTTP/1.1', 'Transfer-Encoding:\r\n chunked')}${chunked}`],
    ['chunked in HTTP/1.0', () => `${head('POST /orders HTTP/1.0', 'Transfer-Encoding: chunked')}${chunked}`],
    [
      'a chunk size that is none',
      () => `${head('POST /orders HTTP/1.1', 'Transfer-Encoding: chunked')}zz\r\n${smuggled}`,
    ],
    [
      'a chunk longer than its size',
      () => `${head('POST /orders HTTP/1.1', 'Transfer-Encoding: chunked')}1\r\nab\r\n0\r\n\r\n`,
    ],
    [
      'a chunk size ended by a bare LF',
      () => `${head('POST /orders HTTP/1.1', 'Transfer-Encoding: chunked')}1\na\r\n0\r\n\r\n`,
    ],
    ['bare line feeds', () => head('GET /orders HTTP/1.1').replaceAll('\r\n', '\n')],
    ['a bare CR in a value', () => head('GET /orders HTTP/1.1', 'X-A: b\rX-C: d')],
    ['NUL in a name', () => head('GET /orders HTTP/1.1', 'X-\0A: b')],
    ['NUL in a value', () => head('GET /orders HTTP/1.1', 'X-A: b\0c')],
    ['a control character in the target', () => head('GET /orders\x01 HTTP/1.1')],
    ['a space in the target', () => head('GET /orders /health HTTP/1.1')],
    ['absolute-form', () => head('GET http://a/orders HTTP/1.1')],
    ['absolute-form of another host', () => head('GET http://169.254.169.254/orders HTTP/1.1')],
    ['absolute-form of another scheme', () => head('GET file:///orders HTTP/1.1')],
    ['asterisk-form', () => head('OPTIONS * HTTP/1.1')],
    [
      'asterisk-form as a preflight',
      () => head('OPTIONS * HTTP/1.1', 'Origin: https://a', 'Access-Control-Request-Method: GET'),
    ],
    ['authority-form', () => head('GET a:80 HTTP/1.1')],
    ['no slash', () => head('GET orders HTTP/1.1')],
    ['a network path', () => head('GET //a/orders HTTP/1.1')],
    ['a fragment', () => head('GET /orders#x HTTP/1.1')],
    ['CONNECT', () => head('CONNECT a:80 HTTP/1.1')],
    ['CONNECT to the upstream itself', () => head('CONNECT 127.0.0.1:80 HTTP/1.1')],
    ['two Host', () => head('GET /orders HTTP/1.1', 'Host: b')],
    ['no Host', () => head('GET /orders HTTP/1.1').replace('Host: a\r\n', '')],
    ['no Host in HTTP/1.0', () => head('GET /orders HTTP/1.0').replace('Host: a\r\n', '')],
    ['a Host with a user', () => head('GET /orders HTTP/1.1').replace('Host: a', 'Host: b@a')],
    ['a Host with a path', () => head('GET /orders HTTP/1.1').replace('Host: a', 'Host: a/b')],
    ['HTTP/0.9', () => head('GET /orders HTTP/0.9')],
    ['HTTP/2 in clear text', () => 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
    [
      'an upgrade with a body',
      () =>
        `${head('GET /orders HTTP/1.1', 'Connection: Upgrade', 'Upgrade: websocket', `Content-Length: ${smuggled.length}`)}${smuggled}`,
    ],
    ['an unknown method', () => head('GETX /orders HTTP/1.1')],
    ['a method in lower case', () => head('get /orders HTTP/1.1')],
  ])('%s', async (_, text) => {
    const isKept = /^[^\r\n]* HTTP\/1\.1\r\n/.test(text())
    const received = await world.raw(Buffer.from(isKept ? text() + last : text(), 'latin1'))
    const [first] = statusesOf(received)
    expect(first, received).toBe(400)
    expect(received).toContain('application/problem+json')
    expect(world.seen.map(({ method }) => method)).not.toContain('DELETE')
    // A request that broke off within its body may have begun upstream; it never arrived whole, and nothing behind it did.
    const isChunk = text().includes('chunked\r\n\r\n')
    if (!isChunk) expect(world.seen).toEqual([])
  })

  test('a body is a body: what looks like a request in it reaches the upstream as its bytes', async () => {
    const close = 'Connection: close'
    const size = `Content-Length: ${smuggled.length}`
    const coding = 'Transfer-Encoding: chunked'
    const length = await world.raw(`${head('POST /orders HTTP/1.1', close, size)}${smuggled}`)
    const chunks = await world.raw(`${head('POST /orders HTTP/1.1', close, coding)}${chunked}`)
    const onGet = await world.raw(`${head('GET /orders HTTP/1.1', close, size)}${smuggled}`)
    const chunkedGet = await world.raw(`${head('GET /orders HTTP/1.1', close, coding)}${chunked}`)
    expect([length, chunks, onGet, chunkedGet].map(statusesOf)).toEqual([[200], [200], [200], [200]])
    expect(world.seen.map(({ method, body }) => [method, body])).toEqual([
      ['POST', smuggled],
      ['POST', smuggled],
      ['GET', smuggled],
      ['GET', smuggled],
    ])
  })

  test('Connection naming the framing fields changes no framing', async () => {
    const fields = ['Connection: content-length, transfer-encoding, host, authorization, close']
    await world.raw(`${head('POST /orders HTTP/1.1', ...fields, `Content-Length: ${smuggled.length}`)}${smuggled}`)
    await world.raw(`${head('POST /orders HTTP/1.1', ...fields, 'Transfer-Encoding: chunked')}${chunked}`)
    expect(world.seen.map(({ body }) => body)).toEqual([smuggled, smuggled])
  })

  test('pipelined requests are each judged, and answered in order', async () => {
    const refused = 'GET /orders HTTP/1.1\r\nHost: a\r\n\r\n'
    const received = await world.raw(
      `${head('GET /orders HTTP/1.1')}${refused}${head('GET /orders/7 HTTP/1.1')}GET /health HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`,
    )
    expect(statusesOf(received)).toEqual([200, 401, 200, 200])
    expect(world.seen.map(({ url }) => url).sort()).toEqual(['/health', '/orders', '/orders/7'])
  })

  test('a refused request with a body leaves the connection in step or closed', async () => {
    const body = `Content-Length: ${smuggled.length}\r\n\r\n${smuggled}`
    const small = await world.raw(
      `POST /orders HTTP/1.1\r\nHost: a\r\n${body}${head('GET /orders HTTP/1.1', 'Connection: close')}`,
    )
    expect(statusesOf(small)).toEqual([401, 200])
    const large = await world.raw('POST /orders HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\nGET /')
    expect(large).toMatch(/401[\s\S]*connection: close/i)
    expect(world.seen.map(({ method }) => method)).toEqual(['GET'])
  })

  test('noise of every kind: no answer but 4xx, nothing forwarded but what was allowed, and good requests go on', async () => {
    const names = [
      'Transfer-Encoding',
      'Content-Length',
      'Host',
      'Connection',
      'Upgrade',
      'X-A',
      'transfer_encoding',
      'TE',
      'Expect',
    ]
    const values = [
      'chunked',
      '0',
      '5',
      '-1',
      'close',
      'x',
      '',
      '\x00',
      '\r',
      '\n',
      '\x0b',
      '\u00ff',
      'Upgrade',
      'h2c',
      'websocket',
      '100-continue',
      '1e1',
    ]
    const lines = [
      'GET /orders HTTP/1.1',
      'POST /orders HTTP/1.1',
      'GET  /orders HTTP/1.1',
      'GET /orders\t HTTP/1.1',
      'POST /orders HTTP/1.0',
      'HEAD / HTTP/1.1',
      'GET /orders',
    ]
    // A linear congruential generator: the same noise each time.
    let state = 20_260_401
    const pick = <T>(list: readonly T[]): T => {
      state = (state * 1_103_515_245 + 12_345) % 2_147_483_648
      return list[Math.floor((state / 2_147_483_648) * list.length)] as T
    }
    const requests = Array.from({ length: 400 }, () => {
      const fields = Array.from(
        { length: pick([1, 2, 3]) },
        () => `${pick(names)}${pick([':', ': ', ' :', ':\t'])}${pick(values)}`,
      )
      return `${pick(lines)}${pick(['\r\n', '\n'])}Host: a\r\n${fields.join('\r\n')}\r\n\r\n${pick(['', '0\r\n\r\n', smuggled])}`
    })
    const statuses: number[] = []
    for (let start = 0; start < requests.length; start += 50) {
      const received = await Promise.all(
        requests.slice(start, start + 50).map((text) => world.raw(Buffer.from(text + last, 'latin1'))),
      )
      statuses.push(...received.flatMap(statusesOf))
    }
    expect(statuses.length).toBeGreaterThan(100)
    expect(statuses.filter((status) => status !== 100 && (status < 400 || status > 499))).toEqual([])
    expect(world.seen).toEqual([])
    expect((await world.call('GET', '/orders', { key })).status).toBe(200)
  })
})

test('a half-sent head does not hold a connection for more than its time', async () => {
  const { server } = world.gateway
  expect(server.headersTimeout).toBe(10_000)
  server.headersTimeout = 500
  const received = await world.raw('GET /orders HTTP/1.1\r\nHost: a\r\nX-Slow: ')
  server.headersTimeout = 10_000
  expect(statusesOf(received)).toEqual([408])
})

test('a host that is not allowed is 421, before anything else is looked at', async () => {
  const guarded = await openWorld({ allowedHosts: (host) => /^(?:localhost|127\.0\.0\.1)(?::\d+)?$/.test(host) })
  const ask = async (fields: string): Promise<readonly number[]> =>
    statusesOf(await guarded.raw(`GET /health HTTP/1.1\r\n${fields}Connection: close\r\n\r\n`))
  expect(await ask('Host: localhost:4801\r\n')).toEqual([200])
  expect(await ask('Host: evil.test\r\n')).toEqual([421])
  expect(await ask('Host: localhost\r\nHost: evil.test\r\n')).toEqual([421])
  expect(await ask('Host: evil.test\r\nX-Forwarded-Host: localhost\r\n')).toEqual([421])
  await guarded.close()
})
