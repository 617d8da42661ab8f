import { once } from 'node:events'
import { type Server as HttpServer, type IncomingMessage, request } from 'node:http'
import { type AddressInfo, createServer as createPlainServer, type Server, type Socket } from 'node:net'
import { createInterface } from 'node:readline'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { serverLimits } from '../../limits.ts'
import type { Outbound } from '../../outbound/outbound_client.ts'
import type { ResolvedAddress } from '../../outbound/pinned.ts'
import { addPerson, makeTeam } from '../../people/teams.fixture.ts'
import { audience, startWorld, type World } from '../../server.fixture.ts'
import { signIn } from '../../sign_in.fixture.ts'
import type { CallOptions, Reply } from '../../wire.fixture.ts'
import { createCallRoom } from './call_room.ts'
import { callsTo, startUpstream, type Upstream } from './upstream.fixture.ts'

/** The API that may be called: 127.0.0.2, and no other address of this machine. */
const allowed = '127.0.0.2'
/** Every name leads to these, one after another and the last again and again. */
let resolved: (readonly string[])[] = []
let lookUps: string[] = []
/** Every look-up lasts until it is over. */
let looking: Promise<void> | undefined
/** Ends the time of the calls that are under way. */
let time = new AbortController()
let deadlines: number[] = []

let world: World
let upstream: Upstream
let listener: HttpServer
/** Listeners at the port of the API, on the other addresses of this machine and on ::1. No call may reach one. */
let elsewhere: Elsewhere
let path: string

interface Elsewhere {
  connections: number
  close(): void
}

const document = {
  openapi: '3.1.0',
  info: { title: 'Orders', version: '1' },
  servers: [{ url: 'https://orders.test/v1' }],
  paths: {
    '/orders': { get: {}, post: {} },
    '/orders/{id}': { get: {}, delete: {} },
  },
}

const outbound = (): Outbound =>
  callsTo([`${allowed}/32`], {
    async resolve(hostname) {
      lookUps.push(hostname)
      await looking
      const [addresses = []] = resolved.length > 1 ? resolved.splice(0, 1) : resolved
      if (addresses.length === 0) throw Object.assign(new Error('unknown'), { code: 'ENOTFOUND' })
      return addresses.map((address): ResolvedAddress => ({ address, family: address.includes(':') ? 6 : 4 }))
    },
    deadline(milliseconds) {
      deadlines.push(milliseconds)
      return time.signal
    },
  })

beforeAll(async () => {
  upstream = await startUpstream((_, response) => response.end('[]'), allowed)
  elsewhere = await listenElsewhere(upstream.port)
  world = await startWorld({ outbound: outbound() })
  listener = world.server.createListener()
  await new Promise<void>((listening) => listener.listen(0, '127.0.0.1', listening))
  path = `/v1/apis/${world.apiId}/calls`
  await world.ok('POST', `/v1/apis/${world.apiId}/openapi`, document)
})
beforeEach(async () => {
  resolved = [[allowed]]
  lookUps = []
  looking = undefined
  deadlines = []
  time = new AbortController()
  upstream.requests.length = 0
  upstream.answer = (_, response) => response.end('[]')
  await callAt(upstream.url)
})
afterEach(() => expect(elsewhere.connections, 'nothing else of this machine was reached').toBe(0))
afterAll(async () => {
  listener.closeAllConnections()
  listener.close()
  elsewhere.close()
  upstream.close()
  await world.close()
})

/** At that port of other addresses, where a machine has IPv6 there too. */
async function listenElsewhere(port: number): Promise<Elsewhere> {
  const servers: Server[] = []
  const it: Elsewhere = { connections: 0, close: () => servers.forEach((server) => void server.close()) }
  for (const host of ['127.0.0.1', '127.0.0.3', '::1']) {
    const server = createPlainServer((socket: Socket) => {
      it.connections++
      socket.destroy()
    })
    await new Promise<void>((listening) => server.once('error', () => listening()).listen(port, host, listening))
    servers.push(server)
  }
  return it
}

let calledAt = ''
async function callAt(callUrl: string): Promise<void> {
  if (callUrl !== calledAt) await world.ok('PATCH', `/v1/apis/${world.apiId}`, { callUrl })
  calledAt = callUrl
}
const call = (body: object = {}, options: CallOptions = {}): Promise<Reply> =>
  world.call('POST', path, { body: { method: 'GET', path: '/v1/orders', ...body }, ...options })

/** The same over a connection, so that the answer can be read while it comes, and be left. */
async function open(): Promise<{ line(): Promise<Line>; leave(): void }> {
  const { port } = listener.address() as AddressInfo
  const asked = request(`http://127.0.0.1:${port}${path}`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${world.admin}`, 'Content-Type': 'application/json' },
  })
  asked.on('error', () => {})
  asked.end(JSON.stringify({ method: 'GET', path: '/v1/orders' }))
  const [answer] = (await once(asked, 'response')) as [IncomingMessage]
  const lines = createInterface({ input: answer })[Symbol.asyncIterator]()
  return { line: async () => JSON.parse((await lines.next()).value ?? ''), leave: () => asked.destroy() }
}

interface Line {
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  readonly chunk?: string
  readonly end?: number
  readonly ms?: number
  readonly cut?: boolean
  readonly error?: string
}

const linesOf = ({ text }: Reply): readonly Line[] =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
const bodyOf = (lines: readonly Line[]): Buffer =>
  Buffer.concat(lines.map(({ chunk }) => Buffer.from(chunk ?? '', 'base64')))

describe('a call', () => {
  it('reaches the API as it was given, and its answer comes back as it was', async () => {
    const received: Buffer[] = []
    upstream.answer = async (request, response) => {
      for await (const piece of request) received.push(piece)
      response.writeHead(207, [
        ...['Content-Type', 'text/html', 'X-A', '1', 'X-A', '2'],
        ...['Set-Cookie', 'a=1', 'Set-Cookie', 'b=2', 'Content-Security-Policy', 'none', 'Cache-Control', 'public'],
      ])
      response.end(Buffer.from([0, 255, 10]))
    }
    const bytes = Buffer.from([1, 2, 3, 250])
    await callAt(`${upstream.url}/base/`)
    const reply = await call({
      method: 'POST',
      path: '/v1/orders',
      query: 'a=%20&a=|&b',
      headers: { Authorization: 'Bearer theirs', 'x-request-id': 'mine', 'Content-Type': 'application/octet-stream' },
      body: bytes.toString('base64'),
      bodyEncoding: 'base64',
    })
    const [request] = upstream.requests
    expect([request?.method, request?.url]).toEqual(['POST', '/base/v1/orders?a=%20&a=|&b'])
    expect(Buffer.concat(received)).toEqual(bytes)
    expect(request?.headers).toEqual({
      host: new URL(upstream.url).host,
      accept: '*/*',
      'accept-encoding': 'identity',
      'user-agent': 'countersign',
      authorization: 'Bearer theirs',
      'x-request-id': 'mine',
      'content-type': 'application/octet-stream',
      'content-length': '4',
      connection: 'close',
    })
    const lines = linesOf(reply)
    expect(lines[0]).toMatchObject({
      status: 207,
      headers: { 'content-type': 'text/html', 'x-a': '1, 2', 'set-cookie': 'a=1\nb=2', 'cache-control': 'public' },
    })
    expect(bodyOf(lines)).toEqual(Buffer.from([0, 255, 10]))
    expect(lines.at(-1)).toEqual({ end: 3, ms: expect.any(Number) })
    expect([reply.status, reply.cookies, reply.headers]).toEqual([
      200,
      [],
      {
        'Cache-Control': 'no-store',
        'Content-Disposition': 'attachment',
        'Content-Type': 'application/x-ndjson',
        'X-Content-Type-Options': 'nosniff',
      },
    ])
  })

  it('tells nothing of its caller’s own credential, session, address and headers', async () => {
    const team = await makeTeam(world, { name: 't', access: [{ audience, scope: 'orders:read' }] })
    const { browser } = await addPerson(world, team.id, 'viewer')
    const own = [['X-Own', 'secret-header'] as const, ['X-Forwarded-For', '198.51.100.9'] as const]
    expect((await call({}, { headers: own })).status).toBe(200)
    expect((await browser.call('POST', path, { method: 'GET', path: '/v1/orders' })).status).toBe(200)
    const seen = JSON.stringify(upstream.requests.map(({ rawHeaders, url }) => [rawHeaders, url]))
    expect(upstream.requests).toHaveLength(2)
    for (const word of [world.admin, 'secret-header', '198.51.100.9', '192.0.2.7', '_sess_', 'ookie', 'uthorization'])
      expect(seen).not.toContain(word)
  })

  const dropped = [
    ...[
      'Cookie',
      'cookie',
      'Host',
      'hOST',
      'Connection',
      'Keep-Alive',
      'TE',
      'Trailer',
      'Transfer-Encoding',
      'Upgrade',
    ],
    ...['Proxy', 'Proxy-Authorization', 'Proxy-Connection', 'HTTP2-Settings', 'Content-Length', 'Expect', 'Via'],
    ...['Forwarded', 'X-Forwarded-For', 'X_Forwarded_For', 'X.Forwarded.Host', 'X-Forwarded-Proto', 'X-Real-IP'],
    ...['X-Countersign-Subject', 'x_countersign_subject', 'X-Countersign', 'X-COUNTERSIGN-ASSERTION'],
    ...['X-HTTP-Method-Override', 'X_Method_Override', 'X-Original-URL', 'X-Rewrite-URL', 'Client-IP'],
  ]
  it.each(dropped)('does not send the header %s', async (name) => {
    expect((await call({ headers: { [name]: '100', 'X-Kept': '1' } })).status).toBe(200)
    const { headers, rawHeaders = [] } = upstream.requests[0] ?? {}
    const usual = ['Host', 'Accept', 'Accept-Encoding', 'User-Agent', 'X-Kept', 'Connection']
    expect(rawHeaders.filter((_, index) => index % 2 === 0)).toEqual(usual)
    expect([headers?.host, headers?.connection]).toEqual([new URL(upstream.url).host, 'close'])
  })

  it('wants a described operation, read as the gateway reads it: anything else reaches nobody', async () => {
    const refused = async (pointer: string, body: object) => {
      const reply = await call(body)
      expect([reply.status, reply.body.errors?.[0]?.pointer], JSON.stringify(body)).toEqual([400, pointer])
    }
    for (const method of ['PUT', 'DELETE', 'get', 'CONNECT', 'TRACE', 'OPTIONS', 'GET /x', ''])
      await refused('/method', { method })
    for (const hostile of [
      ...[
        '/',
        '/orders',
        '/v1',
        '/v1/other',
        '/v1/orders/',
        '/v1//orders',
        '//v1/orders',
        '/v1/orders/a/b',
        '/v1/Orders/..',
      ],
      ...[
        '/v1/../orders',
        '/v1/orders/..',
        '/v1/orders/%2e%2e',
        '/v1/orders/%2E',
        '/v1/orders/a%2fb',
        '/v1/orders/a%5cb',
      ],
      ...[
        '/v1/orders/a;b',
        '/v1/orders/a%3bb',
        '/v1/orders/a%252f',
        '/v1/orders/%',
        '/v1/orders/%ff',
        '/v1/orders/a%00',
      ],
      ...['/v1/orders#x', '/v1/orders?x', '/v1/orders\\a', '/v1/orders/ä', '/v1/orders /x', '/v1/orders\r\nX: y'],
      ...[`http://127.0.0.1:${upstream.port}/v1/orders`, `//127.0.0.1:${upstream.port}/v1/orders`, '*', ''],
      ...[`@127.0.0.1:${upstream.port}/v1/orders`, `.127.0.0.1:${upstream.port}/v1/orders`, ':80/v1/orders'],
    ])
      await refused('/path', { path: hostile })
    await refused('/query', { query: 'a#b' })
    await refused('/query', { query: 'a b' })
    await refused('/headers', { headers: { 'X-A': '1', 'x-a': '2' } })
    await refused('/headers/X-A', { headers: { 'X-A': 'a\r\nHost: b' } })
    await refused('/body', { method: 'POST', body: 'a', bodyEncoding: 'base64' })
    expect(upstream.requests).toHaveLength(0)
    expect((await call({ path: '/v1/orders/a%20b' })).status).toBe(200)
    expect(upstream.requests.map(({ url }) => url)).toEqual(['/v1/orders/a%20b'])
  })

  it('wants an API that was described, and that says where it is called', async () => {
    const { id } = await world.ok('POST', '/v1/apis', { audience: 'https://bare.test', name: 'x' })
    const at = () => world.call('POST', `/v1/apis/${id}/calls`, { body: { method: 'GET', path: '/v1/orders' } })
    expect((await at()).body).toMatchObject({ status: 409, code: 'conflict' })
    await world.ok('PATCH', `/v1/apis/${id}`, { callUrl: upstream.url })
    expect((await at()).body).toMatchObject({ status: 400, errors: [{ pointer: '/path' }] })
    expect(upstream.requests).toHaveLength(0)
  })
})

describe('an address that is neither public nor named is reached by nobody', () => {
  const spellings = [
    ...['127.0.0.1', '127.0.0.3', '127.1', '127.0.1', '0177.0.0.1', '0177.1', '0x7f.0.0.1', '0x7f.1', '0x7f000001'],
    ...['2130706433', '017700000001', '0x7F.0x0.0x0.0x1', '00000177.0.0.1', '127.0.0.1.', '127.0.0.003', '0x7f000003'],
    ...['0', '0.0', '0.0.0.0', '0x0', '00', '%31%32%37.0.0.1', '127%2e0%2e0%2e1', '①②⑦.⓪.⓪.①', '127。0。0。1'],
    ...['１２７.0.0.1', '127．0．0．1', '127｡0｡0｡1', '⑫7.0.0.1', '0X7F.0.0.1', '127.0x000001'],
    ...['[::1]', '[0:0:0:0:0:0:0:1]', '[::0001]', '[0000:0000::0001]', '[::]', '[::ffff:127.0.0.1]', '[::ffff:7f00:1]'],
    ...['[0:0:0:0:0:ffff:127.0.0.1]', '[::FFFF:127.0.0.3]', '[::127.0.0.1]', '[::7f00:1]', '[::ffff:0:127.0.0.1]'],
    ...['[64:ff9b::127.0.0.1]', '[64:ff9b::7f00:1]', '[64:ff9b:1::7f00:1]', '[2002:7f00:1::]', '[2002:7f00:1::1]'],
    ...['[2001:0:7f00:1::]', '[2001::1]', '[fe80::1]', '[fe80::7f00:1]', '[fc00::1]', '[fd00::1]', '[fec0::1]'],
    ...['[ff02::1]', '[ff01::1]', '[100::1]', '[2001:db8::1]', '[3fff::1]', '[5f00::1]'],
    ...['10.0.0.1', '0x0a000001', '167772161', '012.0.0.1', '10.1', '172.16.0.1', '172.31.255.255', '192.168.1.1'],
    ...['192.168.257', '0xc0a80101', '100.64.0.1', '100.127.255.255', '169.254.169.254', '0xa9fea9fe', '2852039166'],
    ...['0251.0376.0251.0376', '169.254.43518', '169.254.0.1', '192.0.0.1', '192.0.2.1', '198.18.0.1', '198.51.100.1'],
    ...[
      '198.19.255.255',
      '192.31.196.1',
      '192.52.193.1',
      '192.175.48.1',
      '172.2886729729',
      '0.0.0.1',
      '127.255.255.254',
    ],
    ...['203.0.113.1', '224.0.0.1', '239.255.255.255', '240.0.0.1', '255.255.255.255', '192.88.99.1'],
  ]
  const names = ['localhost', 'localhost.', 'LOCALHOST', 'ｌocalhost', 'a.localhost', 'orders.test', 'orders.test.']
  /** Addresses that a resolver may answer, whatever the name. */
  const answers = [
    ...['127.0.0.1', '127.0.0.3', '::1', '::', '0.0.0.0', '::ffff:127.0.0.1', '::ffff:7f00:1', '::127.0.0.1'],
    ...[
      '64:ff9b::7f00:1',
      '2002:7f00:1::',
      'fe80::1%lo',
      'fe80::1%1',
      '::1%lo',
      'fd00::1',
      '10.0.0.1',
      '169.254.169.254',
    ],
    ...['100.64.0.1', '224.0.0.1', '255.255.255.255', 'nonsense'],
  ]

  it('the list has at least 120 ways', () => {
    expect(spellings.length + names.length + answers.length).toBeGreaterThanOrEqual(120)
  })

  async function expectRefused(callUrl: string): Promise<void> {
    if (!URL.canParse(callUrl)) return
    await callAt(callUrl)
    const reply = await call()
    expect([reply.status, reply.body.code], callUrl).toEqual([502, 'api_address_not_allowed'])
  }

  it.each(spellings)('%s', async (host) => {
    for (const scheme of ['http', 'https']) await expectRefused(`${scheme}://${host}:${upstream.port}`)
    expect(upstream.requests).toHaveLength(0)
  })

  it.each(names)('the name %s', async (name) => {
    resolved = [['127.0.0.1', '::1']]
    for (const scheme of ['http', 'https']) await expectRefused(`${scheme}://${name}:${upstream.port}`)
  })

  it.each(answers)('a name that leads to %s, alone or beside one that may be called', async (address) => {
    for (const scheme of ['http', 'https']) {
      for (const addresses of [[address], [allowed, address], ['8.8.8.8', address]]) {
        resolved = [addresses]
        await expectRefused(`${scheme}://orders.test:${upstream.port}`)
      }
    }
    expect(upstream.requests).toHaveLength(0)
  })

  it.each(['user@', 'user:pass@', `${allowed}@`, `${allowed}:80@`, `${allowed}%00@`, `${allowed}%2f@`])(
    'a URL with %s before its host is no callUrl',
    async (user) => {
      const body = { callUrl: `http://${user}127.0.0.1:${upstream.port}` }
      expect((await world.call('PATCH', `/v1/apis/${world.apiId}`, { body })).status).toBe(400)
    },
  )

  it('a public address is called over https alone, since a call carries credentials', async () => {
    resolved = [['8.8.8.8']]
    await expectRefused('http://orders.test')
    await expectRefused('http://8.8.8.8')
  })

  it('a name is looked up once, and the connection goes to that address whatever the name leads to by then', async () => {
    resolved = [[allowed], ['127.0.0.1']]
    await callAt(`http://rebinding.test:${upstream.port}`)
    expect((await call()).status).toBe(200)
    expect(lookUps).toEqual(['rebinding.test'])
    expect(upstream.requests[0]?.headers.host).toBe(`rebinding.test:${upstream.port}`)
    expect((await call()).body.code).toBe('api_address_not_allowed')
  })

  it.each([301, 302, 303, 307, 308])('a redirect %i is shown, and not followed', async (status) => {
    const location = `http://127.0.0.1:${upstream.port}/v1/orders`
    upstream.answer = (_, response) => response.writeHead(status, { Location: location }).end()
    expect(linesOf(await call())[0]).toMatchObject({ status, headers: { location } })
    expect(upstream.requests).toHaveLength(1)
  })
})

describe('an API that does not answer', () => {
  const codeOf = async () => {
    const { status, body } = await call()
    return [status, body.code]
  }

  it('refuses, breaks off, speaks no TLS or no HTTP, or is not known: each has its code and its text', async () => {
    const gone = await startUpstream(() => {}, allowed)
    gone.close()
    await callAt(gone.url)
    expect(await codeOf()).toEqual([502, 'api_unreachable'])
    await callAt(upstream.url)
    upstream.answer = (request) => request.socket.destroy()
    expect(await codeOf()).toEqual([502, 'api_unreachable'])
    upstream.answer = (request) => request.socket.end('what?\r\n\r\n')
    expect(await codeOf()).toEqual([502, 'api_unreachable'])
    upstream.answer = (request) =>
      request.socket.end('HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n')
    expect(await codeOf()).toEqual([502, 'api_unreachable'])
    await callAt(upstream.url.replace('http:', 'https:'))
    expect(await codeOf()).toEqual([502, 'api_tls_failed'])
    resolved = []
    await callAt('https://orders.test')
    expect(await codeOf()).toEqual([502, 'api_name_unknown'])
    const problem = await call()
    expect(problem.headers['Content-Type']).toBe('application/problem+json')
  })

  it('within 60 seconds is a timeout, before its answer and in the middle of it', async () => {
    const silent = Promise.withResolvers<void>()
    upstream.answer = () => silent.resolve()
    const waiting = codeOf()
    await silent.promise
    time.abort()
    expect(await waiting).toEqual([504, 'api_timeout'])
    time = new AbortController()
    upstream.answer = (_, response) => response.write('a')
    const reading = await open()
    expect(await reading.line()).toMatchObject({ status: 200 })
    expect(await reading.line()).toEqual({ chunk: 'YQ==' })
    time.abort()
    const last = await reading.line()
    expect(last).toMatchObject({ error: 'api_timeout', detail: expect.stringContaining('60'), ms: expect.any(Number) })
    expect(deadlines).toEqual([60_000, 60_000])
  })

  it('to its end is said to have broken off', async () => {
    upstream.answer = (request, response) => {
      response.writeHead(200, { 'Content-Length': 100 })
      response.write('half', () => setImmediate(() => request.socket.destroy()))
    }
    const lines = linesOf(await call())
    expect(bodyOf(lines).toString()).toBe('half')
    expect(lines.at(-1)).toMatchObject({ error: 'api_unreachable' })
  })
})

describe('limits', () => {
  it('an answer is cut after 10 MB, with a note in its last line; one of 10 MB is whole', async () => {
    const { callAnswerBytesMax: most } = serverLimits
    expect(most).toBe(10_000_000)
    upstream.answer = (_, response) => response.end(Buffer.alloc(most))
    const whole = linesOf(await call())
    expect([bodyOf(whole).length, whole.at(-1)]).toEqual([most, { end: most, ms: expect.any(Number) }])
    const ended = Promise.withResolvers<void>()
    upstream.answer = (_, response) => {
      response.write(Buffer.alloc(most + 1))
      response.once('close', ended.resolve)
    }
    const cut = linesOf(await call())
    expect([bodyOf(cut).length, cut.at(-1)]).toEqual([most, { end: most, ms: expect.any(Number), cut: true }])
    await ended.promise
  })

  it('a person has four calls at once in whatever session, a client four, and each end makes room', async () => {
    const team = await makeTeam(world, { name: 't', access: [{ audience, scope: 'orders:read' }] })
    const person = await addPerson(world, team.id, 'viewer')
    const again = await signIn(world, person.id)
    const held: (() => void)[] = []
    let arrived = Promise.withResolvers<void>()
    upstream.answer = (_, response) => {
      held.push(() => response.end())
      if (held.length % 4 === 0) arrived.resolve()
    }
    const ask = { method: 'GET', path: '/v1/orders' }
    const own = [call(), call(), call(), call()]
    await arrived.promise
    const fifth = await call()
    expect([fifth.status, fifth.body.code, fifth.headers['Retry-After']]).toEqual([503, 'unavailable', '1'])
    arrived = Promise.withResolvers<void>()
    const sessions = [person.browser, again, person.browser, again]
    const theirs = sessions.map((browser) => browser.call('POST', path, ask))
    await arrived.promise
    for (const browser of sessions.slice(0, 2)) expect((await browser.call('POST', path, ask)).status).toBe(503)
    held[0]?.()
    await Promise.race(own)
    upstream.answer = (_, response) => response.end()
    expect((await call()).status).toBe(200)
    for (const end of held) end()
    for (const reply of await Promise.all([...own, ...theirs])) expect(reply.status).toBe(200)
  })

  it('a caller who goes ends the call at the API, and frees its place', async () => {
    for (let round = 0; round <= serverLimits.callsOfCallerMax; round++) {
      const gone = Promise.withResolvers<void>()
      upstream.answer = (_, response) => {
        response.write('a')
        response.once('close', gone.resolve)
      }
      const reading = await open()
      expect(await reading.line()).toMatchObject({ status: 200 })
      reading.leave()
      await gone.promise
    }
  })

  it('who leaves while a name is looked up has the place until that is over; what only waits is looked up no more', async () => {
    const release = Promise.withResolvers<void>()
    await callAt(`http://slow.test:${upstream.port}`)
    looking = release.promise
    const { port } = listener.address() as AddressInfo
    const leaving = new AbortController()
    const left = Array.from({ length: serverLimits.callsOfCallerMax }, () =>
      fetch(`http://127.0.0.1:${port}${path}`, {
        method: 'POST',
        headers: { Authorization: `Bearer ${world.admin}`, 'Content-Type': 'application/json' },
        body: JSON.stringify({ method: 'GET', path: '/v1/orders' }),
        signal: leaving.signal,
      }).catch(() => {}),
    )
    // One caller has one look-up at a time.
    await vi.waitFor(() => expect(lookUps).toHaveLength(1))
    leaving.abort()
    await Promise.all(left)
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect((await call()).body.detail).toContain('calls of yours are under way')
    release.resolve()
    await vi.waitFor(async () => expect((await call()).status).toBe(200))
    expect(lookUps).toHaveLength(2)
  })

  it('nothing more is read from the API than its caller has taken', async () => {
    let read = 0
    async function* endless(): AsyncGenerator<Uint8Array> {
      for (;;) {
        read++
        yield Buffer.alloc(10)
      }
    }
    const send = async () => ({ status: 200, rawHeaders: [], body: endless() })
    const other = await world.second(undefined, { outbound: { ...outbound(), send } })
    const asked = {
      method: 'POST',
      path,
      query: '',
      rawHeaders: [
        'Host',
        'localhost:4800',
        'Authorization',
        `Bearer ${world.admin}`,
        'Content-Type',
        'application/json',
      ],
      peer: undefined,
      requestId: 'req_1',
      readBody: async () => Buffer.from(JSON.stringify({ method: 'GET', path: '/v1/orders' })),
      signal: new AbortController().signal,
    }
    const { body, sendMs } = await other.handle(asked)
    // Who does not take it in this time loses the connection: documents.test.ts.
    expect(sendMs).toBe(serverLimits.callTimeoutMs)
    const lines = (body as AsyncIterable<string>)[Symbol.asyncIterator]()
    expect([JSON.parse((await lines.next()).value).status, read]).toEqual([200, 0])
    await lines.next()
    await lines.next()
    expect(read).toBe(2)
    await lines.return?.()
  })

  it('a process has a bound too, shared fairly by tenant and caller; a place is given back once', () => {
    const room = createCallRoom()
    const leaves: (() => void)[] = []
    const takeAll = (tenant: string): number => {
      let taken = 0
      for (let caller = 0; caller < 100; caller++) {
        for (
          let leave = room.take({ tenant, credential: `${tenant} c${caller}` });
          typeof leave === 'function';
          taken++
        ) {
          leaves.push(leave)
          leave = room.take({ tenant, credential: `${tenant} c${caller}` })
        }
      }
      return taken
    }
    expect(takeAll('flooder')).toBeGreaterThanOrEqual(32)
    expect(room.take({ tenant: 'other', credential: 'other a' })).toBeTypeOf('function')
    takeAll('third')
    takeAll('fourth')
    takeAll('fifth')
    expect(leaves.length).toBeLessThan(serverLimits.callsMax)
    expect(room.take({ tenant: 'flooder', credential: 'new' })).toBe('server')
    for (const leave of [...leaves, ...leaves]) leave()
    expect(room.take({ tenant: 'flooder', credential: 'new' })).toBeTypeOf('function')
  })
})
