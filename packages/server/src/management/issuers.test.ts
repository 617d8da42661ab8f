import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type ForeignKey, foreignJwt, foreignKey, type KeyServer, startKeyServer } from '../issuers/issuers.fixture.ts'
import { serverLimits } from '../limits.ts'
import { audience, baseUrl, otherAudience, startAt, startWorld, type World } from '../server.fixture.ts'
import type { Wire } from '../wire.fixture.ts'

const iss = 'https://ci.example'
let world: World
let keyServer: KeyServer
let key: ForeignKey
let other: ForeignKey

beforeAll(async () => {
  ;[key, other] = await Promise.all([foreignKey('a'), foreignKey('b')])
  keyServer = await startKeyServer()
  keyServer.publish([key.jwk])
  world = await startWorld({ outbound: keyServer.outbound() })
  const scopes = [{ name: 'invoices:read' }]
  await world.ok('POST', '/v1/apis', { audience: otherAudience, name: 'Invoices', scopes })
})
afterAll(async () => {
  await world.close()
  keyServer.close()
})
beforeEach(async () => {
  world.now = startAt
  const { data } = await world.ok('GET', '/v1/issuers?limit=100')
  for (const { id } of data) await world.ok('DELETE', `/v1/issuers/${id}`)
})

const rule = { when: { sub: 'repo:acme/*' }, scope: 'orders:read' }

function body(more: object = {}): object {
  const all = {
    issuer: iss,
    jwks: { keys: [key.jwk] },
    clientId: world.clientId,
    audience,
    rules: [rule],
    scope: 'orders:read',
    ...more,
  }
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined))
}

const make = (more: object = {}): Promise<Wire> => world.ok('POST', '/v1/issuers', body(more))

function jwt(changes: object = {}, by = key): Promise<string> {
  return foreignJwt(by, {
    iss,
    sub: 'repo:acme/api',
    aud: audience,
    jti: 'j',
    iat: world.now,
    exp: world.now + 900,
    ...changes,
  })
}

const codeOf = async (token: string, more: object = {}): Promise<string> => {
  const { active, code } = await world.verify(token, more)
  return active ? 'active' : code
}

it('acts as no client that is built in', async () => {
  const built = body({ clientId: 'client_portal' })
  expect((await world.call('POST', '/v1/issuers', { body: built })).body.code).toBe('built_in')
  const { id } = await make()
  const changed = { clientId: 'client_portal' }
  expect((await world.call('PATCH', `/v1/issuers/${id}`, { body: changed })).body.code).toBe('built_in')
})

describe('an issuer', () => {
  it('is made, read, listed, changed and deleted, with an audit event and an entry each', async () => {
    const made = await make()
    expect(made).toMatchObject({
      id: expect.stringMatching(/^issuer_/),
      issuer: iss,
      clientId: world.clientId,
      audience,
      rules: [rule],
      scope: 'orders:read',
      status: 'active',
      jwksUri: null,
      fetch: null,
    })
    expect(await world.ok('GET', `/v1/issuers/${made.id}`)).toEqual(made)
    expect((await world.ok('GET', '/v1/issuers')).data).toEqual([made])
    const changed = await world.ok('PATCH', `/v1/issuers/${made.id}`, { scope: ['orders:write'], status: 'disabled' })
    expect(changed).toMatchObject({ scope: 'orders:write', status: 'disabled', rules: [rule] })
    const deleted = await world.ok('DELETE', `/v1/issuers/${made.id}`)
    expect(deleted).toMatchObject({ id: made.id, status: 'revoked', feedSequence: expect.any(Number) })
    expect((await world.call('GET', `/v1/issuers/${made.id}`)).status).toBe(404)
    const { data } = await world.ok('GET', `/v1/audit?objectId=${made.id}`)
    expect(data.map(({ action }) => action)).toEqual(['issuer.delete', 'issuer.update', 'issuer.create'])
    const entry = await world.store.read.statusEntries.find('default', 'trusted_issuer', made.id)
    expect(entry?.state.status).toBe('revoked')
  })

  it('makes its JWTs good for its API, by the same question as every credential', async () => {
    await make()
    const verdict = await world.verify(await jwt(), { scope: 'orders:read' })
    expect(verdict).toMatchObject({
      active: true,
      grant: { kind: 'external_jwt', subject: 'repo:acme/api', subjectIssuer: iss, clientId: world.clientId, audience },
    })
    expect(await codeOf(await jwt({}, other))).toBe('bad_signature')
    expect(await codeOf(await jwt({ iss: `${iss}/` }))).toBe('unknown')
  })

  it.each([
    ['disabled', (id: string) => world.ok('PATCH', `/v1/issuers/${id}`, { status: 'disabled' }), 'disabled'],
    ['deleted', (id: string) => world.ok('DELETE', `/v1/issuers/${id}`), 'unknown'],
    [
      'given other keys',
      (id: string) => world.ok('PATCH', `/v1/issuers/${id}`, { jwks: { keys: [other.jwk] } }),
      'bad_signature',
    ],
    ['given other rules', (id: string) => world.ok('PATCH', `/v1/issuers/${id}`, { rules: [] }), 'wrong_audience'],
    ['given less scope', (id: string) => world.ok('PATCH', `/v1/issuers/${id}`, { scope: '' }), 'insufficient_scope'],
  ] as const)('that is %s takes its JWTs along at once', async (_, change, code) => {
    const { id } = await make()
    const token = await jwt()
    expect(await codeOf(token, { scope: 'orders:read' })).toBe('active')
    await change(id)
    expect(await codeOf(token, { scope: 'orders:read' })).toBe(code)
  })

  it('takes the access of its client along, and its end', async () => {
    const client = await world.client({ access: [{ audience, scope: 'orders:read' }] })
    await make({ clientId: client.clientId })
    const token = await jwt()
    expect(await codeOf(token)).toBe('active')
    await world.ok('PATCH', `/v1/clients/${client.clientId}`, { access: [] })
    expect(await codeOf(token)).toBe('wrong_audience')
    await world.ok('PATCH', `/v1/clients/${client.clientId}`, { access: [{ audience, scope: 'orders:read' }] })
    expect(await codeOf(token)).toBe('active')
    await world.ok('POST', `/v1/clients/${client.clientId}/revoke`)
    expect(await codeOf(token)).toBe('revoked')
    world.now += 11
    expect(await codeOf(await jwt({ jti: 'later' }))).toBe('active')
    await world.ok('DELETE', `/v1/clients/${client.clientId}`)
    expect(await codeOf(await jwt({ jti: 'last' }))).toBe('revoked')
    expect(await world.ok('GET', '/v1/issuers')).toMatchObject({ data: [{ clientId: client.clientId }] })
  })

  it('is answered again for the same Idempotency-Key', async () => {
    const headers = [['Idempotency-Key', 'once']] as const
    const [one, again] = [
      await world.call('POST', '/v1/issuers', { body: body(), headers }),
      await world.call('POST', '/v1/issuers', { body: body(), headers }),
    ]
    expect(again.body).toEqual(one.body)
    expect((await world.ok('GET', '/v1/issuers')).data).toHaveLength(1)
  })

  it('is 409 twice, whatever its case or slash is another, and one too many is 409', async () => {
    await make()
    expect(await world.call('POST', '/v1/issuers', { body: body() })).toMatchObject({
      status: 409,
      body: { code: 'conflict' },
    })
    for (const issuer of [`${iss}/`, 'https://CI.example']) await make({ issuer })
    for (let count = 3; count < serverLimits.issuersMax; count++) await make({ issuer: `https://${count}.example` })
    expect((await world.call('POST', '/v1/issuers', { body: body({ issuer: 'https://more.example' }) })).status).toBe(
      409,
    )
  })
})

describe('keys from a place', () => {
  it('are fetched before the answer, and a place that does not answer is told in it', async () => {
    const made = await make({ jwks: undefined, jwksUri: keyServer.uri })
    expect(made).toMatchObject({
      jwksUri: keyServer.uri,
      jwks: { keys: [{ kid: 'a' }] },
      fetch: { fault: null, failures: 0 },
    })
    keyServer.answer = (response) => response.writeHead(500).end()
    const silent = await make({ issuer: 'https://silent.example', jwks: undefined, jwksUri: keyServer.uri })
    expect(silent).toMatchObject({ jwks: { keys: [] }, fetch: { fault: 'wrong_status', failures: 1, lastAt: null } })
    keyServer.publish([key.jwk])
    expect(await codeOf(await jwt({ iss: 'https://silent.example' }))).toBe('bad_signature')
  })

  it('of another place are not mixed with those of before', async () => {
    const made = await make()
    keyServer.answer = (response) => response.writeHead(500).end()
    const moved = await world.ok('PATCH', `/v1/issuers/${made.id}`, { jwksUri: keyServer.uri })
    expect(moved).toMatchObject({ jwks: { keys: [] }, fetch: { fault: 'wrong_status' } })
    expect(await codeOf(await jwt())).toBe('bad_signature')
    keyServer.publish([key.jwk])
    const again = await world.ok('PATCH', `/v1/issuers/${made.id}`, { jwksUri: keyServer.uri })
    expect(again).toMatchObject({ jwks: { keys: [{ kid: 'a' }] }, fetch: { fault: null } })
    expect(await codeOf(await jwt())).toBe('active')
  })
})

describe('refused', () => {
  const cases: readonly (readonly [string, () => object, string])[] = [
    ['no keys', () => ({ jwks: undefined }), '/jwksUri'],
    ['keys twice', () => ({ jwksUri: 'https://ci.example/jwks' }), '/jwks'],
    ['a URL that is not https', () => ({ jwks: undefined, jwksUri: 'http://ci.example/jwks' }), '/jwksUri'],
    ['a URL with a password', () => ({ jwks: undefined, jwksUri: 'https://u:p@ci.example/' }), '/jwksUri'],
    ['CVE-2020-10770: a private host', () => ({ jwks: undefined, jwksUri: 'https://10.0.0.1/jwks' }), '/jwksUri'],
    ['the metadata of a cloud', () => ({ jwks: undefined, jwksUri: 'https://169.254.169.254/latest' }), '/jwksUri'],
    ['our own issuer', () => ({ issuer: baseUrl }), '/issuer'],
    ['another tenant’s issuer', () => ({ issuer: `${baseUrl}/t/acme` }), '/issuer'],
    ['a client’s id', () => ({ issuer: world.clientId }), '/issuer'],
    ['a name with a space', () => ({ issuer: 'https://a b' }), '/issuer'],
    ['an unknown client', () => ({ clientId: 'client_none' }), '/clientId'],
    ['a rule without an API', () => ({ audience: 'some-id', rules: [rule] }), '/rules/0/audience'],
    ['a rule of an unknown API', () => ({ rules: [{ ...rule, audience: 'https://none.test' }] }), '/rules/0/audience'],
    ['a scope that the API lacks', () => ({ rules: [{ ...rule, scope: 'invoices:read' }] }), '/rules/0/scope'],
    ['a rule that asks for nothing', () => ({ rules: [{ ...rule, when: {} }] }), '/rules/0/when'],
    ['a rule that everything meets', () => ({ rules: [{ ...rule, when: { sub: '*', ref: '*/*' } }] }), '/rules/0/when'],
    ['a rule on iss alone', () => ({ rules: [{ ...rule, when: { iss } }] }), '/rules/0/when/iss'],
    ['a rule on aud', () => ({ rules: [{ ...rule, when: { sub: 'x', aud: audience } }] }), '/rules/0/when/aud'],
    [
      'too many claims',
      () => ({
        rules: [{ ...rule, when: Object.fromEntries(Array.from({ length: 11 }, (_, at) => [`c${at}`, 'x'])) }],
      }),
      '/rules/0/when',
    ],
    ['too many rules', () => ({ rules: Array(51).fill(rule) }), '/rules'],
    [
      'rules that are too long',
      () => ({ rules: Array(50).fill({ ...rule, when: { sub: 'x'.repeat(255), ref: 'y'.repeat(255) } }) }),
      '/rules',
    ],
    [
      'a secret as a key',
      () => ({ jwks: { keys: [{ kty: 'oct', kid: 'h', alg: 'HS256', k: 'A'.repeat(43) }] } }),
      '/jwks/keys/0',
    ],
    ['a private key', () => ({ jwks: { keys: [{ ...key.jwk, d: 'AQAB' }] } }), '/jwks'],
    ['a kid twice', () => ({ jwks: { keys: [key.jwk, key.jwk] } }), '/jwks'],
    ['a key for encryption', () => ({ jwks: { keys: [key.jwk, { ...other.jwk, use: 'enc' }] } }), '/jwks/keys/1'],
    ['no key at all', () => ({ jwks: { keys: [] } }), '/jwks/keys'],
  ]

  it.each(cases)('%s', async (_, more, pointer) => {
    const before = world.dump()
    const reply = await world.call('POST', '/v1/issuers', { body: body(more()) })
    expect(reply.status, reply.text).toBe(400)
    expect(
      reply.body.errors.map((each) => each.pointer),
      reply.text,
    ).toContain(pointer)
    expect(world.dump()).toBe(before)
  })

  it('an audience that leaves rules without an API', async () => {
    const { id } = await make()
    const reply = await world.call('PATCH', `/v1/issuers/${id}`, { body: { audience: 'some-id' } })
    expect(reply).toMatchObject({ status: 400, body: { errors: [{ pointer: '/audience' }] } })
  })

  it('another tenant’s issuer is not there', async () => {
    const { id } = await make()
    const { adminKey: as } = await world.ok('POST', '/v1/tenants', { slug: 'acme', name: 'Acme' })
    for (const [method, path] of [
      ['GET', ''],
      ['PATCH', ''],
      ['DELETE', ''],
      ['POST', '/test'],
    ] as const) {
      const more = method === 'PATCH' ? { body: {} } : method === 'POST' ? { body: { token: 'a.b.c' } } : {}
      const reply = await world.call(method, `/v1/issuers/${id}${path}`, { as, at: '/t/acme', ...more })
      expect(reply.status, `${method} ${path}`).toBe(404)
    }
    expect((await world.call('GET', '/v1/issuers', { as, at: '/t/acme' })).body.data).toEqual([])
  })
})

describe('nobody gives what they do not have', () => {
  it('an issuer that acts as a client with more management scopes than the caller is 403, to make, move, change and delete', async () => {
    const { key: as } = await world.caller('issuers:read issuers:write')
    const management = [{ audience: `${baseUrl}/v1`, scope: 'keys:write' }]
    const strong = await world.client({ access: management })
    expect((await world.call('POST', '/v1/issuers', { as, body: body() })).status).toBe(201)
    const weak = (await world.ok('GET', '/v1/issuers')).data[0]?.id
    const strongBody = { ...body({ issuer: 'https://strong.example', clientId: strong.clientId }) }
    expect((await world.call('POST', '/v1/issuers', { as, body: strongBody })).status).toBe(403)
    expect((await world.call('PATCH', `/v1/issuers/${weak}`, { as, body: { clientId: strong.clientId } })).status).toBe(
      403,
    )
    const { id } = await world.ok('POST', '/v1/issuers', strongBody)
    expect((await world.call('PATCH', `/v1/issuers/${id}`, { as, body: { clientId: world.clientId } })).status).toBe(
      403,
    )
    expect((await world.call('PATCH', `/v1/issuers/${id}`, { as, body: { rules: [] } })).status).toBe(403)
    expect((await world.call('DELETE', `/v1/issuers/${id}`, { as })).status).toBe(403)
    expect((await world.call('GET', `/v1/issuers/${id}`, { as })).status).toBe(200)
  })

  it('a JWT of an issuer calls the management API with what its client has, and is read again in the transaction', async () => {
    const audienceOfV1 = `${baseUrl}/v1`
    const operator = await world.client({ access: [{ audience: audienceOfV1, scope: 'clients:read clients:write' }] })
    const rules = [{ when: { sub: 'repo:acme/*' }, scope: 'clients:read clients:write' }]
    const { id } = await make({
      clientId: operator.clientId,
      audience: audienceOfV1,
      rules,
      scope: 'clients:write clients:read',
    })
    const as = await jwt({ aud: audienceOfV1 })
    const create = (whileReading?: () => Promise<unknown>) =>
      world.call('POST', '/v1/clients', {
        as,
        body: { name: 'c', type: 'spa', access: [] },
        ...(whileReading && { whileReading }),
      })
    expect((await create()).status).toBe(201)
    expect((await world.call('GET', '/v1/keys', { as })).status).toBe(403)
    const narrow = () => world.ok('PATCH', `/v1/issuers/${id}`, { rules: [{ ...rules[0], scope: 'clients:read' }] })
    expect((await create(narrow)).status).toBe(403)
    expect((await create()).status).toBe(403)
    await world.ok('PATCH', `/v1/issuers/${id}`, { rules })
    expect((await create(() => world.ok('PATCH', `/v1/issuers/${id}`, { status: 'disabled' }))).status).toBe(401)
  })
})

it('a JWT whose issuer another process has changed a moment ago does nothing at the management API', async () => {
  const audienceOfV1 = `${baseUrl}/v1`
  const operator = await world.client({ access: [{ audience: audienceOfV1, scope: 'clients:write' }] })
  const rules = [{ when: { sub: 'repo:acme/*' }, scope: 'clients:write' }]
  const { id } = await make({ clientId: operator.clientId, audience: audienceOfV1, rules, scope: 'clients:write' })
  const server = await world.second()
  const as = await jwt({ aud: audienceOfV1 })
  const create = (whileReading: () => Promise<unknown>) =>
    world.call('POST', '/v1/clients', { as, server, body: { name: 'c', type: 'spa', access: [] }, whileReading })
  expect((await create(async () => {})).status).toBe(201)
  const switchOff = () => world.ok('PATCH', `/v1/issuers/${id}`, { status: 'disabled' })
  expect((await create(switchOff)).status).toBe(401)
})

describe('the tester', () => {
  const test = async (id: string, token: string): Promise<Wire> => world.ok('POST', `/v1/issuers/${id}/test`, { token })

  it('says which rules hold, and what they give within the client’s access', async () => {
    const rules = [
      rule,
      { when: { sub: 'repo:acme/*', ref: 'main' }, scope: 'orders:write' },
      { ...rule, scope: 'invoices:read', audience: otherAudience },
    ]
    const { id } = await make({ rules, scope: 'orders:read orders:write invoices:read' })
    expect(await test(id, await jwt())).toEqual({
      isVerified: true,
      subject: 'repo:acme/api',
      rules: [
        { holds: true, failing: [] },
        { holds: false, failing: ['ref'] },
        { holds: true, failing: [] },
      ],
      access: [{ audience, scope: 'orders:read' }],
    })
    expect(await test(id, await jwt({ ref: 'main', aud: baseUrl }))).toMatchObject({
      access: [{ audience, scope: 'orders:read orders:write' }],
    })
  })

  it('says why a token would be refused, and of one that is not verified nothing else', async () => {
    const { id } = await make()
    expect(await test(id, await jwt({}, other))).toEqual({
      isVerified: false,
      code: 'bad_signature',
      detail: expect.any(String),
      rules: [],
      access: [],
    })
    expect(await test(id, await jwt({ iss: 'https://x.example' }))).toMatchObject({
      isVerified: false,
      code: 'wrong_issuer',
    })
    expect(await test(id, await jwt({ sub: 'client_1' }))).toMatchObject({ isVerified: false, code: 'malformed' })
    expect(await test(id, await jwt({ exp: world.now - 60 }))).toMatchObject({ isVerified: true, code: 'expired' })
    expect(await test(id, await jwt({ sub: 'repo:evil/x' }))).toMatchObject({
      isVerified: true,
      code: 'wrong_audience',
      access: [],
    })
    await world.ok('PATCH', `/v1/issuers/${id}`, { status: 'disabled' })
    expect(await test(id, await jwt())).toMatchObject({ isVerified: true, code: 'disabled' })
  })

  it('keeps nothing of the token, and changes nothing', async () => {
    const { id } = await make()
    const token = await jwt({ sub: 'repo:acme/planted-secret' })
    const before = world.dataVersion()
    await test(id, token)
    expect(world.dataVersion()).toBe(before)
    expect(`${world.bytes()}${JSON.stringify(world.logged)}`).not.toContain(token.split('.')[2])
  })
})

describe('its revocation', () => {
  it('by the client itself, by an operator with the text: dead at once, and nothing else of the issuer', async () => {
    await make()
    const own = { client_id: world.clientId, client_secret: world.clientSecret }
    const [one, two, three] = await Promise.all(['1', '2', '3'].map((jti) => jwt({ jti, sub: 'repo:acme/ended' })))
    expect((await world.form('/oauth/revoke', { ...own, token: one as string })).status).toBe(200)
    expect(await codeOf(one as string)).toBe('revoked')
    await world.ok('POST', '/v1/revocations', { credential: two })
    expect(await codeOf(two as string)).toBe('revoked')
    expect(await codeOf(three as string)).toBe('active')
    const another = await world.client()
    const stranger = { client_id: another.clientId, client_secret: another.clientSecret }
    expect(await world.form('/oauth/revoke', { ...stranger, token: three as string })).toMatchObject({
      body: { error: 'unauthorized_client' },
    })
    await world.ok('POST', '/v1/revocations', { subject: 'repo:acme/ended' })
    expect(await codeOf(three as string)).toBe('revoked')
  })

  it('by its name, as a verification answers it: dead at once', async () => {
    await make()
    const token = await jwt({ jti: 'named', sub: 'repo:acme/named' })
    const { grant } = await world.verify(token)
    const body = { jti: grant.credentialId, clientId: world.clientId, external: true }
    const { feedSequence } = await world.ok('POST', '/v1/revocations', body)
    expect(await codeOf(token)).toBe('revoked')
    expect(await world.ok('POST', '/v1/revocations', body)).toMatchObject({ feedSequence, matched: null })
    const { key: as } = await world.caller('tokens:write')
    const management = [{ audience: `${baseUrl}/v1`, scope: 'keys:write' }]
    const strong = await world.client({ access: management })
    expect((await world.call('POST', '/v1/revocations', { as, body })).status).toBe(200)
    await make({ issuer: 'https://strong.example', clientId: strong.clientId })
    expect((await world.call('POST', '/v1/revocations', { as, body })).status).toBe(403)
    const reply = await world.call('POST', '/v1/revocations', { body: { ...body, jti: 'named' } })
    expect(reply).toMatchObject({ status: 400, body: { errors: [{ pointer: '/jti' }] } })
  })

  it('is not 200 for one that is not ours to end', async () => {
    await make()
    const own = { client_id: world.clientId, client_secret: world.clientSecret }
    const forged = await jwt({}, other)
    expect((await world.form('/oauth/revoke', { ...own, token: forged })).status).toBe(200)
    expect(await codeOf(await jwt())).toBe('active')
  })

  it('introspection shows whose it is', async () => {
    await make()
    const own = { client_id: world.clientId, client_secret: world.clientSecret }
    const reply = await world.form('/oauth/introspect', { ...own, token: await jwt() })
    expect(reply.body).toMatchObject({
      active: true,
      iss,
      sub: 'repo:acme/api',
      client_id: world.clientId,
      cs_kind: 'external_jwt',
    })
  })
})
