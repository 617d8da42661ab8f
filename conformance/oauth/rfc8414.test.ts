/** RFC 8414 (metadata), RFC 9207 (`iss` in answers), RFC 7517 (keys) and RFC 9068 (access tokens). */
import { createPublicKey, verify } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { client, instance, person, useInstance } from './one_instance.fixture.ts'

useInstance()

const part = (token: unknown, index: number) =>
  JSON.parse(Buffer.from(String(token).split('.')[index] ?? '', 'base64url').toString()) as Record<string, unknown>

describe('RFC 8414', () => {
  it('§3.3: the issuer is the one that was asked, byte for byte, in both documents', async () => {
    for (const path of ['oauth-authorization-server', 'openid-configuration']) {
      const { status, body, headers } = await instance.get(`/.well-known/${path}`)
      expect([status, body.issuer]).toEqual([200, instance.issuer])
      expect(headers.get('content-type')).toMatch(/^application\/json/)
    }
  })

  it('§2: every endpoint is at the issuer’s origin, and is there', async () => {
    const endpoints = Object.entries(instance.metadata).filter(([name]) => /(?:_endpoint|_uri)$/.test(name))
    expect(endpoints.length).toBeGreaterThan(5)
    for (const [name, url] of endpoints) {
      expect(String(url).startsWith(`${instance.issuer}/`), name).toBe(true)
      expect((await fetch(String(url), { redirect: 'manual' })).status, name).not.toBe(404)
    }
  })

  it('§2: required members are there, and nothing weak is offered', () => {
    expect(instance.metadata).toMatchObject({
      response_types_supported: ['code'],
      code_challenge_methods_supported: ['S256'],
      authorization_response_iss_parameter_supported: true,
    })
    const grants = instance.metadata.grant_types_supported as string[]
    expect(grants).toEqual(expect.arrayContaining(['authorization_code', 'refresh_token', 'client_credentials']))
    for (const weak of ['password', 'implicit']) expect(grants).not.toContain(weak)
    const algorithms = Object.entries(instance.metadata).flatMap(([name, value]) =>
      /_alg/.test(name) ? (value as string[]) : [],
    )
    expect(algorithms.filter((alg) => /^(?:none|HS\d+)$/i.test(alg))).toEqual([])
  })

  it('§3.1: a tenant has its own, in the place that the RFC names', async () => {
    const slug = `t${Date.now().toString(36)}`
    const tenant = await instance.manage('POST', '/v1/tenants', { slug, name: 'Conformance' })
    for (const path of [
      `/.well-known/oauth-authorization-server/t/${slug}`,
      `/t/${slug}/.well-known/openid-configuration`,
    ])
      expect((await instance.get(path)).body.issuer).toBe(`${instance.issuer}/t/${slug}`)
    await instance.manage('DELETE', `/v1/tenants/${tenant.id}`)
  })
})

describe('RFC 9207 §2', () => {
  it('iss is in the answer with a code, and in every error', async () => {
    for (const more of [
      {},
      { response_type: 'token' },
      { scope: 'unknown' },
      { code_challenge_method: 'plain' },
      { prompt: 'bad' },
    ])
      expect((await instance.authorize(person, client, more)).searchParams.getAll('iss')).toEqual([instance.issuer])
  })
})

describe('RFC 9068', () => {
  it('§2: an access token has the type, the claims and an algorithm of the metadata, and its key is published', async () => {
    const { body } = await instance.signIn(person, client)
    const [header, claims] = [part(body.access_token, 0), part(body.access_token, 1)]
    expect(header).toMatchObject({ typ: 'at+jwt', kid: expect.any(String), alg: expect.any(String) })
    expect(claims).toMatchObject({
      iss: instance.issuer,
      aud: instance.audience,
      sub: person.id,
      client_id: client.clientId,
      scope: 'read',
      jti: expect.any(String),
      iat: expect.any(Number),
      exp: expect.any(Number),
    })
    const keys = (await instance.get(new URL(String(instance.metadata.jwks_uri)).pathname)).body.keys as Record<
      string,
      string
    >[]
    const jwk = keys.find(({ kid }) => kid === header.kid)
    expect(jwk).toMatchObject({ alg: header.alg, use: 'sig' })
    for (const each of keys)
      expect(Object.keys(each).filter((name) => ['d', 'p', 'q', 'k', 'dp', 'dq', 'qi'].includes(name))).toEqual([])
    const [head, payload, signature = ''] = String(body.access_token).split('.')
    const key = { key: createPublicKey({ key: jwk as never, format: 'jwk' }), dsaEncoding: 'ieee-p1363' as const }
    expect(verify('sha256', Buffer.from(`${head}.${payload}`), key, Buffer.from(signature, 'base64url'))).toBe(true)
  })

  it('§4: an ID token is no access token', async () => {
    const { body } = await instance.signIn(person, client, { scope: 'openid read' })
    expect(part(body.id_token, 0).typ).not.toBe('at+jwt')
    expect((await instance.introspect(body.id_token)).body).toEqual({ active: false })
    expect((await instance.get('/oauth/userinfo', { authorization: `Bearer ${body.id_token}` })).status).toBe(401)
  })
})
