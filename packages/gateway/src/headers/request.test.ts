import { foldHeaderName, parseAddressRange } from '@countersign/core'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { openWorld, statusesOf, type World } from '../gateway.fixture.ts'

let world: World
let key: { readonly id: string; readonly text: string }
beforeAll(async () => {
  world = await openWorld({ upstreamPath: '/base/' })
  key = await world.key('orders:read orders:write')
})
afterAll(() => world.close())
beforeEach(() => {
  world.seen.length = 0
})

const credential = (): string => `Authorization: Bearer ${key.text}\r\n`

/** The fields that the upstream saw, as pairs. */
async function fieldsSeen(
  fields: string,
  path = '/orders',
  method = 'GET',
  body = '',
): Promise<readonly (readonly [string, string])[]> {
  const received = await world.raw(
    Buffer.from(
      `${method} ${path} HTTP/1.1\r\nHost: api.example\r\nConnection: close\r\n${fields}\r\n${body}`,
      'latin1',
    ),
  )
  expect(statusesOf(received)).toEqual([200])
  const { rawHeaders = [] } = world.seen.at(-1) ?? {}
  return rawHeaders.flatMap((name, i) => (i % 2 === 0 ? [[name, rawHeaders[i + 1] ?? ''] as const] : []))
}

const identity = (fields: readonly (readonly [string, string])[]) =>
  fields.filter(([name]) => foldHeaderName(name).startsWith('x-countersign'))

const spellings = [
  'X-Countersign-Client',
  'x-countersign-client',
  'X-COUNTERSIGN-CLIENT',
  'X_Countersign_Client',
  'x_countersign_client',
  'X-Countersign_Client',
  'X_Countersign-Client',
  'X.Countersign.Client',
  'X-Countersign.Client',
  'X!Countersign~Client',
  'x-CoUnTeRsIgN-ClIeNt',
  'X-Countersign-Subject',
  'X_COUNTERSIGN_SUBJECT',
  'X-Countersign-External-Subject',
  'X_Countersign_External_Subject',
  'X-Countersign-Scope',
  'X_Countersign_Scope',
  'X-Countersign-Scope-Omitted',
  'X-Countersign-Credential',
  'X_Countersign_Credential',
  'X-Countersign-Kind',
  'X_Countersign_Kind',
  'X-Countersign-Assertion',
  'X_Countersign_Assertion',
  'X-Countersign-Metadata',
  'X_Countersign_Metadata',
  'X-Countersign-Metadata-Omitted',
  'X-Countersign-Verifier',
  'X-Countersign-Anything',
  'X-Countersign-',
  'X_Countersign_',
  'X-Countersign',
]

describe('CVE-2025-64484 CVE-2017-6413 CVE-2017-6062 (flaws 92 and 93): nobody but the gateway says who calls', () => {
  const ours = (): readonly (readonly [string, string])[] => [
    ['X-Countersign-Client', 'client_1'],
    ['X-Countersign-Subject', 'client_1'],
    ['X-Countersign-External-Subject', '-'],
    ['X-Countersign-Scope', 'orders:read orders:write'],
    ['X-Countersign-Credential', key.id],
    ['X-Countersign-Kind', 'api_key'],
    ['X-Countersign-Assertion', `signed.for.${key.id}`],
    ['X-Countersign-Metadata', '{"metadata":{}}'],
  ]

  test.each(spellings)('%s', async (name) => {
    const once = `${name}: forged\r\n`
    expect(identity(await fieldsSeen(credential() + once))).toEqual(ours())
    expect(identity(await fieldsSeen(once + credential() + once))).toEqual(ours())
    expect(identity(await fieldsSeen(`${credential()}${once}Connection: ${name}\r\n`))).toEqual(ours())
    expect(identity(await fieldsSeen(once, '/health'))).toEqual([['X-Countersign-Kind', 'anonymous']])
  })

  test('named by Connection, ours are there all the same', async () => {
    const names = ours()
      .map(([name]) => name)
      .join(', ')
    expect(identity(await fieldsSeen(`${credential()}Connection: ${names}\r\nConnection: close\r\n`))).toEqual(ours())
  })

  test('trailers do not pass, declared or not', async () => {
    const body =
      '3\r\nabc\r\n0\r\nX-Countersign-Kind: forged\r\nX_Countersign_Client: forged\r\nX-Other: forged\r\n\r\n'
    const framing = 'Transfer-Encoding: chunked\r\nTrailer: X-Countersign-Kind, X-Other\r\n'
    let trailers: readonly string[] | undefined
    world.upstream.once('request', (request) =>
      request.once('end', () => {
        trailers = request.rawTrailers
      }),
    )
    const fields = await fieldsSeen(credential() + framing, '/orders', 'POST', body)
    expect(identity(fields)).toEqual(ours())
    expect(trailers).toEqual([])
    expect(world.seen.at(-1)?.body).toBe('abc')
    expect(fields.map(([name]) => name)).not.toContain('Trailer')
  })

  test.each(['Authorization', 'authorization', 'X-API-Key', 'x_api_key', 'X_Api_Key', 'X.API.Key'])(
    'a credential in %s never reaches the upstream, on a public operation neither',
    async (name) => {
      const fields = await fieldsSeen(`${name}: Bearer ${key.text}\r\n`, '/health')
      expect(JSON.stringify(fields)).not.toContain(key.text)
      if (/[_.]/.test(name)) {
        const guarded = await fieldsSeen(`${credential()}${name}: ${key.text}\r\n`)
        expect(JSON.stringify(guarded)).not.toContain(key.text)
      }
    },
  )

  test.each(['Digest username="a", uri="/"', 'Basic YTpi', 'Negotiate abc', 'AWS4-HMAC-SHA256 Credential=a'])(
    'Authorization: %s is no credential: it passes to a public operation unchanged, and opens no other',
    async (value) => {
      const sent = `Authorization: ${value}\r\n`
      expect(await fieldsSeen(sent, '/health')).toContainEqual(['Authorization', value])
      const guarded = await world.raw(`GET /orders HTTP/1.1\r\nHost: a\r\nConnection: close\r\n${sent}\r\n`)
      expect(guarded).toMatch(/^HTTP\/1\.1 401 /)
      expect(guarded).toMatch(/WWW-Authenticate: Bearer\r\n/i)
      // Beside a key it is no second credential, and ends here as every Authorization of a guarded operation does.
      expect(JSON.stringify(await fieldsSeen(`${sent}X-API-Key: ${key.text}\r\n`))).not.toContain(value.slice(0, 6))
      for (const more of [`authorization: ${value}\r\n`, 'Connection: authorization\r\n']) {
        expect(JSON.stringify(await fieldsSeen(sent + more, '/health'))).not.toContain(value.slice(0, 6))
      }
    },
  )

  test('a key as the user name of Basic opens a guarded operation, and reaches no upstream', async () => {
    const basic = `Authorization: Basic ${Buffer.from(`${key.text}:`).toString('base64')}\r\n`
    const wasSent = (fields: readonly (readonly [string, string])[]): boolean =>
      fields.some(([name]) => /^authorization$/i.test(name))
    for (const path of ['/orders', '/health']) expect(wasSent(await fieldsSeen(basic, path))).toBe(false)
    const foreign = `GET /orders HTTP/1.1\r\nHost: a\r\nConnection: close\r\nSec-Fetch-Site: cross-site\r\n${basic}\r\n`
    expect(statusesOf(await world.raw(foreign))).toEqual([403])
  })

  test('an upstream that speaks in our name is not passed on', async () => {
    world.upstream.once('request', (_, response) => {
      for (const name of ['X-Countersign-Kind', 'X_Countersign_Client', 'Keep-Alive', 'Proxy-Authenticate', 'X-Own'])
        response.setHeader(name, 'x')
      response.setHeader('Connection', 'x-own')
    })
    const answer = await world.call('GET', '/orders', { key: key.text })
    expect(Object.keys(answer.headers).filter((name) => /countersign|proxy|x-own/.test(name))).toEqual([])
  })
})

describe('the rest of the header section', () => {
  test('what ends at each hop ends here', async () => {
    const hop = [
      'Keep-Alive: x',
      'TE: trailers',
      'Trailer: x',
      'Upgrade: h2c',
      'HTTP2-Settings: x',
      'Proxy-Authorization: x',
      'Proxy-Connection: x',
      'Proxy: http://evil',
      'X-Named: x',
      'Connection: x-named, upgrade, http2-settings',
    ]
    const fields = await fieldsSeen(`${credential()}${hop.join('\r\n')}\r\n`)
    const names = fields.map(([name]) => name.toLowerCase())
    for (const name of [
      'te',
      'trailer',
      'upgrade',
      'http2-settings',
      'proxy-authorization',
      'proxy-connection',
      'proxy',
      'x-named',
    ]) {
      expect(names).not.toContain(name)
    }
    expect(fields.filter(([name]) => name.toLowerCase() === 'connection')).toEqual([['Connection', 'keep-alive']])
  })

  test('everything else passes as it came: order, case, repeats and bytes', async () => {
    const sent = 'X-B: 1\r\nx-a: 2\r\nX-B: 3\r\nCookie: a=b\r\nX-Latin: caf\xe9\r\nAccept: */*\r\nUser-Agent: test\r\n'
    const fields = await fieldsSeen(credential() + sent)
    expect(fields.slice(1, 8)).toEqual([
      ['X-B', '1'],
      ['x-a', '2'],
      ['X-B', '3'],
      ['Cookie', 'a=b'],
      ['X-Latin', 'caf\xe9'],
      ['Accept', '*/*'],
      ['User-Agent', 'test'],
    ])
  })

  test('a session of the server’s pages ends here, and the other cookies pass', async () => {
    const cookies = async (field: string, path: string) =>
      (await fieldsSeen(`${credential()}Cookie: ${field}\r\n`, path)).filter(
        ([name]) => foldHeaderName(name) === 'cookie',
      )
    for (const path of ['/orders', '/health']) {
      expect(await cookies('a=1; cs-0123abcd=secret; b=2', path)).toEqual([['Cookie', 'a=1; b=2']])
      expect(await cookies('__Host-cs-0123abcd=secret; csb-0123abcd=mark', path)).toEqual([])
    }
  })

  test('Host is the upstream, the path comes after its own, Via says that we were there', async () => {
    const fields = new Map(await fieldsSeen(credential(), '/orders?a=b'))
    expect(fields.get('Host')).toMatch(/^127\.0\.0\.1:\d+$/)
    expect(fields.get('Via')).toBe('1.1 countersign')
    expect(world.seen.at(-1)?.url).toBe('/base/orders?a=b')
  })

  test('forwarded fields of an untrusted peer are replaced in every spelling', async () => {
    const claims = [
      'X-Forwarded-For: 10.0.0.1',
      'X_Forwarded_For: 10.0.0.1',
      'X-Forwarded-Proto: https',
      'X-Forwarded-Host: evil',
      'X-Forwarded-Prefix: /x',
      'X-Forwarded-Port: 1',
      'Forwarded: for=10.0.0.1',
      'X-Real-IP: 10.0.0.1',
    ]
    const fields = await fieldsSeen(`${credential()}${claims.join('\r\n')}\r\n`)
    expect(fields.filter(([name]) => /forwarded|real/i.test(name))).toEqual([
      ['X-Forwarded-For', '127.0.0.1'],
      ['X-Forwarded-Proto', 'http'],
      ['X-Forwarded-Host', 'api.example'],
    ])
  })

  test('those of a trusted proxy are kept and lengthened, and name the caller', async () => {
    const range = parseAddressRange('127.0.0.0/8')!
    const behind = await openWorld({ trustedProxies: [range] })
    const bound = await behind.key('orders:read', { ipAllow: ['192.0.2.0/24'] })
    const headers = (forwardedFor: string) => ({
      'X-Forwarded-For': forwardedFor,
      'X-Forwarded-Proto': 'https',
      'X-Forwarded-Host': 'public.example',
    })
    const ask = async (forwardedFor: string) =>
      (await behind.call('GET', '/orders', { key: bound.text, headers: headers(forwardedFor) })).status
    expect(await ask('203.0.113.9, 192.0.2.7')).toBe(200)
    expect(behind.seen[0]?.headers).toMatchObject({
      'x-forwarded-for': '203.0.113.9, 192.0.2.7, 127.0.0.1',
      'x-forwarded-proto': 'https',
      'x-forwarded-host': 'public.example',
    })
    expect(await ask('192.0.2.7, 203.0.113.9')).toBe(403)
    expect(await ask('192.0.2.7, 127.0.0.1')).toBe(200)
    expect(await ask('192.0.2.7:4711')).toBe(200)
    expect(await ask('192.0.2.7, unknown')).toBe(403)
    await behind.close()
  })

  test('more fields than Node counts by default are neither lost nor counted', async () => {
    const many = Array.from({ length: 2_100 }, () => 'a:b').join('\r\n')
    const fields = await fieldsSeen(`${credential()}${many}\r\nX-Last: 1\r\n`)
    expect(fields.filter(([name]) => name === 'a')).toHaveLength(2_100)
    expect(fields.map(([name]) => name)).toContain('X-Last')
  })
})

describe('identity values', () => {
  test.each([
    ['user@example.test', 'user@example.test'],
    ['auth0|42', 'auth0|42'],
    ['100%', '100%25'],
    ['a b', 'a%20b'],
    ['Zoë', 'Zo%C3%AB'],
    ['李🦊', '%E6%9D%8E%F0%9F%A6%8A'],
    ['x\r\nX-Countersign-Kind: admin', 'x%0D%0AX-Countersign-Kind:%20admin'],
    ['\0', '%00'],
    ['\ud800', '%ED%A0%80'],
    ['\udfff', '%ED%BF%BF'],
  ])('subject %j is sent as %s', async (subject, expected) => {
    const { text } = await world.key('orders:read', { subject })
    expect((await world.call('GET', '/orders', { key: text })).status).toBe(200)
    expect(world.seen.at(-1)?.headers['x-countersign-subject']).toBe(expected)
    if (subject.isWellFormed()) expect(decodeURIComponent(expected)).toBe(subject)
    else expect(() => decodeURIComponent(expected)).toThrow()
  })

  test('a scope of more than 4 KiB is left out, never cut, and said so', async () => {
    const tokens = Array.from({ length: 500 }, (_, i) => `resource-${i}:read`)
    const scope = ['orders:read', ...tokens].join(' ')
    world.say({
      type: 'client',
      id: 'client_1',
      state: { status: 'active', access: { api_1: `${scope} orders:write` }, cutOff: 0 },
    })
    const { text } = await world.key(scope, { access: scope })
    expect((await world.call('GET', '/orders', { key: text })).status).toBe(200)
    const { headers } = world.seen.at(-1)!
    expect(headers['x-countersign-scope']).toBeUndefined()
    expect(headers['x-countersign-scope-omitted']).toBe('size')
    expect(headers['x-countersign-assertion']).toMatch(/^signed\.for\./)
  })
})
