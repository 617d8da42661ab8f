/** OpenID Connect Core, Discovery and RP-Initiated Logout 1.0, and the form_post response mode, as far as they are offered. */
import { createHash, createPublicKey, verify } from 'node:crypto'
import { beforeEach, describe, expect, it } from 'vitest'
import type { Answer } from '../plain_browser.fixture.ts'
import { authorizationFields, type Fields, given, type Person, redirectUri } from './instance.fixture.ts'
import { client, instance, useInstance } from './one_instance.fixture.ts'

const home = 'https://client.example/signed-out'
useInstance({ postLogoutRedirectUris: [home] })
/** Each test has somebody of its own. */
let person: Person
beforeEach(async () => {
  person = await instance.person()
})

const openid = { scope: 'openid profile email read', nonce: 'n-0S6_WzA2Mj' }
const signIn = async (more: Fields = {}) => (await instance.signIn(person, client, { ...openid, ...more })).body
const errorOf = async (more: Fields) =>
  (await instance.authorize(person, client, { ...openid, ...more })).searchParams.get('error')
const part = (token: unknown, index: number) =>
  JSON.parse(Buffer.from(String(token).split('.')[index] ?? '', 'base64url').toString()) as Record<string, unknown>
const userinfo = (token: unknown) => instance.get('/oauth/userinfo', { authorization: `Bearer ${token}` })

/** Where the authorization endpoint leads the browser. */
function open(browser: Person['browser'], more: Fields = {}): Promise<Answer> {
  const fields = { ...authorizationFields, ...openid, client_id: client.clientId, audience: instance.audience, ...more }
  return browser.follow(`${instance.issuer}/oauth/authorize?${given(fields)}`)
}

describe('Core §2, §3.1.3.7 the ID token', () => {
  it('has the required claims, the nonce and at_hash, and is signed with RS256 by a published key', async () => {
    const { id_token, access_token } = await signIn()
    const [header, claims] = [part(id_token, 0), part(id_token, 1)]
    const digest = createHash('sha256').update(String(access_token)).digest()
    expect(header).toMatchObject({ alg: 'RS256', kid: expect.any(String) })
    expect(claims).toMatchObject({
      iss: instance.issuer,
      sub: person.id,
      aud: client.clientId,
      nonce: openid.nonce,
      auth_time: expect.any(Number),
      at_hash: digest.subarray(0, 16).toString('base64url'),
    })
    const now = Date.now() / 1000
    expect(Math.abs(Number(claims.iat) - now)).toBeLessThan(10)
    expect(Number(claims.exp)).toBeGreaterThan(now)
    const path = new URL(String(instance.metadata.jwks_uri)).pathname
    const keys = (await instance.get(path)).body.keys as readonly Record<string, string>[]
    const jwk = keys.find(({ kid }) => kid === header.kid)
    const [head, payload, signature = ''] = String(id_token).split('.')
    const key = createPublicKey({ key: jwk as never, format: 'jwk' })
    const text = Buffer.from(`${head}.${payload}`)
    expect(verify('sha256', text, key, Buffer.from(signature, 'base64url'))).toBe(true)
  })

  it('has no nonce where none was sent, and is not there without openid', async () => {
    expect(part((await signIn({ nonce: undefined })).id_token, 1)).not.toHaveProperty('nonce')
    expect(await signIn({ scope: 'read' })).not.toHaveProperty('id_token')
  })

  it('§12.2: after a refresh is about the same sign-in, without a nonce', async () => {
    const first = await signIn({ scope: 'openid offline_access read' })
    const later = (await instance.refresh(client, first.refresh_token)).body
    const [before, after] = [part(first.id_token, 1), part(later.id_token, 1)]
    for (const name of ['iss', 'sub', 'aud', 'auth_time']) expect(after[name]).toEqual(before[name])
    expect(after).not.toHaveProperty('nonce')
  })
})

describe('Core §3.1.2.1 the request', () => {
  it('ignores parameters that are not offered, and unknown acr_values', async () => {
    const unknown = {
      display: 'popup',
      login_hint: 'somebody@example.com',
      ui_locales: 'xx',
      claims_locales: 'xx',
      acr_values: 'urn:unknown',
      extra: 'x',
    }
    expect(await signIn(unknown)).toHaveProperty('id_token')
  })

  it('prompt=none is login_required for nobody, consent_required for something new, and silent otherwise', async () => {
    expect(await errorOf({ prompt: 'none' })).toBe('consent_required')
    await signIn()
    expect(await errorOf({ prompt: 'none' })).toBeNull()
    const answer = await instance.authorize(await anonymous(), client, { ...openid, prompt: 'none' })
    expect(answer.searchParams.get('error')).toBe('login_required')
  })

  it('prompt=none goes with no other, and an unknown one is invalid_request', async () => {
    for (const prompt of ['none login', 'none consent', 'unknown'])
      expect(await errorOf({ prompt })).toBe('invalid_request')
  })

  it('prompt=login and max_age=0 ask somebody who is signed in to sign in again', async () => {
    await signIn()
    // Times are whole seconds: a sign-in of the same second counts as made for the request.
    for (const more of [{ prompt: 'login' }, { max_age: '0' }])
      await expect
        .poll(async () => (await open(person.browser, more)).text, { timeout: 3_000 })
        .toContain('name="email"')
    expect(await errorOf({ max_age: '0', prompt: 'none' })).toBe('login_required')
  })

  it('prompt=consent asks again for what was allowed', async () => {
    await signIn()
    expect((await open(person.browser, { prompt: 'consent' })).text).toContain('name="decision"')
  })

  it('max_age that the sign-in is within changes nothing, and malformed ones are invalid_request', async () => {
    expect(await signIn({ max_age: '10000' })).toHaveProperty('id_token')
    for (const max_age of ['-1', 'x', '1.5']) expect(await errorOf({ max_age })).toBe('invalid_request')
  })

  it('id_token_hint of the person goes on, of another is login_required', async () => {
    const { id_token } = await signIn()
    expect(await errorOf({ id_token_hint: String(id_token), prompt: 'none' })).toBeNull()
    person = await instance.person()
    expect(await errorOf({ id_token_hint: String(id_token), prompt: 'none' })).toBe('login_required')
  })

  it('§6: request objects are refused by their own errors', async () => {
    expect(await errorOf({ request: 'e30.e30.' })).toBe('request_not_supported')
    expect(await errorOf({ request_uri: 'https://client.example/request' })).toBe('request_uri_not_supported')
  })
})

describe('Core §5.3 userinfo', () => {
  it('tells sub, and what profile and email ask for, by GET and POST', async () => {
    const { access_token } = await signIn()
    const { body, headers } = await userinfo(access_token)
    expect(body).toMatchObject({ sub: person.id, name: 'Somebody', email: expect.any(String), email_verified: true })
    expect(headers.get('content-type')).toMatch(/^application\/json/)
    const authorization = `Bearer ${access_token}`
    const posted = await fetch(`${instance.issuer}/oauth/userinfo`, { method: 'POST', headers: { authorization } })
    expect(await posted.json()).toEqual(body)
  })

  it('tells no more than was allowed', async () => {
    const { access_token } = await signIn({ scope: 'openid read' })
    expect((await userinfo(access_token)).body).toEqual({ sub: person.id })
  })

  it('§5.3.3: is refused with a challenge without a token, with a bad one, and without openid', async () => {
    const plain = await signIn({ scope: 'read' })
    for (const answer of [
      await instance.get('/oauth/userinfo'),
      await userinfo('x'),
      await userinfo(plain.access_token),
    ]) {
      expect([401, 403]).toContain(answer.status)
      expect(answer.headers.get('www-authenticate')).toMatch(/^Bearer/)
    }
  })
})

describe('Discovery §3', () => {
  it('names every endpoint and what they offer', async () => {
    expect((await instance.get('/.well-known/openid-configuration')).body).toMatchObject({
      authorization_endpoint: `${instance.issuer}/oauth/authorize`,
      userinfo_endpoint: `${instance.issuer}/oauth/userinfo`,
      end_session_endpoint: `${instance.issuer}/oauth/logout`,
      subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: expect.arrayContaining(['RS256']),
      scopes_supported: expect.arrayContaining(['openid', 'profile', 'email', 'offline_access']),
      claims_parameter_supported: false,
      request_parameter_supported: false,
      request_uri_parameter_supported: false,
    })
  })
})

describe('form_post', () => {
  it('CVE-2024-21637: §2: the answer is a form that goes to the redirect URI, escaped, and cached nowhere', async () => {
    await signIn()
    const state = '"><script>alert(1)</script>'
    const { status, text, headers } = await open(person.browser, { response_mode: 'form_post', state })
    expect(status).toBe(200)
    expect(text).toContain(`action="${redirectUri}"`)
    for (const name of ['code', 'state', 'iss']) expect(text).toContain(`name="${name}"`)
    expect(text).not.toContain('<script>alert')
    expect(headers.get('cache-control')).toBe('no-store')
  })
})

describe('RP-Initiated Logout', () => {
  const logout = (browser: Person['browser'], fields: Fields) =>
    browser.open(`${instance.issuer}/oauth/logout?${given(fields)}`)
  const isSignedIn = async () =>
    (await open(person.browser, { prompt: 'none' })).headers.get('location')?.includes('code=')

  it('§2: with a hint of this session, it ends, and the person goes on with the state', async () => {
    const { id_token } = await signIn()
    const fields = { id_token_hint: String(id_token), post_logout_redirect_uri: home, state: 'a b&c' }
    const { status, headers } = await logout(person.browser, fields)
    expect([status, headers.get('location')]).toEqual([303, `${home}?state=a+b%26c`])
    expect(await isSignedIn()).not.toBe(true)
  })

  it('§2: with a hint alone it ends, and a page says so', async () => {
    const { id_token } = await signIn()
    const { status, headers } = await logout(person.browser, { id_token_hint: String(id_token) })
    expect([status, headers.get('location')]).toEqual([200, null])
    expect(await isSignedIn()).not.toBe(true)
  })

  it.each<[string, (id: string) => Fields]>([
    ['without a hint', () => ({})],
    ['without a hint, whatever it names', () => ({ client_id: client.clientId, post_logout_redirect_uri: home })],
  ])('§2: %s the person is asked, and sent nowhere', async (_, fields) => {
    await signIn()
    const { status, headers, text } = await logout(person.browser, fields(person.id))
    expect([status, headers.get('location')]).toEqual([200, null])
    expect(text).toContain('<form ')
    expect(await isSignedIn()).toBe(true)
  })

  it.each<[string, (hint: string) => Fields]>([
    [
      'a post_logout_redirect_uri that is not registered',
      (hint) => ({ id_token_hint: hint, post_logout_redirect_uri: `${home}/x` }),
    ],
    ['one that extends a registered one', (hint) => ({ id_token_hint: hint, post_logout_redirect_uri: `${home}?x` })],
    ['another client_id than that of the hint', (hint) => ({ id_token_hint: hint, client_id: 'client_other' })],
    ['a hint that is no ID token', () => ({ id_token_hint: 'x.y.z', post_logout_redirect_uri: home })],
    [
      'a hint that somebody has changed',
      (hint) => ({ id_token_hint: `${hint.slice(0, -4)}AAAA`, post_logout_redirect_uri: home }),
    ],
  ])('§3, §4: %s is a page with status 400, and ends nothing', async (_, fields) => {
    const { id_token } = await signIn()
    const { status, headers } = await logout(person.browser, fields(String(id_token)))
    expect([status, headers.get('location')]).toEqual([400, null])
    expect(await isSignedIn()).toBe(true)
  })

  it('§2: a hint of somebody else’s session does not end this one unasked', async () => {
    const { id_token } = await signIn()
    person = await instance.person()
    await signIn()
    const fields = { id_token_hint: String(id_token), post_logout_redirect_uri: home }
    const { headers } = await logout(person.browser, fields)
    expect(headers.get('location')).toBeNull()
    expect(await isSignedIn()).toBe(true)
  })
})

/** A browser in which nobody is signed in. */
async function anonymous(): Promise<Person> {
  const fresh = await instance.person()
  await instance.manage('POST', `/v1/accounts/${fresh.id}/revoke`)
  return fresh
}
