import { createHash } from 'node:crypto'
import { createLocalJWKSet, jwtVerify } from 'jose'
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { audience, baseUrl, startAt, startWorld, type World } from '../server.fixture.ts'
import { openBrowser, signIn } from '../sign_in.fixture.ts'
import type { Reply, Wire } from '../wire.fixture.ts'
import { allow, answerOf, asking, codeFlow, codeFor, open } from './code_flow.fixture.ts'

let world: World
beforeAll(async () => {
  world = await startWorld()
  await world.ok('PATCH', `/v1/apis/${world.apiId}`, { accountScope: 'orders:read orders:write' })
})
afterAll(() => world.close())
beforeEach(() => {
  world.now = startAt
})

const { account, redeem, refresh, signedIn, webClient } = codeFlow(() => world)
const goodbye = 'https://app.example/signed-out'
const person = { scope: 'openid profile email', nonce: 'n-0S6_WzA2Mj' }

async function claimsOf(idToken: unknown, client: Wire) {
  const { body } = await world.call('GET', '/oauth/jwks')
  const keys = createLocalJWKSet(body as unknown as Parameters<typeof createLocalJWKSet>[0])
  const options = { issuer: baseUrl, audience: String(client.clientId), currentDate: new Date(world.now * 1000) }
  return jwtVerify(String(idToken), keys, options)
}

const userinfo = (token: unknown, method = 'GET'): Promise<Reply> =>
  world.call(method, '/oauth/userinfo', { as: String(token) })

describe('an ID token', () => {
  it('tells a client who has signed in, when and how, signed with RS256', async () => {
    const client = await webClient()
    const { id, answer } = await signedIn(client, person)
    const { payload, protectedHeader } = await claimsOf(answer.id_token, client)
    expect(protectedHeader).toMatchObject({ alg: 'RS256', typ: 'JWT' })
    const half = createHash('sha256').update(String(answer.access_token)).digest().subarray(0, 16)
    expect(payload).toEqual({
      iss: baseUrl,
      sub: id,
      aud: client.clientId,
      iat: startAt,
      exp: startAt + 3_600,
      auth_time: startAt,
      acr: 'urn:countersign:acr:1',
      amr: ['otp'],
      sid: expect.stringMatching(/^[0-9A-Za-z]{12}$/),
      at_hash: half.toString('base64url'),
      nonce: person.nonce,
    })
  })

  it.each(['ES256', 'EdDSA', 'PS256'])('is signed with %s for a client that wants it', async (idTokenAlg) => {
    const client = await webClient({ idTokenAlg })
    const { answer } = await signedIn(client, person)
    expect((await claimsOf(answer.id_token, client)).protectedHeader.alg).toBe(idTokenAlg)
  })

  it('is there only with openid', async () => {
    expect((await signedIn(await webClient())).answer.id_token).toBeUndefined()
  })

  it('after a refresh is about the same sign-in, and has no nonce', async () => {
    const client = await webClient({ offlineAccess: true })
    const { answer } = await signedIn(client, { ...person, scope: 'openid offline_access orders:read' })
    world.now += 500
    const later = await refresh(client, answer.refresh_token)
    const [before, after] = [await claimsOf(answer.id_token, client), await claimsOf(later.body.id_token, client)]
    for (const name of ['sub', 'aud', 'auth_time', 'sid']) expect(after.payload[name]).toBe(before.payload[name])
    expect([after.payload.nonce, after.payload.iat]).toEqual([undefined, startAt + 500])
  })

  it('is no credential, no subject_token and no assertion', async () => {
    const client = await webClient()
    const { answer } = await signedIn(client, person)
    const token = String(answer.id_token)
    expect((await world.verify(token)).active).toBe(false)
    expect((await userinfo(token)).status).toBe(401)
    expect((await world.call('GET', '/v1/me', { as: token })).status).toBe(401)
    const asClient = { client_id: String(client.clientId), client_secret: String(client.clientSecret) }
    const exchange = {
      ...asClient,
      grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
      subject_token: token,
      subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      audience,
    }
    expect((await world.form('/oauth/token', exchange)).status).toBe(400)
    const grant_type = 'urn:ietf:params:oauth:grant-type:jwt-bearer'
    expect((await world.form('/oauth/token', { ...asClient, grant_type, assertion: token })).status).toBe(400)
    expect((await world.form('/oauth/introspect', { ...asClient, token })).body).toEqual({ active: false })
  })
})

describe('the consent page', () => {
  it('says in the words of a person what a client learns, and asks again for more of it', async () => {
    const client = await webClient()
    const browser = await signIn(world, (await account()).id)
    const page = await open(browser, asking(client, { scope: 'openid profile' }))
    for (const words of ['Know that it is you', 'See your name']) expect(page.text).toContain(words)
    await allow(browser, page)
    expect((await open(browser, asking(client, { scope: 'openid profile' }))).status).toBe(303)
    expect((await open(browser, asking(client, { scope: 'openid profile email' }))).text).toContain('class="new"')
  })
})

describe('userinfo', () => {
  it.each(['GET', 'POST'])('tells by %s what the consent has, and no more', async (method) => {
    const { id, answer } = await signedIn(await webClient(), { scope: 'openid email orders:read' })
    const reply = await userinfo(answer.access_token, method)
    expect(reply.body).toEqual({ sub: id, email: expect.stringContaining('@'), email_verified: true })
    expect(reply.headers['Cache-Control']).toBe('no-store')
    const other = await signedIn(await webClient(), { scope: 'openid profile orders:read' })
    const { body } = await userinfo(other.answer.access_token, method)
    expect(body).toEqual({ sub: other.id, name: 'Ann', updated_at: startAt })
  })

  it('tells a token what was given with its own sign-in, however much the consent has grown', async () => {
    const client = await webClient()
    const { browser } = await signedIn(client, { scope: 'openid email orders:read' })
    const later = await redeem(client, await codeFor(browser, client, { scope: 'orders:read' }))
    expect((await userinfo(later.body.access_token)).status).toBe(403)
  })

  it('has an API of its own, whose token opens nothing else', async () => {
    const client = await webClient({ access: [] })
    const { id, answer } = await signedIn(client, { ...person, scope: 'openid' })
    expect(answer.scope).toBe('openid')
    const claims = JSON.parse(Buffer.from(String(answer.access_token).split('.')[1] as string, 'base64url').toString())
    expect([claims.aud, claims.scope]).toEqual([`${baseUrl}/oauth/userinfo`, ''])
    expect((await userinfo(answer.access_token)).body).toEqual({ sub: id })
    expect((await world.verify(String(answer.access_token))).active).toBe(false)
    expect((await world.call('GET', '/v1/me', { as: String(answer.access_token) })).status).toBe(401)
  })

  it('identity scopes with an API give a token for that API with an empty scope', async () => {
    const { answer } = await signedIn(await webClient(), { scope: 'openid', resource: audience })
    expect(await world.verify(String(answer.access_token))).toMatchObject({ active: true, grant: { scope: '' } })
  })

  it('no other grant gives a token of that API', async () => {
    const client = await world.client({ type: 'service' })
    const asClient = { client_id: String(client.clientId), client_secret: String(client.clientSecret) }
    const form = { ...asClient, grant_type: 'client_credentials', audience: `${baseUrl}/oauth/userinfo` }
    expect((await world.form('/oauth/token', form)).body.error).toBe('invalid_target')
  })

  it('is refused without openid, to keys, and once the consent was removed', async () => {
    const client = await webClient()
    const without = await signedIn(client)
    const refused = await userinfo(without.answer.access_token)
    expect([refused.status, refused.headers['WWW-Authenticate']]).toEqual([
      403,
      expect.stringContaining('insufficient_scope'),
    ])
    expect((await userinfo(world.admin)).status).toBe(403)
    expect((await userinfo('nonsense')).status).toBe(401)
    expect((await world.call('GET', '/oauth/userinfo', { as: null })).status).toBe(401)
    const { answer, browser } = await signedIn(client, { scope: 'openid orders:read' })
    const { data } = (await browser.call('GET', '/v1/consents')).body
    await browser.call('POST', `/v1/consents/${data[0]?.id}/revoke`, {})
    expect((await userinfo(answer.access_token)).status).toBe(401)
  })
})

describe('id_token_hint at the authorization endpoint', () => {
  it('of the person who is signed in goes on, of somebody else is login_required, of nobody is invalid_request', async () => {
    const client = await webClient()
    const ann = await signedIn(client, person)
    const bob = await signedIn(client, person)
    const hint = { ...person, id_token_hint: ann.answer.id_token as string, prompt: 'none' }
    expect(answerOf(await open(ann.browser, asking(client, hint))).code).toMatch(/^cs_code_/)
    expect(answerOf(await open(bob.browser, asking(client, hint))).error).toBe('login_required')
    const forged = { ...hint, id_token_hint: `${hint.id_token_hint.slice(0, -6)}AAAAAA` }
    expect(answerOf(await open(ann.browser, asking(client, forged))).error).toBe('invalid_request')
    const others = await webClient()
    expect(answerOf(await open(ann.browser, asking(others, hint))).error).toBe('invalid_request')
  })
})

describe('/oauth/logout', () => {
  const leaving = async (more: object = {}) => {
    const client = await webClient({ postLogoutRedirectUris: [goodbye], ...more })
    return { client, ...(await signedIn(client, person)) }
  }
  const path = (fields: Readonly<Record<string, string>>) => `/oauth/logout?${new URLSearchParams(fields)}`
  const isSignedIn = async (browser: { get(path: string): Promise<Reply> }) =>
    (await browser.get('/account')).status === 200

  it('with a hint of this session ends it at once, and goes on with state', async () => {
    const { browser, answer } = await leaving()
    const hint = { id_token_hint: String(answer.id_token), post_logout_redirect_uri: goodbye, state: 'a b' }
    const reply = await browser.get(path(hint))
    expect([reply.status, reply.headers.Location]).toEqual([303, `${goodbye}?state=a+b`])
    expect(await isSignedIn(browser)).toBe(false)
  })

  it('takes an ID token that has expired', async () => {
    const { browser, answer } = await leaving()
    world.now += 7_200
    const hint = { id_token_hint: String(answer.id_token), post_logout_redirect_uri: goodbye }
    expect((await browser.get(path(hint))).headers.Location).toBe(goodbye)
    expect(await isSignedIn(browser)).toBe(false)
  })

  it('without a redirect URI says that the session has ended', async () => {
    const { browser, answer } = await leaving()
    const reply = await browser.get(path({ id_token_hint: String(answer.id_token) }))
    expect([reply.status, reply.text.includes('You are signed out')]).toEqual([200, true])
    expect(await isSignedIn(browser)).toBe(false)
  })

  it('goes on where nobody is signed in any more', async () => {
    const { answer } = await leaving()
    const hint = { id_token_hint: String(answer.id_token), post_logout_redirect_uri: goodbye }
    expect((await openBrowser(world).get(path(hint))).headers.Location).toBe(goodbye)
  })

  it.each(['no hint', 'a hint of another session'])('asks first with %s, and then sends nobody on', async (which) => {
    const { browser, client } = await leaving()
    const other = await signedIn(client, person)
    const fields = { client_id: String(client.clientId), post_logout_redirect_uri: goodbye }
    const hint: Record<string, string> = which === 'no hint' ? {} : { id_token_hint: String(other.answer.id_token) }
    const page = await browser.get(path({ ...fields, ...hint }))
    expect([page.status, page.headers.Location]).toEqual([200, undefined])
    expect(await isSignedIn(browser)).toBe(true)
    const reply = await browser.submit(page, '/logout')
    expect(reply.headers.Location).toBe(`${baseUrl}/login`)
    expect(await isSignedIn(browser)).toBe(false)
  })

  it.each([
    ['a redirect URI that is not registered', { post_logout_redirect_uri: 'https://evil.example/' }],
    ['one with more behind it', { post_logout_redirect_uri: `${goodbye}/..` }],
    ['another client', { client_id: 'client_nobody', post_logout_redirect_uri: goodbye }],
    ['a hint that is none', { id_token_hint: 'e30.e30.e30' }],
  ])('%s is a page, ends nothing and leads nowhere', async (_, more) => {
    const { browser, answer } = await leaving()
    const reply = await browser.get(path({ id_token_hint: String(answer.id_token), ...more }))
    expect([reply.status, reply.headers.Location]).toEqual([400, undefined])
    expect(await isSignedIn(browser)).toBe(true)
  })

  it('does not say that a session has ended which nobody could look up', async () => {
    const { browser, answer } = await leaving()
    const { engine } = world.server.services.tenant('')!
    const away = vi.spyOn(engine, 'verify').mockReturnValueOnce({ outcome: 'unavailable', retryAfterSeconds: 1 })
    const hint = { id_token_hint: String(answer.id_token), post_logout_redirect_uri: goodbye }
    const reply = await browser.get(path(hint))
    away.mockRestore()
    expect([reply.status, reply.headers.Location]).toEqual([503, undefined])
    expect(await isSignedIn(browser)).toBe(true)
  })

  it('sends nobody to a client that was disabled', async () => {
    const { client, answer } = await leaving()
    await world.ok('PATCH', `/v1/clients/${client.clientId}`, { status: 'disabled' })
    const hint = { id_token_hint: String(answer.id_token), post_logout_redirect_uri: goodbye }
    const reply = await openBrowser(world).get(path(hint))
    expect([reply.status, reply.text.includes('still signed in')]).toEqual([400, false])
  })

  it('by POST from elsewhere is sent on to our own page', async () => {
    const { browser, answer } = await leaving()
    const reply = await browser.post(
      '/oauth/logout',
      { id_token_hint: String(answer.id_token), post_logout_redirect_uri: goodbye },
      [['Sec-Fetch-Site', 'cross-site']],
    )
    expect(reply.headers.Location?.startsWith(`${baseUrl}/oauth/logout?id_token_hint=`)).toBe(true)
    expect(await isSignedIn(browser)).toBe(true)
    expect((await open(browser, String(reply.headers.Location).slice(baseUrl.length))).headers.Location).toBe(goodbye)
  })
})

it('a code that is redeemed twice at once gives one ID token at most, and its nonce is of the request', async () => {
  const client = await webClient()
  const browser = await signIn(world, (await account()).id)
  const code = await codeFor(browser, client, person)
  const replies = await Promise.all([redeem(client, code), redeem(client, code)])
  const given = replies.filter(({ status }) => status === 200)
  expect(given.length).toBeLessThanOrEqual(1)
  for (const { body } of given) expect((await claimsOf(body.id_token, client)).payload.nonce).toBe(person.nonce)
})
