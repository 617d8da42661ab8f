/** One table for every adapter: whatever the framework, the same request has the same answer. */
import { createServer, type RequestListener, request as send } from 'node:http'
import type { AddressInfo } from 'node:net'
import createExpress from 'express'
import createFastify from 'fastify'
import { Hono } from 'hono'
import { afterAll, afterEach, describe, expect, it } from 'vitest'
import { audience, clientId, createAuthority, createFetch, issuer, realTime } from '../authority.fixture.ts'
import { createVerifier, type Verifier } from '../create_verifier.ts'
import * as expressAdapter from './express.ts'
import * as fastifyAdapter from './fastify.ts'
import * as fetchAdapter from './fetch.ts'
import type { ProtectOptions, RefusalInfo } from './gate.ts'
import * as honoAdapter from './hono.ts'
import * as nextAdapter from './next.ts'
import * as nodeAdapter from './node.ts'

type RawHeaders = readonly (readonly [string, string])[]

interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly body: string
}

/** Paths: `/plain` only protects, `/write` also needs orders:write, `/any` one of two, `/alone` has no `protect` before. */
type App = (path: string, headers: RawHeaders) => Promise<Answer>

const closers: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closers.splice(0)) await close()
})

const needed = { write: ['orders:write'], any: ['orders:admin', 'orders:read'] } as const
const who = (auth: { readonly clientId: string } | undefined) => JSON.stringify({ for: auth?.clientId ?? null })

/** The grant, under the name that the options say. */
function at(holder: object, { property = 'auth' }: ProtectOptions): { readonly clientId: string } | undefined {
  return (holder as Readonly<Record<string, { readonly clientId: string } | undefined>>)[property]
}

const adapters: Readonly<Record<string, (options: ProtectOptions) => Promise<App>>> = {
  async node(options) {
    const { protect, requireScope, requireAnyScope } = nodeAdapter
    const guard = protect(options)
    const scopes = { '/write': requireScope(...needed.write), '/any': requireAnyScope(...needed.any) }
    const alone = requireScope(...needed.write)
    return listen(async (request: nodeAdapter.GuardedRequest, response) => {
      const path = request.url as '/write' | '/any'
      if (request.url === '/alone') {
        if (!(await alone(request, response))) return
      } else if (!(await guard(request, response)) || !((await scopes[path]?.(request, response)) ?? true)) return
      response.end(who(at(request, options)))
    })
  },
  async express(options) {
    const { protect, requireScope, requireAnyScope } = expressAdapter
    const app = createExpress()
    app.get(
      '/alone',
      requireScope(...needed.write),
      (request, response) => void response.send(who(at(request, options))),
    )
    app.use(protect(options))
    app.get('/plain', (request, response) => void response.send(who(at(request, options))))
    app.get(
      '/write',
      requireScope(...needed.write),
      (request, response) => void response.send(who(at(request, options))),
    )
    app.get(
      '/any',
      requireAnyScope(...needed.any),
      (request, response) => void response.send(who(at(request, options))),
    )
    return listen(app)
  },
  async fastify(options) {
    const { countersign, requireScope, requireAnyScope } = fastifyAdapter
    const app = createFastify({ http: { maxHeaderSize: 2_097_152 } })
    app.get('/alone', { onRequest: requireScope(...needed.write) }, async (request) => who(at(request, options)))
    await app.register(async (inner) => {
      await inner.register(countersign, options)
      inner.get('/plain', async (request) => who(at(request, options)))
      inner.get('/write', { preHandler: requireScope(...needed.write) }, async (request) => who(at(request, options)))
      inner.get('/any', { preHandler: requireAnyScope(...needed.any) }, async (request) => who(at(request, options)))
    })
    await app.listen({ port: 0, host: '127.0.0.1' })
    closers.push(() => app.close())
    return overTheWire((app.server.address() as AddressInfo).port)
  },
  async hono(options) {
    const { protect, requireScope, requireAnyScope } = honoAdapter
    const app = new Hono()
    app.get('/alone', requireScope(...needed.write), (c) => c.body(who(at(c.var, options))))
    app.use(protect(options))
    app.get('/plain', (c) => c.body(who(at(c.var, options))))
    app.get('/write', requireScope(...needed.write), (c) => c.body(who(at(c.var, options))))
    app.get('/any', requireAnyScope(...needed.any), (c) => c.body(who(at(c.var, options))))
    const env = { incoming: { socket: { remoteAddress: '127.0.0.1' } } }
    return inProcess((request) => app.fetch(request, env))
  },
  async fetch(options) {
    const { protect, requireScope, requireAnyScope } = fetchAdapter
    const end = (request: fetchAdapter.AuthenticatedRequest) => new Response(who(at(request, options)))
    const guard = protect(options)
    const info = { remoteAddr: { hostname: '127.0.0.1' } }
    const routes: Readonly<Record<string, (request: Request, info: unknown) => Promise<Response>>> = {
      '/plain': guard(end),
      '/write': guard(requireScope(...needed.write)(end)),
      '/any': guard(requireAnyScope(...needed.any)(end)),
      '/alone': requireScope(...needed.write)(end),
    }
    return inProcess((request) => routes[new URL(request.url).pathname]?.(request, info) as Promise<Response>)
  },
  async next(options) {
    const { withAuth, requireScope, requireAnyScope } = nextAdapter
    const all = { ...options, peerAddress: () => '127.0.0.1' }
    const end = (request: nextAdapter.AuthenticatedRequest, _context: object) => new Response(who(at(request, options)))
    const routes: Readonly<Record<string, (request: Request, context: object) => Promise<Response>>> = {
      '/plain': withAuth(end, all),
      '/write': withAuth(requireScope(...needed.write)(end), all),
      '/any': withAuth(requireAnyScope(...needed.any)(end), all),
      '/alone': requireScope(...needed.write)(end),
    }
    return inProcess((request) => routes[new URL(request.url).pathname]?.(request, {}) as Promise<Response>)
  },
}

const authority = createAuthority(realTime())
const credential = 'cs_live_of_this_verifier'
const verifier = createVerifier({ issuer, audience, credential, fetch: createFetch(authority) })
const cutOff = createVerifier({ issuer, audience, credential, fetch: () => Promise.reject(new Error('down')) })
afterAll(() => {
  verifier.close()
  cutOff.close()
})

const naming = createAuthority(realTime())
naming.nameHeaders(['X-Partner-Key', 'Authorization'])
const namingVerifier = createVerifier({ issuer, audience, credential, fetch: createFetch(naming) })
afterAll(() => namingVerifier.close())

const bearer = (text: string): RawHeaders => [['Authorization', `Bearer ${text}`]]

describe.each(Object.entries(adapters))('%s', (name, start) => {
  it('lets a good credential pass, by either header, and says whose it is', async () => {
    const app = await start({ verifier })
    const { text } = authority.issueKey()
    for (const headers of [bearer(text), [['X-API-Key', text]] as const, [['x-api-key', text]] as const]) {
      expect(await app('/plain', headers)).toMatchObject({ status: 200, body: JSON.stringify({ for: clientId }) })
    }
    expect((await app('/plain', bearer(await authority.issueJwt()))).status).toBe(200)
  })

  it('refuses a request without one: 401, a challenge without error, a problem with a request id', async () => {
    const answer = await (await start({ verifier }))('/plain', [])
    expect(answer.status).toBe(401)
    expect(answer.headers.get('www-authenticate')).toBe('Bearer')
    expect(answer.headers.get('content-type')).toBe('application/problem+json')
    expect(answer.headers.get('cache-control')).toBe('no-store')
    expect(JSON.parse(answer.body)).toMatchObject({
      status: 401,
      code: 'missing_credential',
      type: 'https://auth.example.com/errors/missing_credential',
    })
    expect(JSON.parse(answer.body).requestId).toMatch(/^[0-9a-f-]{36}$/)
  })

  const key = authority.issueKey().text
  const other = authority.issueKey().text
  const malformed: readonly (readonly [string, RawHeaders, number])[] = [
    ['Bearer and nothing', [['Authorization', 'Bearer']], 400],
    ['Bearer and a space', [['Authorization', 'Bearer ']], 400],
    ['no scheme', [['Authorization', key]], 400],
    ['an empty header', [['Authorization', '']], 400],
    ['an empty X-API-Key', [['X-API-Key', '']], 400],
    ['two Authorization headers', [...bearer(key), ...bearer(key)], 400],
    ['two Authorization headers, the first good', [...bearer(key), ['Authorization', 'Basic x']], 400],
    [
      'two X-API-Key headers',
      [
        ['X-API-Key', key],
        ['X-API-Key', other],
      ],
      400,
    ],
    ['one of each', [...bearer(key), ['X-API-Key', key]], 400],
    ['two joined by a comma', [['Authorization', `Bearer ${key}, Bearer ${other}`]], 400],
    ['two keys joined by a comma', [['X-API-Key', `${key},${other}`]], 400],
    ['a megabyte', [['Authorization', `Bearer ${'x'.repeat(1_048_576)}`]], 400],
    ['a megabyte of key', [['X-API-Key', 'x'.repeat(1_048_576)]], 401],
    ['no ASCII', [['Authorization', 'Bearer \xfc\xff']], 401],
    ['something else', bearer('x'), 401],
    ['three parts of nothing', bearer('a.b.c'), 401],
  ]
  it.each(malformed)('Kong #1329, Kong #14827: refuses %s, never with a 5xx', async (_, headers, status) => {
    expect((await (await start({ verifier }))('/plain', headers)).status).toBe(status)
    expect((await (await start({ verifier, optional: true }))('/plain', headers)).status).toBe(status)
  })

  it.each([`Basic ${key}`, 'Basic =', 'Basic YTpi', 'Digest username="a", uri="/"', 'Negotiate x'])(
    'takes Authorization: %s for no credential: 401 without error, and optional lets it pass',
    async (value) => {
      const headers: RawHeaders = [['Authorization', value]]
      const refused = await (await start({ verifier }))('/plain', headers)
      expect(refused.status).toBe(401)
      expect(refused.headers.get('www-authenticate')).toBe('Bearer')
      expect((await (await start({ verifier, optional: true }))('/plain', headers)).status).toBe(200)
      expect(
        (await (await start({ verifier }))('/plain', [...headers, ['X-API-Key', authority.issueKey().text]])).status,
      ).toBe(200)
    },
  )

  it('reads the headers that the API names, in any case, and nothing there that has not the shape of a credential', async () => {
    const app = await start({ verifier: namingVerifier })
    const { text } = naming.issueKey()
    for (const value of [text, await naming.issueJwt()]) {
      for (const header of ['X-Partner-Key', 'x-partner-key', 'X-PARTNER-KEY', 'Authorization']) {
        expect((await app('/plain', [[header, value]])).status, header).toBe(200)
      }
    }
    expect((await app('/plain', [...bearer(text), ['X-Partner-Key', 'their own']])).status).toBe(200)
    const unread: readonly RawHeaders[] = [
      [['X-Partner-Key', 'their own']],
      [['X-Partner-Key', `Bearer ${text}`]],
      [['X_Partner_Key', text]],
      [['X-Partner-Key2', text]],
    ]
    for (const headers of unread) {
      expect((await app('/plain', headers)).status).toBe(401)
      expect((await (await start({ verifier: namingVerifier, optional: true }))('/plain', headers)).status).toBe(200)
    }
    expect((await (await start({ verifier }))('/plain', [['X-Partner-Key', authority.issueKey().text]])).status).toBe(
      401,
    )
  })

  it('refuses a second credential in any of them with 400, and a bad one where it is optional too', async () => {
    const { text } = naming.issueKey()
    const partner = (value: string): readonly [string, string] => ['X-Partner-Key', value]
    const twice: readonly RawHeaders[] = [
      [...bearer(text), partner(text)],
      [['X-API-Key', text], partner(text)],
      [partner(text), partner(text)],
      [partner('x'), partner(text)],
      [partner(text), partner('x')],
      [partner(`${text}, x`)],
      [['Authorization', text], partner(text)],
      [['Authorization', `${text}, ${text}`]],
    ]
    for (const optional of [false, true]) {
      const app = await start({ verifier: namingVerifier, optional })
      for (const headers of twice) expect((await app('/plain', headers)).status).toBe(400)
      expect((await app('/plain', [partner(authority.issueKey().text)])).status).toBe(401)
    }
  })

  it('is unavailable to a credential in any header while no book has said which are read', async () => {
    const app = await start({ verifier: cutOff, optional: true })
    expect((await app('/plain', [['X-Partner-Key', naming.issueKey().text]])).status).toBe(503)
    expect((await app('/plain', [['X-Partner-Key', 'their own']])).status).toBe(200)
  })

  it('takes a key as the user name of Basic, but not when a page of another site made the request', async () => {
    const app = await start({ verifier })
    const basic: RawHeaders = [['Authorization', `Basic ${btoa(`${authority.issueKey().text}:`)}`]]
    expect((await app('/plain', basic)).status).toBe(200)
    expect((await app('/plain', [...basic, ['Sec-Fetch-Site', 'same-origin']])).status).toBe(200)
    for (const site of ['cross-site', 'same-site']) {
      expect((await app('/plain', [...basic, ['Sec-Fetch-Site', site]])).status).toBe(403)
    }
  })

  it('answers unknown, revoked and expired ones alike', async () => {
    const app = await start({ verifier })
    const unknown = authority.issueKey().text
    authority.change(unknown, undefined)
    const bodies = new Set<string>()
    for (const text of [
      unknown,
      authority.issueKey({ status: 'revoked' }).text,
      authority.issueKey({ status: 'disabled' }).text,
      authority.issueKey({ expiresAt: 1 }).text,
      await authority.issueJwt({ audience: 'https://other.example.com' }),
    ]) {
      const { status, headers, body } = await app('/plain', bearer(text))
      expect(status).toBe(401)
      expect(headers.get('www-authenticate')).toBe('Bearer error="invalid_token"')
      bodies.add(body.replace(/"requestId":"[^"]*"/, ''))
    }
    expect(bodies.size).toBe(1)
  })

  it('needs the scope where it is asked for, and names it', async () => {
    const app = await start({ verifier })
    const reader = bearer(authority.issueKey({ scope: 'orders:read' }).text)
    const refused = await app('/write', reader)
    expect(refused.status).toBe(403)
    expect(refused.headers.get('www-authenticate')).toBe('Bearer error="insufficient_scope", scope="orders:write"')
    expect((await app('/any', reader)).status).toBe(200)
    expect((await app('/plain', reader)).status).toBe(200)
    const writer = bearer(authority.issueKey({ scope: 'orders:write' }).text)
    expect((await app('/write', writer)).status).toBe(200)
    const other = await app('/any', writer)
    expect(other.status).toBe(403)
    expect(JSON.parse(other.body)).toMatchObject({ requires: needed.any.map((token) => [token]) })
    const strict = await start({ verifier, scope: 'orders:write' })
    expect((await strict('/plain', reader)).status).toBe(403)
    expect((await strict('/plain', writer)).status).toBe(200)
    const either = await start({ verifier, anyScope: ['orders:write', 'orders:admin'] })
    expect((await either('/plain', reader)).status).toBe(403)
    expect((await either('/plain', writer)).status).toBe(200)
  })

  it('counts each request once, with what its route asked for and what became of it', async () => {
    const counts: { readonly scope: string; readonly outcome: string; readonly count: number }[] = []
    const answer = createFetch(authority)
    const listening: typeof fetch = async (input, init) => {
      if (String(input).endsWith('/v1/usage')) counts.push(...JSON.parse(String(init?.body)).counts)
      return answer(input, init)
    }
    const counting = createVerifier({ issuer, audience, credential, fetch: listening })
    const app = await start({ verifier: counting })
    const reader = bearer(authority.issueKey({ scope: 'orders:read' }).text)
    for (let round = 0; round < 3; round++) expect((await app('/write', reader)).status).toBe(403)
    for (let round = 0; round < 2; round++) expect((await app('/any', reader)).status).toBe(200)
    expect((await app('/plain', reader)).status).toBe(200)
    for (const close of closers.splice(0)) await close()
    await counting.close()
    expect(counts.map(({ scope, outcome, count }) => [scope, outcome, count]).sort()).toEqual([
      ['', 'verified', 1],
      ['orders:admin | orders:read', 'verified', 2],
      ['orders:write', 'insufficient_scope', 3],
    ])
  })

  it('reports a refusal under the id that its answer has, once, without credential or path', async () => {
    const refusals: { readonly requestId: string; readonly code: string; readonly missingScope: string }[] = []
    const answer = createFetch(authority)
    const listening: typeof fetch = async (input, init) => {
      const isUsage = String(input).endsWith('/v1/usage')
      if (!isUsage) return answer(input, init)
      refusals.push(...(JSON.parse(String(init?.body)).refusals ?? []))
      return Response.json({ accepted: true })
    }
    const reporting = createVerifier({ issuer, audience, credential, fetch: listening })
    const app = await start({ verifier: reporting })
    const reader = bearer(authority.issueKey({ scope: 'orders:read' }).text)
    const narrow = await app('/write', reader)
    const ended = await app('/plain', bearer(authority.issueKey({ expiresAt: 1 }).text))
    expect((await app('/plain', reader)).status).toBe(200)
    for (const close of closers.splice(0)) await close()
    await reporting.close()
    const idOf = ({ body }: { readonly body: string }): string => JSON.parse(body).requestId
    expect(refusals.sort((a, b) => (a.code < b.code ? -1 : 1))).toMatchObject([
      { requestId: idOf(ended), code: 'expired', missingScope: '' },
      { requestId: idOf(narrow), code: 'insufficient_scope', missingScope: 'orders:write', scope: 'orders:write' },
    ])
    for (const refusal of refusals) expect(refusal).not.toHaveProperty('route')
  })

  it('optional: lets a request without a credential pass, not one with a bad one, CVE-2021-21378', async () => {
    const app = await start({ verifier, optional: true })
    expect(await app('/plain', [])).toMatchObject({ status: 200, body: '{"for":null}' })
    expect(await app('/plain', bearer(authority.issueKey().text))).toMatchObject({ status: 200 })
    const elsewhere = await authority.issueJwt({ issuer: 'https://evil.example.com' })
    expect((await app('/plain', bearer(elsewhere))).status).toBe(401)
    expect((await app('/write', [])).status).toBe(401)
  })

  it('knows the caller by its address, and forwarded ones only from trusted proxies', async () => {
    const here = bearer(authority.issueKey({ ipAllow: ['127.0.0.1'] }).text)
    const there = bearer(authority.issueKey({ ipAllow: ['192.0.2.1'] }).text)
    const forwarded = (value: string): RawHeaders => [...there, ['X-Forwarded-For', value]]
    const direct = await start({ verifier })
    expect((await direct('/plain', here)).status).toBe(200)
    expect((await direct('/plain', there)).status).toBe(403)
    expect((await direct('/plain', forwarded('192.0.2.1'))).status).toBe(403)
    const behind = await start({ verifier, trustedProxies: ['127.0.0.0/8', '10.0.0.0/8'] })
    expect((await behind('/plain', here)).status).toBe(200)
    expect((await behind('/plain', forwarded('192.0.2.1'))).status).toBe(200)
    expect((await behind('/plain', forwarded('192.0.2.1:4711, 10.0.0.7'))).status).toBe(200)
    expect((await behind('/plain', forwarded('192.0.2.1, 198.51.100.9'))).status).toBe(403)
    expect((await behind('/plain', forwarded('192.0.2.1, nonsense'))).status).toBe(403)
    expect(
      (await behind('/plain', [...there, ['X-Forwarded-For', '9.9.9.9'], ['X-Forwarded-For', '192.0.2.1']])).status,
    ).toBe(200)
  })

  it('says 503 and when to come back when nobody can tell', async () => {
    const app = await start({ verifier: cutOff })
    const answer = await app('/plain', bearer(authority.issueKey().text))
    expect(answer.status).toBe(503)
    expect(answer.headers.get('retry-after')).toBe('1')
    expect((await (await start({ verifier: cutOff, optional: true }))('/plain', bearer(key))).status).toBe(503)
  })

  it('says what is left of the limit, and 429 when nothing is', async () => {
    const app = await start({ verifier })
    const headers = bearer(authority.issueKey({ rateLimit: { limit: 1, windowSeconds: 60 } }).text)
    const first = await app('/any', headers)
    expect(first.status).toBe(200)
    expect(first.headers.get('ratelimit')).toBe('"default";r=0;t=60')
    expect(first.headers.get('ratelimit-policy')).toBe('"default";q=1;w=60')
    const second = await app('/any', headers)
    expect(second.status).toBe(429)
    expect(Number(second.headers.get('retry-after'))).toBeGreaterThan(0)
    expect(second.headers.get('ratelimit')).toMatch(/^"default";r=0;t=\d+$/)
  })

  it('spends what a request of this route costs', async () => {
    const app = await start({ verifier, cost: 3 })
    const headers = bearer(authority.issueKey({ rateLimit: { limit: 5, windowSeconds: 60 } }).text)
    expect((await app('/any', headers)).headers.get('ratelimit')).toBe('"default";r=2;t=36')
    expect((await app('/any', headers)).status).toBe(429)
  })

  it('puts the grant where `property` says, and nothing under `auth`, also behind requireScope', async () => {
    const app = await start({ verifier, property: 'countersign' })
    const headers = bearer(authority.issueKey().text)
    for (const path of ['/plain', '/write', '/any']) {
      expect(await app(path, headers)).toMatchObject({ status: 200, body: JSON.stringify({ for: clientId }) })
    }
    expect((await app('/plain', [])).status).toBe(401)
  })

  it('answers a refusal in the API’s own body, with our status and challenge, also behind requireScope', async () => {
    const told: RefusalInfo[] = []
    const app = await start({
      verifier,
      onRefusal(refusal) {
        told.push(refusal)
        if (refusal.status === 401) return { body: { error: { code: refusal.code, id: refusal.requestId } } }
        return refusal.code === 'insufficient_scope' ? { body: 'nein', contentType: 'text/plain' } : undefined
      },
    })
    const missing = await app('/plain', [])
    expect([missing.status, missing.headers.get('content-type')]).toEqual([401, 'application/json'])
    expect(missing.headers.get('www-authenticate')).toBe('Bearer')
    expect(JSON.parse(missing.body)).toEqual({ error: { code: 'missing_credential', id: told[0]?.requestId } })
    const reader = bearer(authority.issueKey({ scope: 'orders:read' }).text)
    const narrow = await app('/write', reader)
    expect([narrow.status, narrow.headers.get('content-type'), narrow.body]).toEqual([403, 'text/plain', 'nein'])
    expect(narrow.headers.get('www-authenticate')).toContain('scope="orders:write"')
    const unchanged = await app('/plain', [['Authorization', 'Bearer']])
    expect([unchanged.status, unchanged.headers.get('content-type')]).toEqual([400, 'application/problem+json'])
    expect(told.map(({ status }) => status)).toEqual([401, 403, 400])
  })

  it('throws at once for an unknown or bad option', () => {
    const bad: readonly object[] = [
      { verifier, scopes: 'orders:read' },
      { verifier, optional: 'yes' },
      { verifier, trustedProxies: ['nonsense'] },
      { verifier, scope: 'a  b' },
      { verifier, anyScope: [] },
      { verifier, cost: -1 },
      { verifier, cost: '1' },
      { verifier, property: '' },
      { verifier, property: '__proto__' },
      { verifier, property: 'a.b' },
      { verifier, onRefusal: 'log' },
    ]
    const { protect } = modules[name] as { protect(options: object): unknown }
    for (const options of bad) expect(() => protect(options)).toThrow(TypeError)
  })

  it('requireScope and requireAnyScope name at least one scope', () => {
    const { requireScope, requireAnyScope } = modules[name] as typeof nodeAdapter
    expect(() => requireScope()).toThrow(TypeError)
    expect(() => requireAnyScope()).toThrow(TypeError)
  })
})

const modules: Readonly<Record<string, object>> = {
  node: nodeAdapter,
  express: expressAdapter,
  fastify: fastifyAdapter,
  hono: honoAdapter,
  fetch: fetchAdapter,
  next: nextAdapter,
}

describe('the verifier of the environment', () => {
  const names = ['COUNTERSIGN_URL', 'COUNTERSIGN_AUDIENCE', 'COUNTERSIGN_KEY', 'COUNTERSIGN_KEY_FILE'] as const

  afterEach(() => {
    for (const name of names) delete process.env[name]
  })

  it('throws at the first protect() when something is missing, and names it', () => {
    expect(() => nodeAdapter.protect()).toThrow(/COUNTERSIGN_URL, COUNTERSIGN_AUDIENCE, COUNTERSIGN_KEY/)
    process.env.COUNTERSIGN_URL = issuer
    expect(() => nodeAdapter.protect()).toThrow(/set COUNTERSIGN_AUDIENCE, COUNTERSIGN_KEY$/)
    process.env.COUNTERSIGN_KEY = 'x'
    process.env.COUNTERSIGN_KEY_FILE = 'y'
    expect(() => nodeAdapter.protect()).toThrow(/not both/)
  })

  it('is made once, and requireScope alone protects by it', async () => {
    const answer = createFetch(authority)
    const port = await listenAt(async (request, response) => {
      const chunks: Buffer[] = []
      for await (const chunk of request) chunks.push(chunk as Buffer)
      const { accept = '' } = request.headers
      const init = chunks.length === 0 ? {} : { method: 'POST', body: Buffer.concat(chunks).toString() }
      const reply = await answer(`http://x${request.url}`, { ...init, headers: { accept } })
      // A stream that never says anything would keep the test's server from closing.
      response.end(accept === 'text/event-stream' ? '' : await reply.text())
    })
    process.env.COUNTERSIGN_URL = `http://127.0.0.1:${port}`
    process.env.COUNTERSIGN_AUDIENCE = audience
    process.env.COUNTERSIGN_KEY = 'cs_live_of_this_verifier'
    for (const start of Object.values(adapters)) {
      const app = await start({})
      expect((await app('/alone', [])).status).toBe(401)
      expect((await app('/alone', bearer(authority.issueKey({ scope: 'orders:read' }).text))).status).toBe(403)
      expect((await app('/alone', bearer(authority.issueKey().text))).status).toBe(200)
      expect((await app('/plain', bearer(authority.issueKey().text))).status).toBe(200)
    }
    const { sharedVerifier } = await import('./shared_verifier.ts')
    const shared: Verifier = sharedVerifier()
    expect(sharedVerifier()).toBe(shared)
    shared.close()
  })
})

async function listenAt(listener: RequestListener): Promise<number> {
  const server = createServer({ maxHeaderSize: 2_097_152 }, listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  closers.push(() => {
    server.closeAllConnections()
    server.close()
  })
  return (server.address() as AddressInfo).port
}

async function listen(listener: RequestListener): Promise<App> {
  return overTheWire(await listenAt(listener))
}

function overTheWire(port: number): App {
  return (path, headers) =>
    new Promise((resolve, reject) => {
      const raw = ['Host', `127.0.0.1:${port}`, 'Connection', 'close', ...headers.flat()]
      const request = send({ port, host: '127.0.0.1', path, headers: raw }, (response) => {
        let body = ''
        response.setEncoding('utf8')
        response.on('data', (chunk: string) => {
          body += chunk
        })
        response.on('end', () => {
          const list = Object.entries(response.headers).map(
            ([name, value]) => [name, String(value)] as [string, string],
          )
          resolve({ status: response.statusCode ?? 0, headers: new Headers(list), body })
        })
      })
      request.on('error', reject).end()
    })
}

function inProcess(handle: (request: Request) => Response | Promise<Response>): App {
  return async (path, list) => {
    const headers = new Headers()
    for (const [name, value] of list) headers.append(name, value)
    const response = await handle(new Request(`http://127.0.0.1${path}`, { headers }))
    return { status: response.status, headers: response.headers, body: await response.text() }
  }
}
