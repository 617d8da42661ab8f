import { sign as cryptoSign, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { assertionType, audience, baseUrl, otherAudience, startAt, startWorld, type World } from '../server.fixture.ts'

let world: World
beforeAll(async () => {
  world = await startWorld()
})
afterAll(() => world.close())

function claimsOf(jwt: string): Record<string, unknown> {
  return JSON.parse(Buffer.from(jwt.split('.')[1] ?? '', 'base64url').toString()) as Record<string, unknown>
}

function basic(user: string, password: string): readonly [string, string] {
  return ['Authorization', `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`]
}

/** A JWS as another library writes it: this header, and no `kid` of ours. */
function signJws(header: object, claims: object, key: KeyObject): string {
  const input = [header, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.')
  const hash = key.asymmetricKeyType === 'ed25519' ? null : 'sha256'
  return `${input}.${cryptoSign(hash, Buffer.from(input), { key, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`
}

describe('granted', () => {
  it('a client gets an access token as in RFC 9068, and the answer may not be cached', async () => {
    const { status, headers, body } = await world.token()
    expect(status).toBe(200)
    expect(headers).toMatchObject({ 'Cache-Control': 'no-store', Pragma: 'no-cache' })
    expect(body).toMatchObject({ token_type: 'Bearer', expires_in: 3600, scope: 'orders:read orders:write' })
    expect(claimsOf(body.access_token)).toMatchObject({
      iss: baseUrl,
      sub: world.clientId,
      client_id: world.clientId,
      aud: audience,
      iat: startAt,
      exp: startAt + 3600,
      scope: 'orders:read orders:write',
    })
    expect(await world.verify(body.access_token, { scope: 'orders:write' })).toMatchObject({
      active: true,
      grant: { kind: 'access_token' },
    })
  })

  it('client_secret_basic, client_secret_post and private_key_jwt are equally good', async () => {
    const client = await world.signedClient()
    const fields = { grant_type: 'client_credentials' }
    const answers = [
      await world.form('/oauth/token', fields, { headers: [basic(client.clientId, client.clientSecret)] }),
      await world.form('/oauth/token', {
        ...fields,
        client_id: client.clientId,
        client_secret: client.clientSecret,
      }),
      await world.form('/oauth/token', {
        ...fields,
        client_assertion_type: assertionType,
        client_assertion: await client.assertion(),
      }),
    ]
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200])
  })

  it('audience and resource name the API alike, and may both name the same', async () => {
    for (const fields of [{ audience }, { resource: audience }, { audience, resource: audience }]) {
      expect((await world.token(fields)).status).toBe(200)
    }
  })

  it('a narrower scope is what the token has', async () => {
    const { body } = await world.token({ scope: 'orders:read' })
    expect(body.scope).toBe('orders:read')
    expect(await world.verify(body.access_token, { scope: 'orders:write' })).toMatchObject({
      active: false,
      code: 'insufficient_scope',
      missingScope: 'orders:write',
    })
  })

  it('scope may be JSON of a list or of the structured form, which means what the API has registered', async () => {
    const name = 'https://forms.test'
    const scopes = ['users:read', 'users:both', 'both:users', 'admin'].map((each) => ({ name: each }))
    await world.ok('POST', '/v1/apis', { audience: name, name: 'Forms', scopes })
    const scope = { users: { actions: ['read'] } }
    const client = await world.client({ access: [{ audience: name, scope }] })
    expect(client.access).toEqual([{ audience: name, scope: 'users:read' }])
    const own = { client_id: client.clientId, client_secret: client.clientSecret }
    for (const form of ['users:read', '["users:read"]', JSON.stringify(scope)]) {
      expect((await world.token({ ...own, scope: form })).body, form).toMatchObject({ scope: 'users:read' })
    }
    const key = { clientId: client.clientId, audience: name, name: 'k' }
    expect((await world.ok('POST', '/v1/keys', { ...key, scope })).scope).toBe('users:read')
    const both = { users: { actions: ['both'] } }
    const refused = await world.token({ ...own, scope: JSON.stringify(both) })
    expect(refused).toMatchObject({ status: 400, body: { error: 'invalid_scope' } })
    expect(refused.body.error_description).toContain('both:users or users:both')
    const replies = [
      await world.call('POST', '/v1/keys', { body: { ...key, scope: both } }),
      await world.call('POST', '/v1/clients', {
        body: { name: 'c', type: 'service', access: [{ audience: name, scope: both }] },
      }),
    ]
    for (const { status, text } of replies) {
      expect(status).toBe(400)
      expect(text).toContain('both:users or users:both')
    }
    for (const form of ['[', '{"users":1}', '[1]', '{"users":{"actions":"read"}}']) {
      expect((await world.token({ ...own, scope: form })).body.error, form).toBe('invalid_scope')
    }
  })

  it('an API with scopeClaim gets its scope a second time, in that form; what verifies reads the string alone', async () => {
    const name = 'https://claims.test'
    const api = await world.ok('POST', '/v1/apis', { audience: name, name: 'Claims', scopeClaim: 'array' })
    const client = await world.client({ access: [{ audience: name, scope: 'read:users create:users admin' }] })
    const issue = async (): Promise<string> =>
      (await world.token({ client_id: client.clientId, client_secret: client.clientSecret })).body.access_token
    const wanted = {
      array: ['read:users', 'create:users', 'admin'],
      structured: { users: { actions: ['read', 'create'] } },
      string: undefined,
    }
    for (const [scopeClaim, scopes] of Object.entries(wanted)) {
      expect((await world.ok('PATCH', `/v1/apis/${api.id}`, { scopeClaim })).scopeClaim).toBe(scopeClaim)
      const token = await issue()
      expect(claimsOf(token).scopes).toEqual(scopes)
      expect(claimsOf(token).scope).toBe('read:users create:users admin')
      expect((await world.verify(token, { audience: name, scope: 'admin' })).active).toBe(true)
    }
    const body = { audience: 'https://bad.test', name: 'Bad', scopeClaim: 'list' }
    expect((await world.call('POST', '/v1/apis', { body })).status).toBe(400)
  })

  it('expires_in is exp less iat, whatever the fraction of a second in which it was asked for', async () => {
    for (const fraction of [0, 0.001, 0.5, 0.999]) {
      world.now = startAt + fraction
      const { body } = await world.token()
      const { exp, iat } = claimsOf(body.access_token) as { exp: number; iat: number }
      expect(body.expires_in, `${fraction}`).toBe(exp - iat)
    }
    world.now = startAt
  })

  it('a JWT for a client with a secret writes nothing to the database', async () => {
    await world.token()
    const before = { dump: world.dump(), version: world.dataVersion() }
    for (let count = 0; count < 20; count++) expect((await world.token()).status).toBe(200)
    expect({ dump: world.dump(), version: world.dataVersion() }).toEqual(before)
  })

  it.each(['ES256', 'EdDSA', 'RS256', 'PS256'])(
    'an API that wants %s gets tokens signed so, by a key in the JWK Set',
    async (signingAlg) => {
      const name = `https://${signingAlg.toLowerCase()}.test`
      await world.ok('POST', '/v1/apis', { audience: name, name: signingAlg, signingAlg })
      const client = await world.client({ access: [{ audience: name, scope: 'a' }] })
      const { body } = await world.token({ client_id: client.clientId, client_secret: client.clientSecret })
      const header = JSON.parse(Buffer.from(body.access_token.split('.')[0] ?? '', 'base64url').toString()) as object
      const { keys } = (await world.call('GET', '/oauth/jwks', { as: null })).body
      expect(header).toMatchObject({ typ: 'at+jwt', alg: signingAlg })
      expect(keys).toContainEqual(expect.objectContaining({ kid: (header as { kid: string }).kid, alg: signingAlg }))
      expect(await world.verify(body.access_token, { audience: name })).toMatchObject({ active: true })
    },
  )

  it('an API that wants opaque tokens gets random text, whose digest alone is kept', async () => {
    const name = 'https://opaque.test'
    await world.ok('POST', '/v1/apis', { audience: name, name: 'Opaque', tokenFormat: 'opaque' })
    const client = await world.client({ access: [{ audience: name, scope: 'a' }] })
    const { body } = await world.token({ client_id: client.clientId, client_secret: client.clientSecret })
    expect(body.access_token).toMatch(/^cs_at_[0-9A-Za-z]{12}_[0-9A-Za-z]{38}$/)
    expect(world.dump()).not.toContain(body.access_token)
    expect(await world.verify(body.access_token, { audience: name })).toMatchObject({
      active: true,
      grant: { kind: 'access_token', scope: 'a' },
    })
  })
})

describe('refused by scope or target', () => {
  it('one scope beyond the client’s access is invalid_scope: nothing is cut silently', async () => {
    expect(await world.token({ scope: 'orders:read orders:delete' })).toMatchObject({
      status: 400,
      body: { error: 'invalid_scope' },
    })
  })

  it('each scope that is refused is named once', async () => {
    const key = (await world.key()).key
    for (const reply of [
      await world.token({ scope: 'orders:delete' }),
      await world.exchange(key, { scope: 'orders:delete' }),
    ])
      expect(reply.body.error_description).toBe('this client may not have: orders:delete')
  })

  it('an unknown audience, one outside the access, and two are invalid_target', async () => {
    await world.ok('POST', '/v1/apis', { audience: otherAudience, name: 'Invoices' })
    for (const fields of [
      { audience: 'https://nowhere.test' },
      { audience: otherAudience },
      { resource: otherAudience },
      { audience, resource: otherAudience },
      { audience: `${baseUrl}/v1` },
    ]) {
      expect(await world.token(fields), JSON.stringify(fields)).toMatchObject({
        status: 400,
        body: { error: 'invalid_target' },
      })
    }
    const twice = `grant_type=client_credentials&client_id=${world.clientId}&client_secret=${world.clientSecret}`
    for (const name of ['audience', 'resource']) {
      const value = encodeURIComponent(audience)
      const reply = await world.form('/oauth/token', {}, { raw: `${twice}&${name}=${value}&${name}=${value}` })
      expect(reply).toMatchObject({ status: 400, body: { error: 'invalid_target' } })
    }
  })

  it('no audience means the only API of the client; with two or none it is invalid_target', async () => {
    const two = await world.client({
      access: [
        { audience, scope: 'orders:read' },
        { audience: otherAudience, scope: 'a' },
      ],
    })
    const none = await world.client({ access: [] })
    for (const { clientId, clientSecret } of [two, none]) {
      const reply = await world.token({ client_id: clientId, client_secret: clientSecret })
      expect(reply).toMatchObject({ status: 400, body: { error: 'invalid_target' } })
    }
  })

  it('an API that is disabled or deleted gives no tokens, and those that are out are refused', async () => {
    const name = 'https://ending.test'
    const api = await world.ok('POST', '/v1/apis', { audience: name, name: 'Ending' })
    const client = await world.client({ access: [{ audience: name, scope: 'a' }] })
    const ask = () => world.token({ client_id: client.clientId, client_secret: client.clientSecret })
    const { access_token: token } = (await ask()).body
    await world.ok('PATCH', `/v1/apis/${api.id}`, { status: 'disabled' })
    expect(await ask()).toMatchObject({ status: 400, body: { error: 'invalid_target' } })
    expect(await world.verify(token, { audience: name })).toMatchObject({ active: false, code: 'disabled' })
    await world.ok('PATCH', `/v1/apis/${api.id}`, { status: 'active' })
    expect((await ask()).status).toBe(200)
    await world.ok('DELETE', `/v1/apis/${api.id}`)
    expect(await ask()).toMatchObject({ status: 400, body: { error: 'invalid_target' } })
    expect(await world.verify(token, { audience: name })).toMatchObject({ active: false, code: 'wrong_audience' })
  })

  it('a deleted API’s tokens stay dead when another API takes its audience', async () => {
    const name = 'https://reborn.test'
    const api = await world.ok('POST', '/v1/apis', { audience: name, name: 'First' })
    const client = await world.client({ access: [{ audience: name, scope: 'a' }] })
    const token = (await world.token({ client_id: client.clientId, client_secret: client.clientSecret })).body
      .access_token
    await world.ok('DELETE', `/v1/apis/${api.id}`)
    await world.ok('POST', '/v1/apis', { audience: name, name: 'Second' })
    await world.ok('PATCH', `/v1/clients/${client.clientId}`, { access: [{ audience: name, scope: 'a' }] })
    expect(await world.verify(token, { audience: name })).toMatchObject({ active: false, code: 'revoked' })
  })

  it('a scope larger than a token can carry is refused, not an error of the server', async () => {
    const name = 'https://many.test'
    await world.ok('POST', '/v1/apis', { audience: name, name: 'Many' })
    const scope = Array.from({ length: 2_000 }, (_, index) => `resource-${index}:read`)
    const client = await world.client({ access: [{ audience: name, scope }] })
    const fields = { client_id: client.clientId, client_secret: client.clientSecret }
    expect(await world.token(fields)).toMatchObject({ status: 400, body: { error: 'invalid_scope' } })
    expect((await world.token({ ...fields, scope: 'resource-7:read' })).status).toBe(200)
  })
})

describe('refused as a request', () => {
  const fields = () => ({
    grant_type: 'client_credentials',
    client_id: world.clientId,
    client_secret: world.clientSecret,
  })

  it('parameters in the query, another media type, a parameter twice, and none at all are invalid_request', async () => {
    const text = new URLSearchParams(fields()).toString()
    const replies = [
      await world.form(`/oauth/token?grant_type=client_credentials`, fields()),
      await world.call('POST', '/oauth/token', { as: null, body: fields() }),
      await world.call('POST', '/oauth/token', { as: null, raw: text }),
      await world.form('/oauth/token', {}, { raw: `${text}&grant_type=client_credentials` }),
      await world.form('/oauth/token', {}, { raw: `${text}&scope=orders:read&scope=orders:read` }),
      await world.form('/oauth/token', {}, { raw: `${text}&scope=%zz` }),
      await world.form('/oauth/token', { ...fields(), grant_type: '' }),
      await world.form('/oauth/token', {}),
    ]
    for (const reply of replies) expect(reply).toMatchObject({ status: 400, body: { error: 'invalid_request' } })
  })

  it('a grant type that is not there is unsupported_grant_type', async () => {
    for (const grantType of ['password', 'CLIENT_CREDENTIALS', 'client_credentials ', 'constructor', '__proto__']) {
      const reply = await world.token({ grant_type: grantType })
      expect(reply).toMatchObject({ status: 400, body: { error: 'unsupported_grant_type' } })
    }
  })

  it('two client authentication methods in one request are invalid_request', async () => {
    const reply = await world.form('/oauth/token', fields(), { headers: [basic(world.clientId, world.clientSecret)] })
    expect(reply).toMatchObject({ status: 400, body: { error: 'invalid_request' } })
  })

  it('errors are RFC 6749 §5.2 and nothing else, and may not be cached', async () => {
    const replies = [
      await world.token({ grant_type: 'password' }),
      await world.token({ client_secret: 'wrong' }),
      await world.token({ scope: '"' }),
      await world.form('/oauth/token', {}),
    ]
    for (const { headers, body } of replies) {
      expect(headers).toMatchObject({ 'Cache-Control': 'no-store', 'Content-Type': 'application/json' })
      expect(Object.keys(body).sort()).toEqual(['error', 'error_description'])
      expect(body.error_description).toMatch(/^[\x20-\x21\x23-\x5b\x5d-\x7e]+$/)
    }
  })
})

describe('refused by client authentication', () => {
  const invalidClient = { status: 401, body: { error: 'invalid_client' } }

  it('an unknown client, a wrong secret, another client’s secret, a key for a secret: one and the same answer', async () => {
    const other = await world.client()
    const key = await world.key()
    const texts = new Set<string>()
    for (const fields of [
      { client_id: 'client_unknown' },
      { client_secret: 'wrong' },
      { client_secret: other.clientSecret },
      { client_secret: key.key },
      { client_id: world.clientId.toUpperCase() },
      { client_secret: '' },
    ]) {
      const reply = await world.token(fields)
      expect(reply, JSON.stringify(fields)).toMatchObject(invalidClient)
      texts.add(reply.text)
    }
    expect(texts.size).toBe(1)
  })

  it('who tried the Authorization header is told its scheme', async () => {
    const reply = await world.form(
      '/oauth/token',
      { grant_type: 'client_credentials' },
      { headers: [basic(world.clientId, 'wrong')] },
    )
    expect(reply).toMatchObject({ ...invalidClient, headers: { 'WWW-Authenticate': 'Basic realm="countersign"' } })
  })

  it('node-oidc-provider f1bb868: Basic credentials are strict base64, percent-decoded once', async () => {
    const good = Buffer.from(`${world.clientId}:${world.clientSecret}`).toString('base64')
    const encoded = Buffer.from(`${world.clientId.replace('_', '%5F')}:${world.clientSecret}`).toString('base64')
    const twice = Buffer.from(`${world.clientId.replace('_', '%255F')}:${world.clientSecret}`).toString('base64')
    const ask = (value: string) =>
      world.form('/oauth/token', { grant_type: 'client_credentials' }, { headers: [['Authorization', value]] })
    expect((await ask(`Basic ${good}`)).status).toBe(200)
    expect((await ask(`basic ${encoded}`)).status).toBe(200)
    const bad = [
      `Basic ${twice}`,
      `Basic ${good.slice(0, 8)} ${good.slice(8)}`,
      `Basic ${good.slice(0, 8)}-${good.slice(9)}`,
      `Basic ${good}=`,
      `Basic ${good}!!`,
      `Basic ${good},Basic ${good}`,
      'Basic',
      'Basic =',
      `Basic ${Buffer.from(world.clientId).toString('base64')}`,
      `Basic ${Buffer.from(`:${world.clientSecret}`).toString('base64')}`,
      `Basic ${Buffer.from(`${world.clientId}:${world.clientSecret}\n`).toString('base64')}`,
      `Basic ${Buffer.from(`${world.clientId}:%zz`).toString('base64')}`,
      `Bearer ${world.admin}`,
    ]
    for (const value of bad) {
      const { status, body } = await ask(value)
      expect([400, 401], value).toContain(status)
      expect(['invalid_client', 'invalid_request'], value).toContain(body.error)
    }
  })

  it('a rotated secret works until the end of its grace and not after; the new one works at once', async () => {
    const client = await world.client()
    const path = `/v1/clients/${client.clientId}/secrets`
    const next = await world.ok('POST', path, { graceSeconds: 60 })
    const ask = async (secret: string) =>
      (await world.token({ client_id: client.clientId, client_secret: secret })).status
    expect([await ask(client.clientSecret), await ask(next.clientSecret)]).toEqual([200, 200])
    world.now += 59
    expect(await ask(client.clientSecret)).toBe(200)
    world.now += 1
    expect([await ask(client.clientSecret), await ask(next.clientSecret)]).toEqual([401, 200])
    world.now = startAt
  })

  it('CVE-2026-1609 CVE-2026-1486 CVE-2025-64521 Keycloak #49660: a disabled or deleted client gets nothing, whatever the grant', async () => {
    const client = await world.signedClient()
    const key = await world.key({ clientId: client.clientId })
    const asks = async () => [
      await world.token({ client_id: client.clientId, client_secret: client.clientSecret }),
      await world.exchange(key.key, { client_id: client.clientId, client_secret: client.clientSecret }),
      await world.form('/oauth/token', {
        grant_type: 'client_credentials',
        client_assertion_type: assertionType,
        client_assertion: await client.assertion(),
      }),
    ]
    expect((await asks()).map(({ status }) => status)).toEqual([200, 200, 200])
    await world.ok('PATCH', `/v1/clients/${client.clientId}`, { status: 'disabled' })
    for (const reply of await asks()) expect(reply).toMatchObject(invalidClient)
    await world.ok('PATCH', `/v1/clients/${client.clientId}`, { status: 'active' })
    expect((await asks()).map(({ status }) => status)).toEqual([200, 200, 200])
    await world.ok('DELETE', `/v1/clients/${client.clientId}`)
    for (const reply of await asks()) expect(reply).toMatchObject(invalidClient)
  })

  it('a disabled tenant gives no tokens', async () => {
    const tenant = await world.ok('POST', '/v1/tenants', { slug: 'paused', name: 'Paused' })
    const at = '/t/paused'
    const asTenant = { as: tenant.adminKey, at }
    await world.call('POST', '/v1/apis', { ...asTenant, body: { audience, name: 'Orders' } })
    const body = { name: 'c', type: 'service', access: [{ audience, scope: 'a' }] }
    const client = (await world.call('POST', '/v1/clients', { ...asTenant, body })).body
    const fields = {
      grant_type: 'client_credentials',
      client_id: client.clientId,
      client_secret: client.clientSecret,
    }
    expect((await world.form('/oauth/token', fields, { at })).status).toBe(200)
    await world.ok('PATCH', `/v1/tenants/${tenant.id}`, { status: 'disabled' })
    expect(await world.form('/oauth/token', fields, { at })).toMatchObject(invalidClient)
  })

  it('wrong secrets are limited for one client from one address, and lock nobody out', async () => {
    const client = await world.client()
    const ask = (secret: string, of: { clientId: string }, peer: string) =>
      world.form(
        '/oauth/token',
        { grant_type: 'client_credentials', client_id: of.clientId, client_secret: secret },
        { peer },
      )
    const statuses = []
    for (let count = 0; count < 40; count++) statuses.push((await ask('wrong', client, '198.51.100.1')).status)
    expect(statuses).toEqual([...Array(30).fill(401), ...Array(10).fill(429)])
    expect(await ask('wrong', client, '198.51.100.1')).toMatchObject({
      status: 429,
      headers: { 'Retry-After': expect.any(String) },
    })
    expect((await ask('wrong', client, '198.51.100.2')).status).toBe(401)
    expect((await ask(client.clientSecret, client, '198.51.100.1')).status).toBe(200)
    world.now += 60
    expect((await ask('wrong', client, '198.51.100.1')).status).toBe(401)
    world.now = startAt
  })
})

describe('a right proof is never refused because of wrong ones before it', () => {
  const peer = '198.51.100.77'
  const paths = ['/oauth/token', '/oauth/introspect', '/oauth/revoke']

  it.each(paths)('%s: a secret, by Basic and in the form', async (path) => {
    const client = await world.client()
    const other = await world.client()
    const fields = { grant_type: 'client_credentials', token: 'x' }
    const ask = (secret: string) => [
      world.form(path, fields, { peer, headers: [basic(client.clientId, secret)] }),
      world.form(path, { ...fields, client_id: client.clientId, client_secret: secret }, { peer }),
    ]
    const statuses = async (secret: string) => (await Promise.all(ask(secret))).map(({ status }) => status)
    // Malformed, and a secret of the right form: another client's.
    for (let count = 0; count < 20; count++) await statuses(count % 2 === 0 ? 'wrong' : other.clientSecret)
    expect(await statuses(other.clientSecret)).toEqual([429, 429])
    expect(await statuses(client.clientSecret)).toEqual([200, 200])
    // Between wrong ones that are still under way, too.
    const [wrong, right] = [Array.from({ length: 50 }, () => ask(other.clientSecret)), ask(client.clientSecret)]
    expect((await Promise.all(right)).map(({ status }) => status)).toEqual([200, 200])
    for (const { status } of await Promise.all(wrong.flat())) expect(status).toBe(429)
  })

  it.each(paths)('%s: an assertion', async (path) => {
    const client = await world.signedClient()
    const forger = await world.signedClient()
    const [head = '', body = ''] = (await client.assertion()).split('.')
    const [, , signature = ''] = (await forger.assertion()).split('.')
    const ask = (assertion: string) =>
      world.form(
        path,
        {
          grant_type: 'client_credentials',
          token: 'x',
          client_assertion_type: assertionType,
          client_assertion: assertion,
        },
        { peer },
      )
    const forged = `${head}.${body}.${signature}`
    const before = await Promise.all(Array.from({ length: 40 }, () => ask(forged)))
    expect(before.filter(({ status }) => status === 429)).toHaveLength(10)
    expect((await ask(await client.assertion())).status).toBe(200)
    expect((await ask(forged)).status).toBe(429)
  })
})

describe('assertions (RFC 7523)', () => {
  const ask = (assertion: string, more: Record<string, string> = {}, path = '/oauth/token') =>
    world.form(path, {
      grant_type: 'client_credentials',
      client_assertion_type: assertionType,
      client_assertion: assertion,
      ...more,
    })

  it('typ absent, JWT and client-authentication+jwt are assertions; an access token is none', async () => {
    const client = await world.signedClient()
    for (const typ of ['JWT', 'client-authentication+jwt']) {
      expect((await ask(await client.assertion({}, { typ }))).status, typ).toBe(200)
    }
    for (const typ of ['at+jwt', 'application/at+jwt', 'countersign-assertion+jwt', 'dpop+jwt', 'logout+jwt']) {
      expect((await ask(await client.assertion({}, { typ }))).status, typ).toBe(401)
    }
    expect((await ask(await client.selfIssued({ aud: baseUrl }))).status).toBe(401)
    const token = await world.token({ client_id: client.clientId, client_secret: client.clientSecret })
    expect((await ask(token.body.access_token)).status).toBe(401)
  })

  it('an assertion is no access token, whatever its audience', async () => {
    const client = await world.signedClient()
    for (const aud of [baseUrl, audience, `${baseUrl}/v1`]) {
      for (const typ of ['JWT', 'client-authentication+jwt']) {
        const assertion = await client.assertion({ aud, scope: 'orders:read' }, { typ })
        expect((await world.verify(assertion)).active, `${aud} ${typ}`).toBe(false)
        expect((await world.call('GET', '/v1/keys', { as: assertion })).status).toBe(401)
      }
    }
  })

  it('CVE-2025-27370 CVE-2025-27371: aud is our issuer alone, and nothing else', async () => {
    const client = await world.signedClient()
    const audiences = [
      [],
      [[baseUrl]],
      [`${baseUrl}/oauth/token`],
      [baseUrl, baseUrl],
      [baseUrl, 'https://evil.test'],
      `${baseUrl}/`,
      `${baseUrl}/oauth/token`,
      `${baseUrl}/oauth/par`,
      `${baseUrl}/t/acme`,
      baseUrl.toUpperCase(),
      '',
      undefined,
      7,
    ]
    for (const aud of audiences)
      expect((await ask(await client.assertion({ aud }).catch(() => 'x'))).status, `${aud}`).toBe(401)
  })

  it('a jti is taken once for as long as the assertion could be used, by the slowest clock that is allowed', async () => {
    const client = await world.signedClient()
    const assertion = await client.assertion({ exp: startAt + 60 })
    expect((await ask(assertion)).status).toBe(200)
    const [, rows] = (JSON.parse(world.dump()) as [string, { value_digest?: string; expires_at: number }[]][]).find(
      ([table]) => table === 'single_use',
    ) ?? ['', []]
    // Verifiers accept it until its end and the leeway, and the drop time is 300 s behind.
    expect(Math.max(...rows.map((row) => row.expires_at))).toBeGreaterThanOrEqual(startAt + 60 + 10 + 310)
    for (const seconds of [29, 31, 60, 69]) {
      world.now = startAt + seconds
      expect((await ask(assertion)).status, `${seconds} s`).toBe(401)
    }
    world.now = startAt
  })

  it('CVE-2020-5300 CVE-2020-15222 esignet #2418 thunderid #4673: a jti is good once, at every endpoint together', async () => {
    const client = await world.signedClient()
    const first = await client.assertion()
    expect((await ask(first)).status).toBe(200)
    for (const path of ['/oauth/token', '/oauth/introspect', '/oauth/revoke']) {
      expect((await ask(first, { token: 'x' }, path)).status, path).toBe(401)
    }
    const same = { jti: 'fixed' }
    expect((await ask(await client.assertion(same))).status).toBe(200)
    expect((await ask(await client.assertion({ ...same, exp: world.now + 90 }))).status).toBe(401)
    const raced = await client.assertion()
    const statuses = await Promise.all(Array.from({ length: 20 }, async () => (await ask(raced)).status))
    expect(statuses.filter((status) => status === 200)).toHaveLength(1)
    const other = await world.signedClient()
    expect((await ask(await other.assertion(same))).status).toBe(200)
  })

  it('exp must be there, ahead, and at most five minutes away; jti must be there; times must hold', async () => {
    const client = await world.signedClient()
    const bad = [
      { exp: undefined },
      { exp: world.now - 11 },
      { exp: world.now + 311 },
      { exp: world.now + 1e9 },
      { jti: undefined },
      { jti: '' },
      { iat: world.now + 11 },
      { nbf: world.now + 11 },
      { sub: 'client_other' },
      { iss: undefined },
      { iss: 'client_other', sub: 'client_other' },
    ]
    for (const claims of bad) {
      expect((await ask(await client.assertion(claims))).status, JSON.stringify(claims)).toBe(401)
    }
    expect((await ask(await client.assertion({ exp: world.now + 300, nbf: world.now + 10 }))).status).toBe(200)
  })

  it('aud may be an array of one, and times may have fractions', async () => {
    const client = await world.signedClient()
    const claims = { aud: [baseUrl], iat: world.now - 0.25, nbf: world.now + 9.5, exp: world.now + 60.75 }
    expect((await ask(await client.assertion(claims))).status).toBe(200)
    expect((await ask(await client.assertion({ exp: world.now - 9.5 }))).status).toBe(200)
    expect((await ask(await client.assertion({ exp: world.now - 10.5 }))).status).toBe(401)
    expect((await ask(await client.assertion({ iat: world.now + 10.5 }))).status).toBe(401)
  })

  it('without kid the client’s only key of that algorithm is meant; with two or none it is refused', async () => {
    const make = (alg: 'ES256' | 'RS256') => {
      const { publicKey, privateKey } =
        alg === 'ES256'
          ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
          : generateKeyPairSync('rsa', { modulusLength: 2048 })
      return { alg, jwk: { ...publicKey.export({ format: 'jwk' }), alg }, privateKey }
    }
    const [one, two, rsa] = [make('ES256'), make('ES256'), make('RS256')]
    const owner = await world.client({ jwks: { keys: [one, rsa].map(({ jwk }, at) => ({ ...jwk, kid: `k${at}` })) } })
    const assertion = ({ alg, privateKey }: typeof one): string => {
      const claims = { iss: owner.clientId, sub: owner.clientId, aud: baseUrl, exp: world.now + 60 }
      return signJws({ alg }, { ...claims, jti: `${Math.random()}` }, privateKey)
    }
    expect((await ask(assertion(one))).status).toBe(200)
    expect((await ask(assertion(rsa))).status).toBe(200)
    expect((await ask(assertion(two))).status).toBe(401)
    const keys = [one, two].map(({ jwk }, at) => ({ ...jwk, kid: `k${at}` }))
    await world.ok('PATCH', `/v1/clients/${owner.clientId}`, { jwks: { keys } })
    for (const each of [one, two, rsa]) expect((await ask(assertion(each))).status).toBe(401)
  })

  it('Ed25519 and EdDSA are one algorithm, in the JWK and in the header', async () => {
    for (const [registered, signed] of [
      ['Ed25519', 'EdDSA'],
      ['EdDSA', 'Ed25519'],
      ['Ed25519', 'Ed25519'],
    ]) {
      const { publicKey, privateKey } = generateKeyPairSync('ed25519')
      const jwk = { ...publicKey.export({ format: 'jwk' }), kid: 'k', alg: registered }
      const { clientId } = await world.client({ jwks: { keys: [jwk] } })
      const claims = { iss: clientId, sub: clientId, aud: baseUrl, jti: 'once', exp: world.now + 60 }
      expect(
        (await ask(signJws({ alg: signed, kid: 'k' }, claims, privateKey))).status,
        `${registered} ${signed}`,
      ).toBe(200)
    }
  })

  it('who could sign is told which claim is wrong, nobody else is, and the log has the cause in every case', async () => {
    const client = await world.signedClient()
    const other = await world.signedClient()
    const used = await client.assertion()
    await ask(used)
    const told = [
      [await client.assertion({ aud: `${baseUrl}/oauth/token` }), `aud must be ${baseUrl}`],
      [await client.assertion({ exp: undefined }), 'exp is missing'],
      [await client.assertion({ exp: world.now - 20 }), 'exp has passed'],
      [await client.assertion({ exp: world.now + 900 }), 'exp is more than 300 seconds ahead'],
      [await client.assertion({ iat: world.now + 20 }), 'iat is in the future'],
      [await client.assertion({ nbf: world.now + 20 }), 'nbf is in the future'],
      [await client.assertion({ jti: undefined }), 'jti is missing'],
      [used, 'its jti was used before'],
    ] as const
    for (const [assertion, cause] of told) {
      const { status, body, headers } = await ask(assertion)
      expect({ status, error: body.error }).toEqual({ status: 401, error: 'invalid_client' })
      expect(body.error_description).toContain(cause)
      expect(headers['WWW-Authenticate']).toBe('Basic realm="countersign"')
      expect(world.logged.at(-1)?.fields).toMatchObject({ cause: expect.stringContaining(cause) })
    }
    const untold = [
      [await other.assertion({ iss: client.clientId, sub: client.clientId, aud: 'x' }), 'no key with its kid'],
      [await client.assertion({ iss: 'client_none', sub: 'client_none' }), 'no client has the id'],
      [await client.assertion({ sub: 'client_none' }), 'sub must equal iss'],
      [await client.assertion({}, { typ: 'at+jwt' }), '"typ"'],
      ['a.b.c', 'JWS'],
    ] as const
    for (const [assertion, cause] of untold) {
      expect((await ask(assertion)).body.error_description).toBe('client authentication failed')
      const line = world.logged.at(-1)
      expect(line?.message).toBe('client assertion refused')
      expect(line?.fields).toMatchObject({ cause: expect.stringContaining(cause), requestId: expect.any(String) })
    }
    await world.ok('PATCH', `/v1/clients/${client.clientId}`, { status: 'disabled' })
    const refusal = await ask(await client.assertion({ aud: 'x' }))
    expect(refusal.body.error_description).toBe('client authentication failed')
    expect(world.logged.at(-1)?.fields).toMatchObject({ cause: 'the client is disabled', clientId: client.clientId })
    const secret = await client.assertion({ iss: world.admin, sub: world.admin })
    await ask(secret)
    expect(JSON.stringify(world.logged)).not.toContain(world.admin)
  })

  it('another client’s key, another client’s id and a text that is no JWT are refused', async () => {
    const client = await world.signedClient()
    const other = await world.signedClient()
    const forged = await other.assertion({ iss: client.clientId, sub: client.clientId })
    expect((await ask(forged)).status).toBe(401)
    expect((await ask(await client.assertion(), { client_id: other.clientId })).status).toBe(401)
    for (const text of ['x', 'a.b.c', `${await client.assertion()}x`, '\u0000', 'a'.repeat(20_000)]) {
      expect((await ask(text)).status).toBe(401)
    }
  })

  it('a public key that was taken away signs no assertion any more', async () => {
    const client = await world.signedClient()
    await world.ok('PATCH', `/v1/clients/${client.clientId}`, { jwks: { keys: [] } })
    expect((await ask(await client.assertion())).status).toBe(401)
  })
})
