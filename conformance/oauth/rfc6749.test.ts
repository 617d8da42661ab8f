/** RFC 6749, as far as it is not changed by RFC 9700. */
import { describe, expect, it } from 'vitest'
import { authorizationFields, given, redirectUri } from './instance.fixture.ts'
import { client, instance, person, useInstance } from './one_instance.fixture.ts'

useInstance()

const tokenError = (answer: { readonly status: number; readonly body: object }) => [
  answer.status,
  'error' in answer.body && answer.body.error,
]

describe('§2.3.1 client password', () => {
  it('is taken by HTTP Basic, form-encoded first, and in the body', async () => {
    const { clientId: client_id, clientSecret: client_secret } = client
    const fields = { grant_type: 'client_credentials', audience: instance.audience }
    expect((await instance.post('/oauth/token', fields, client)).status).toBe(200)
    expect((await instance.post('/oauth/token', { ...fields, client_id, client_secret })).status).toBe(200)
    const encoded = { clientId: client_id.replace('_', '%5F'), clientSecret: client_secret }
    expect((await instance.post('/oauth/token', fields, encoded)).status).toBe(200)
  })

  it('§2.3: two methods in one request are refused', async () => {
    const { clientId: client_id, clientSecret: client_secret } = client
    const fields = { grant_type: 'client_credentials', audience: instance.audience, client_id, client_secret }
    expect(tokenError(await instance.post('/oauth/token', fields, client))).toEqual([400, 'invalid_request'])
  })

  it('is not taken from the query', async () => {
    const query = given({ client_id: client.clientId, client_secret: client.clientSecret })
    const fields = { grant_type: 'client_credentials', audience: instance.audience }
    const answer = await instance.post(`/oauth/token?${query}`, fields)
    expect(answer.status).toBeGreaterThanOrEqual(400)
    expect(answer.text).not.toContain(client.clientSecret)
  })
})

describe('§3.1 authorization endpoint', () => {
  it('takes GET and POST', async () => {
    const fields = { ...authorizationFields, client_id: client.clientId, audience: instance.audience }
    for (const answer of [
      await instance.get(`/oauth/authorize?${given(fields)}`),
      await instance.post('/oauth/authorize', fields),
    ]) {
      expect(answer.status).toBe(303)
      expect(answer.headers.get('location')?.startsWith(`${instance.issuer}/`)).toBe(true)
    }
  })

  it('ignores unknown parameters, and takes one without a value as absent', async () => {
    const answer = await instance.authorize(person, client, { unknown: 'x', prompt: '', max_age: '' })
    expect(answer.searchParams.get('code')).not.toBeNull()
  })

  it.each(['client_id', 'redirect_uri', 'response_type', 'scope', 'state', 'code_challenge'])(
    'refuses %s that comes twice',
    async (name) => {
      const query = given({ ...authorizationFields, client_id: client.clientId, audience: instance.audience })
      query.append(name, query.get(name) ?? '')
      const { status, headers } = await person.browser.open(`${instance.issuer}/oauth/authorize?${query}`)
      const location = headers.get('location')
      if (location === null) expect(status).toBe(400)
      else expect(new URL(location).searchParams.get('error')).toBe('invalid_request')
    },
  )

  it('§3.1.2.2: a client with two redirect URIs must name one', async () => {
    const two = await instance.client({ redirectUris: [redirectUri, 'https://client.example/second'] })
    const query = given({ ...authorizationFields, client_id: two.clientId, redirect_uri: undefined })
    const answer = await instance.get(`/oauth/authorize?${query}`)
    expect([answer.status, answer.headers.get('location')]).toEqual([400, null])
  })

  it.each([
    ['an unknown client', { client_id: 'client_nobody' }],
    ['no client', { client_id: undefined }],
    ['a redirect URI that is not registered', { redirect_uri: 'https://evil.example/callback' }],
  ])('§3.1.2.4: with %s nobody is redirected', async (_, change) => {
    const query = given({ ...authorizationFields, client_id: client.clientId, ...change })
    const answer = await instance.get(`/oauth/authorize?${query}`)
    expect([answer.status, answer.headers.get('location')]).toEqual([400, null])
    expect(answer.headers.get('content-type')).toContain('text/html')
  })
})

describe('§3.2 token endpoint', () => {
  it.each(['GET', 'PUT', 'DELETE', 'HEAD'])('takes no %s', async (method) => {
    const answer = await fetch(`${instance.issuer}/oauth/token`, { method })
    expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'POST'])
  })

  it.each(['grant_type', 'code', 'redirect_uri', 'code_verifier'])('refuses %s that comes twice', async (name) => {
    const fields = given({ grant_type: 'authorization_code', code: 'x', redirect_uri: redirectUri, code_verifier: 'y' })
    fields.append(name, fields.get(name) ?? '')
    const { clientId, clientSecret } = client
    fields.append('client_id', clientId)
    fields.append('client_secret', clientSecret)
    const answer = await fetch(`${instance.issuer}/oauth/token`, { method: 'POST', body: fields })
    expect([answer.status, ((await answer.json()) as { error: string }).error]).toEqual([400, 'invalid_request'])
  })
})

describe('§4.1 authorization code', () => {
  it('§4.1.2: the answer has the code and the very state, behind the query that the redirect URI has', async () => {
    const uri = `${redirectUri}?tenant=1`
    const own = await instance.client({ redirectUris: [uri] })
    const state = 'ä ;&=+%20"\'<>'
    const answer = await instance.authorize(person, own, { redirect_uri: uri, state })
    expect(answer.href.startsWith(`${uri}&code=`)).toBe(true)
    expect(answer.searchParams.getAll('state')).toEqual([state])
    expect(
      (await instance.authorize(person, own, { redirect_uri: uri, state: undefined })).searchParams.has('state'),
    ).toBe(false)
  })

  it.each([
    [{ response_type: undefined }, 'invalid_request'],
    [{ response_type: 'token' }, 'unsupported_response_type'],
    [{ response_type: 'code token' }, 'unsupported_response_type'],
    [{ scope: 'read "' }, 'invalid_scope'],
  ])('§4.1.2.1: %j is told at the redirect URI', async (change, error) => {
    const { searchParams } = await instance.authorize(person, client, change)
    expect(searchParams.get('error')).toBe(error)
    expect(searchParams.get('state')).toBe(authorizationFields.state)
    expect(searchParams.has('code')).toBe(false)
  })

  it('§4.1.2.1: a scope that nobody knows is told at the redirect URI', async () => {
    const { searchParams } = await instance.authorize(person, client, { scope: 'nothing:known' })
    expect(['invalid_scope', 'access_denied']).toContain(searchParams.get('error'))
  })

  it('§4.1.3: another redirect URI than was asked with is invalid_grant', async () => {
    const code = (await instance.authorize(person, client)).searchParams.get('code')
    const other = await instance.redeem(client, code, { redirect_uri: 'https://client.example/other' })
    expect(tokenError(other)).toEqual([400, 'invalid_grant'])
  })

  it('§4.1.3: another client’s code is invalid_grant, and is still good for its own', async () => {
    const code = (await instance.authorize(person, client)).searchParams.get('code')
    expect(tokenError(await instance.redeem(await instance.client(), code))).toEqual([400, 'invalid_grant'])
    expect((await instance.redeem(client, code)).status).toBe(200)
  })

  it('§4.1.3: a client that can authenticate must', async () => {
    const code = (await instance.authorize(person, client)).searchParams.get('code')
    const { clientId } = client
    expect(tokenError(await instance.redeem({ clientId, clientSecret: 'wrong' }, code))).toEqual([
      401,
      'invalid_client',
    ])
    const named = await instance.post('/oauth/token', {
      grant_type: 'authorization_code',
      code: String(code),
      client_id: clientId,
    })
    expect(tokenError(named)).toEqual([401, 'invalid_client'])
  })

  it('§4.1.2: a code is good once, and its second use ends the tokens of its first', async () => {
    const code = (await instance.authorize(person, client)).searchParams.get('code')
    const first = await instance.redeem(client, code)
    expect((await instance.introspect(first.body.access_token)).body.active).toBe(true)
    expect(tokenError(await instance.redeem(client, code))).toEqual([400, 'invalid_grant'])
    expect((await instance.introspect(first.body.access_token)).body).toEqual({ active: false })
  })
})

describe('§4.4 client credentials', () => {
  it('give a token that speaks for the client, and no refresh token', async () => {
    const { body } = await instance.post(
      '/oauth/token',
      { grant_type: 'client_credentials', audience: instance.audience },
      client,
    )
    expect(body).not.toHaveProperty('refresh_token')
    expect((await instance.introspect(body.access_token)).body).toMatchObject({ active: true, sub: client.clientId })
  })

  it('are nothing for a public client', async () => {
    const { clientId } = await instance.client({ type: 'spa' })
    const fields = { grant_type: 'client_credentials', client_id: clientId, audience: instance.audience }
    expect((await instance.post('/oauth/token', fields)).body.error).toBe('invalid_client')
  })
})

describe('§5 answers of the token endpoint', () => {
  it('§5.1: have the token, its type, life and scope, and are cached nowhere', async () => {
    const { status, body, headers } = await instance.signIn(person, client)
    expect(status).toBe(200)
    expect(body).toMatchObject({ token_type: 'Bearer', scope: 'read', expires_in: expect.any(Number) })
    expect(headers.get('cache-control')).toBe('no-store')
    expect(headers.get('pragma')).toBe('no-cache')
    expect(headers.get('content-type')).toMatch(/^application\/json/)
  })

  it('§5.2: a client that tried Basic and failed is 401 with a Basic challenge', async () => {
    const answer = await instance.post(
      '/oauth/token',
      { grant_type: 'client_credentials' },
      { ...client, clientSecret: 'wrong' },
    )
    expect(tokenError(answer)).toEqual([401, 'invalid_client'])
    expect(answer.headers.get('www-authenticate')).toMatch(/^Basic /)
  })

  it.each([
    [{}, 'invalid_request'],
    [{ grant_type: 'password', username: 'a', password: 'b' }, 'unsupported_grant_type'],
    [{ grant_type: 'implicit' }, 'unsupported_grant_type'],
    [{ grant_type: 'authorization_code' }, 'invalid_request'],
    [{ grant_type: 'authorization_code', code: 'x' }, 'invalid_grant'],
    [{ grant_type: 'refresh_token' }, 'invalid_request'],
    [{ grant_type: 'refresh_token', refresh_token: 'x' }, 'invalid_grant'],
    [{ grant_type: 'client_credentials', scope: 'nothing:known' }, 'invalid_scope'],
  ])('§5.2: %j is %s', async (fields, error) => {
    const answer = await instance.post('/oauth/token', { audience: instance.audience, ...fields } as never, client)
    expect(tokenError(answer)).toEqual([400, error])
    expect(answer.headers.get('cache-control')).toBe('no-store')
  })
})

describe('§6 refresh', () => {
  it('gives another token of the same scope, or of less, and never of more', async () => {
    const asked = { scope: 'read write offline_access' }
    const { body } = await instance.signIn(person, client, asked)
    const less = await instance.refresh(client, body.refresh_token, { scope: 'read' })
    expect(less.body).toMatchObject({ scope: 'read' })
    const same = await instance.refresh(client, less.body.refresh_token)
    expect(String(same.body.scope).split(' ')).toEqual(expect.arrayContaining(['read', 'write']))
    const narrow = await instance.signIn(person, client, { scope: 'read offline_access' })
    const more = await instance.refresh(client, narrow.body.refresh_token, { scope: 'read write' })
    expect(tokenError(more)).toEqual([400, 'invalid_scope'])
  })

  it('is bound to the client, which must authenticate', async () => {
    const { body } = await instance.signIn(person, client, { scope: 'read offline_access' })
    const other = await instance.client({ offlineAccess: true })
    expect(tokenError(await instance.refresh(other, body.refresh_token))).toEqual([400, 'invalid_grant'])
    const { clientId } = client
    const unproven = { grant_type: 'refresh_token', refresh_token: String(body.refresh_token), client_id: clientId }
    expect(tokenError(await instance.post('/oauth/token', unproven))).toEqual([401, 'invalid_client'])
    expect((await instance.refresh(client, body.refresh_token)).status).toBe(200)
  })
})
