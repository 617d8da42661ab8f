/** Forward-auth behind real proxies, configured as examples/proxies says (docs/protocol/gateway.md §8). */
import { createHash, randomBytes } from 'node:crypto'
import { Agent, type IncomingMessage, request } from 'node:http'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { call, eventually, type Json, makeVerifierKey, type Product, startProduct, text } from './product.fixture.ts'
import { missingProxies, type ProxyName, proxyNames, type RunningProxy, startProxy } from './proxies.fixture.ts'
import { type Road, type Seen, startRoad, startUpstream, type Upstream } from './recording.fixture.ts'

/** An API without a document: any credential of its audience passes, on any path in any spelling. */
const undescribed = 'urn:conformance:undescribed'
const missing = missingProxies()
// A machine of one's own may lack some; where the project is judged, what was not run has failed.
const isJudged = process.env.CI === 'true'
const run = isJudged ? proxyNames : proxyNames.filter((name) => !missing.has(name))
if (missing.size > 0) process.stderr.write(`conformance/proxies.test.ts: ${[...missing.values()].join(', ')}\n`)

/** Where a proxy does it in its own way, which the README of examples/proxies tells. All else is the same for all. */
interface Manner {
  /** The path that it makes of another before anything else. Countersign and the API both get that. */
  readonly cleaned?: Readonly<Record<string, string>>
  /** The caller's status where something that is not Countersign answered with this one. 503 otherwise. */
  readonly onStranger?: Readonly<Record<number, number>>
  /** The caller's status where nobody answered. 503 otherwise. */
  readonly onSilence?: number
  /** A 503 of its own has no body. */
  readonly isTerse?: boolean
  /** Instead of that of Countersign's 503. */
  readonly retryAfter?: string
  /** The only ones; 403 for another. */
  readonly upgrades?: readonly string[]
  readonly passesTrailers?: boolean
  /** With one cookie of Countersign's, no other passes either. */
  readonly dropsAllCookies?: boolean
}

const manners: Readonly<Record<ProxyName, Manner>> = {
  nginx: {},
  haproxy: { passesTrailers: true },
  caddy: { cleaned: { '/orders#x': '/orders%23x' } },
  traefik: {
    dropsAllCookies: true,
    cleaned: {
      '//orders': '/orders',
      '/orders//1': '/orders/1',
      '/a/../orders': '/orders',
      '/a/./orders': '/a/orders',
      '/health/../orders': '/orders',
      '/%2e%2e/orders': '/orders',
      '/%6frders': '/orders',
      '/a%2fb': '/a%2Fb',
    },
    onStranger: { 302: 302, 404: 404, 500: 500, 502: 502 },
    onSilence: 500,
    isTerse: true,
  },
  envoy: { retryAfter: '1', upgrades: ['websocket'] },
}

let product: Product
let road: Road
let upstream: Upstream
let clientId: string
const described = new Map<ProxyName, RunningProxy>()
const plain = new Map<ProxyName, RunningProxy>()

interface Key {
  readonly id: string
  readonly key: string
}

interface Answered {
  readonly status: number
  readonly headers: IncomingMessage['headers']
  readonly text: string
  readonly body: Json
}

async function makeKey(more: Readonly<Record<string, unknown>> = {}): Promise<Key> {
  const asked = { clientId, audience: product.audience, scope: 'orders:read', name: 'k', ...more }
  const { body } = await call(product, 'POST', '/v1/keys', asked)
  return { id: text(body.id), key: text(body.key) }
}

type Fields = readonly (readonly [name: string, value: string])[]

const bearer = (credential: string): Fields => [['Authorization', `Bearer ${credential}`]]

/** One request with its target and its header fields exactly as given. */
function send(
  proxy: RunningProxy | undefined,
  method: string,
  path: string,
  fields: Fields = [],
  { body, agent }: { readonly body?: Buffer; readonly agent?: Agent } = {},
): Promise<Answered> {
  const headers = [
    ['Host', 'api.example'],
    ...fields,
    ...(body === undefined ? [] : [['Content-Length', `${body.length}`]]),
  ]
  return new Promise((resolve, reject) => {
    const outgoing = request({
      host: '127.0.0.1',
      port: proxy?.port,
      method,
      path,
      headers: headers.flat(),
      agent: agent ?? false,
    })
    outgoing.once('error', reject)
    outgoing.once('response', (response) => void read(response).then(resolve, reject))
    outgoing.end(body)
  })
}

async function read(response: IncomingMessage): Promise<Answered> {
  const chunks: Buffer[] = []
  for await (const chunk of response) chunks.push(chunk as Buffer)
  const content = Buffer.concat(chunks).toString()
  const isJson = response.headers['content-type']?.includes('json') === true && content !== ''
  return {
    status: response.statusCode ?? 0,
    headers: response.headers,
    text: content,
    body: (isJson ? JSON.parse(content) : {}) as Json,
  }
}

const valuesOf = ({ headers }: Seen, name: string): readonly string[] =>
  headers.filter(([each]) => each === name).map(([, value]) => value)

/** The target that the question names: in the one header field of the proxy, or behind `&uri=`. */
function judgedTargets(question: Seen): readonly string[] {
  const at = question.target.indexOf('&uri=')
  if (at >= 0) return [question.target.slice(at + '&uri='.length)]
  return [...valuesOf(question, 'x-original-uri'), ...valuesOf(question, 'x-forwarded-uri')]
}

/** The one request that reached the API. */
function onlySeen(): Seen {
  expect(upstream.seen).toHaveLength(1)
  return upstream.seen[0] as Seen
}

describe.skipIf(run.length === 0)('forward-auth', () => {
  beforeAll(async () => {
    if (isJudged) expect([...missing.values()], 'proxies that cannot be run').toEqual([])
    product = await startProduct()
    upstream = await startUpstream()
    road = await startRoad(new URL(product.url))
    await call(product, 'POST', '/v1/apis', { audience: undescribed, name: 'undescribed' })
    const access = [product.audience, undescribed].map((audience) => ({ audience, scope: 'orders:read orders:write' }))
    const client = await call(product, 'POST', '/v1/clients', { name: 'caller', type: 'service', access })
    clientId = text(client.body.clientId)
    const verifierKey = await makeVerifierKey(product, [product.audience, undescribed])
    const shared = { countersign: road.address, api: upstream.address, verifierKey }
    for (const name of run) {
      described.set(name, await startProxy(name, { ...shared, audience: product.audience }))
      plain.set(name, await startProxy(name, { ...shared, audience: undescribed }))
    }
  })

  afterAll(async () => {
    for (const proxy of [...described.values(), ...plain.values()]) await proxy.stop()
    await road?.close()
    await upstream?.close()
    await product?.stop()
  })

  beforeEach(() => {
    road.state = 'open'
    road.seen.length = 0
    upstream.seen.length = 0
  })

  test.skip.each(isJudged ? [] : [...missing.values()])('%s', () => {})

  describe.each(run)('%s', (name) => {
    const proxy = (): RunningProxy => described.get(name) as RunningProxy
    const manner = manners[name]

    test('a credential with the scope passes, in either header, and the API learns whose it is but not what it is', async () => {
      const { id, key } = await makeKey()
      for (const credential of [bearer(key), [['X-API-Key', key]] as const]) {
        upstream.seen.length = 0
        const answer = await send(proxy(), 'GET', '/orders?page=2', credential)
        expect(answer).toMatchObject({ status: 200, headers: { 'x-upstream': 'reached' } })
        const seen = onlySeen()
        expect(seen).toMatchObject({ method: 'GET', target: '/orders?page=2' })
        expect(valuesOf(seen, 'x-countersign-kind')).toEqual(['api_key'])
        expect(valuesOf(seen, 'x-countersign-client')).toEqual([clientId])
        expect(valuesOf(seen, 'x-countersign-credential')).toEqual([id])
        expect(valuesOf(seen, 'x-countersign-scope')).toEqual(['orders:read'])
        expect(valuesOf(seen, 'x-countersign-subject')).toEqual([clientId])
        expect(valuesOf(seen, 'x-countersign-assertion')).toEqual([expect.stringMatching(/^eyJ/)])
        expect(valuesOf(seen, 'x-countersign-metadata')).toEqual(['{"metadata":{},"clientMetadata":{}}'])
        expect(valuesOf(seen, 'x-countersign-metadata-omitted')).toEqual(['-'])
        expect(JSON.stringify(seen)).not.toContain(key)
        for (const field of ['authorization', 'x-api-key', 'x-countersign-verifier']) {
          expect(valuesOf(seen, field), field).toEqual([])
        }
      }
    })

    test('the proxy tells method, target and the address of its own peer, whatever the caller forwards', async () => {
      const { key } = await makeKey({ ipAllow: ['127.0.0.0/8'] })
      const other = await makeKey({ ipAllow: ['192.0.2.0/24'] })
      const forged: Fields = ['X-Forwarded-For', 'X-Real-IP', 'X-Envoy-External-Address'].map((each) => [
        each,
        '192.0.2.1',
      ])
      const more: Fields = [
        ['X-Original-Method', 'GET'],
        ['X-Original-URI', '/health'],
        ['X-Forwarded-Method', 'GET'],
        ['X-Forwarded-Uri', '/health'],
      ]
      expect((await send(proxy(), 'GET', '/orders', [...bearer(key), ...forged, ...more])).status).toBe(200)
      expect((await send(proxy(), 'GET', '/orders', [...bearer(other.key), ...forged, ...more])).status).toBe(403)
      expect((await send(proxy(), 'POST', '/orders', [...forged, ...more])).status).toBe(401)
    })

    test('the question is to Countersign’s own host, whatever host the caller named', async () => {
      await send(proxy(), 'GET', '/orders')
      expect(road.seen.map((question) => valuesOf(question, 'host'))).toEqual([[road.address]])
    })

    test('without a credential, with an unknown one or with two: 401 and 400 with the challenge and the body', async () => {
      const none = await send(proxy(), 'GET', '/orders')
      expect(none).toMatchObject({ status: 401, body: { code: 'missing_credential', status: 401 } })
      expect(none.headers['www-authenticate']).toBe('Bearer')
      expect(none.headers['content-type']).toBe('application/problem+json')
      expect(none.headers['cache-control']).toBe('no-store')
      const unknown = await send(proxy(), 'GET', '/orders', bearer('cs_live_unknown'))
      expect(unknown).toMatchObject({ status: 401, body: { code: 'invalid_token' } })
      expect(unknown.headers['www-authenticate']).toBe('Bearer error="invalid_token"')
      const { key } = await makeKey()
      const two = await send(proxy(), 'GET', '/orders', [...bearer(key), ['X-API-Key', key]])
      expect(two).toMatchObject({ status: 400, body: { code: 'invalid_request' } })
      expect(two.headers['www-authenticate']).toContain('invalid_request')
      for (const twice of [bearer(key), [['X-API-Key', key]] as const]) {
        expect((await send(proxy(), 'GET', '/orders', [...twice, ...twice])).status).toBe(400)
      }
      expect(upstream.seen).toEqual([])
    })

    test('without the scope: 403 that names it', async () => {
      const { key } = await makeKey()
      const answer = await send(proxy(), 'POST', '/orders', bearer(key), { body: Buffer.from('{}') })
      expect(answer).toMatchObject({ status: 403, body: { code: 'insufficient_scope' } })
      expect(answer.headers['www-authenticate']).toBe('Bearer error="insufficient_scope", scope="orders:write"')
      expect(upstream.seen).toEqual([])
    })

    test('a spent limit: 429 with RateLimit, RateLimit-Policy, Retry-After and the body', async () => {
      const { key } = await makeKey({ rateLimit: { limit: 1, windowSeconds: 60 } })
      expect((await send(proxy(), 'GET', '/orders', bearer(key))).status).toBe(200)
      const answer = await send(proxy(), 'GET', '/orders', bearer(key))
      expect(answer).toMatchObject({ status: 429, body: { code: 'rate_limited', status: 429 } })
      expect(answer.headers.ratelimit).toMatch(/r=0/)
      expect(answer.headers['ratelimit-policy']).toMatch(/q=1;w=60/)
      expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0)
      expect(upstream.seen).toHaveLength(1)
    })

    test('a public operation is anonymous; what is not described is 403', async () => {
      expect((await send(proxy(), 'GET', '/health')).status).toBe(200)
      const seen = onlySeen()
      expect(valuesOf(seen, 'x-countersign-kind')).toEqual(['anonymous'])
      expect(valuesOf(seen, 'x-countersign-client')).toEqual(['-'])
      expect(valuesOf(seen, 'x-countersign-metadata')).toEqual(['-'])
      expect(await send(proxy(), 'GET', '/nothing')).toMatchObject({ status: 403, body: { code: 'forbidden' } })
    })

    test('identity that the caller forged is not there, in any spelling, on public operations either', async () => {
      const { id, key } = await makeKey()
      const own = [
        'Kind',
        'Client',
        'Subject',
        'External-Subject',
        'Scope',
        'Credential',
        'Assertion',
        'Metadata',
        'Metadata-Omitted',
      ]
      const names = [...own, 'Verifier', 'Scope-Omitted']
      const forged = names.flatMap((each): Fields => {
        const dashed = `X-Countersign-${each}`
        const spellings = [dashed, dashed, dashed.toLowerCase(), dashed.toUpperCase(), dashed.replaceAll('-', '_')]
        const mixed = [`X-Countersign_${each}`, `X_Countersign-${each}`, dashed.replaceAll('-', '.')]
        return [...spellings, ...mixed].map((name) => [name, 'forged'])
      })
      const named: Fields = [['Connection', 'close, X-Countersign-Client, X-Countersign-Kind']]
      expect((await send(proxy(), 'GET', '/orders', [...bearer(key), ...forged, ...named])).status).toBe(200)
      expect((await send(proxy(), 'GET', '/health', [...forged, ...named])).status).toBe(200)
      expect(JSON.stringify(upstream.seen)).not.toContain('forged')
      expect(upstream.seen.map((seen) => valuesOf(seen, 'x-countersign-credential'))).toEqual([[id], ['-']])
      expect(upstream.seen.map((seen) => valuesOf(seen, 'x-countersign-client'))).toEqual([[clientId], ['-']])
      for (const seen of upstream.seen) expect(valuesOf(seen, 'connection').join()).not.toMatch(/countersign/i)
    })

    test('cookies of Countersign’s own pages end here, wherever they stand, and those of the API pass', async () => {
      const { key } = await makeKey()
      const seen = async (path: string, cookie: string): Promise<readonly string[]> => {
        upstream.seen.length = 0
        const fields = path === '/health' ? [] : bearer(key)
        expect((await send(proxy(), 'GET', path, [...fields, ['Cookie', cookie]])).status).toBe(200)
        return valuesOf(onlySeen(), 'cookie')
      }
      for (const path of ['/orders', '/health']) {
        for (const [sent, left] of [
          ['a=1; cs-0123abcd=secret; b=2', 'a=1; b=2'],
          ['cs-0123abcd=secret; a=1', 'a=1'],
          ['a=1; __Host-cs-0123abcd=secret', 'a=1'],
          ['a=1; csb-0123abcd=secret; b=2; cs-0123abcd=secret; __Host-csb-0123abcd=secret;c=3', 'a=1; b=2;c=3'],
        ] as const)
          expect(await seen(path, sent), sent).toEqual(manner.dropsAllCookies === true ? [] : [left])
        for (const gone of ['__Host-cs-0123abcd=secret; csb-0123abcd=secret', 'cs-0123abcd=secret'])
          expect(await seen(path, gone), gone).toEqual([])
        for (const kept of ['a=cs-0123abcd=x; cs-0123abcde=1; xcs-0123abcd=2', 'cs-0123ABCD=1', 'a', 'a=1;b=2; c="3"'])
          expect(await seen(path, kept), kept).toEqual([kept])
        const many = Array.from(
          { length: 20 },
          (_, index) => `cs-${index.toString(16).padStart(8, '0')}=secret; a${index}=1`,
        )
        expect((await seen(path, many.join('; '))).join()).not.toContain('secret')
      }
    })

    test('a revoked key is refused within a second', async () => {
      const { id, key } = await makeKey()
      expect((await send(proxy(), 'GET', '/orders', bearer(key))).status).toBe(200)
      await call(product, 'POST', `/v1/keys/${id}/revoke`)
      await eventually(1000, async () => (await send(proxy(), 'GET', '/orders', bearer(key))).status === 401)
    })

    test('HEAD is judged as GET, and a refusal has no body that the next request would begin with', async () => {
      const { key } = await makeKey()
      const agent = new Agent({ keepAlive: true, maxSockets: 1 })
      expect(await send(proxy(), 'HEAD', '/orders', [], { agent })).toMatchObject({ status: 401, text: '' })
      expect((await send(proxy(), 'HEAD', '/orders', bearer(key), { agent })).status).toBe(200)
      expect((await send(proxy(), 'GET', '/orders', bearer(key), { agent })).status).toBe(200)
      agent.destroy()
      expect(upstream.seen.map((seen) => seen.method)).toEqual(['HEAD', 'GET'])
    })

    test('a CORS preflight reaches the API without a credential; any other OPTIONS does not', async () => {
      const cors: Fields = [
        ['Origin', 'https://app.example'],
        ['Access-Control-Request-Method', 'GET'],
      ]
      expect((await send(proxy(), 'OPTIONS', '/orders', cors)).status).toBe(200)
      expect(valuesOf(onlySeen(), 'x-countersign-kind')).toEqual(['anonymous'])
      expect((await send(proxy(), 'OPTIONS', '/orders')).status).toBe(403)
      expect((await send(proxy(), 'OPTIONS', '/nothing', cors)).status).toBe(403)
      expect(upstream.seen).toHaveLength(1)
    })

    test('16 MiB reach the API byte for byte, and nothing of them the question', async () => {
      const { key } = await makeKey({ scope: 'orders:write' })
      const body = randomBytes(16 << 20)
      expect((await send(proxy(), 'POST', '/orders', bearer(key), { body })).status).toBe(200)
      const sha256 = createHash('sha256').update(body).digest('hex')
      expect(onlySeen()).toMatchObject({ method: 'POST', bytes: body.length, sha256 })
      expect(road.seen).toHaveLength(1)
      expect(road.seen[0]?.bytes).toBe(0)
      expect(valuesOf(road.seen[0] as Seen, 'content-length').filter((length) => length !== '0')).toEqual([])
      expect(valuesOf(road.seen[0] as Seen, 'transfer-encoding')).toEqual([])
    })

    test('bodies stream both ways: the first piece comes back before the second was sent', async () => {
      const { key } = await makeKey({ audience: undescribed })
      const outgoing = request({
        host: '127.0.0.1',
        port: plain.get(name)?.port,
        method: 'POST',
        path: '/echo',
        headers: ['Host', 'api.example', ...bearer(key).flat(), 'Transfer-Encoding', 'chunked'],
        agent: false,
      })
      outgoing.write('first')
      const response = await new Promise<IncomingMessage>((resolve) => outgoing.once('response', resolve))
      const pieces = response[Symbol.asyncIterator]()
      expect(String((await pieces.next()).value)).toBe('first')
      outgoing.end('second')
      expect(String((await pieces.next()).value)).toBe('second')
      expect((await pieces.next()).done).toBe(true)
    })

    test.each(['websocket', 'conformance'])(
      'an upgrade to %s passes after it was judged, and not without a credential',
      async (protocol) => {
        const { key } = await makeKey({ audience: undescribed })
        const passes = manner.upgrades?.includes(protocol) ?? true
        const switched = (fields: Fields): Promise<number | undefined> => {
          const upgrade: Fields = [
            ['Connection', 'Upgrade, X-Countersign-Kind'],
            ['Upgrade', protocol],
            ['Sec-WebSocket-Version', '13'],
            ['Sec-WebSocket-Key', randomBytes(16).toString('base64')],
          ]
          const headers = [['Host', 'api.example'], ...upgrade, ...fields].flat()
          const outgoing = request({
            host: '127.0.0.1',
            port: plain.get(name)?.port,
            path: '/live',
            headers,
            agent: false,
          })
          outgoing.end()
          return new Promise((resolve, reject) => {
            outgoing.once('error', reject)
            outgoing.once('response', (response) => resolve(response.resume().statusCode))
            outgoing.once('upgrade', (_, socket) => {
              socket.once('data', (said) => {
                socket.destroy()
                resolve(String(said) === 'hello' ? 101 : undefined)
              })
              socket.write('hello')
            })
          })
        }
        expect(await switched([])).toBe(passes ? 401 : 403)
        expect(upstream.seen).toEqual([])
        expect(await switched(bearer(key))).toBe(passes ? 101 : 403)
        if (!passes) return expect(upstream.seen).toEqual([])
        expect(valuesOf(onlySeen(), 'x-countersign-kind')).toEqual(['api_key'])
        expect(valuesOf(onlySeen(), 'connection').join()).toMatch(/^upgrade$/i)
        for (const question of road.seen) expect(valuesOf(question, 'upgrade')).toEqual([])
      },
    )

    test('identity that a trailer forges is in no header, and reaches the API as a trailer behind HAProxy only', async () => {
      const { key } = await makeKey({ audience: undescribed })
      const outgoing = request({
        host: '127.0.0.1',
        port: plain.get(name)?.port,
        method: 'POST',
        path: '/orders',
        headers: [
          'Host',
          'api.example',
          ...bearer(key).flat(),
          'Transfer-Encoding',
          'chunked',
          'Trailer',
          'X-Countersign-Client',
        ],
        agent: false,
      })
      outgoing.addTrailers([['X-Countersign-Client', 'forged']])
      outgoing.end('body')
      const response = await new Promise<IncomingMessage>((resolve) => outgoing.once('response', resolve))
      expect(await read(response)).toMatchObject({ status: 200 })
      expect(valuesOf(onlySeen(), 'x-countersign-client')).toEqual([clientId])
      expect(JSON.stringify(onlySeen().trailers).includes('forged')).toBe(manner.passesTrailers === true)
    })

    test('identity of 9 KiB fits beside 14 KiB of the caller’s own, and cookies are not told: a key with a long scope', async () => {
      const scope = Array.from({ length: 100 }, (_, index) => `resource_number_${index}:read_and_write`).join(' ')
      const access = [{ audience: undescribed, scope }]
      const client = await call(product, 'POST', '/v1/clients', { name: 'wide', type: 'service', access })
      const { key } = await makeKey({ clientId: client.body.clientId, audience: undescribed, scope })
      const cookies: Fields = ['a', 'b'].map((each) => ['Cookie', `${each}=${'c'.repeat(7000)}`])
      expect((await send(plain.get(name), 'GET', '/', [...bearer(key), ...cookies])).status).toBe(200)
      expect(road.seen.flatMap((question) => valuesOf(question, 'cookie'))).toEqual([])
      const [seenScope = ''] = valuesOf(onlySeen(), 'x-countersign-scope')
      expect(seenScope.split(' ').toSorted()).toEqual(scope.split(' ').toSorted())
    })

    test('the absolute form is judged as the path in it, and a proxy’s own path is no way around the question', async () => {
      expect((await send(proxy(), 'GET', 'http://api.example/orders')).status).toBe(401)
      expect((await send(proxy(), 'GET', 'http://api.example/health')).status).toBe(200)
      expect(onlySeen().target).toBe('/health')
      for (const path of ['/_countersign/forward-auth', '/x/../_countersign/forward-auth', '/@refused']) {
        expect([400, 403, 404], path).toContain((await send(proxy(), 'GET', path)).status)
      }
      expect(upstream.seen).toHaveLength(1)
    })

    test('the API gets the path that was judged, in the spelling that was sent, or nothing', async () => {
      const { key } = await makeKey({ audience: undescribed })
      for (const path of oddPaths) {
        upstream.seen.length = 0
        road.seen.length = 0
        const { status } = await send(plain.get(name), 'GET', path, bearer(key))
        if (status === 400) {
          expect(upstream.seen, path).toEqual([])
          continue
        }
        expect(status, path).toBe(200)
        expect(judgedTargets(road.seen[0] as Seen), path).toEqual([onlySeen().target])
        expect(onlySeen().target, path).toBe(manner.cleaned?.[path] ?? path)
      }
    })

    test('a path that two parsers could read in two ways is 400 where paths decide', async () => {
      for (const path of [
        '/orders%2F..',
        '/health/../orders',
        '//orders',
        '/orders/..%2fhealth',
        '/orders;x',
        '/%2e%2e/orders',
      ]) {
        const { status } = await send(proxy(), 'GET', path)
        // Cleaned, each of these is /orders, and needs a credential.
        expect(status, path).toBe(manner.cleaned?.[path] === undefined ? 400 : 401)
      }
      expect(upstream.seen).toEqual([])
    })

    test('no Countersign, or something else in its place: 503 with Retry-After, and nothing reaches the API', async () => {
      const { key } = await makeKey()
      const refused = async (why: string, expected = 503): Promise<void> => {
        for (const path of ['/orders', '/health']) {
          const answer = await send(proxy(), 'GET', path, bearer(key))
          expect(answer.status, why).toBe(expected)
          if (expected !== 503) continue
          expect(answer.headers['retry-after'], why).toMatch(/^\d+$/)
          expect(answer.headers['cache-control'], why).toBe('no-store')
          if (manner.isTerse) continue
          expect(answer.body, why).toMatchObject({ code: 'unavailable', status: 503 })
          expect(answer.headers['content-type'], why).toBe('application/problem+json')
        }
      }
      for (const status of [200, 204, 302, 404, 500, 502]) {
        road.state = { status }
        await refused(`${status} and no identity`, manner.onStranger?.[status])
      }
      await road.close()
      await refused('a closed port', manner.onSilence).finally(() => road.reopen())
      expect(upstream.seen).toEqual([])
      road.state = 'open'
      expect((await send(proxy(), 'GET', '/orders', bearer(key))).status).toBe(200)
    })

    test('Countersign’s own 503 reaches the caller with its Retry-After', async () => {
      road.state = { status: 503, headers: { 'Retry-After': '7', 'Content-Type': 'application/problem+json' } }
      const answer = await send(proxy(), 'GET', '/orders')
      expect(answer.status).toBe(503)
      expect(answer.headers['retry-after']).toBe(manner.retryAfter ?? '7')
    })
  })

  test('a Countersign that does not answer is 503, after a while', { timeout: 60_000 }, async () => {
    road.state = 'silent'
    const { key } = await makeKey()
    const answers = await Promise.all(run.map((name) => send(described.get(name), 'GET', '/orders', bearer(key))))
    expect(answers.map(({ status }) => status)).toEqual(run.map((name) => manners[name].onSilence ?? 503))
    expect(upstream.seen).toEqual([])
  })

  test('an API that is not there is no 503 of Countersign’s: the proxy says 502 or 503 without asking again', async () => {
    const { key } = await makeKey()
    await upstream.close()
    for (const name of run) {
      const answer = await send(described.get(name), 'GET', '/orders', bearer(key))
      expect([502, 503], name).toContain(answer.status)
      expect(answer.body.code, name).toBeUndefined()
    }
    expect(road.seen).toHaveLength(run.length)
  })
})

const oddPaths = [
  '/',
  '/orders',
  '//orders',
  '/orders//1',
  '/a/../orders',
  '/a/./orders',
  '/a%2Fb',
  '/a%2fb',
  '/%6frders',
  '/a%20b',
  '/a%252Fb',
  '/a;b=c',
  '/a%5Cb',
  '/a+b',
  '/ä'.replace('ä', '%C3%A4'),
  '/orders/',
  '/orders?x=%2F..//&y=a%26b',
  '/orders?',
  "/~a!$&'()*+,;=:@",
  '/orders#x',
  '/orders?x=1&uri=/health&proxy=nginx',
  '/v1/forward-auth?proxy=nginx',
]
