/**
 * Every parameter of every endpoint, missing, empty, twice, too long, of the wrong kind or foreign: an answer that says what is
 * wrong in the words of RFC 6749 §4.1.2.1 and §5.2, never a failure of the server, and never a redirect to somewhere else.
 */
import { beforeAll, describe, expect, it } from 'vitest'
import type { Answer } from '../plain_browser.fixture.ts'
import { authorizationFields, type Client, type Fields, given, redirectUri, verifier } from './instance.fixture.ts'
import { client, instance, person, useInstance } from './one_instance.fixture.ts'

useInstance()
let foreign: Client
beforeAll(async () => {
  foreign = await instance.client()
})

/** Values that are no value of any parameter. */
const bad: Readonly<Record<string, string>> = {
  'a NUL': 'a\u0000b',
  'a line break': 'a\r\nX-Injected: 1',
  'half a pair': '\ud800',
  markup: '"><script>alert(1)</script>',
  JSON: '{"$ne":null}',
  'a path': '../../etc/passwd',
  'a number': '-1',
  'a million': '9'.repeat(100),
  'the name of a member': '__proto__',
  '3,000 characters': 'x'.repeat(3_000),
}

const authorizationParameters = [
  ...[
    'response_type',
    'client_id',
    'redirect_uri',
    'code_challenge',
    'code_challenge_method',
    'state',
    'nonce',
    'scope',
  ],
  ...['resource', 'audience', 'prompt', 'max_age', 'acr_values', 'login_hint', 'id_token_hint', 'response_mode'],
  ...['request', 'request_uri', 'display', 'claims', 'registration'],
]

const authorizationErrors = [
  ...['invalid_request', 'unauthorized_client', 'access_denied', 'unsupported_response_type', 'invalid_scope'],
  ...['temporarily_unavailable', 'invalid_target', 'login_required', 'consent_required', 'request_not_supported'],
  'request_uri_not_supported',
]

/** A page, our own next page, or an answer at the redirect URI with a code or a known error. */
function expectSound(answer: Answer, sent: string): void {
  expect(answer.status, sent).toBeLessThan(500)
  expect(answer.text, sent).not.toContain('<script>alert')
  expect(answer.headers.get('x-injected'), sent).toBeNull()
  const location = answer.headers.get('location')
  if (location === null) {
    expect([200, 400, 414, 431], sent).toContain(answer.status)
    return
  }
  expect(answer.status, sent).toBe(303)
  if (location.startsWith(`${instance.issuer}/`)) return
  expect(location.startsWith(`${redirectUri}?`), sent).toBe(true)
  const { searchParams } = new URL(location)
  if (!searchParams.has('code')) expect(authorizationErrors, sent).toContain(searchParams.get('error'))
  expect(searchParams.get('iss'), sent).toBe(instance.issuer)
}

describe.each(authorizationParameters)('/oauth/authorize, %s', (name) => {
  const sound = (): Fields => ({ ...authorizationFields, client_id: client.clientId, audience: instance.audience })
  const open = (query: string) => person.browser.open(`${instance.issuer}/oauth/authorize?${query}`)

  it('is sound where it is missing, empty or twice', async () => {
    expectSound(await open(`${given({ ...sound(), [name]: undefined })}`), 'missing')
    expectSound(await open(`${given({ ...sound(), [name]: '' })}`), 'empty')
    const twice = given({ ...sound(), [name]: sound()[name] ?? 'x' })
    twice.append(name, 'y')
    const answer = await open(`${twice}`)
    expectSound(answer, 'twice')
    const location = answer.headers.get('location')
    expect(location === null || !new URL(location).searchParams.has('code'), 'twice').toBe(true)
  })

  it('is sound with values of the wrong kind, by GET and by POST', async () => {
    for (const [kind, value] of Object.entries(bad)) {
      const fields = { ...sound(), [name]: value }
      expectSound(await open(`${given(fields)}`), kind)
      expectSound(await instance.post('/oauth/authorize', fields), kind)
    }
    expectSound(await open(`${given(sound())}&${name}=%ff%fe&${name}%5B%5D=x`), 'not UTF-8')
  })
})

const tokenErrors = [
  ...[
    'invalid_request',
    'invalid_client',
    'invalid_grant',
    'unauthorized_client',
    'unsupported_grant_type',
    'invalid_scope',
  ],
  ...['invalid_target', 'unsupported_token_type', 'slow_down'],
]

function expectOauth(answer: Answer, sent: string): void {
  if (answer.status === 200) return
  expect(answer.status, sent).toBeGreaterThanOrEqual(400)
  expect(answer.status, sent).toBeLessThan(500)
  expect(Object.keys(answer.body).sort(), sent).toEqual(
    answer.body.error_description === undefined ? ['error'] : ['error', 'error_description'],
  )
  expect(tokenErrors, sent).toContain(answer.body.error)
  // RFC 6749 §5.2: characters that fit into a header field and a log.
  expect(String(answer.body.error_description ?? ''), sent).toMatch(/^[\x20-\x21\x23-\x5b\x5d-\x7e]*$/)
  expect(answer.headers.get('cache-control'), sent).toBe('no-store')
}

const exchange = 'urn:ietf:params:oauth:grant-type:token-exchange'
const assertion = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'
const requests: Readonly<Record<string, Fields>> = {
  '/oauth/token authorization_code': {
    grant_type: 'authorization_code',
    code: 'x',
    redirect_uri: redirectUri,
    code_verifier: verifier,
    resource: 'x',
  },
  '/oauth/token refresh_token': { grant_type: 'refresh_token', refresh_token: 'x', scope: 'read', audience: 'x' },
  '/oauth/token client_credentials': {
    grant_type: 'client_credentials',
    scope: 'read',
    audience: 'x',
    resource: undefined,
  },
  '/oauth/token exchange': {
    grant_type: exchange,
    subject_token: 'x',
    subject_token_type: 'x',
    requested_token_type: 'x',
    actor_token: 'x',
  },
  '/oauth/token assertion': {
    grant_type: 'client_credentials',
    client_assertion_type: assertion,
    client_assertion: 'x',
    client_id: 'x',
  },
  '/oauth/token jwt-bearer': {
    grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
    assertion: 'x',
    scope: 'read',
  },
  '/oauth/introspect': { token: 'x', token_type_hint: 'access_token' },
  '/oauth/revoke': { token: 'x', token_type_hint: 'access_token' },
}

describe.each(Object.entries(requests))('%s', (request, sound) => {
  const [path = ''] = request.split(' ')

  it('answers every parameter of the wrong kind by an error that is named', async () => {
    for (const name of Object.keys(sound)) {
      for (const [kind, value] of Object.entries({ missing: undefined, empty: '', ...bad }))
        expectOauth(await instance.post(path, { ...sound, [name]: value }, client), `${name}: ${kind}`)
      const twice = given({ ...sound, [name]: sound[name] ?? 'x' })
      twice.append(name, 'y')
      const { clientId: client_id, clientSecret: client_secret } = client
      for (const [own, value] of Object.entries({ client_id, client_secret }))
        if (!twice.has(own)) twice.append(own, value)
      const answer = await fetch(`${instance.issuer}${path}`, { method: 'POST', body: twice })
      expect([name, answer.status]).toEqual([name, 400])
    }
  })

  it.each<[string, RequestInit]>([
    ['no body', {}],
    ['JSON', { body: JSON.stringify(sound), headers: { 'Content-Type': 'application/json' } }],
    [
      'a body of 100,000 bytes',
      { body: `grant_type=${'x'.repeat(100_000)}`, headers: { 'Content-Type': 'application/x-www-form-urlencoded' } },
    ],
    [
      'bad percent-encoding',
      { body: 'grant_type=%zz&token=%', headers: { 'Content-Type': 'application/x-www-form-urlencoded' } },
    ],
    [
      'ten thousand parameters',
      { body: new URLSearchParams(Array.from({ length: 10_000 }, (_, index) => [`p${index}`, 'x'])) },
    ],
    ['a form with files', { body: new FormData() }],
    ['two Authorization schemes in one', { body: given(sound), headers: { Authorization: 'Basic x, Bearer y' } }],
    ['Basic that is no base64', { body: given(sound), headers: { Authorization: 'Basic !!!' } }],
  ])('answers %s by an error that is named', async (_, init) => {
    const answer = await fetch(`${instance.issuer}${path}`, { method: 'POST', ...init })
    const body = (await answer.json()) as { readonly error: string }
    expect([answer.status >= 400 && answer.status < 500, typeof body.error]).toEqual([true, 'string'])
  })
})

describe('what is another’s', () => {
  it('a code, a refresh token and an access token are worth nothing to another client', async () => {
    const code = (await instance.authorize(person, client)).searchParams.get('code')
    const { body } = await instance.signIn(person, client, { scope: 'read offline_access' })
    const answers = [
      await instance.redeem(foreign, code),
      await instance.refresh(foreign, body.refresh_token),
      await instance.post('/oauth/revoke', { token: String(body.access_token) }, foreign),
    ]
    expect(answers.map((answer) => answer.body.error)).toEqual([
      'invalid_grant',
      'invalid_grant',
      'unauthorized_client',
    ])
    expect((await instance.introspect(body.access_token)).body.active).toBe(true)
  })

  it('a code where a refresh token belongs, and the other way about, is invalid_grant, and loses nothing', async () => {
    const code = (await instance.authorize(person, client)).searchParams.get('code')
    const { body } = await instance.signIn(person, client, { scope: 'read offline_access' })
    expect((await instance.refresh(client, code)).body.error).toBe('invalid_grant')
    expect((await instance.redeem(client, body.refresh_token)).body.error).toBe('invalid_grant')
    expect((await instance.redeem(client, code)).status).toBe(200)
    expect((await instance.refresh(client, body.refresh_token)).status).toBe(200)
  })

  it('a code or a refresh token opens no API', async () => {
    const code = (await instance.authorize(person, client)).searchParams.get('code')
    const { body } = await instance.signIn(person, client, { scope: 'openid read offline_access' })
    for (const text of [code, body.refresh_token, body.id_token]) {
      expect((await instance.introspect(text)).body).toEqual({ active: false })
      for (const path of ['/v1/me', '/oauth/userinfo'])
        expect((await instance.get(path, { authorization: `Bearer ${text}` })).status).toBe(401)
    }
  })
})
