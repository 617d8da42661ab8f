/** Which pages may read what the server answers (Fetch, CORS protocol). */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startWorld, type World } from '../server.fixture.ts'
import type { Wire } from '../wire.fixture.ts'

let world: World
let spa: Wire
let isLost = false
beforeAll(async () => {
  world = await startWorld({ fails: (call) => isLost && call === 'lookup.isClientOrigin' })
  spa = await world.client({
    type: 'spa',
    name: 'Pages',
    redirectUris: ['https://app.example:443/callback', 'https://app.example/other', 'http://localhost:5173/cb'],
  })
  await world.client({ type: 'web', name: 'Web', redirectUris: ['https://web.example/callback'] })
})
afterAll(() => world.close())

const own = 'https://app.example'
const endpoints = ['/oauth/token', '/oauth/revoke', '/oauth/userinfo']
const documents = ['/.well-known/oauth-authorization-server', '/.well-known/openid-configuration', '/oauth/jwks']

const from = (origin: string, more: readonly (readonly [string, string])[] = []) =>
  ({ as: null, headers: [['Origin', origin], ...more] as (readonly [string, string])[] }) as const
const preflight = (path: string, origin: string, at = '') =>
  world.call('OPTIONS', `${at}${path}`, from(origin, [['Access-Control-Request-Method', 'POST']]))
const sharing = (headers: Readonly<Record<string, string>>) =>
  Object.keys(headers).filter((name) => name.startsWith('Access-Control-'))

describe.each(endpoints)('%s', (path) => {
  it.each([own, 'http://localhost:5173'])(
    'is read by pages of %s, where a spa client has a redirect URI',
    async (origin) => {
      const asked = await preflight(path, origin)
      expect(asked.status).toBe(204)
      expect(asked.headers).toMatchObject({
        'Access-Control-Allow-Origin': origin,
        'Access-Control-Allow-Methods': path === '/oauth/userinfo' ? 'GET, POST' : 'POST',
        'Access-Control-Allow-Headers': 'Authorization, Content-Type',
        Vary: 'Origin',
      })
      for (const fields of [{ client_id: String(spa.clientId), token: 'x' }, {}]) {
        const { headers } = await world.form(path, fields, from(origin))
        expect(headers).toMatchObject({ 'Access-Control-Allow-Origin': origin, Vary: 'Origin' })
        expect(headers['Access-Control-Allow-Credentials']).toBeUndefined()
      }
    },
  )

  it.each([
    ...[
      'null',
      '*',
      'https://evil.example',
      'https://app.example.evil.example',
      'https://xapp.example',
      'http://app.example',
    ],
    ...['https://app.example:444', 'https://APP.example', 'https://app.example/', 'https://app.example/callback', ''],
    ...[
      'https://user@app.example',
      'https://app.example, https://evil.example',
      'https://app.example\\',
      'app.example',
    ],
    ...[
      'http://localhost',
      'http://localhost:5174',
      'http://127.0.0.1:5173',
      'https://web.example',
      'https://app.example.',
    ],
    ...[
      'https://app.example%00',
      `https://${'a'.repeat(5_000)}.example`,
      'https://%61pp.example',
      'file://',
      'https://',
    ],
  ])('tells pages of %j nothing', async (origin) => {
    const asked = await preflight(path, origin)
    expect([asked.status, asked.headers.Vary, sharing(asked.headers)]).toEqual([405, 'Origin', []])
    const answered = await world.form(path, { token: 'x' }, from(origin))
    expect(answered.status).toBeGreaterThanOrEqual(400)
    expect([answered.headers.Vary, sharing(answered.headers)]).toEqual(['Origin', []])
  })

  it('takes two origins for none, and answers nobody without one differently', async () => {
    const two = await world.form(path, {}, from(own, [['Origin', 'https://evil.example']]))
    expect(sharing(two.headers)).toEqual([])
    const none = await world.form(path, {})
    expect([none.headers.Vary, sharing(none.headers)]).toEqual(['Origin', []])
  })

  it('is for the tenant’s own clients alone', async () => {
    await world.call('POST', '/v1/tenants', { body: { slug: 'acme', name: 'Acme' } })
    expect(sharing((await preflight(path, own, '/t/acme')).headers)).toEqual([])
  })

  it('answers 503 before it has used up anything, where the origin cannot be looked up', async () => {
    isLost = true
    try {
      const { status, headers } = await world.form(path, { token: 'x' }, from(own))
      expect([status, sharing(headers)]).toEqual([503, []])
    } finally {
      isLost = false
    }
  })
})

it('an origin is known as long as the client is active and has the redirect URI', async () => {
  const origin = 'https://brief.example'
  const shared = async () => sharing((await preflight('/oauth/token', origin)).headers).length > 0
  expect(await shared()).toBe(false)
  const client = await world.client({ type: 'spa', redirectUris: [`${origin}/cb`] })
  expect(await shared()).toBe(true)
  await world.ok('PATCH', `/v1/clients/${client.clientId}`, { status: 'disabled' })
  expect(await shared()).toBe(false)
  await world.ok('PATCH', `/v1/clients/${client.clientId}`, { status: 'active' })
  expect(await shared()).toBe(true)
  await world.ok('PATCH', `/v1/clients/${client.clientId}`, { redirectUris: ['https://other.example/cb'] })
  expect(await shared()).toBe(false)
  await world.ok('PATCH', `/v1/clients/${client.clientId}`, { redirectUris: [`${origin}/cb`] })
  expect(await shared()).toBe(true)
  await world.ok('DELETE', `/v1/clients/${client.clientId}`)
  expect(await shared()).toBe(false)
})

it('a document for any origin answers preflights, and takes no cookie', async () => {
  for (const path of [...documents, '/.well-known/jwks.json', '/openapi.json']) {
    const headers = [['Access-Control-Request-Method', 'GET']] as const
    const asked = await world.call('OPTIONS', path, from('https://anybody.example', headers))
    expect(asked.status).toBe(204)
    expect(asked.headers).toMatchObject({
      'Access-Control-Allow-Origin': '*',
      'Access-Control-Allow-Methods': 'GET, HEAD',
    })
    expect(asked.headers['Access-Control-Allow-Credentials']).toBeUndefined()
  }
})

it('nothing else is shared with any page, and no other path answers a preflight', async () => {
  const others = [
    '/',
    '/oauth/authorize',
    '/oauth/introspect',
    '/v1/me',
    '/v1/keys',
    '/v1/verify',
    '/login',
    '/account',
  ]
  for (const path of [...others, '/oauth/consent', '/logout', '/healthz', '/nothing', '/v1/feed', '/v1/forward-auth']) {
    for (const method of ['GET', 'POST', 'OPTIONS']) {
      const asked = await world.call(method, path, from(own, [['Access-Control-Request-Method', 'POST']]))
      expect(sharing(asked.headers), `${method} ${path}`).toEqual([])
      if (method === 'OPTIONS') expect(asked.status, path).toBeGreaterThanOrEqual(400)
    }
  }
})
