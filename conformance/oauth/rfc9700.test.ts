/**
 * RFC 9700, Best Current Practice for OAuth 2.0 Security, as yes or no. Each number is a check; some are answered in full by
 * another file beside this one, and here by one question.
 */
import { createPrivateKey, generateKeyPairSync, type KeyObject, randomUUID, sign } from 'node:crypto'
import { beforeAll, describe, expect, it } from 'vitest'
import { openBrowser } from '../plain_browser.fixture.ts'
import { authorizationFields, type Client, type Fields, given, type Person, redirectUri } from './instance.fixture.ts'
import { client, instance, person, useInstance } from './one_instance.fixture.ts'

useInstance()

const asked = (more: Fields = {}) =>
  given({ ...authorizationFields, client_id: client.clientId, audience: instance.audience, ...more })
const open = (more: Fields = {}) => person.browser.open(`${instance.issuer}/oauth/authorize?${asked(more)}`)
const isRegistered = (type: string, uri: string): Promise<boolean> =>
  instance.client({ type, redirectUris: [uri] }).then(
    () => true,
    () => false,
  )
const code = async (more: Fields = {}) => (await instance.authorize(person, client, more)).searchParams.get('code')
const isActive = async (token: unknown) => (await instance.introspect(token)).body.active
const offline = { scope: 'read offline_access' }

describe('§2.1, §4.1 redirects', () => {
  it.each([
    ['1 a prefix', `${redirectUri}/more`],
    ['1 a suffix', `https://evil.example/?${redirectUri}`],
    ['2 another port', 'https://client.example:444/callback'],
    ['3 another case', 'https://client.example/Callback'],
    ['4 a fragment', `${redirectUri}#x`],
    ['5 traversal', 'https://client.example/x/../callback'],
    ['6 a user', 'https://client.example@evil.example/callback'],
  ])('%s is not the redirect URI, and nobody is sent there', async (_, uri) => {
    const { status, headers } = await open({ redirect_uri: uri })
    expect([status, headers.get('location')]).toEqual([400, null])
  })

  it.each([
    ...['javascript:alert(1)', 'JavaScript:alert(1)', 'data:text/html,x', 'java\tscript:x', 'vbscript:x', 'file:///x'],
    ...['http://client.example/callback', 'https://*.example/callback', `${redirectUri}#x`, 'HTTPS://client.example/'],
  ])('7 %j is not registered by anybody', async (uri) => {
    for (const type of ['web', 'spa', 'native']) expect(await isRegistered(type, uri)).toBe(false)
  })

  it('8 a loopback port may differ for a native client, and nothing else', async () => {
    const native = await instance.client({ type: 'native', redirectUris: ['http://127.0.0.1/callback'] })
    const location = async (uri: string) =>
      (
        await person.browser.open(
          `${instance.issuer}/oauth/authorize?${asked({ client_id: native.clientId, redirect_uri: uri })}`,
        )
      ).headers.get('location')
    expect(await location('http://127.0.0.1:4711/callback')).toMatch(/\/oauth\/consent/)
    for (const uri of ['http://localhost:4711/callback', 'http://127.0.0.1:4711/other', 'http://[::1]:4711/callback'])
      expect(await location(uri)).toBeNull()
  })

  describe('9 §4.11: neither sign-in nor logout is an open redirector', () => {
    const password = 'correct horse battery'
    const home = 'https://client.example/signed-out'
    let somebody: Person
    let own: Client
    beforeAll(async () => {
      somebody = await instance.person({ password })
      own = await instance.client({ postLogoutRedirectUris: [home] })
    })

    /** Where the browser is led by a sign-in, and by the three ways to log out, that each name `target`. */
    async function ledTo(target: string): Promise<readonly (string | null)[]> {
      const { issuer } = instance
      const { email } = somebody
      const at = (path: string, fields: Fields) => browser.open(`${issuer}${path}?${given(fields)}`)
      const named = { returnTo: target, post_logout_redirect_uri: target }
      const browser = openBrowser(issuer)
      const login = await at('/login', named)
      const signedIn = await browser.submit(login, `${issuer}/login`, { email, password, ...named })
      const { id_token: hint } = (await instance.signIn({ browser }, own, { scope: 'openid read' })).body
      const unproven = await at('/oauth/logout', { ...named, client_id: own.clientId })
      const proven = await at('/oauth/logout', { ...named, id_token_hint: String(hint) })
      const page = await at('/logout', named)
      // The one before has ended the session where it was good.
      const left = page.status === 303 ? page : await browser.submit(page, `${issuer}/logout`, named)
      return [signedIn, unproven, proven, left].map(({ headers }) => headers.get('location'))
    }

    it.each([
      ...['https://evil.example', '//evil.example', '/\\evil.example', '/\t/evil.example', 'javascript:alert(1)'],
      ...['ISSUER.evil.example', 'ISSUER@evil.example', `${home}/x`, `${home}?x`, `${home}@evil.example`],
    ])('%j leads nowhere', async (target) => {
      const { issuer } = instance
      const led = await ledTo(target.replace('ISSUER', issuer))
      expect(led).toEqual([`${issuer}/account`, null, null, `${issuer}/login`])
    })

    it('an own page is gone to after a sign-in, and a registered URI after a logout with a hint', async () => {
      const { issuer } = instance
      const { pathname } = new URL(`${issuer}/account/password`)
      expect((await ledTo(pathname))[0]).toBe(`${issuer}/account/password`)
      expect(await ledTo(home)).toEqual([`${issuer}/account`, null, home, `${issuer}/login`])
    })
  })

  it('10 §4.12: the answer is a 303 or a form, so that no password travels on', async () => {
    await code()
    let step = await open()
    for (let steps = 0; steps < 3 && step.headers.get('location')?.startsWith(redirectUri) !== true; steps++) {
      expect(step.status).toBe(303)
      step = await person.browser.open(String(step.headers.get('location')))
    }
    expect([step.status, step.headers.get('location')]).toEqual([
      303,
      expect.stringMatching(/^https:\/\/client\.example/),
    ])
  })
})

describe('§2.1.1, §4.5, §4.8 codes and PKCE', () => {
  it('11 CVE-2023-0264, GHSA-7w99-5wm4-3g79: a code is good once; 12 its second use ends what the first gave', async () => {
    const one = await code(offline)
    const first = (await instance.redeem(client, one)).body
    expect((await instance.redeem(client, one)).body.error).toBe('invalid_grant')
    expect(await isActive(first.access_token)).toBe(false)
    expect((await instance.refresh(client, first.refresh_token)).body.error).toBe('invalid_grant')
  })

  it.each([1, 2, 10, 100])(
    '13 of %i that redeem it at once one has a token, which is good only where it was alone',
    async (size) => {
      const one = await code()
      const answers = await Promise.all(Array.from({ length: size }, () => instance.redeem(client, one)))
      const given = answers.filter(({ status }) => status === 200)
      expect(given).toHaveLength(1)
      expect(await isActive(given[0]?.body.access_token)).toBe(size === 1)
      const refused = answers.filter((answer) => !given.includes(answer))
      for (const { status, body } of refused) expect([status, body.error]).toEqual([400, 'invalid_grant'])
    },
  )

  it('14 CVE-2026-16089, CVE-2025-4143: it is for its client, 15 its redirect URI, 16 its challenge, 17 its API', async () => {
    const one = await code()
    const other = await instance.client()
    const errors = [
      await instance.redeem(other, one),
      await instance.redeem(client, one, { redirect_uri: 'https://client.example/other' }),
      await instance.redeem(client, one, { code_verifier: 'w'.repeat(43) }),
      await instance.redeem(client, await code(), { audience: instance.otherAudience }),
    ].map(({ body }) => body.error)
    expect(errors).toEqual(['invalid_grant', 'invalid_grant', 'invalid_grant', 'invalid_target'])
    expect((await instance.redeem(client, one)).status).toBe(200)
  })

  it('18 CVE-2025-4144, CVE-2024-23647, CVE-2023-48228: every public client needs PKCE, 19 with S256, 20 and a stripped challenge is found out', async () => {
    const spa = await instance.client({ type: 'spa', requirePkce: false })
    const error = async (more: Fields) => (await instance.authorize(person, spa, more)).searchParams.get('error')
    expect(await error({ code_challenge: undefined, code_challenge_method: undefined })).toBe('invalid_request')
    expect(await error({ code_challenge_method: 'plain' })).toBe('invalid_request')
    const without = await instance.client({ requirePkce: false })
    const stripped = { code_challenge: undefined, code_challenge_method: undefined }
    const { searchParams } = await instance.authorize(person, without, stripped)
    expect((await instance.redeem(without, searchParams.get('code'))).body.error).toBe('invalid_grant')
  })

  it('21 workers-oauth-provider PR #225: whoever guesses a code spends nothing', async () => {
    const one = String(await code())
    for (const guess of [`${one.slice(0, -1)}${one.endsWith('0') ? '1' : '0'}`, one.slice(0, -3), `${one}x`])
      expect((await instance.redeem(client, guess)).body.error).toBe('invalid_grant')
    expect((await instance.redeem(client, one)).status).toBe(200)
  })
})

describe('§4.4 mix-up', () => {
  it('22 every answer, success or error, names its issuer', async () => {
    for (const more of [{}, { prompt: 'none', max_age: '0' }, { response_type: 'token' }])
      expect((await instance.authorize(person, client, more)).searchParams.getAll('iss')).toEqual([instance.issuer])
  })
})

describe('§2.2, §4.10, §4.14 tokens', () => {
  it('23 an access token is for one API, and inactive for another', async () => {
    const { body } = await instance.signIn(person, client, { audience: instance.otherAudience })
    expect(await isActive(body.access_token)).toBe(false)
  })

  it('24 its scope grows by neither refresh nor exchange', async () => {
    const { body } = await instance.signIn(person, client, offline)
    const exchange = {
      grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
      subject_token: String(body.access_token),
      subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      scope: 'read write',
    }
    expect((await instance.post('/oauth/token', exchange, client)).status).toBe(400)
    expect((await instance.refresh(client, body.refresh_token, { scope: 'read write' })).body.error).toBe(
      'invalid_scope',
    )
  })

  it('25 Keycloak #50999: a refresh token is another after each use, and 26 the reuse of an old one ends all', async () => {
    const { body } = await instance.signIn(person, client, offline)
    const second = (await instance.refresh(client, body.refresh_token)).body
    expect(second.refresh_token).not.toBe(body.refresh_token)
    const third = (await instance.refresh(client, second.refresh_token)).body
    expect((await instance.refresh(client, body.refresh_token)).body.error).toBe('invalid_grant')
    expect((await instance.refresh(client, third.refresh_token)).body.error).toBe('invalid_grant')
    expect(await isActive(third.access_token)).toBe(false)
  })

  it('27 GHSA-pw9m-5jxm-xr6h: it is for its client alone, 28 which authenticates where it can', async () => {
    const { body } = await instance.signIn(person, client, offline)
    expect((await instance.refresh(await instance.client(), body.refresh_token)).body.error).toBe('invalid_grant')
    const { clientId } = client
    const wrong = { clientId, clientSecret: 'wrong' }
    expect((await instance.refresh(wrong, body.refresh_token)).status).toBe(401)
    const unproven = { grant_type: 'refresh_token', refresh_token: String(body.refresh_token), client_id: clientId }
    expect((await instance.post('/oauth/token', unproven)).status).toBe(401)
    expect((await instance.refresh(client, body.refresh_token)).status).toBe(200)
  })

  it('CVE-2026-1035: of 100 that refresh at once, all have the same successor or nothing, and it goes on', async () => {
    const { body } = await instance.signIn(person, client, offline)
    const answers = await Promise.all(Array.from({ length: 100 }, () => instance.refresh(client, body.refresh_token)))
    const given = answers.flatMap((answer) => (answer.status === 200 ? [answer.body.refresh_token] : []))
    expect(new Set(given).size).toBe(1)
    const next = await instance.refresh(client, given[0])
    expect([next.status, await isActive(next.body.access_token)]).toEqual([200, true])
  })

  it('CVE-2022-3916, GHSA-895x-rfqp-jh5c: an offline token outlives neither the consent nor the access of its client', async () => {
    const own = await instance.client({ offlineAccess: true })
    const { body } = await instance.signIn(person, own, offline)
    await instance.manage('PATCH', `/v1/clients/${own.clientId}`, { access: [] })
    expect((await instance.refresh(own, body.refresh_token)).status).toBe(400)
    const one = (await instance.signIn(person, client, offline)).body
    const consents = await instance.manage('GET', `/v1/consents?accountId=${person.id}&clientId=${client.clientId}`)
    for (const { id } of consents.data as readonly { readonly id: string }[])
      await instance.manage('POST', `/v1/consents/${id}/revoke`)
    expect((await instance.refresh(client, one.refresh_token)).body.error).toBe('invalid_grant')
    expect(await isActive(one.access_token)).toBe(false)
  })

  it('29 §4.3.2: no token is taken from a query', async () => {
    const { body } = await instance.signIn(person, client, { scope: 'openid read' })
    expect((await instance.get(`/oauth/userinfo?access_token=${body.access_token}`)).status).toBe(401)
  })

  it.each(['token', 'id_token', 'code token', 'code id_token', 'id_token token', 'none'])(
    '30 §2.1.2: there is no response_type %s',
    async (response_type) => {
      const answer = await instance.authorize(person, client, { response_type })
      expect(answer.searchParams.get('error')).toBe('unsupported_response_type')
      expect(answer.hash).toBe('')
    },
  )

  it('31 §2.4: there is no password grant', async () => {
    const password = { grant_type: 'password', username: 'a', password: 'b' }
    expect((await instance.post('/oauth/token', password, client)).body.error).toBe('unsupported_grant_type')
  })
})

describe('§2.5 client authentication by a key', () => {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const jwk = { ...publicKey.export({ format: 'jwk' }), kid: 'k', alg: 'ES256' }
  let own: Client
  beforeAll(async () => {
    own = await instance.client({ type: 'service', redirectUris: [], jwks: { keys: [jwk] } })
  })

  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  function assertion(
    claims: object = {},
    header: object = {},
    key: KeyObject = createPrivateKey(privateKey.export({ format: 'pem', type: 'pkcs8' })),
  ): string {
    const now = Math.floor(Date.now() / 1000)
    const usual = {
      iss: own.clientId,
      sub: own.clientId,
      aud: instance.issuer,
      jti: randomUUID(),
      iat: now,
      exp: now + 60,
    }
    const text = `${encode({ alg: 'ES256', kid: 'k', ...header })}.${encode({ ...usual, ...claims })}`
    return `${text}.${sign('sha256', Buffer.from(text), { key, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`
  }
  const present = (client_assertion: string) =>
    instance.post('/oauth/token', {
      grant_type: 'client_credentials',
      audience: instance.audience,
      client_id: own.clientId,
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion,
    })

  it('32 is taken, 33 and each assertion once', async () => {
    const text = assertion()
    expect((await present(text)).status).toBe(200)
    expect((await present(text)).body.error).toBe('invalid_client')
  })

  const now = Math.floor(Date.now() / 1000)
  it.each<[string, object]>([
    ['34 the token endpoint’s URL', { aud: 'TOKEN' }],
    ['34 the issuer among others', { aud: 'LIST' }],
    ['34 another server', { aud: 'https://evil.example' }],
    ['35 an end in an hour', { exp: now + 3_600 }],
    ['35 an end that has passed', { exp: now - 60 }],
    ['35 no end', { exp: undefined }],
    ['36 no jti', { jti: undefined }],
    ['36 another subject', { sub: 'client_other' }],
  ])('%s is refused', async (_, claims) => {
    const { aud } = claims as { readonly aud?: string }
    const written =
      aud === 'TOKEN'
        ? { aud: `${instance.issuer}/oauth/token` }
        : aud === 'LIST'
          ? { aud: [instance.issuer, 'https://x.example'] }
          : claims
    expect((await present(assertion(written))).body.error).toBe('invalid_client')
  })

  it('37 no algorithm but the key’s own is believed', async () => {
    const text = assertion()
    const [, payload] = text.split('.')
    for (const forged of [
      `${encode({ alg: 'none', kid: 'k' })}.${payload}.`,
      `${encode({ alg: 'HS256', kid: 'k' })}.${payload}.AAAA`,
    ])
      expect((await present(forged)).body.error).toBe('invalid_client')
    const { privateKey: foreign } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    expect((await present(assertion({}, {}, foreign))).body.error).toBe('invalid_client')
  })
})

describe('§4.2, §4.16 answers and pages', () => {
  it('38 nothing of a sign-in is cached, told by a referrer, or framed', async () => {
    const fresh = await instance.person()
    const consent = await fresh.browser.follow(`${instance.issuer}/oauth/authorize?${asked()}`)
    for (const page of [await instance.get('/login'), consent, await open({ redirect_uri: 'https://evil.example' })]) {
      expect(page.text).toContain('<html')
      expect(page.headers.get('cache-control')).toBe('no-store')
      expect(page.headers.get('referrer-policy')).toBe('no-referrer')
      expect(page.headers.get('content-security-policy')).toMatch(/frame-ancestors 'none'/)
    }
  })

  it('39 §2.6: no page of another origin reads the authorization endpoint, nor a token without being known', async () => {
    const headers = { origin: 'https://evil.example' }
    for (const path of ['/oauth/authorize', '/login', '/v1/me'])
      expect((await instance.get(path, headers)).headers.get('access-control-allow-origin')).toBeNull()
    const answer = await fetch(`${instance.issuer}/oauth/token`, { method: 'POST', headers, body: asked() })
    expect(answer.headers.get('access-control-allow-origin')).toBeNull()
  })

  it('40 §4.13: forwarded fields change nothing of what the server says of itself', async () => {
    const forged = { 'x-forwarded-host': 'evil.example', 'x-forwarded-proto': 'http', forwarded: 'host=evil.example' }
    for (const path of ['/.well-known/oauth-authorization-server', '/.well-known/openid-configuration', '/login'])
      expect((await instance.get(path, forged)).text).not.toContain('evil.example')
  })
})
