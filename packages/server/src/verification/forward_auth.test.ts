import { parseAddressRange, readIdentityHeader } from '@countersign/core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { processLimiter, type ServerLimiter } from '../redis/limiter.ts'
import { audience, otherAudience, startWorld, type World } from '../server.fixture.ts'

let world: World
let trusting: World
beforeAll(async () => {
  world = await startWorld()
  await world.ok('POST', '/v1/apis', { audience: otherAudience, name: 'Invoices' })
  trusting = await startWorld({ trustedProxies: [parseAddressRange('10.0.0.0/8')!] })
})
afterAll(() => Promise.all([world.close(), trusting.close()]))

type Headers = readonly (readonly [string, string])[]
const families: Readonly<Record<string, Headers>> = {
  nginx: [
    ['X-Original-Method', 'GET'],
    ['X-Original-URI', '/orders'],
    ['X-Real-IP', '192.0.2.9'],
  ],
  traefik: [
    ['X-Forwarded-Method', 'GET'],
    ['X-Forwarded-Uri', '/orders'],
    ['X-Forwarded-For', '192.0.2.9'],
  ],
  caddy: [
    ['X-Forwarded-Method', 'GET'],
    ['X-Forwarded-Uri', '/orders'],
    ['X-Forwarded-For', '192.0.2.9'],
  ],
  haproxy: [
    ['X-Forwarded-Method', 'GET'],
    ['X-Forwarded-Uri', '/orders'],
    ['X-Forwarded-For', '192.0.2.9'],
  ],
}
const names = [
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
const identity = names.map((name) => `X-Countersign-${name}`)

const ask = (proxy: string, headers: Headers, as: string | null, query = '', of = world, peer?: string) =>
  of.call('GET', `/v1/forward-auth?audience=${encodeURIComponent(audience)}&proxy=${proxy}${query}`, {
    as,
    headers,
    ...(peer === undefined ? {} : { peer }),
  })
const named = (): readonly [string, string] => ['X-Countersign-Verifier', world.admin]

describe('headers that the API names', () => {
  it.each(Object.keys(families))('%s: a key there lets pass, two are 400, and the next change holds', async (proxy) => {
    const { key } = await world.key()
    const send = async (...more: Headers) =>
      (await ask(proxy, [...families[proxy]!, named(), ...more], null, '&scope=orders:read')).status
    const name = (credentialHeaders: readonly string[]) =>
      world.ok('PATCH', `/v1/apis/${world.apiId}`, { credentialHeaders })
    await name(['X-Partner-Key', 'Authorization'])
    expect(await send(['x-partner-key', key])).toBe(200)
    expect(await send(['Authorization', key])).toBe(200)
    expect(await send(['X-Partner-Key', 'theirs'], ['X-API-Key', key])).toBe(200)
    expect(await send(['X-Partner-Key', 'theirs'])).toBe(401)
    expect(await send(['X_Partner_Key', key])).toBe(401)
    expect(await send(['X-Partner-Key', key], ['X-API-Key', key])).toBe(400)
    expect(await send(['X-Partner-Key', key], ['X-Partner-Key', 'theirs'])).toBe(400)
    await name([])
    expect(await send(['X-Partner-Key', key])).toBe(401)
  })

  it('a request that waits for its limit while the API ceases to name its header is refused', async () => {
    const waiting = Promise.withResolvers<void>()
    const change = Promise.withResolvers<void>()
    const inner = processLimiter()
    const limiter: ServerLimiter = {
      ...inner,
      take(spends, now) {
        waiting.resolve()
        return change.promise.then(() => inner.take(spends, now))
      },
    }
    const of = await startWorld({ limiter })
    const { key } = await of.key({ rateLimit: { limit: 10, windowSeconds: 60 } })
    await of.ok('PATCH', `/v1/apis/${of.apiId}`, { credentialHeaders: ['X-Partner-Key'] })
    const headers = [...families.nginx!, ['X-Countersign-Verifier', of.admin], ['X-Partner-Key', key]] as Headers
    const asked = ask('nginx', headers, null, '&scope=orders:read', of)
    await waiting.promise
    await of.ok('PATCH', `/v1/apis/${of.apiId}`, { credentialHeaders: [] })
    change.resolve()
    expect(await asked).toMatchObject({ status: 401, body: { code: 'missing_credential' } })
    await of.close()
  })
})

describe('let through', () => {
  it.each(Object.keys(families))('%s gets every identity header, none empty', async (proxy) => {
    const { key, id } = await world.key()
    const reply = await ask(proxy, [...families[proxy]!, named()], key, '&scope=orders:read')
    expect(reply.status, reply.text).toBe(200)
    for (const name of identity) expect(reply.headers[name], name).toMatch(/\S/)
    expect(reply.headers).toMatchObject({
      'X-Countersign-Kind': 'api_key',
      'X-Countersign-Credential': id,
      'X-Countersign-Scope': 'orders:read',
      'Cache-Control': 'no-store',
    })
  })

  it.each(['é', '%C3%A9', ' bob', 'bob', '-', '--', '100%', '%2D'])(
    'the subject %j comes back as it is',
    async (subject) => {
      const { token } = await world.mint({ subject })
      const { status, headers, text } = await ask(
        'traefik',
        [...(families.traefik as Headers), named()],
        token as string,
        '&scope=orders:read',
      )
      expect(status, text).toBe(200)
      const value = headers['X-Countersign-Subject'] as string
      expect(value).toMatch(/^[\x21-\x7e]+$/)
      expect(readIdentityHeader(value)).toBe(subject)
    },
  )

  it('envoy asks with the request’s own method and path', async () => {
    const { key } = await world.key()
    const target = `/v1/forward-auth/orders?audience=${encodeURIComponent(audience)}&proxy=envoy&scope=orders:read`
    expect((await world.call('GET', target, { as: key, headers: [named()] })).status).toBe(200)
  })

  it('envoy appends the request’s own path and query to `&uri=`: none of it is a parameter', async () => {
    const { key } = await world.key()
    const prefix = `/v1/forward-auth?audience=${encodeURIComponent(audience)}&proxy=envoy&scope=orders:write&uri=`
    for (const uri of ['/orders', '/orders?x=1&scope=orders:read', '/orders?scope=&uri=/x&scope=orders:read']) {
      expect((await world.call('GET', prefix + uri, { as: key, headers: [named()] })).status, uri).toBe(403)
    }
    const fitting = `${prefix.replace('write', 'read')}/orders?audience=x&proxy=nginx&scope=orders:write`
    expect((await world.call('GET', fitting, { as: key, headers: [named()] })).status).toBe(200)
  })

  it('a public operation is let through as anonymous, with every header and none empty', async () => {
    const document = {
      openapi: '3.1.0',
      info: { title: 'x', version: '1' },
      paths: { '/orders': { get: { security: [], responses: {} } } },
    }
    const raw = JSON.stringify(document)
    const headers = [['Content-Type', 'application/json']] as const
    const fresh = await startWorld()
    await fresh.call('POST', `/v1/apis/${fresh.apiId}/openapi`, { raw, headers })
    const verifier = ['X-Countersign-Verifier', fresh.admin] as const
    const reply = await ask('nginx', [...families.nginx!, verifier], null, '', fresh)
    expect(reply.status).toBe(200)
    expect(reply.headers['X-Countersign-Kind']).toBe('anonymous')
    for (const name of identity.slice(1)) expect(reply.headers[name]).toBe('-')
    const other: Headers = [['X-Original-Method', 'POST'], ['X-Original-URI', '/orders'], verifier]
    expect((await ask('nginx', other, null, '', fresh)).status).toBe(403)
    await fresh.close()
  })

  it('a CORS preflight of a described path is anonymous; of any other path, or where a scope is asked for, it is not', async () => {
    const fresh = await startWorld()
    const paths = { '/orders': { get: { security: [{ key: [] }], responses: {} } } }
    const raw = JSON.stringify({ openapi: '3.1.0', info: { title: 'x', version: '1' }, paths })
    await fresh.call('POST', `/v1/apis/${fresh.apiId}/openapi`, {
      raw,
      headers: [['Content-Type', 'application/json']],
    })
    const preflight = (uri: string, ...more: Headers): Headers => [
      ['X-Original-Method', 'OPTIONS'],
      ['X-Original-URI', uri],
      ['X-Countersign-Verifier', fresh.admin],
      ...more,
    ]
    const cors: Headers = [
      ['Origin', 'https://app.example'],
      ['Access-Control-Request-Method', 'GET'],
    ]
    const reply = await ask('nginx', preflight('/orders', ...cors), null, '', fresh)
    expect(reply.status, reply.text).toBe(200)
    expect(reply.headers['X-Countersign-Kind']).toBe('anonymous')
    expect((await ask('nginx', preflight('/none', ...cors), null, '', fresh)).status).toBe(403)
    expect((await ask('nginx', preflight('/orders', cors[0]!), null, '', fresh)).status).toBe(403)
    expect((await ask('nginx', preflight('/orders', ...cors), null, '&scope=orders:read', fresh)).status).toBe(401)
    await fresh.close()
  })
})

describe('refused', () => {
  it('failed credentials are limited for each caller’s address, and whoever shares it with a guesser goes on working', async () => {
    const fresh = await startWorld()
    const asked = async (key: string, ip: string): Promise<number> => {
      const headers: Headers = [...families.nginx!, ['X-Countersign-Verifier', fresh.admin], ['X-Real-IP', ip]]
      return (await ask('nginx', headers, key, '&scope=orders:read', fresh)).status
    }
    const { key } = await fresh.key()
    const statuses: number[] = []
    for (let guess = 0; guess < 610; guess++) statuses.push(await asked('nonsense', '192.0.2.1'))
    expect([401, 429].map((status) => statuses.filter((each) => each === status).length)).toEqual([600, 10])
    expect(await asked(key, '192.0.2.1')).toBe(200)
    expect(await asked('nonsense', '192.0.2.2')).toBe(401)
    await fresh.close()
  })

  it('a caller that names two origins names none, and a key bound to one of them is refused', async () => {
    const { key } = await world.key({ originAllow: ['https://app.example'] })
    const asked = async (...origins: readonly string[]): Promise<number> => {
      const headers: Headers = [...families.nginx!, named(), ...origins.map((origin) => ['Origin', origin] as const)]
      return (await ask('nginx', headers, key, '&scope=orders:read')).status
    }
    expect(await asked('https://app.example')).toBe(200)
    expect(await asked('https://app.example', 'https://evil.example')).toBe(403)
  })

  it('401 without a credential, 403 without the scope, 429 beyond the limit, each with its challenge', async () => {
    const { key } = await world.key({ rateLimit: { limit: 1, windowSeconds: 60 } })
    const headers = [...families.nginx!, named()]
    expect(await ask('nginx', headers, null)).toMatchObject({ status: 401, headers: { 'WWW-Authenticate': 'Bearer' } })
    expect(await ask('nginx', headers, `${key}x`)).toMatchObject({ status: 401 })
    const narrow = await ask('nginx', headers, key, '&scope=orders:write')
    expect(narrow).toMatchObject({ status: 403 })
    expect(narrow.headers['WWW-Authenticate']).toContain('scope="orders:write"')
    expect(narrow.body).toMatchObject({ requires: [['orders:write']] })
    expect((await ask('nginx', headers, key)).status).toBe(200)
    const limited = await ask('nginx', headers, key)
    expect(limited.status).toBe(429)
    expect(limited.headers['Retry-After']).toBeDefined()
  })

  it('a proxy that does not name itself, or guards another audience, is 400 and told nothing of the credential', async () => {
    const { key } = await world.key()
    const other = await world.caller('credentials:verify', [otherAudience])
    const weak = await world.caller('keys:read', ['*'])
    for (const value of [undefined, 'x', key, other.key, weak.key]) {
      const verifier: Headers = value === undefined ? [] : [['X-Countersign-Verifier', value]]
      const reply = await ask('nginx', [...families.nginx!, ...verifier], key)
      expect(reply).toMatchObject({ status: 400, body: { code: 'unknown_proxy' } })
      for (const name of identity) expect(reply.headers).not.toHaveProperty(name)
    }
    expect((await ask('nginx', [...families.nginx!, named(), named()], key)).status).toBe(400)
  })

  it('a trusted address needs no name; any other does, whatever it forwards', async () => {
    const { key } = await trusting.key()
    expect((await ask('nginx', families.nginx!, key, '', trusting, '10.1.2.3')).status).toBe(200)
    expect(
      (await ask('nginx', [...families.nginx!, ['X-Forwarded-For', '10.1.2.3']], key, '', trusting, '192.0.2.1'))
        .status,
    ).toBe(400)
  })

  it('missing, repeated or another family’s headers are 400; others are not read', async () => {
    const { key } = await world.key({ ipAllow: ['192.0.2.0/24'] })
    for (const [name] of families.nginx!.slice(0, 2)) {
      const without = families.nginx!.filter(([each]) => each !== name)
      expect((await ask('nginx', [...without, named()], key)).status).toBe(400)
      const twice = [...families.nginx!, ...families.nginx!.filter(([each]) => each === name)]
      expect((await ask('nginx', [...twice, named()], key)).status).toBe(400)
    }
    expect((await ask('nginx', [...families.traefik!, named()], key)).status).toBe(400)
    for (const proxy of ['', 'NGINX', 'apache', 'constructor']) {
      expect((await ask(proxy, [...families.nginx!, named()], key)).status).toBe(400)
    }
    expect((await ask('nginx', [...families.nginx!, named()], key)).status).toBe(200)
    const forged: Headers = [
      ...families.nginx!.filter(([each]) => each !== 'X-Real-IP'),
      ['X-Forwarded-For', '192.0.2.9'],
      named(),
    ]
    expect((await ask('nginx', forged, key)).status).toBe(403)
  })

  it('a parameter given twice is 400, whichever comes first', async () => {
    const { key } = await world.key()
    const headers = [...families.nginx!, named()]
    for (const more of ['&scope=orders:read&scope=', '&proxy=caddy', '&audience=x']) {
      expect((await ask('nginx', headers, key, more)).status, more).toBe(400)
    }
  })

  it('nginx, which throws bodies away, gets the problem in a header of printable ASCII; the others do not', async () => {
    const headers = [...families.nginx!, named()]
    const reply = await ask('nginx', headers, null)
    expect(reply.headers['X-Countersign-Problem']).toMatch(/^[\x20-\x7e]+$/)
    expect(JSON.parse(reply.headers['X-Countersign-Problem'] ?? '')).toEqual(reply.body)
    const { key } = await world.key()
    expect((await ask('nginx', headers, key)).headers).not.toHaveProperty('X-Countersign-Problem')
    const other = await ask('caddy', [...families.caddy!, named()], null)
    expect(other.status).toBe(401)
    expect(other.headers).not.toHaveProperty('X-Countersign-Problem')
  })

  it('an audience that is no API here is 400', async () => {
    const { key } = await world.key()
    for (const query of ['', '?audience=', '?audience=https://none.test']) {
      const target = `/v1/forward-auth${query}${query === '' ? '?' : '&'}proxy=nginx`
      expect((await world.call('GET', target, { as: key, headers: [...families.nginx!, named()] })).status).toBe(400)
    }
  })
})
