/** Published flaws of others, each as a test of ours named after its id; those with a file of their own stand there. */
import { allRoutes, type Route } from '@countersign/contract'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { cpuMs } from '../../../scripts/cpu_ms.ts'
import { audience, baseUrl, startWorld, type World } from './server.fixture.ts'
import { type Reply, send, type Wire } from './wire.fixture.ts'

let world: World
beforeAll(async () => {
  world = await startWorld()
})
beforeEach(() => {
  world.now += 60
})
afterAll(() => world.close())

const oauth = ['/oauth/token', '/oauth/introspect', '/oauth/revoke']
const open = ['/.well-known/oauth-authorization-server', '/.well-known/openid-configuration', '/oauth/jwks', '/healthz']
const everyRoute: readonly (readonly [string, string])[] = [
  ...allRoutes.map(({ method, path }) => [method, path] as const),
  ...oauth.map((path) => ['POST', path] as const),
  ...[...open, '/readyz', '/metrics', '/openapi.json', '/v1/assertion-jwks'].map((path) => ['GET', path] as const),
]

const filled = (path: string): string => path.replaceAll(/\{\w+\}/g, '1')

/** The same tenant's objects, one of each kind, as `{id}` of the paths that take them. */
async function idsOf(as: string, at: string): Promise<Readonly<Record<string, string>>> {
  const post = async (path: string, body: object): Promise<Wire> => {
    const reply = await world.call('POST', path, { as, at, body })
    expect(reply.status, reply.text).toBe(201)
    return reply.body
  }
  const name = `https://${at.slice(3) || 'default'}.objects.test`
  const api = await post('/v1/apis', { audience: name, name: 'An API' })
  const { clientId } = await post('/v1/clients', {
    name: 'c',
    type: 'service',
    access: [{ audience: name, scope: 'a' }],
  })
  const key = await post('/v1/keys', { clientId, audience: name, scope: 'a', name: 'k' })
  const token = await post('/v1/tokens', { clientId, audience: name, scope: 'a', ttlSeconds: 60 })
  const { kid } = (await world.call('GET', '/v1/signing-keys', { as, at })).body.data[0]!
  return { apis: api.id, clients: clientId, keys: key.id, tokens: token.jti, 'signing-keys': kid }
}

describe('one spelling, one decision', () => {
  const spellings = (path: string): readonly string[] => {
    const first = path.split('/')[1] as string
    const rest = path.slice(first.length + 1)
    const last = path.slice(0, path.lastIndexOf('/'))
    const tail = path.slice(path.lastIndexOf('/') + 1)
    const hex = (text: string): string => [...text].map((c) => `%${c.charCodeAt(0).toString(16)}`).join('')
    const doubled = [path.replaceAll('/', '//'), `/${path}`, `//${path}`, `${path}/`, `${path}//`, `${last}//${tail}`]
    const dots = ['/.', '/..', '/./', '/../', '/%2e', '/%2e%2e', '/%2E%2E/', '/..;', '/.;/'].flatMap((dot) => [
      `${dot}${path}`,
      `${path}${dot}`,
      `${last}${dot}/${tail}`,
    ])
    const cased = [path.toUpperCase(), `/${first.toUpperCase()}${rest}`, `${last}/${tail.toUpperCase()}`]
    const encoded = [
      `/${hex(first)}${rest}`,
      `${last}/${hex(tail)}`,
      `%2f${path.slice(1)}`,
      `${last}%2f${tail}`,
      `${last}%2F${tail}`,
      `${last}%5c${tail}`,
      `${last}\\${tail}`,
      `\\${path.slice(1)}`,
      `/%25${path.slice(1)}`,
    ]
    const appended = [
      ';',
      ';x=1',
      '%00',
      '%20',
      ' ',
      '.json',
      '#',
      '%23',
      '%3f',
      '%3b',
      '*',
      '~',
      '%0a',
      '%09',
      '%0d%0a',
      '%2f',
      '%5c',
      '%252f',
      '%c0%af',
      '%u002f',
      '%2e',
      '..%2f',
      '\t',
      '\u00a0',
      '+',
      '|',
      '^',
      ',',
      ':80',
      '@x',
    ].map((end) => `${path}${end}`)
    return [
      ...new Set([
        ...doubled,
        ...dots,
        ...cased,
        ...encoded,
        ...appended,
        `.${path}`,
        path.slice(1),
        `${baseUrl}${path}`,
      ]),
    ]
  }

  it.each(everyRoute)('CVE-2025-71399: %s %s has no other spelling', async (method, template) => {
    const path = filled(template)
    const route = allRoutes.find((each) => each.method === method && each.path === template)
    const needsBody = route?.body?.safeParse({}).success === false
    const before = world.dump()
    const all = spellings(path).filter((spelling) => spelling !== path)
    expect(all.length).toBeGreaterThanOrEqual(58)
    for (const spelling of all) {
      const reply = await world.call(method, spelling)
      // 405: the spelling names one thing, with an id that nothing has, for another method. 400: its body is missing first.
      expect([404, 405, ...(needsBody ? [400] : [])], `${spelling} ${reply.status}`).toContain(reply.status)
    }
    expect(world.dump()).toBe(before)
  })

  it('a parameter has one spelling too', async () => {
    const { id } = await world.key()
    const encoded = [...id].map((c) => `%${c.charCodeAt(0).toString(16)}`).join('')
    expect((await world.call('GET', `/v1/keys/${encoded}`)).status).toBe(404)
    expect((await world.call('GET', `/v1/keys/${id}`)).status).toBe(200)
  })

  it('another method is 405 with Allow, and a tenant’s slug has one spelling', async () => {
    const reply = await world.call('PUT', '/v1/keys')
    expect(reply.status).toBe(405)
    expect(reply.headers.Allow?.split(', ').sort()).toEqual(['GET', 'POST'])
    const tenant = await world.ok('POST', '/v1/tenants', { slug: 'acme', name: 'Acme' })
    const get = (at: string) => world.call('GET', '/v1/apis', { as: tenant.adminKey, at })
    expect((await get('/t/acme')).status).toBe(200)
    for (const at of [
      '/t/ACME',
      '/t//acme',
      '/T/acme',
      '/t/acme/',
      '/t/%61cme',
      '/t/acme/t/acme',
      '/t/acme.',
      '/t/-acme',
      '/t',
    ]) {
      expect((await get(at)).status, at).toBe(404)
    }
  })
})

describe('malformed Authorization headers', () => {
  const values: readonly (readonly (readonly [string, string])[])[] = [
    '',
    'Bearer',
    'Bearer ',
    'Bearer  ',
    'Bearer X',
    'bearer x',
    'Bearer,',
    'Bearer a b',
    'Bearer a,Bearer b',
    'Bearer \u00e4',
    'Bearer \u0000',
    'Basic',
    'Basic =',
    'Basic Og==',
    'Basic ????',
    'Digest username="x"',
    'Negotiate',
    `Bearer ${'x'.repeat(1_000_000)}`,
    `Bearer ${'.'.repeat(100_000)}`,
    'Bearer eyJ.eyJ.x',
    'Bearer cs_live_x',
    ',',
    '=',
  ]
    .map((value) => [['Authorization', value] as const])
    .concat([
      [
        ['Authorization', 'Bearer a'],
        ['authorization', 'Bearer b'],
      ] as never,
      [
        ['Authorization', 'Bearer a'],
        ['X-API-Key', 'b'],
      ] as never,
      [
        ['X-API-Key', ''],
        ['X-API-Key', 'b'],
      ] as never,
      [['X-API-Key', 'a, b']] as never,
    ])

  const guarded = everyRoute.filter(([, path]) => path.startsWith('/v1/') && path !== '/v1/assertion-jwks')
  it.each([...guarded, ...oauth.map((path) => ['POST', path] as const)])(
    'CVE-2026-0707 CVE-2026-9803 Kong #1329 GHSA-xmf8-cvqr-rfgj: at %s %s they are 400 or 401',
    async (method, path) => {
      world.now += 60
      for (const headers of values) {
        const form = [['Content-Type', 'application/x-www-form-urlencoded'] as const, ...headers]
        const isOauth = path.startsWith('/oauth/')
        const reply = await world.call(method, filled(path), {
          as: null,
          headers: isOauth ? form : headers,
          ...(isOauth ? { raw: 'grant_type=client_credentials&token=x' } : {}),
        })
        expect([400, 401], `${path} ${JSON.stringify(headers).slice(0, 60)} ${reply.text}`).toContain(reply.status)
        expect(reply.headers['Cache-Control']).toBe('no-store')
      }
    },
  )

  it('without a credential it is 401 with a challenge that names no error', async () => {
    const reply = await world.call('GET', '/v1/keys', { as: null })
    expect(reply).toMatchObject({ status: 401, headers: { 'WWW-Authenticate': 'Bearer' } })
  })
})

describe('failed credentials', () => {
  it('are limited for each address, and a good one from there goes on working', async () => {
    world.now += 600
    const statuses: number[] = []
    for (let count = 0; count < 700; count++) {
      statuses.push((await world.call('GET', '/v1/keys', { as: `unknown-${count}`, peer: '203.0.113.50' })).status)
    }
    expect(statuses.filter((status) => status === 401)).toHaveLength(600)
    expect(statuses.filter((status) => status === 429)).toHaveLength(100)
    expect((await world.call('GET', '/v1/keys', { as: 'unknown', peer: '203.0.113.51' })).status).toBe(401)
    expect((await world.call('GET', '/v1/keys', { peer: '203.0.113.50' })).status).toBe(200)
    world.now += 60
    expect((await world.call('GET', '/v1/keys', { as: 'unknown', peer: '203.0.113.50' })).status).toBe(401)
  })
})

describe('whose it is', () => {
  it('CVE-2025-61928: ids of another subject in body, query or header never change who acts', async () => {
    const caller = await world.caller('keys:write keys:read')
    const other = await world.client()
    const headers = [
      ['X-Countersign-Client', other.clientId],
      ['X-Client-Id', other.clientId],
      ['X-User-Id', other.clientId],
      ['X-Tenant', 'other'],
    ] as const
    const body = { clientId: other.clientId, audience, scope: 'orders:read', name: 'k' }
    const made = await world.call('POST', '/v1/keys', { as: caller.key, body, headers })
    expect(made.status).toBe(201)
    const [event] = (await world.ok('GET', `/v1/audit?objectId=${made.body.id}`)).data
    expect(event?.actor).toMatchObject({ clientId: caller.clientId })
    for (const name of ['tenant', 'actor', 'userId', 'subject', 'caller']) {
      // The subject of a key is whom it speaks for, never who makes it.
      const refused = { ...body, [name]: name === 'subject' ? caller.clientId : 'x' }
      expect((await world.call('POST', '/v1/keys', { as: caller.key, body: refused })).status).toBe(400)
      expect((await world.call('POST', `/v1/keys?${name}=x`, { as: caller.key, body })).status).toBe(400)
    }
  })

  const scoped = allRoutes.filter(({ scope }) => scope !== undefined)
  it.each(scoped.map((route) => [route.operationId, route] as const))(
    'CVE-2026-41427: %s is refused to every caller without its scope, and nothing changes',
    async (_, route) => {
      const scopes = scoped.map(({ scope }) => scope).filter((scope) => ![route.scope, route.orScope].includes(scope))
      const { key } = await world.caller([...new Set(scopes)].join(' '), ['*'])
      const before = world.dump()
      const reply = await world.call(route.method, filled(route.path), { as: key })
      expect(reply.status, reply.text).toBe(403)
      expect(reply.body.code).toBe('insufficient_scope')
      expect(reply.headers['WWW-Authenticate']).toContain(`scope="${route.scope}"`)
      expect(world.dump()).toBe(before)
    },
  )

  describe('across tenants', () => {
    let foreign: { readonly as: string; readonly at: string; readonly ids: Readonly<Record<string, string>> }
    let own: Readonly<Record<string, string>>
    beforeAll(async () => {
      const tenant = await world.ok('POST', '/v1/tenants', { slug: 'foreign', name: 'Foreign' })
      foreign = { as: tenant.adminKey, at: '/t/foreign', ids: await idsOf(tenant.adminKey, '/t/foreign') }
      own = await idsOf(world.admin, '')
    })
    const targets = allRoutes.filter(({ path }) => /^\/v1\/(apis|clients|keys|tokens|signing-keys)\/\{/.test(path))
    const good: Readonly<Record<string, unknown>> = {
      importOpenapi: { openapi: '3.1.0', info: { title: 'x', version: '1' }, paths: {} },
      callApi: { method: 'GET', path: '/orders' },
    }

    it.each(targets.map((route) => [route.operationId, route] as const))(
      'GHSA-fmh4-wcc4-5jm3 GHSA-j8v8-g9cx-5qf4 CVE-2026-37171: %s finds nothing of another tenant, from either side',
      async (operationId, route: Route) => {
        const before = world.dump()
        const body = good[operationId]
        for (const [as, at, ids] of [
          [foreign.as, foreign.at, own],
          [world.admin, '', foreign.ids],
        ] as const) {
          for (const id of Object.values(ids)) {
            const path = route.path.replace(/\{\w+\}/, encodeURIComponent(id))
            const reply = await world.call(route.method, path, { as, at, ...(body === undefined ? {} : { body }) })
            expect([reply.status, reply.body.code], path).toEqual([404, 'not_found'])
          }
        }
        expect(world.dump()).toBe(before)
      },
    )

    it('a key of one tenant is nobody in another', async () => {
      for (const route of allRoutes) {
        for (const [as, at] of [
          [foreign.as, ''],
          [world.admin, foreign.at],
        ] as const) {
          const reply = await world.call(route.method, filled(route.path), { as, at })
          const isElsewhere = route.isDefaultTenantOnly === true && at !== ''
          expect(reply.status, `${route.operationId} ${at}`).toBe(isElsewhere ? 404 : 401)
        }
      }
    })

    it('tenants are managed in the default tenant only', async () => {
      for (const route of allRoutes.filter(({ isDefaultTenantOnly }) => isDefaultTenantOnly)) {
        const reply = await world.call(route.method, filled(route.path), { as: foreign.as, at: foreign.at })
        expect(reply.status).toBe(404)
      }
      const body = {
        name: 'c',
        type: 'service',
        access: [{ audience: `${baseUrl}/t/foreign/v1`, scope: 'tenants:write' }],
      }
      expect((await world.call('POST', '/v1/clients', { as: foreign.as, at: foreign.at, body })).status).toBe(400)
    })

    it('a cursor of one tenant is none in another, nor in another list', async () => {
      const { next } = await world.ok('GET', '/v1/clients?limit=1')
      const after = encodeURIComponent(next)
      expect((await world.call('GET', `/v1/clients?after=${after}`)).status).toBe(200)
      expect((await world.call('GET', `/v1/keys?after=${after}`)).status).toBe(400)
      expect((await world.call('GET', `/v1/clients?after=${after}`, { as: foreign.as, at: foreign.at })).status).toBe(
        400,
      )
    })
  })
})

describe('lists', () => {
  it('CVE-2026-33504: 10,000 mutated cursors are 400, and none reaches the database', async () => {
    for (let count = 0; count < 3; count++) await world.key()
    const { next } = await world.ok('GET', '/v1/keys?limit=1')
    const alphabet = 'ABCabc019-_.\'"; %\u0000'
    let seed = 42
    const random = (max: number): number => {
      seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648
      return seed % max
    }
    for (let count = 0; count < 10_000; count++) {
      const at = random(next.length)
      const letter = alphabet[random(alphabet.length)] as string
      const mutated = [
        `${next.slice(0, at)}${letter}${next.slice(at + 1)}`,
        `${next.slice(0, at)}${next.slice(at + 1)}`,
        `${next.slice(0, at)}${letter}${next.slice(at)}`,
      ][count % 3] as string
      if (mutated === next) continue
      const reply = await world.call('GET', `/v1/keys?after=${encodeURIComponent(mutated)}`)
      expect(reply.status, JSON.stringify(mutated)).toBe(400)
    }
  })

  it('pages hold every item once, in order, while items are added', async () => {
    const { clientId } = await world.client()
    const made: string[] = []
    for (let count = 0; count < 30; count++) made.push((await world.key({ clientId })).id)
    const seen: string[] = []
    let next: string | null = null
    do {
      const after: string = next === null ? '' : `&after=${encodeURIComponent(next)}`
      const page = await world.ok('GET', `/v1/keys?clientId=${clientId}&limit=7${after}`)
      seen.push(...page.data.map(({ id }) => id))
      if (seen.length < 28) made.push((await world.key({ clientId })).id)
      next = page.next
    } while (next !== null)
    expect(new Set(seen).size).toBe(seen.length)
    expect(made.slice(0, 30).every((id) => seen.includes(id))).toBe(true)
  })

  it('limit is 1 to 100', async () => {
    for (const limit of ['0', '101', '-1', '1.0', '1e1', '', 'ten']) {
      expect((await world.call('GET', `/v1/keys?limit=${limit}`)).status, limit).toBe(400)
    }
  })
})

describe('disabled, deleted, revoked', () => {
  it('CVE-2026-9798 CVE-2026-16103 CVE-2026-88770: every grant asks at the moment of issuing', async () => {
    const client = await world.signedClient()
    const owner = { client_id: client.clientId, client_secret: client.clientSecret }
    const key = await world.key({ clientId: client.clientId })
    const grants = [() => world.token(owner), () => world.exchange(key.key, owner)]
    const path = `/v1/clients/${client.clientId}`
    for (const grant of grants) expect((await grant()).status).toBe(200)
    for (const [change, restore] of [
      [{ status: 'disabled' }, { status: 'active' }],
      [{ access: [] }, { access: [{ audience, scope: 'orders:read' }] }],
    ]) {
      await world.ok('PATCH', path, change)
      for (const grant of grants) expect((await grant()).status).toBeGreaterThanOrEqual(400)
      await world.ok('PATCH', path, restore)
    }
    await world.ok('PATCH', `/v1/apis/${world.apiId}`, { status: 'disabled' })
    for (const grant of grants) expect((await grant()).status).toBe(400)
    await world.ok('PATCH', `/v1/apis/${world.apiId}`, { status: 'active' })
    for (const grant of grants) expect((await grant()).status).toBe(200)
  })

  it('CVE-2017-12160 GHSA-2vg6-77g8-24mp: nothing of a deleted client is accepted any more', async () => {
    const client = await world.signedClient()
    const owner = { client_id: client.clientId, client_secret: client.clientSecret }
    const key = (await world.key({ clientId: client.clientId })).key
    const texts = [
      key,
      (await world.mint({ clientId: client.clientId })).token,
      (await world.token(owner)).body.access_token,
      (await world.exchange(key, owner)).body.access_token,
      await client.selfIssued(),
    ]
    for (const text of texts) expect((await world.verify(text)).active).toBe(true)
    await world.ok('DELETE', `/v1/clients/${client.clientId}`)
    for (const text of [...texts, await client.selfIssued()]) expect((await world.verify(text)).active).toBe(false)
  })

  it('VULN-100-IAM: a revoked key is refused at once, however often it was looked up before', async () => {
    for (let round = 0; round < 50; round++) {
      const key = await world.key()
      const checks = Array.from({ length: 5 }, () => world.verify(key.key))
      const revoked = world.ok('POST', `/v1/keys/${key.id}/revoke`)
      const after = revoked.then(() => Promise.all(Array.from({ length: 5 }, () => world.verify(key.key))))
      await Promise.all(checks)
      for (const { code } of await after) expect(code).toBe('revoked')
    }
  })
})

describe('answers', () => {
  it('CVE-2026-34972 CVE-2026-33729 CVE-2025-46331: cached and fresh answers are the same, question by question', async () => {
    const key = await world.key({ scope: 'orders:read', ipAllow: ['192.0.2.0/24'] })
    const questions = ['orders:read', 'orders:write', undefined].flatMap((scope) =>
      ['192.0.2.1', '198.51.100.1', undefined].flatMap((ip) =>
        [audience, 'https://other.test'].map((aud) => ({
          audience: aud,
          ...(scope === undefined ? {} : { scope }),
          ...(ip === undefined ? {} : { ip }),
        })),
      ),
    )
    const ask = (question: object) => world.verify(key.key, question)
    const first = []
    for (const question of questions) first.push(await ask(question))
    for (let round = 0; round < 5; round++) {
      const again = await Promise.all(questions.map(ask))
      expect(again).toEqual(first)
    }
    const second = await world.second()
    for (const [index, question] of questions.entries()) {
      const body = { credential: key.key, ...question }
      expect((await world.call('POST', '/v1/verify', { body, server: second })).body).toEqual(first[index])
    }
  })

  it('CVE-2026-55689: a question without an audience is an error, never "any"', async () => {
    const { key } = await world.key()
    for (const more of [{}, { audience: '' }, { audience: null }]) {
      const reply = await world.call('POST', '/v1/verify', { body: { credential: key, ...more } })
      expect(reply).toMatchObject({ status: 400, body: { errors: [{ pointer: '/audience' }] } })
    }
    const proxied = await world.call('GET', '/v1/forward-auth?proxy=nginx', {
      as: null,
      headers: [['X-Countersign-Verifier', world.admin]],
    })
    expect(proxied.status).toBe(400)
  })

  it('CVE-2025-2559 CVE-2026-79651 CVE-2026-4634: 500,000 scope tokens are refused in no time', async () => {
    const many = Array.from({ length: 500_000 }, (_, index) => (index % 2 === 0 ? 'a' : 'b'))
    const began = cpuMs()
    const replies: Reply[] = [
      await world.token({ scope: many.join(' ') }),
      await world.call('POST', '/v1/verify', {
        body: { credential: 'x', audience, scope: many.slice(0, 200_000).join(' ') },
      }),
    ]
    // A form is too long before it is read for scopes.
    expect(replies.map(({ status }) => status)).toEqual([413, 400])
    expect(cpuMs() - began).toBeLessThan(1_000)
  })

  it('CVE-2025-64762: whatever holds or depends on a credential may not be cached', async () => {
    const { key, id } = await world.key()
    const own = { client_id: world.clientId, client_secret: world.clientSecret }
    const replies = [
      await world.token(),
      await world.exchange(key),
      await world.form('/oauth/introspect', { token: key, ...own }),
      await world.form('/oauth/revoke', { token: 'x', ...own }),
      await world.call('GET', `/v1/keys/${id}`),
      await world.call('GET', '/v1/keys'),
      await world.call('GET', '/v1/feed/snapshot'),
      await world.call('GET', '/v1/feed?after=0'),
      await world.call('POST', '/v1/verify', { body: { credential: key, audience } }),
      await world.call('POST', '/v1/assertions', { body: { credential: key, audience } }),
      await world.call('GET', '/v1/keys', { as: null }),
      await world.call('GET', '/metrics', { as: null }),
      await world.call('GET', '/nothing', { as: null }),
    ]
    for (const { headers } of replies) expect(headers['Cache-Control']).toBe('no-store')
  })

  it('CVE-2026-33495 supermemory #1483: issuer and metadata are never built from the request', async () => {
    const hostile = [
      ['Host', 'evil.test'],
      ['X-Forwarded-Host', 'evil.test'],
      ['X-Forwarded-Proto', 'https'],
      ['X-Forwarded-Prefix', '/evil'],
      ['Forwarded', 'host=evil.test;proto=https'],
      ['X-Original-URL', 'https://evil.test/'],
    ] as const
    for (const path of [...open, '/openapi.json']) {
      const plain = await world.call('GET', path, { as: null })
      const reply = await send(world.server, 'GET', path, hostile)
      expect(reply.text).toBe(plain.text)
      expect(JSON.stringify([reply.text, reply.headers])).not.toContain('evil')
    }
    const { access_token: token } = (await world.token()).body
    const issuer = (JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as { iss: string }).iss
    expect(issuer).toBe(baseUrl)
  })

  it('CVE-2021-21378 CVE-2025-46647 CVE-2020-16250 CVE-2020-16251: a JWT of an unknown issuer is unknown, not anonymous', async () => {
    const stranger = await world.signedClient()
    for (const iss of ['https://evil.test', `${baseUrl}/`, `${baseUrl}.evil.test`, '', 'null']) {
      const text = await stranger.selfIssued({ iss, sub: iss || 'x' }).catch(() => undefined)
      if (text === undefined) continue
      expect(await world.verify(text)).toMatchObject({ active: false })
      expect((await world.call('GET', '/v1/keys', { as: text })).status).toBe(401)
    }
    const elsewhere = await stranger.selfIssued({ iss: 'https://evil.test', sub: 'x' })
    expect(await world.verify(elsewhere)).toMatchObject({ active: false, code: 'unknown' })
  })

  it('CVE-2024-5798: a credential for one audience is none for another', async () => {
    const name = 'https://second.test'
    await world.ok('POST', '/v1/apis', { audience: name, name: 'Second' })
    const access = [audience, name].map((each) => ({ audience: each, scope: 'orders:read' }))
    const { clientId } = await world.client({ access })
    const key = await world.key({ clientId })
    const minted = await world.mint({ clientId })
    for (const text of [key.key, minted.token]) {
      expect((await world.verify(text)).active).toBe(true)
      expect(await world.verify(text, { audience: name })).toMatchObject({ active: false, code: 'wrong_audience' })
      expect(await world.verify(text, { audience: 'https://none.test' })).toMatchObject({ code: 'wrong_audience' })
      expect(await world.verify(text, { audience: `${audience}/` })).toMatchObject({ code: 'wrong_audience' })
    }
  })

  it('CVE-2023-24999: nothing is ended by naming it: an id revokes only for whoever may touch its client', async () => {
    const { key } = await world.caller('keys:read')
    const victim = await world.key()
    expect((await world.call('POST', `/v1/keys/${victim.id}/revoke`, { as: key })).status).toBe(403)
    const own = { client_id: world.clientId, client_secret: world.clientSecret }
    expect((await world.form('/oauth/revoke', { token: victim.id, ...own })).status).toBe(200)
    expect((await world.verify(victim.key)).active).toBe(true)
  })
})

describe('without authentication', () => {
  it('CVE-2026-5807: nobody unknown can begin, block or change anything', async () => {
    const before = world.dump()
    for (const [method, path] of everyRoute) {
      const reply = await world.call(method, filled(path), { as: null, headers: [['Idempotency-Key', 'x']] })
      if (method !== 'GET' || path.startsWith('/v1/')) {
        if (path !== '/v1/assertion-jwks') expect(reply.status, path).toBeGreaterThanOrEqual(400)
      }
      expect(reply.status, path).toBeLessThan(500)
    }
    expect(world.dump()).toBe(before)
    expect((await world.token()).status).toBe(200)
  })

  it('CVE-2024-4629: of 1,000 parallel wrong secrets all but the allowed few are told to slow down', async () => {
    const client = await world.client()
    // Well-formed, so that each is looked up: those beside it are counted while it waits.
    const { clientSecret: wrong } = await world.client()
    const ask = (secret: string) =>
      world.form(
        '/oauth/token',
        { grant_type: 'client_credentials', client_id: client.clientId, client_secret: secret },
        { peer: '203.0.113.9' },
      )
    const asked = Array.from({ length: 1_000 }, () => ask(wrong))
    const right = ask(client.clientSecret)
    const statuses = (await Promise.all(asked)).map(({ status }) => status)
    expect(statuses.filter((status) => status === 401)).toHaveLength(30)
    expect(statuses.filter((status) => status === 429)).toHaveLength(970)
    expect((await right).status).toBe(200)
  })
})
