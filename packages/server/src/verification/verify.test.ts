import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { audience, baseUrl, otherAudience, startAt, startWorld, type World } from '../server.fixture.ts'

let world: World
beforeAll(async () => {
  world = await startWorld()
  await world.ok('POST', '/v1/apis', { audience: otherAudience, name: 'Invoices' })
})
beforeEach(() => {
  world.now = startAt
})
afterAll(() => world.close())

const rfc3339 = (seconds: number): string => new Date(seconds * 1000).toISOString().replace('.000', '')

describe('active', () => {
  it('answers the same record for every kind of credential', async () => {
    const client = await world.signedClient()
    const owner = { client_id: client.clientId, client_secret: client.clientSecret }
    const expiresAt = rfc3339(startAt + 100)
    const key = await world.key({ clientId: client.clientId, expiresAt, metadata: { a: 1 }, environment: 'test' })
    const texts: Readonly<Record<string, readonly string[]>> = {
      api_key: [key.key],
      access_token: [
        (await world.token({ ...owner, scope: 'orders:read' })).body.access_token,
        (await world.mint({ clientId: client.clientId })).token,
        (await world.exchange(key.key, owner)).body.access_token,
      ],
      self_issued_jwt: [await client.selfIssued()],
    }
    for (const [kind, each] of Object.entries(texts)) {
      for (const text of each) {
        const { active, grant } = await world.verify(text, { scope: 'orders:read' })
        expect(active).toBe(true)
        expect(grant).toMatchObject({
          kind,
          tenant: 'default',
          clientId: client.clientId,
          audience,
          scope: 'orders:read',
        })
      }
    }
    expect((await world.verify(key.key)).grant).toMatchObject({ expiresAt, environment: 'test', metadata: { a: 1 } })
  })

  it('what was attached to client and key is answered for every kind, and a change of it with the next question', async () => {
    const client = await world.signedClient({ metadata: { plan: 'pro' } })
    const owner = { client_id: client.clientId, client_secret: client.clientSecret }
    const key = await world.key({ clientId: client.clientId, metadata: { device: 7 } })
    const exchanged = (await world.exchange(key.key, owner)).body.access_token
    const expected = new Map<string, object>([
      [key.key, { device: 7 }],
      [exchanged, { device: 7 }],
      [(await world.mint({ clientId: client.clientId, metadata: { by: 'ci' } })).token, { by: 'ci' }],
      [(await world.token(owner)).body.access_token, {}],
      [await client.selfIssued(), {}],
      [(await world.exchange(await client.selfIssued(), owner)).body.access_token, {}],
    ])
    for (const [text, metadata] of expected) {
      expect((await world.verify(text)).grant).toMatchObject({ metadata, clientMetadata: { plan: 'pro' } })
      const { body } = await world.form('/oauth/introspect', { token: text, ...owner })
      expect(body).toMatchObject({ active: true, metadata, client_metadata: { plan: 'pro' } })
    }
    await world.ok('PATCH', `/v1/clients/${client.clientId}`, { metadata: { plan: 'free' } })
    for (const text of expected.keys()) {
      expect((await world.verify(text)).grant.clientMetadata).toEqual({ plan: 'free' })
    }
  })

  it('metadata that is too deep for a JWT stays with the key, which can still be exchanged', async () => {
    const client = await world.signedClient()
    let metadata: object = {}
    for (let level = 1; level < 20; level++) metadata = { a: metadata }
    const owner = { client_id: client.clientId, client_secret: client.clientSecret }
    const key = await world.key({ clientId: client.clientId, metadata })
    const exchanged = (await world.exchange(key.key, owner)).body.access_token
    expect((await world.verify(exchanged)).grant.metadata).toEqual({})
    expect((await world.verify(key.key)).grant.metadata).toEqual(metadata)
  })

  it('metadata that is too long for a JWT stays with the key', async () => {
    const client = await world.signedClient()
    const owner = { client_id: client.clientId, client_secret: client.clientSecret }
    const key = await world.key({ clientId: client.clientId, metadata: { text: 'x'.repeat(2_000) } })
    const exchanged = (await world.exchange(key.key, owner)).body.access_token
    expect((await world.verify(exchanged)).grant.metadata).toEqual({})
  })

  it('scope needs all, anyScope needs one, both need both', async () => {
    const { key } = await world.key({ scope: 'orders:read' })
    const ask = async (more: object) => (await world.verify(key, more)).active
    expect(await ask({ scope: 'orders:read' })).toBe(true)
    expect(await ask({ scope: 'orders:read orders:write' })).toBe(false)
    expect(await ask({ anyScope: 'orders:write orders:read' })).toBe(true)
    expect(await ask({ anyScope: ['orders:write'] })).toBe(false)
    expect(await ask({ scope: 'orders:write', anyScope: 'orders:read' })).toBe(false)
    expect(await ask({ scope: { orders: { actions: [] } } })).toBe(true)
  })

  it('a limit is told with every answer, and spent by it', async () => {
    const { key } = await world.key({ rateLimit: { limit: 2, windowSeconds: 60 } })
    expect((await world.verify(key)).rateLimit).toMatchObject({ limit: 2, remaining: 1 })
    expect((await world.verify(key)).rateLimit).toMatchObject({ remaining: 0 })
    expect(await world.verify(key)).toMatchObject({ active: false, code: 'rate_limited' })
    world.now += 60
    expect((await world.verify(key)).active).toBe(true)
  })
})

describe('every code of the table', () => {
  it('malformed', async () => {
    for (const text of ['x', 'cs_live_x', 'a.b', 'a.b.c', ' ', 'Bearer x', `${'x'.repeat(16_384)}`]) {
      expect(await world.verify(text), text.slice(0, 20)).toMatchObject({ active: false, code: 'malformed' })
    }
  })

  it('unknown: never issued, another tenant’s, of an audience the asker does not guard', async () => {
    const { key } = await world.key()
    const other = await world.caller('credentials:verify', [otherAudience])
    const ask = async (credential: string, as = world.admin) =>
      (await world.call('POST', '/v1/verify', { as, body: { credential, audience } })).body
    const first = await ask(key, other.key)
    expect(first).toEqual({ active: false, code: 'unknown', detail: 'no such credential here' })
    expect(await ask(world.admin.replace(/.{6}$/, '000000'))).toMatchObject({ active: false })
    const tenant = await world.ok('POST', '/v1/tenants', { slug: 'elsewhere', name: 'Elsewhere' })
    expect(await ask(tenant.adminKey)).toEqual(first)
  })

  it('bad_signature', async () => {
    const { access_token: token } = (await world.token()).body
    const [header, claims] = token.split('.')
    for (const signature of ['A'.repeat(86), '', Buffer.alloc(64).toString('base64url')]) {
      const { code } = await world.verify(`${header}.${claims}.${signature}`)
      expect(['bad_signature', 'malformed']).toContain(code)
    }
    const widened = JSON.parse(Buffer.from(claims ?? '', 'base64url').toString()) as object
    const forged = Buffer.from(JSON.stringify({ ...widened, scope: 'admin' })).toString('base64url')
    expect((await world.verify(`${header}.${forged}.${token.split('.')[2]}`)).code).toBe('bad_signature')
  })

  it('expired at the very second, not_yet_valid beyond ten seconds', async () => {
    const client = await world.signedClient()
    const minted = await world.mint({ ttlSeconds: 10 })
    const early = await client.selfIssued({ nbf: startAt + 11, exp: startAt + 100 })
    expect((await world.verify(early)).code).toBe('not_yet_valid')
    world.now += 1
    expect((await world.verify(early)).active).toBe(true)
    world.now = startAt + 10
    expect((await world.verify(minted.token)).code).toBe('expired')
    const self = await client.selfIssued({ iat: startAt, exp: startAt + 20 })
    world.now = startAt + 29
    expect((await world.verify(self)).active).toBe(true)
    world.now = startAt + 30
    expect((await world.verify(self)).code).toBe('expired')
  })

  it('revoked and disabled', async () => {
    const key = await world.key()
    await world.ok('POST', `/v1/keys/${key.id}/disable`)
    expect((await world.verify(key.key)).code).toBe('disabled')
    await world.ok('POST', `/v1/keys/${key.id}/revoke`)
    expect((await world.verify(key.key)).code).toBe('revoked')
  })

  it('wrong_audience: another API’s, and one that is not registered', async () => {
    const { key } = await world.key()
    expect((await world.verify(key, { audience: otherAudience })).code).toBe('wrong_audience')
    expect((await world.verify(key, { audience: 'https://nowhere.test' })).code).toBe('wrong_audience')
  })

  it('wrong_issuer: a JWT of a former issuer, while keys go on working', async () => {
    const { token } = await world.mint({ ttlSeconds: 86_400 })
    const { key } = await world.key()
    const moved = await world.second('http://localhost:4900')
    const ask = async (credential: string) =>
      (await world.call('POST', '/v1/verify', { body: { credential, audience }, server: moved })).body
    expect(await ask(token)).toMatchObject({ active: false, code: 'wrong_issuer' })
    expect((await ask(key)).active).toBe(true)
    const back = await world.second(baseUrl)
    expect(
      (await world.call('POST', '/v1/verify', { body: { credential: token, audience }, server: back })).body.active,
    ).toBe(true)
  })

  it('address_not_allowed and origin_not_allowed', async () => {
    const { key } = await world.key({ ipAllow: ['192.0.2.0/24'], originAllow: ['https://app.test'] })
    const good = { ip: '192.0.2.1', origin: 'https://app.test' }
    expect((await world.verify(key, good)).active).toBe(true)
    expect((await world.verify(key, { ...good, ip: '::ffff:192.0.2.1' })).active).toBe(true)
    expect((await world.verify(key, { ...good, ip: '192.0.3.1' })).code).toBe('address_not_allowed')
    expect((await world.verify(key, { ip: good.ip })).code).toBe('origin_not_allowed')
    expect((await world.verify(key, { ...good, origin: 'https://app.test.evil' })).code).toBe('origin_not_allowed')
  })

  it('insufficient_scope names what is missing', async () => {
    const { key } = await world.key()
    expect(await world.verify(key, { scope: 'orders:read orders:write' })).toMatchObject({
      code: 'insufficient_scope',
      missingScope: 'orders:write',
      requires: [['orders:read', 'orders:write']],
    })
  })

  it('a book that is not as new as asked is waited for, and 503 when it cannot be had', async () => {
    const { key } = await world.key()
    const { sequence } = await world.store.feed.place('default')
    expect((await world.verify(key, { minSequence: sequence })).active).toBe(true)
    const body = { credential: key, audience, minSequence: sequence + 1_000 }
    const reply = await world.call('POST', '/v1/verify', { body })
    expect(reply).toMatchObject({ status: 503, body: { code: 'unavailable' } })
    expect(reply.headers['Retry-After']).toBeDefined()
  })

  it('while the store cannot tell, it is 503, and nothing passes', async () => {
    let isDown = false
    const failing = await startWorld({ fails: () => isDown })
    const known = await failing.key()
    const fresh = await failing.key()
    expect((await failing.verify(known.key)).active).toBe(true)
    isDown = true
    const ask = (credential: string) => failing.call('POST', '/v1/verify', { body: { credential, audience } })
    expect((await ask(known.key)).body.active).toBe(true)
    expect((await ask(fresh.key)).status).toBe(503)
    failing.now += 11
    expect((await ask(known.key)).status).toBe(503)
    isDown = false
    expect((await ask(known.key)).body.active).toBe(true)
    expect((await ask(fresh.key)).body.active).toBe(true)
    await failing.close()
  })
})

it('guards are read anew: what a client no longer guards is unknown to it at once', async () => {
  const { key } = await world.key()
  const verifier = await world.caller('credentials:verify', [audience])
  const ask = async () =>
    (await world.call('POST', '/v1/verify', { as: verifier.key, body: { credential: key, audience } })).body
  expect((await ask()).active).toBe(true)
  await world.ok('PATCH', `/v1/clients/${verifier.clientId}`, { guards: [otherAudience] })
  expect(await ask()).toMatchObject({ active: false, code: 'unknown' })
  await world.ok('PATCH', `/v1/clients/${verifier.clientId}`, { guards: [audience] })
  expect((await ask()).active).toBe(true)
})

describe('method and path', () => {
  it('need what the imported document says of the operation, beside the scope asked for', async () => {
    const needs = (scope: string) => ({ security: [{ k: [scope] }], responses: {} })
    const document = {
      openapi: '3.1.0',
      info: { title: 'x', version: '1' },
      paths: {
        '/orders': { get: needs('orders:read'), post: needs('orders:write') },
        '/health': { get: { security: [], responses: {} } },
      },
    }
    const raw = JSON.stringify(document)
    const headers = [['Content-Type', 'application/json']] as const
    const { key } = await world.key({ scope: 'orders:read' })
    const none = await world.key({ scope: '' })
    const ask = (method: string, path: string, more: object = {}) => world.verify(key, { method, path, ...more })
    expect((await ask('POST', '/orders')).active).toBe(true)
    await world.call('POST', `/v1/apis/${world.apiId}/openapi`, { raw, headers })
    expect((await ask('GET', '/orders')).active).toBe(true)
    expect(await ask('POST', '/orders')).toMatchObject({ code: 'insufficient_scope', missingScope: 'orders:write' })
    expect((await ask('GET', '/orders', { scope: 'orders:write' })).code).toBe('insufficient_scope')
    expect((await ask('GET', '/orders', { anyScope: 'orders:write orders:read' })).active).toBe(true)
    expect((await world.verify(none.key, { method: 'GET', path: '/orders' })).code).toBe('insufficient_scope')
    expect((await world.verify(none.key, { method: 'GET', path: '/health' })).active).toBe(true)
    for (const [method, path] of [
      ['DELETE', '/orders'],
      ['GET', '/invoices'],
      ['GET', '/Orders'],
    ] as const) {
      expect((await ask(method, path)).active, `${method} ${path}`).toBe(false)
    }
  })

  it('one without the other is 400', async () => {
    const { key } = await world.key()
    for (const [more, pointer] of [
      [{ method: 'GET' }, '/path'],
      [{ path: '/orders' }, '/method'],
    ] as const) {
      const reply = await world.call('POST', '/v1/verify', { body: { credential: key, audience, ...more } })
      expect(reply).toMatchObject({ status: 400, body: { errors: [{ pointer }] } })
    }
  })
})

describe('explain', () => {
  const explained = async (text: string, more: object = {}, as?: string) =>
    (
      await world.call('POST', '/v1/verify', {
        as: as ?? world.admin,
        body: { credential: text, audience, explain: true, ...more },
      })
    ).body as unknown as {
      readonly active: boolean
      readonly code?: string
      readonly checks?: readonly { name: string; result: string; has?: string; needs?: string }[]
    }
  const failed = (checks: readonly { readonly result: string }[] = []) => checks.filter((it) => it.result === 'failed')

  it('says each check in its order, the one that failed with what it has and needs, and makes none after it', async () => {
    const { key } = await world.key({ scope: 'orders:read' })
    const { checks = [], code } = await explained(key, { scope: 'orders:write' })
    expect(code).toBe('insufficient_scope')
    expect(failed(checks)).toEqual([{ name: 'scope', result: 'failed', has: 'orders:read', needs: 'orders:write' }])
    expect(checks.at(-1)).toEqual({ name: 'rate_limit', result: 'skipped' })
    expect(checks.find(({ name }) => name === 'audience')).toMatchObject({ result: 'passed', has: audience })
  })

  it('says what was revoked or disabled: the key, its client', async () => {
    const client = await world.client()
    const { key } = await world.key({ clientId: client.clientId })
    await world.ok('PATCH', `/v1/clients/${client.clientId}`, { status: 'disabled' })
    expect(failed((await explained(key)).checks)).toEqual([
      { name: 'disabled', result: 'failed', has: 'disabled: client' },
    ])
  })

  it('is of the call that was judged: its limit is spent once, and told', async () => {
    const { key } = await world.key({ rateLimit: { limit: 1, windowSeconds: 60 } })
    const first = await explained(key)
    expect([first.active, first.checks?.at(-1)]).toEqual([
      true,
      { name: 'rate_limit', result: 'passed', has: '0 left', needs: 'default: 1 in 60 s' },
    ])
    expect(failed((await explained(key)).checks)).toMatchObject([{ name: 'rate_limit' }])
  })

  it('never says that a check passed which had nothing to compare: no document, no scope, no signature', async () => {
    const there = { audience: 'https://bare.test', scope: '' }
    await world.ok('POST', '/v1/apis', { audience: there.audience, name: 'Bare' })
    const { clientId } = await world.client({ access: [there] })
    const { key } = await world.key({ clientId, ...there })
    const asked = { audience: there.audience, method: 'GET', path: '/anything' }
    const { active, checks = [] } = await explained(key, asked)
    expect(active).toBe(true)
    const passed = checks.filter(({ result }) => result === 'passed').map(({ name }) => name)
    expect(passed).toEqual(['format', 'known', 'revoked', 'disabled', 'audience', 'access'])
  })

  it('names the operation, and one that the document does not describe fails first', async () => {
    const { key } = await world.key()
    const paths = { '/orders': { get: { security: [{ k: ['orders:read'] }] } } }
    const document = { openapi: '3.1.0', info: { title: 'x', version: '1' }, paths }
    await world.ok('POST', `/v1/apis/${world.apiId}/openapi`, document)
    const there = await explained(key, { method: 'GET', path: '/orders' })
    expect(there.checks?.[0]).toEqual({ name: 'operation', result: 'passed', has: 'GET /orders' })
    const gone = await explained(key, { method: 'GET', path: '/nowhere' })
    expect(failed(gone.checks)).toEqual([{ name: 'operation', result: 'failed', has: 'GET /nowhere' }])
    expect(gone.checks?.filter(({ result }) => result === 'passed')).toEqual([])
  })

  it('tells nothing of a credential for an audience that the asker does not guard', async () => {
    const other = await world.client({ access: [{ audience: otherAudience, scope: '' }] })
    const { key } = await world.key({ clientId: other.clientId, audience: otherAudience, scope: '' })
    const verifier = await world.caller('credentials:verify', [audience])
    const ofOther = await explained(key, {}, verifier.key)
    expect(ofOther).toMatchObject({ active: false, code: 'wrong_audience' })
    expect(ofOther).not.toHaveProperty('checks')
    expect(await explained(key, { audience: otherAudience }, verifier.key)).not.toHaveProperty('checks')
    expect(failed((await explained(key, { audience })).checks)).toMatchObject([{ name: 'audience' }])
  })

  it('tells of what is no credential here no more than its code', async () => {
    const [unknown, malformed] = [await explained(`cs_live_0123456789AB_${'0'.repeat(38)}`), await explained('x')]
    for (const { checks } of [unknown, malformed])
      for (const check of checks ?? []) expect(check).not.toHaveProperty('has')
    expect(failed(malformed.checks)).toEqual([{ name: 'format', result: 'failed' }])
  })
})
