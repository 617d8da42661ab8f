/** The forms of answers that all OAuth endpoints share, and of the public documents. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { audience, baseUrl, startWorld, type World } from '../server.fixture.ts'

let world: World
beforeAll(async () => {
  world = await startWorld()
})
afterAll(() => world.close())

const endpoints = ['/oauth/token', '/oauth/introspect', '/oauth/revoke']
const encoded = (pair: string): string => `Basic ${Buffer.from(pair).toString('base64')}`

it('every 401 of an OAuth endpoint has a challenge, however the client tried', async () => {
  const fields = { grant_type: 'client_credentials', token: 'x' }
  for (const path of endpoints) {
    const replies = [
      await world.form(path, fields),
      await world.form(path, { ...fields, client_id: world.clientId }),
      await world.form(path, { ...fields, client_id: world.clientId, client_secret: 'wrong' }),
      await world.form(path, fields, { headers: [['Authorization', encoded(`${world.clientId}:wrong`)]] }),
      await world.form(path, fields, { headers: [['Authorization', 'Negotiate abc']] }),
    ]
    for (const { status, headers, body } of replies) {
      expect({ status, error: body.error }, path).toEqual({ status: 401, error: 'invalid_client' })
      expect(headers['WWW-Authenticate']).toBe('Basic realm="countersign"')
    }
  }
  const bearer = await world.form('/oauth/introspect', { token: 'x' }, { as: 'nonsense' })
  expect(bearer).toMatchObject({ status: 401, body: { error: 'invalid_token' } })
  expect(bearer.headers['WWW-Authenticate']).toMatch(/^Bearer /)
})

it('an OAuth endpoint answers errors as RFC 6749 §5.2 alone, also for another method and a bearer', async () => {
  const { key: bound } = await world.caller('credentials:verify')
  const { key: lesser } = await world.caller('keys:read')
  await world.ok('PATCH', `/v1/keys/${bound.split('_')[2]}`, { ipAllow: ['198.51.100.0/24'] })
  const replies = [
    ...(await Promise.all(
      endpoints.flatMap((path) => ['GET', 'PUT', 'DELETE', 'OPTIONS'].map((method) => world.call(method, path))),
    )),
    await world.form('/oauth/token', {}, { raw: 'x'.repeat(70_000) }),
    await world.form('/oauth/introspect', { token: 'x' }, { as: lesser }),
    await world.form('/oauth/introspect', { token: 'x' }, { as: bound }),
    await world.form('/oauth/introspect', {}, { headers: [['Authorization', 'Bearer']] }),
  ]
  const known = /^(?:invalid_\w+|unauthorized_client|insufficient_scope|access_denied)$/
  for (const { status, headers, body, text } of replies) {
    expect(status, text).toBeGreaterThanOrEqual(400)
    expect(headers['Content-Type'], text).toBe('application/json')
    expect(Object.keys(body).sort(), text).toEqual(['error', 'error_description'])
    expect(body.error).toMatch(known)
  }
  expect(replies[0]).toMatchObject({ status: 405, headers: { Allow: 'POST' } })
})

it('a key where a client id belongs is invalid_client, and neither kept nor logged', async () => {
  const { key } = await world.key()
  const fields = { grant_type: 'client_credentials', token: 'x' }
  for (const path of endpoints) {
    for (const password of ['', 'x', key]) {
      const headers = [['Authorization', encoded(`${key}:${password}`)]] as const
      expect(await world.form(path, fields, { headers })).toMatchObject({
        status: 401,
        body: { error: 'invalid_client' },
      })
      const posted = { ...fields, client_id: key, client_secret: password || 'x' }
      expect((await world.form(path, posted)).status).toBe(401)
    }
  }
  expect(JSON.stringify(world.logged) + world.dump() + world.bytes()).not.toContain(key)
})

it('the management API takes no key by Basic, and says what it says where none was presented', async () => {
  const headers = [['Authorization', encoded(`${world.admin}:`)]] as const
  const reply = await world.call('GET', '/v1/keys', { as: null, headers })
  expect(reply).toMatchObject({ status: 401, body: { code: 'missing_credential' } })
  expect(reply.headers['WWW-Authenticate']).toBe('Bearer')
})

it('the OpenID document has every member that OpenID Connect Discovery §3 requires', async () => {
  for (const path of ['/.well-known/openid-configuration', '/.well-known/oauth-authorization-server']) {
    expect((await world.call('GET', path, { as: null })).body).toMatchObject({
      issuer: baseUrl,
      authorization_endpoint: `${baseUrl}/oauth/authorize`,
      token_endpoint: `${baseUrl}/oauth/token`,
      jwks_uri: `${baseUrl}/oauth/jwks`,
      response_types_supported: ['code'],
      code_challenge_methods_supported: ['S256'],
      authorization_response_iss_parameter_supported: true,
      subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: ['RS256', 'ES256', 'EdDSA', 'PS256'],
    })
  }
})

it('the authorization endpoint answers a 400 page that runs nothing and may not be framed', async () => {
  for (const method of ['GET', 'POST']) {
    const reply = await world.call(method, `/oauth/authorize?redirect_uri=${encodeURIComponent('https://evil.test')}`, {
      as: null,
    })
    expect(reply.status).toBe(400)
    expect(reply.headers).toMatchObject({
      'Content-Type': 'text/html; charset=utf-8',
      'Cache-Control': 'no-store',
      'Content-Security-Policy': expect.stringContaining("default-src 'none'"),
    })
    expect(reply.headers.Location).toBeUndefined()
    expect(reply.text).toContain('<main data-error="invalid_')
    expect(reply.text).not.toContain('evil')
  }
})

it('metadata, both paths of the JWK Set and the API description may be read by pages of any origin, without credentials', async () => {
  await world.ok('POST', '/v1/tenants', { slug: 'acme', name: 'Acme' })
  const paths = ['/.well-known/oauth-authorization-server', '/.well-known/openid-configuration', '/openapi.json']
  for (const at of ['', '/t/acme']) {
    for (const path of [...paths, '/oauth/jwks', '/.well-known/jwks.json']) {
      const { status, headers } = await world.call('GET', `${at}${path}`, { as: null })
      expect(status, `${at}${path}`).toBe(200)
      expect(headers['Access-Control-Allow-Origin']).toBe('*')
      expect(headers['Access-Control-Allow-Credentials']).toBeUndefined()
    }
    const [one, other] = await Promise.all(
      ['/oauth/jwks', '/.well-known/jwks.json'].map((path) => world.call('GET', `${at}${path}`, { as: null })),
    )
    expect(other?.text).toBe(one?.text)
  }
  const { headers } = await world.call('GET', '/v1/keys', { headers: [['Origin', audience]] })
  expect(headers['Access-Control-Allow-Origin']).toBeUndefined()
})
