import { inspect } from 'node:util'
import { generateKeyPair, publicJwk } from '@countersign/core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ApiError } from './api_error.ts'
import { exchangeToken } from './exchange_token.ts'
import { getToken } from './get_token.ts'
import { audience, setUp, startServer, type TestServer } from './server.fixture.ts'
import { signOwnJwt } from './sign_own_jwt.ts'
import { createTokenSource } from './token_source.ts'

let server: TestServer
let clientId: string
let clientSecret: string
let privateJwk: { readonly kid: string }

beforeAll(async () => {
  server = await startServer()
  const pair = await generateKeyPair('ES256')
  privateJwk = { ...(pair as { privateJwk: object }).privateJwk, kid: 'own-1', alg: 'ES256' } as never
  const client = await setUp(server, [{ ...publicJwk(privateJwk), kid: 'own-1', alg: 'ES256' }])
  clientId = client.clientId
  clientSecret = client.clientSecret
})
afterAll(() => server.close())

const verify = (credential: string) => server.management.verify({ body: { credential, audience } })

describe('a token source', () => {
  it('gets a token with a client secret or with a signed assertion', async () => {
    for (const credentials of [{ clientSecret }, { privateJwk }]) {
      const source = createTokenSource({
        issuer: server.issuer,
        clientId,
        ...(credentials as { clientSecret: string }),
      })
      const verdict = await verify(await source.token())
      expect(verdict).toMatchObject({ active: true, grant: { clientId, scope: 'orders:read orders:write' } })
    }
    const narrow = createTokenSource({ issuer: server.issuer, clientId, clientSecret, audience, scope: 'orders:read' })
    expect(await verify(await narrow.token())).toMatchObject({ grant: { scope: 'orders:read' } })
  })

  it('asks once for all who wait, keeps the token, renews it at four fifths and before its end', async () => {
    const asked: number[] = []
    let now = 1_000_000
    let fails = false
    const fetch: typeof globalThis.fetch = async (url) => {
      expect(String(url)).toBe('https://auth.example/t/acme/oauth/token')
      asked.push(now)
      if (fails) throw new TypeError('down')
      return Response.json({ access_token: `token-${asked.length}`, token_type: 'Bearer', expires_in: 1000 })
    }
    const source = createTokenSource({
      issuer: 'https://auth.example/t/acme',
      clientId,
      clientSecret,
      fetch,
      now: () => now,
      random: () => 0,
    })
    expect(await Promise.all([source.token(), source.token(), source.token()])).toEqual(Array(3).fill('token-1'))
    now += 799
    expect(await source.token()).toBe('token-1')
    expect(asked).toHaveLength(1)
    now += 1
    expect(await source.token()).toBe('token-1')
    await settled()
    expect(await source.token()).toBe('token-2')
    expect(asked).toHaveLength(2)
    // Renewals that fail leave the old one in use, and are not tried with every request.
    fails = true
    now += 801
    for (let count = 0; count < 5; count++) {
      expect(await source.token()).toBe('token-2')
      await settled()
    }
    expect(asked).toHaveLength(3)
    now += 194
    await expect(source.token()).rejects.toMatchObject({ name: 'ApiError', code: 'unreachable' })
    fails = false
    expect(await source.token()).toBe('token-5')
  })

  it('says what the server said, without the secret', async () => {
    const source = createTokenSource({ issuer: server.issuer, clientId, clientSecret: `${clientSecret}x` })
    const error: unknown = await source.token().catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(ApiError)
    expect(error).toMatchObject({ status: 401, code: 'invalid_client' })
    expect(inspect([error, source], { depth: 9 })).not.toContain(clientSecret)
    const wide = createTokenSource({ issuer: server.issuer, clientId, clientSecret, scope: 'orders:delete' })
    await expect(wide.token()).rejects.toMatchObject({ status: 400, code: 'invalid_scope' })
  })

  it('refuses options that are missing, doubled, unknown or unsafe', () => {
    const make = (options: object) => () => createTokenSource(options as never)
    expect(make({ issuer: server.issuer, clientId })).toThrow('clientSecret or privateJwk')
    expect(make({ issuer: server.issuer, clientId, clientSecret, privateJwk })).toThrow('one of them')
    expect(make({ issuer: server.issuer, clientSecret })).toThrow('clientId')
    expect(make({ issuer: 'http://auth.example', clientId, clientSecret })).toThrow('https')
    expect(make({ issuer: server.issuer, clientId, clientSecret, audiance: 'x' })).toThrow('"audiance"')
  })
})

it('one token for one call says what it may do and how long', async () => {
  const answer = await getToken({ issuer: server.issuer, clientId, clientSecret, scope: 'orders:read' })
  expect(answer).toEqual({
    accessToken: expect.any(String),
    expiresIn: expect.closeTo(3_600, -2),
    scope: 'orders:read',
  })
  await expect(getToken({ issuer: server.issuer, clientId, clientSecret, audience: 'urn:no' })).rejects.toMatchObject({
    code: 'invalid_target',
  })
})

it('a JWT of one’s own is accepted like an access token, until its end, never wider than the client', async () => {
  const jwt = await signOwnJwt({ clientId, privateJwk, audience, scope: 'orders:read admin', ttlSeconds: 60 })
  const verdict = await verify(jwt)
  expect(verdict).toMatchObject({ active: true, grant: { kind: 'self_issued_jwt', scope: 'orders:read' } })
  const now = () => Date.now() / 1000 - 120
  const ended = await signOwnJwt({ clientId, privateJwk, audience, scope: 'orders:read', ttlSeconds: 60, now })
  expect(await verify(ended)).toMatchObject({ active: false, code: 'expired' })
  await expect(signOwnJwt({ clientId, privateJwk, audience, scope: '', ttlSeconds: 90_000 })).rejects.toThrow(
    'ttlSeconds',
  )
})

it('a key exchanged for a token is narrower, and dies with the key', async () => {
  const body = { clientId, audience, scope: 'orders:read orders:write', name: 'parent' }
  const key = await server.management.createKey({ body })
  const options = { issuer: server.issuer, clientId, clientSecret, subjectToken: key.key, scope: 'orders:read' }
  const { accessToken, expiresIn, scope } = await exchangeToken(options)
  expect([scope, expiresIn > 0]).toEqual(['orders:read', true])
  expect(await verify(accessToken)).toMatchObject({ active: true, grant: { scope: 'orders:read' } })
  await server.management.revokeKey({ params: { id: key.id } })
  expect(await verify(accessToken)).toMatchObject({ active: false, code: 'revoked' })
  const error: unknown = await exchangeToken(options).catch((reason: unknown) => reason)
  expect(error).toMatchObject({ name: 'ApiError', status: 400 })
  expect(inspect(error)).not.toContain(key.key)
})

const settled = () => new Promise((resolve) => setImmediate(resolve))
