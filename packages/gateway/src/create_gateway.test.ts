import { createFailures } from '@countersign/verifier/engine'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { openWorld, raw, statusesOf, until, type World } from './gateway.fixture.ts'

let world: World
let initial: World['handle']
beforeAll(async () => {
  world = await openWorld()
  initial = world.handle
})
afterAll(() => world.close())
beforeEach(() => {
  world.handle = initial
  world.seen.length = 0
  world.events.length = 0
  world.isFresh = true
})

const problem = (body: string): Record<string, unknown> => JSON.parse(body) as Record<string, unknown>

describe('what the caller is answered', () => {
  test('a key with the scope reaches the upstream, its answer comes back', async () => {
    const { id, text } = await world.key('orders:read')
    const answer = await world.call('GET', '/orders?limit=2&x=%2F', { key: text })
    expect(answer).toMatchObject({ status: 200, body: 'from the upstream' })
    expect(world.seen).toMatchObject([{ method: 'GET', url: '/orders?limit=2&x=%2F' }])
    expect(world.events).toMatchObject([
      { method: 'GET', path: '/orders', status: 200, decision: 'verified', credentialId: id, clientId: 'client_1' },
    ])
  })

  test('a refusal names the page about its code, a request that cannot be read too', async () => {
    const { body } = await world.call('GET', '/orders')
    expect(problem(body).type).toBe('https://auth.example.com/errors/missing_credential')
    const answer = await raw(world.port, 'GET / HTTP/1.1\r\nbad header\r\n\r\n')
    expect(answer).toContain('"type":"https://auth.example.com/errors/bad_request"')
  })

  test('X-API-Key is the same as a Bearer credential', async () => {
    const { text } = await world.key('orders:read')
    expect((await world.call('GET', '/orders', { headers: { 'X-API-Key': text } })).status).toBe(200)
    expect(JSON.stringify(world.seen)).not.toContain(text)
  })

  test.each([
    ['no credential', 'GET', '/orders', {}, 401, 'missing_credential', 'Bearer'],
    [
      'nonsense',
      'GET',
      '/orders',
      { Authorization: 'Bearer nonsense' },
      401,
      'invalid_token',
      'Bearer error="invalid_token"',
    ],
    ['Basic', 'GET', '/orders', { Authorization: 'Basic QTpC' }, 401, 'missing_credential', 'Bearer'],
    ['an unknown path', 'GET', '/nothing', {}, 404, 'not_found', undefined],
    ['another method', 'PATCH', '/orders', {}, 405, 'method_not_allowed', undefined],
    ['an ambiguous path', 'GET', '/orders/..%2f', {}, 400, 'ambiguous_path', undefined],
    ['an overridden method', 'GET', '/orders', { 'X-HTTP-Method-Override': 'DELETE' }, 400, 'bad_request', undefined],
    ['an overridden path', 'GET', '/health', { X_Original_URL: '/orders' }, 400, 'bad_request', undefined],
  ] as const)('%s: %s %s', async (_, method, path, headers, status, code, challenge) => {
    const answer = await world.call(method, path, { headers })
    expect(answer.status).toBe(status)
    expect(answer.headers['content-type']).toBe('application/problem+json')
    expect(answer.headers['cache-control']).toBe('no-store')
    expect(answer.headers['www-authenticate']).toBe(challenge)
    expect(problem(answer.body)).toMatchObject({ status, code, requestId: expect.stringMatching(/^req_/) })
    expect(world.seen).toEqual([])
  })

  test('a 401 leaves when its time tells nothing, any other answer at once', async () => {
    let waited = 0
    const timed = await openWorld({ refusalTimes: { wait: async () => void waited++ } })
    try {
      const { id, text } = await timed.key('orders:read')
      expect((await timed.call('GET', '/orders', { key: text })).status).toBe(200)
      expect((await timed.call('POST', '/orders', { key: text })).status).toBe(403)
      expect((await timed.call('GET', '/nothing', { key: text })).status).toBe(404)
      expect(waited).toBe(0)
      timed.revoke(id)
      expect((await timed.call('GET', '/orders', { key: text })).status).toBe(401)
      expect((await timed.call('GET', '/orders', { key: 'cs_live_unknown' })).status).toBe(401)
      expect(waited).toBe(2)
    } finally {
      await timed.close()
    }
  })

  test('405 names the methods of the path', async () => {
    const answer = await world.call('PATCH', '/orders')
    expect(answer.headers.allow).toBe('DELETE, GET, HEAD, POST, PUT')
  })

  test('a key without the scope is 403, and the challenge names what is needed', async () => {
    const { text } = await world.key('orders:read')
    const answer = await world.call('POST', '/orders', { key: text, body: '{}' })
    expect(answer.status).toBe(403)
    expect(answer.headers['www-authenticate']).toBe('Bearer error="insufficient_scope", scope="orders:write"')
    expect(world.seen).toEqual([])
  })

  test('two credentials are 400 in every combination', async () => {
    const { text } = await world.key('orders:read')
    const bearer = `Authorization: Bearer ${text}\r\n`
    const apiKey = `X-API-Key: ${text}\r\n`
    for (const fields of [bearer + bearer, bearer + apiKey, apiKey + apiKey, `X-Api-Key: ${text},${text}\r\n`]) {
      const received = await world.raw(`GET /orders HTTP/1.1\r\nHost: a\r\nConnection: close\r\n${fields}\r\n`)
      expect(statusesOf(received)).toEqual([400])
    }
    expect(world.seen).toEqual([])
  })

  test('revoked, disabled and unknown look the same; a narrowed key loses and regains at once', async () => {
    const { id, text } = await world.key('orders:read orders:write')
    expect((await world.call('GET', '/orders', { key: text })).status).toBe(200)
    world.change(id, { scope: 'orders:write' })
    expect((await world.call('GET', '/orders', { key: text })).status).toBe(403)
    world.change(id, { scope: 'orders:read' })
    expect((await world.call('GET', '/orders', { key: text })).status).toBe(200)
    world.change(id, { scope: 'orders:read', status: 'disabled' })
    const disabled = await world.call('GET', '/orders', { key: text })
    world.revoke(id)
    const revoked = await world.call('GET', '/orders', { key: text })
    const other = await world.call('GET', '/orders', { key: `${text.slice(0, -1)}_` })
    const outside = ({ body, ...rest }: typeof revoked): unknown => [
      rest.status,
      rest.headers['www-authenticate'],
      { ...problem(body), requestId: '' },
    ]
    expect(outside(revoked)).toEqual(outside(other))
    expect(outside(disabled)).toEqual(outside(other))
    expect(world.events.slice(-3).map((event) => event.decision)).toEqual(['disabled', 'revoked', 'malformed'])
  })

  test('a stale book is 503 with Retry-After, and public operations go on', async () => {
    const { text } = await world.key('orders:read')
    world.isFresh = false
    const answer = await world.call('GET', '/orders', { key: text })
    expect([answer.status, answer.headers['retry-after']]).toEqual([503, '1'])
    expect((await world.call('GET', '/health')).status).toBe(200)
  })

  test('failed credentials are limited for each address, and whoever shares it with a guesser goes on working', async () => {
    const limited = await openWorld({ failures: createFailures(() => 1_800_000_000) })
    const guesses = Array.from({ length: 610 }, () => limited.call('GET', '/orders', { key: 'nonsense' }))
    const statuses = (await Promise.all(guesses)).map(({ status }) => status)
    expect([401, 429].map((status) => statuses.filter((each) => each === status).length)).toEqual([600, 10])
    const { text } = await limited.key('orders:read')
    expect((await limited.call('GET', '/orders', { key: text })).status).toBe(200)
    const guess = await limited.call('GET', '/orders', { key: 'nonsense' })
    expect(guess).toMatchObject({ status: 429, headers: { 'retry-after': '60' } })
    await limited.close()
  })

  test('a spent limit is 429 with RateLimit fields, which successes carry too', async () => {
    const { text } = await world.key('orders:read', { rateLimit: { limit: 2, windowSeconds: 60 } })
    const first = await world.call('GET', '/orders', { key: text })
    expect(first.headers).toMatchObject({ ratelimit: '"default";r=1;t=30', 'ratelimit-policy': '"default";q=2;w=60' })
    expect((await world.call('GET', '/orders', { key: text })).status).toBe(200)
    const spent = await world.call('GET', '/orders', { key: text })
    expect(spent.status).toBe(429)
    expect(spent.headers).toMatchObject({
      'retry-after': '30',
      ratelimit: '"default";r=0;t=60',
      'ratelimit-policy': '"default";q=2;w=60',
    })
  })

  test('several policies are members of one field, and an operation spends what it is described to cost', async () => {
    const rate = { limit: 4, windowSeconds: 60 }
    const { text } = await world.key('orders:write', {
      rateLimit: rate,
      rateLimits: [{ name: 'day', ...rate, limit: 9 }],
    })
    const first = await world.call('DELETE', '/orders', { key: text })
    expect(first.headers).toMatchObject({
      ratelimit: '"default";r=1;t=45, "day";r=6;t=20',
      'ratelimit-policy': '"default";q=4;w=60, "day";q=9;w=60',
    })
    expect((await world.call('DELETE', '/orders', { key: text })).status).toBe(429)
    expect((await world.call('PUT', '/orders', { key: text })).status).toBe(200)
    const small = await world.key('orders:write', { rateLimit: { limit: 2, windowSeconds: 60 } })
    const never = await world.call('DELETE', '/orders', { key: small.text })
    expect(never).toMatchObject({ status: 429, body: expect.stringContaining('costs more') })
    expect(never.headers).not.toHaveProperty('retry-after')
  })

  test('an alternative is enough, half of one is not', async () => {
    const [a, b, bc] = await Promise.all([world.key('a'), world.key('b'), world.key('b c')])
    expect((await world.call('GET', '/either', { key: a.text })).status).toBe(200)
    const refused = await world.call('GET', '/either', { key: b.text })
    expect(refused.status).toBe(403)
    expect(JSON.parse(refused.body)).toMatchObject({ code: 'insufficient_scope', requires: [['a'], ['b', 'c']] })
    expect((await world.call('GET', '/either', { key: bc.text })).status).toBe(200)
  })

  test('HEAD is judged as its GET and answered without a body', async () => {
    const { text } = await world.key('orders:read')
    world.handle = (_, response) => response.writeHead(200, { 'Content-Length': 5 }).end('12345')
    const answer = await world.call('HEAD', '/orders', { key: text })
    expect(answer).toMatchObject({ status: 200, body: '', headers: { 'content-length': '5' } })
    expect((await world.call('HEAD', '/orders')).status).toBe(401)
    expect(world.seen.map(({ method }) => method)).toEqual(['HEAD'])
  })
})

describe('CVE-2026-41248 CVE-2025-29927 (flaw 99): what is not described is not forwarded', () => {
  test.each(['GET', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'TRACE', 'PROPFIND'])(
    '%s of an unknown path',
    async (method) => {
      const { text } = await world.key('orders:read orders:write')
      expect((await world.call(method, '/internal/metrics', { key: text })).status).toBe(404)
      expect(world.seen).toEqual([])
    },
  )

  test('a header that tells a framework to skip its checks opens nothing', async () => {
    const headers = { 'x-middleware-subrequest': 'middleware:middleware:middleware' }
    expect((await world.call('GET', '/orders', { headers })).status).toBe(401)
  })
})

describe('flaw 95: a credential that is there is never taken for none', () => {
  const b64 = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
  const jwt = (header: object, claims: object): string => `${b64(header)}.${b64(claims)}.${'A'.repeat(86)}`

  test.each([
    [
      'a JWT of an unknown issuer',
      jwt({ alg: 'ES256', typ: 'at+jwt', kid: 'k' }, { iss: 'https://other.test', sub: 'x' }),
    ],
    ['a JWT without issuer', jwt({ alg: 'ES256', typ: 'at+jwt' }, { sub: 'x' })],
    ['alg none', jwt({ alg: 'none' }, { iss: 'https://issuer.test', sub: 'x', aud: 'https://api.test' })],
  ])('%s is refused', async (_, credential) => {
    const answer = await world.call('GET', '/orders', { key: credential })
    expect([answer.status, problem(answer.body).code]).toEqual([401, 'invalid_token'])
    expect(world.seen).toEqual([])
  })

  test('on a public or optional operation nobody looks at it, and the caller is anonymous to the upstream', async () => {
    for (const path of ['/health', '/optional']) {
      const credential = jwt({ alg: 'none' }, { iss: 'https://other.test', sub: 'admin' })
      expect((await world.call('GET', path, { key: credential })).status).toBe(200)
      const seen = world.seen.at(-1)
      expect(seen?.headers).toMatchObject({ 'x-countersign-kind': 'anonymous' })
      const ours = Object.keys(seen?.headers ?? {}).filter((name) => name.startsWith('x-countersign-'))
      expect(ours).toEqual(['x-countersign-kind'])
      expect(seen?.headers.authorization).toBeUndefined()
    }
  })
})

describe('flaw 98: an answer to a credential is for its holder', () => {
  test.each([
    [undefined, 'private'],
    ['max-age=60', 'max-age=60, private'],
    ['must-revalidate, max-age=5', 'must-revalidate, max-age=5, private'],
    ['private="set-cookie"', 'private="set-cookie", private'],
    ['no-store', 'no-store'],
    ['private, max-age=60', 'private, max-age=60'],
    ['public, max-age=60', 'public, max-age=60'],
    ['s-maxage=60', 's-maxage=60'],
  ])('Cache-Control %j of the upstream becomes %j', async (given, expected) => {
    const { text } = await world.key('orders:read')
    world.handle = (_, response) => {
      if (given !== undefined) response.setHeader('Cache-Control', given)
      response.end('x')
    }
    expect((await world.call('GET', '/orders', { headers: { 'X-API-Key': text } })).headers['cache-control']).toBe(
      expected,
    )
    expect((await world.call('GET', '/health')).headers['cache-control']).toBe(given)
  })
})

describe('preflight', () => {
  const headers = { Origin: 'https://app.test', 'Access-Control-Request-Method': 'POST' }

  test('reaches the upstream of a known path without credential or identity, and with its answer', async () => {
    const { text } = await world.key('orders:read')
    world.handle = (_, response) => response.writeHead(204, { 'Access-Control-Allow-Origin': '*' }).end()
    const answer = await world.call('OPTIONS', '/orders', {
      key: text,
      headers: { ...headers, 'X-Countersign-Kind': 'x' },
    })
    expect([answer.status, answer.headers['access-control-allow-origin']]).toEqual([204, '*'])
    const names = Object.keys(world.seen[0]?.headers ?? {})
    expect(names.filter((name) => /countersign|authorization|api-key/.test(name))).toEqual([])
    expect(world.events).toMatchObject([{ decision: 'preflight', status: 204 }])
  })

  test('of an unknown or ambiguous path does not; nor does OPTIONS without its two fields', async () => {
    expect((await world.call('OPTIONS', '/nothing', { headers })).status).toBe(404)
    expect((await world.call('OPTIONS', '/orders/..', { headers })).status).toBe(400)
    expect((await world.call('OPTIONS', '/orders')).status).toBe(405)
    expect((await world.call('OPTIONS', '/orders', { headers: { Origin: 'https://app.test' } })).status).toBe(405)
    expect(world.seen).toEqual([])
  })
})

describe('flaw 89: no Authorization field makes an error of ours', () => {
  const long = 'A'.repeat(15_000)
  test.each([
    'Bearer',
    'Bearer ',
    'Bearer X',
    'Bearer X Y',
    'Basic',
    'Basic =',
    'Bearer \xe9',
    ',',
    'bearer ,',
    `Bearer ${long}`,
  ])('%j', async (value) => {
    const received = await world.raw(
      Buffer.from(`GET /orders HTTP/1.1\r\nHost: a\r\nConnection: close\r\nAuthorization: ${value}\r\n\r\n`, 'latin1'),
    )
    expect([400, 401]).toContain(statusesOf(received)[0])
    expect(world.seen).toEqual([])
  })

  test('a header section of more than 16 KiB is 431', async () => {
    const received = await raw(
      world.port,
      `GET /orders HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${'A'.repeat(20_000)}\r\n\r\n`,
    )
    expect(statusesOf(received)).toEqual([431])
    expect(received).toContain('application/problem+json')
  })
})

describe('CVE-2025-54576 (flaw 91): the decoded path decides, and the query decides nothing', () => {
  test.each([
    '/orders?/health',
    '/orders?x=/health',
    '/orders?/../health',
    '/orders?%23/health',
    '/orders?%0a/health',
    '/%6frders?/health',
    '/order%73',
    '/orders/%68ealth?/health',
  ])('%s is what its path says: guarded', async (path) => {
    expect((await world.call('GET', path)).status).toBe(401)
    expect(world.seen).toEqual([])
  })

  test.each(['/health?/orders', '/%68ealth?x=/orders'])('%s is what its path says: public', async (path) => {
    expect((await world.call('GET', path)).status).toBe(200)
    expect(world.seen.map(({ url }) => url)).toEqual([path])
  })

  test.each(['/nothing?/health', '/health%3F', '/health%3f/orders', '/health&/orders'])(
    '%s is what its path says: nothing',
    async (path) => {
      expect((await world.call('GET', path)).status).toBe(404)
      expect(world.seen).toEqual([])
    },
  )
})

test('an event holds no credential and no query, whatever came', async () => {
  const { text } = await world.key('orders:read')
  await world.call('GET', `/orders?api_key=${text}`, { key: text })
  await world.call('GET', `/orders?api_key=${text}`, { headers: { Authorization: `Token ${text}` } })
  await world.raw(`GET http://user:${text}@host/orders HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`)
  await world.raw(`GET /orders\x01${text} HTTP/1.1\r\n\r\n`)
  await until(() => world.events.length === 4, 1_000)
  expect(JSON.stringify(world.events)).not.toContain(text.slice(-20))
  expect(world.events.map(({ path }) => path)).toEqual(['/orders', '/orders', '', ''])
})

describe('addresses and origins', () => {
  test('a key bound to addresses is judged by the peer; a caller cannot say another', async () => {
    const near = await world.key('orders:read', { ipAllow: ['127.0.0.0/8'] })
    const far = await world.key('orders:read', { ipAllow: ['192.0.2.0/24'] })
    const headers = { 'X-Forwarded-For': '192.0.2.1' }
    expect((await world.call('GET', '/orders', { key: near.text, headers })).status).toBe(200)
    expect((await world.call('GET', '/orders', { key: far.text, headers })).status).toBe(403)
    expect(world.seen[0]?.headers['x-forwarded-for']).toBe('127.0.0.1')
  })

  test('a key bound to an origin needs exactly that Origin', async () => {
    const { text } = await world.key('orders:read', { originAllow: ['https://app.test'] })
    const ask = async (Origin?: string | string[]) =>
      (await world.call('GET', '/orders', { key: text, headers: Origin === undefined ? {} : { Origin } })).status
    expect(await ask('https://app.test')).toBe(200)
    expect(await ask('https://app.test.evil.test')).toBe(403)
    expect(await ask(['https://app.test', 'https://evil.test'])).toBe(403)
    expect(await ask()).toBe(403)
  })
})
