/** RFC 7523, the JWT bearer grant. Client assertions are in rfc9700.test.ts, 32 to 37. */
import { generateKeyPairSync, randomBytes, randomUUID } from 'node:crypto'
import { type JWTHeaderParameters, type JWTPayload, SignJWT, UnsecuredJWT } from 'jose'
import { beforeAll, describe, expect, it } from 'vitest'
import type { Answer } from '../plain_browser.fixture.ts'
import type { Client, Fields } from './instance.fixture.ts'
import { client, instance, useInstance } from './one_instance.fixture.ts'

const iss = `https://${randomBytes(6).toString('hex')}.example`
const sub = 'repo:acme/api'
const makeKeys = () => generateKeyPairSync('ec', { namedCurve: 'P-256' })
const [own, foreign] = [makeKeys(), makeKeys()]

useInstance()
beforeAll(async () => {
  await instance.manage('POST', '/v1/issuers', {
    issuer: iss,
    jwks: { keys: [{ ...own.publicKey.export({ format: 'jwk' }), kid: 'k', alg: 'ES256' }] },
    clientId: client.clientId,
    audience: instance.audience,
    rules: [{ when: { sub }, scope: 'read' }],
    scope: 'read write',
  })
})

const nowSeconds = () => Math.floor(Date.now() / 1000)
const claims = (): JWTPayload => ({
  iss,
  sub,
  aud: instance.issuer,
  jti: randomUUID(),
  iat: nowSeconds(),
  exp: nowSeconds() + 60,
})

interface Change {
  readonly claims?: { readonly [name in keyof JWTPayload]: JWTPayload[name] | undefined }
  readonly header?: Partial<JWTHeaderParameters>
  readonly key?: Parameters<SignJWT['sign']>[0]
}

function sign({ claims: changed, header, key = own.privateKey }: Change = {}): Promise<string> {
  return new SignJWT({ ...claims(), ...changed } as JWTPayload)
    .setProtectedHeader({ alg: 'ES256', kid: 'k', ...header })
    .sign(key)
}

function present(assertion: string | undefined, more: Fields = {}, as?: Client): Promise<Answer> {
  const grant_type = 'urn:ietf:params:oauth:grant-type:jwt-bearer'
  return instance.post('/oauth/token', { grant_type, assertion, ...more }, as)
}

const resultOf = ({ status, body }: Answer) => [status, body.error]

describe('§2.1, §3.1 the grant', () => {
  it('gives an access token for the subject of the JWT, without client authentication, and no refresh token', async () => {
    const { status, body } = await present(await sign())
    expect([status, body]).toEqual([
      200,
      { access_token: expect.any(String), token_type: 'Bearer', expires_in: expect.any(Number), scope: 'read' },
    ])
    expect((await instance.introspect(body.access_token)).body).toMatchObject({
      active: true,
      client_id: client.clientId,
      sub: expect.stringContaining(sub),
      scope: 'read',
    })
  })

  it('takes the authentication of the client beside it, and refuses a wrong one as invalid_client', async () => {
    expect((await present(await sign(), {}, client)).status).toBe(200)
    expect(resultOf(await present(await sign(), {}, { ...client, clientSecret: 'wrong' }))).toEqual([
      401,
      'invalid_client',
    ])
  })

  it('§2.1: scope narrows what the issuer gives, and never widens it', async () => {
    expect((await present(await sign(), { scope: 'read' })).body.scope).toBe('read')
    expect(resultOf(await present(await sign(), { scope: 'write' }))).toEqual([400, 'invalid_scope'])
  })

  it('§4.1: is offered by the metadata', () => {
    expect(instance.metadata.grant_types_supported).toContain('urn:ietf:params:oauth:grant-type:jwt-bearer')
  })

  it('gives a token that ends no later than the JWT', async () => {
    const { body } = await present(await sign({ claims: { exp: nowSeconds() + 20 } }))
    expect(Number(body.expires_in)).toBeLessThanOrEqual(20)
  })
})

describe('§3 the JWT', () => {
  it.each<[string, () => Change]>([
    ['1 has no iss', () => ({ claims: { iss: undefined } })],
    ['1 is of an issuer that nobody trusts', () => ({ claims: { iss: 'https://elsewhere.example' } })],
    ['1 says that it is of this server', () => ({ claims: { iss: instance.issuer } })],
    ['2 has no sub', () => ({ claims: { sub: undefined } })],
    ['2 is of a subject that no rule names', () => ({ claims: { sub: 'repo:other/api' } })],
    ['3 has no aud', () => ({ claims: { aud: undefined } })],
    ['3 is for another server', () => ({ claims: { aud: 'https://elsewhere.example' } })],
    ['4 has no exp', () => ({ claims: { exp: undefined } })],
    ['4 has ended', () => ({ claims: { exp: nowSeconds() - 120 } })],
    ['5 begins later', () => ({ claims: { nbf: nowSeconds() + 120 } })],
    ['9 is signed by another key', () => ({ key: foreign.privateKey })],
    ['9 is signed with a secret', () => ({ header: { alg: 'HS256' }, key: randomBytes(32) })],
  ])('that %s is invalid_grant', async (_, change) => {
    expect(resultOf(await present(await sign(change())))).toEqual([400, 'invalid_grant'])
  })

  it('9: that is not signed at all, or was changed, is invalid_grant', async () => {
    const [header, , signature] = (await sign()).split('.')
    const changed = Buffer.from(JSON.stringify({ ...claims(), exp: nowSeconds() + 600 })).toString('base64url')
    for (const text of [new UnsecuredJWT(claims()).encode(), `${header}.${changed}.${signature}`, 'x'])
      expect(resultOf(await present(text))).toEqual([400, 'invalid_grant'])
  })

  it('3: that names this server among others is taken', async () => {
    const aud = ['https://elsewhere.example', instance.issuer]
    expect((await present(await sign({ claims: { aud } }))).status).toBe(200)
  })

  it('7: may be presented again until it ends, for a token of its own each time', async () => {
    const text = await sign()
    const given = [await present(text), await present(text)].map(({ body }) => body.access_token)
    expect([given.every((token) => typeof token === 'string'), new Set(given).size]).toEqual([true, 2])
  })

  it('§2.1: that is missing, or there twice, is invalid_request', async () => {
    expect(resultOf(await present(undefined))).toEqual([400, 'invalid_request'])
    const twice = new URLSearchParams({ grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer' })
    for (let times = 0; times < 2; times++) twice.append('assertion', await sign())
    expect((await fetch(`${instance.issuer}/oauth/token`, { method: 'POST', body: twice })).status).toBe(400)
  })
})
