/** RFC 7009 (revocation), RFC 7662 (introspection) and RFC 8707 (resource indicators). */
import { describe, expect, it } from 'vitest'
import { type Fields, verifier } from './instance.fixture.ts'
import { client, instance, person, useInstance } from './one_instance.fixture.ts'

useInstance()

const tokens = async (more = {}) =>
  (await instance.signIn(person, client, { scope: 'read offline_access', ...more })).body
const isActive = async (token: unknown) => (await instance.introspect(token)).body.active

describe('RFC 7009', () => {
  it.each([
    ['access_token', 'an access token itself, not its refresh token'],
    ['refresh_token', 'a refresh token with all that came of the sign-in'],
  ])('§2.1: revoking an %s ends %s', async (kind) => {
    const given = await tokens()
    const revoked = await instance.post('/oauth/revoke', { token: String(given[kind]) }, client)
    expect([revoked.status, revoked.text]).toEqual([200, ''])
    expect(await isActive(given.access_token)).toBe(false)
    expect((await instance.refresh(client, given.refresh_token)).status).toBe(kind === 'access_token' ? 200 : 400)
  })

  it('§2.1: a wrong token_type_hint changes nothing', async () => {
    const { access_token: token } = await tokens()
    await instance.post('/oauth/revoke', { token: String(token), token_type_hint: 'refresh_token' }, client)
    expect(await isActive(token)).toBe(false)
  })

  it('§2.2: a token that is unknown, malformed or ended already is 200', async () => {
    const { access_token: token } = await tokens()
    for (const text of ['x', 'cs_rt_x', 'a.b.c', String(token), String(token)])
      expect((await instance.post('/oauth/revoke', { token: text }, client)).status).toBe(200)
  })

  it('§2.1: another client revokes nothing, nor does nobody', async () => {
    const given = await tokens()
    const other = await instance.client()
    for (const kind of ['access_token', 'refresh_token']) {
      const refused = await instance.post('/oauth/revoke', { token: String(given[kind]) }, other)
      expect(refused.body.error).toBe('unauthorized_client')
    }
    expect((await instance.post('/oauth/revoke', { token: String(given.access_token) })).status).toBe(401)
    expect(await isActive(given.access_token)).toBe(true)
    expect((await instance.post('/oauth/revoke', {}, client)).body.error).toBe('invalid_request')
  })

  it('§2.1: a public client revokes its own by its client_id, and no other’s', async () => {
    const { clientId } = await instance.client({ type: 'spa' })
    const code = (await instance.authorize(person, { clientId, clientSecret: '' })).searchParams.get('code')
    const fields = { grant_type: 'authorization_code', code: String(code), client_id: clientId }
    const { body } = await instance.post('/oauth/token', { ...fields, code_verifier: verifier })
    const stranger = (await instance.client({ type: 'spa' })).clientId
    await instance.post('/oauth/revoke', { token: String(body.access_token), client_id: stranger })
    expect(await isActive(body.access_token)).toBe(true)
    await instance.post('/oauth/revoke', { token: String(body.access_token), client_id: clientId })
    expect(await isActive(body.access_token)).toBe(false)
  })
})

describe('RFC 7662', () => {
  it('§2.2: a live token is described to a resource server of its API', async () => {
    const { access_token: token } = await tokens()
    const { body, headers } = await instance.introspect(token)
    expect(body).toMatchObject({
      active: true,
      scope: 'read',
      client_id: client.clientId,
      sub: person.id,
      aud: instance.audience,
      iss: instance.issuer,
      token_type: 'Bearer',
    })
    expect(headers.get('cache-control')).toBe('no-store')
  })

  it('§2.2, §4: of a token that is unknown, ended or for another API nothing but active:false is told', async () => {
    const given = await tokens()
    await instance.post('/oauth/revoke', { token: String(given.access_token) }, client)
    const other = await tokens({ audience: instance.otherAudience })
    for (const text of ['x', 'a.b.c', given.access_token, other.access_token]) {
      const { status, text: said } = await instance.introspect(text)
      expect([status, said]).toEqual([200, '{"active":false}'])
    }
  })

  it('§2.1: a caller that does not authenticate, or is not entitled, learns nothing', async () => {
    const { access_token: token } = await tokens()
    expect((await instance.post('/oauth/introspect', { token: String(token) })).status).toBe(401)
    const stranger = await instance.client()
    expect((await instance.post('/oauth/introspect', { token: String(token) }, stranger)).body).toEqual({
      active: false,
    })
    const { clientId } = await instance.client({ type: 'spa' })
    expect((await instance.post('/oauth/introspect', { token: String(token), client_id: clientId })).status).toBe(401)
  })

  it('takes no GET: a token does not belong into a URL', async () => {
    expect((await instance.get('/oauth/introspect?token=x')).status).toBe(405)
  })
})

describe('RFC 8707', () => {
  it('§2: a resource chooses the API, and the token is for it alone', async () => {
    const { access_token: token } = await tokens({ audience: undefined, resource: instance.otherAudience })
    const [, claims = ''] = String(token).split('.')
    expect(JSON.parse(Buffer.from(claims, 'base64url').toString()).aud).toBe(instance.otherAudience)
  })

  it('§2: an unknown API, two of them, and none where there are several are invalid_target', async () => {
    const error = async (more: Fields) => (await instance.authorize(person, client, more)).searchParams.get('error')
    expect(await error({ audience: undefined, resource: 'https://nobody.test' })).toBe('invalid_target')
    expect(await error({ resource: instance.otherAudience })).toBe('invalid_target')
    expect(await error({ audience: undefined })).toBe('invalid_target')
  })

  it('§2.2: GHSA-p2fr-6hmx-4528: neither a code nor a refresh token is good for another API', async () => {
    const code = (await instance.authorize(person, client)).searchParams.get('code')
    const wide = await instance.redeem(client, code, { resource: instance.otherAudience })
    expect(wide.body.error).toBe('invalid_target')
    const given = await tokens()
    for (const name of ['resource', 'audience']) {
      const other = await instance.refresh(client, given.refresh_token, { [name]: instance.otherAudience })
      expect(other.body.error).toBe('invalid_target')
    }
    expect((await instance.refresh(client, given.refresh_token, { resource: instance.audience })).status).toBe(200)
  })
})
