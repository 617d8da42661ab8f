/** Every kind of credential, judged in four places: they agree, and what is said of it reaches all of them in time. */
import { generateKeyPairSync, randomUUID } from 'node:crypto'
import { SignJWT } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  call,
  eventually,
  form,
  guarded,
  list,
  makeVerifierKey,
  type Product,
  startProduct,
  text,
} from './product.fixture.ts'
import { type Sdk, startSdk } from './sdk_process.fixture.ts'

const exchangeGrant = 'urn:ietf:params:oauth:grant-type:token-exchange'
const accessTokenType = 'urn:ietf:params:oauth:token-type:access_token'

interface Made {
  readonly token: string
  /** Ends it for good; resolves when that was acknowledged. */
  revoke(): Promise<void>
}

let product: Product
let sdk: Sdk
let verifierKey: string
let client: { readonly id: string; readonly secret: string }
let sign: () => Promise<string>
/** Signs as another issuer, which the tenant trusts by the name `foreign`. */
let signForeign: () => Promise<string>
let issuerId: string
const foreign = 'https://ci.example'
/** The opaque format is the API's: switched on while one is made. */
let apiId: string

beforeAll(async () => {
  product = await startProduct()
  verifierKey = await makeVerifierKey(product)
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const jwk = { ...publicKey.export({ format: 'jwk' }), kid: 'own-1', alg: 'ES256' }
  const made = await call(product, 'POST', '/v1/clients', {
    name: 'caller',
    type: 'service',
    access: [{ audience: product.audience, scope: 'orders:read orders:write' }],
    jwks: { keys: [jwk] },
  })
  client = { id: text(made.body.clientId), secret: text(made.body.clientSecret) }
  sign = () =>
    new SignJWT({ scope: 'orders:read' })
      .setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', kid: 'own-1' })
      .setIssuer(client.id)
      .setSubject(client.id)
      .setAudience(product.audience)
      .setJti(randomUUID())
      .setIssuedAt()
      .setExpirationTime('10m')
      .sign(privateKey)
  const ci = generateKeyPairSync('rsa', { modulusLength: 2_048 })
  const foreignJwk = { ...ci.publicKey.export({ format: 'jwk' }), kid: 'ci-1' }
  const issuer = await call(product, 'POST', '/v1/issuers', {
    issuer: foreign,
    jwks: { keys: [foreignJwk] },
    clientId: client.id,
    audience: product.audience,
    rules: [{ when: { sub: 'repo:acme/*' }, scope: 'orders:read' }],
    scope: 'orders:read orders:write',
  })
  issuerId = text(issuer.body.id)
  signForeign = () =>
    new SignJWT({})
      .setProtectedHeader({ alg: 'RS256', typ: 'JWT', kid: 'ci-1' })
      .setIssuer(foreign)
      .setSubject('repo:acme/api')
      .setAudience(product.audience)
      .setJti(randomUUID())
      .setIssuedAt()
      .setExpirationTime('10m')
      .sign(ci.privateKey)
  const apis = await call(product, 'GET', '/v1/apis')
  apiId = text(list(apis.body.data).find((api) => String(api.audience) === product.audience)?.id)
  sdk = await startSdk(product, verifierKey)
})

afterAll(async () => {
  sdk?.stop()
  await product?.stop()
})

function credentials(): { readonly client_id: string; readonly client_secret: string } {
  return { client_id: client.id, client_secret: client.secret }
}

async function makeKey(scope = 'orders:read'): Promise<Made & { readonly id: string }> {
  const { body } = await call(product, 'POST', '/v1/keys', {
    clientId: client.id,
    audience: product.audience,
    scope,
    name: 'k',
  })
  const id = text(body.id)
  return {
    id,
    token: text(body.key),
    revoke: async () => void (await call(product, 'POST', `/v1/keys/${id}/revoke`)),
  }
}

async function revokeByText(token: string): Promise<void> {
  const { status } = await form(product, '/oauth/revoke', { token, ...credentials() })
  expect(status).toBe(200)
}

async function makeJwt(): Promise<Made> {
  const { body } = await form(product, '/oauth/token', {
    grant_type: 'client_credentials',
    scope: 'orders:read',
    ...credentials(),
  })
  const token = text(body.access_token)
  return { token, revoke: () => revokeByText(token) }
}

async function makeOpaque(): Promise<Made> {
  await call(product, 'PATCH', `/v1/apis/${apiId}`, { tokenFormat: 'opaque' })
  const made = await makeJwt()
  await call(product, 'PATCH', `/v1/apis/${apiId}`, { tokenFormat: 'jwt' })
  expect(made.token).toMatch(/^cs_at_/)
  return made
}

async function makeMinted(scope = 'orders:read'): Promise<Made & { readonly jti: string }> {
  const { body } = await call(product, 'POST', '/v1/tokens', {
    clientId: client.id,
    audience: product.audience,
    scope,
    ttlSeconds: 600,
  })
  const jti = text(body.jti)
  return {
    jti,
    token: text(body.token),
    revoke: async () => void (await call(product, 'POST', `/v1/tokens/${jti}/revoke`)),
  }
}

async function makeSelfIssued(): Promise<Made> {
  const token = await sign()
  return { token, revoke: () => revokeByText(token) }
}

async function makeExternal(): Promise<Made> {
  const token = await signForeign()
  return { token, revoke: () => revokeByText(token) }
}

/** Without client authentication: the JWT of the other issuer is proof enough (RFC 7523 §2.1). */
async function makeAsserted(): Promise<Made> {
  const assertion = await signForeign()
  const fields = { grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer', assertion }
  const { body } = await form(product, '/oauth/token', fields)
  return { token: text(body.access_token), revoke: () => revokeByText(assertion) }
}

async function makeExchanged(): Promise<Made> {
  const parent = await makeKey()
  const { body } = await form(product, '/oauth/token', {
    grant_type: exchangeGrant,
    subject_token: parent.token,
    subject_token_type: accessTokenType,
    ...credentials(),
  })
  return { token: text(body.access_token), revoke: parent.revoke }
}

const kinds: readonly (readonly [name: string, kind: string, make: () => Promise<Made>])[] = [
  ['an API key', 'api_key', makeKey],
  ['a JWT of ours', 'access_token', makeJwt],
  ['an opaque token', 'access_token', makeOpaque],
  ['a minted JWT', 'access_token', makeMinted],
  ['a self-issued JWT', 'self_issued_jwt', makeSelfIssued],
  ['a JWT of another issuer', 'external_jwt', makeExternal],
  ['a token for a JWT of another issuer, when that is revoked', 'access_token', makeAsserted],
  ['a token exchanged from a key, when the key is revoked', 'access_token', makeExchanged],
]

async function verify(token: string, scope?: string) {
  return (
    await call(product, 'POST', '/v1/verify', {
      credential: token,
      audience: product.audience,
      ...(scope === undefined ? {} : { scope }),
    })
  ).body
}

describe.each(kinds)('%s', (_, kind, make) => {
  test('is judged alike by verify, introspection, gateway and SDK, and refused by all once it is revoked', async () => {
    const { token, revoke } = await make()
    const answer = await verify(token, 'orders:read')
    expect(answer).toMatchObject({
      active: true,
      grant: { kind, clientId: client.id, audience: product.audience, scope: 'orders:read' },
    })
    const introspected = await form(product, '/oauth/introspect', { token, ...credentials() })
    expect(introspected.body).toMatchObject({
      active: true,
      client_id: client.id,
      scope: 'orders:read',
      aud: product.audience,
    })
    expect((await guarded(product, 'GET', '/orders', token)).status).toBe(200)
    expect((await guarded(product, 'POST', '/orders', token)).status).toBe(403)
    const judged = await sdk.ask(token, 'orders:read')
    expect(judged).toMatchObject({ outcome: 'verified', grant: { kind, clientId: client.id, scope: 'orders:read' } })
    expect(judged.grant?.credentialId).toBe(answer.grant?.credentialId)
    expect(await sdk.outcome(token, 'orders:write')).toBe('insufficient_scope')

    await revoke()
    // In the answering process at once; in another within a second.
    expect(await verify(token)).toMatchObject({ active: false, code: 'revoked' })
    expect((await guarded(product, 'GET', '/orders', token)).status).toBe(401)
    expect((await form(product, '/oauth/introspect', { token, ...credentials() })).body).toEqual({ active: false })
    await eventually(1_000, async () => (await sdk.outcome(token)) === 'revoked')
  })
})

test('a trusted issuer that is disabled, or has lost a key, takes its JWTs and their tokens along, at the SDK within a second', async () => {
  const tokens = [(await makeExternal()).token, (await makeAsserted()).token]
  const { body: before } = await call(product, 'GET', `/v1/issuers/${issuerId}`)
  const change = (body: object) => call(product, 'PATCH', `/v1/issuers/${issuerId}`, body)
  const other = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ format: 'jwk' })
  const eachIs = async (codes: readonly string[]): Promise<void> => {
    for (const token of tokens) await eventually(1_000, async () => codes.includes(await sdk.outcome(token)))
    const isIn = codes.includes('verified')
    for (const token of tokens) expect((await guarded(product, 'GET', '/orders', token)).status).toBe(isIn ? 200 : 401)
  }
  await eachIs(['verified'])
  await change({ status: 'disabled' })
  await eachIs(['disabled'])
  await change({ status: 'active' })
  await eachIs(['verified'])
  await change({ jwks: { keys: [{ ...other, kid: 'ci-2' }] } })
  await eachIs(['bad_signature', 'revoked'])
  await change({ jwks: before.jwks as object })
  await eachIs(['verified'])
})

test('a JWT that is already out is narrowed, widened and ended earlier, at the SDK within a second', async () => {
  const { jti, token } = await makeMinted('orders:read orders:write')
  expect(await sdk.outcome(token, 'orders:write')).toBe('verified')
  expect((await call(product, 'PATCH', `/v1/tokens/${jti}`, { scope: 'orders:read' })).status).toBe(200)
  await eventually(1_000, async () => (await sdk.outcome(token, 'orders:write')) === 'insufficient_scope')
  expect((await guarded(product, 'POST', '/orders', token)).status).toBe(403)
  await call(product, 'PATCH', `/v1/tokens/${jti}`, { scope: ['orders:read', 'orders:write'] })
  await eventually(1_000, async () => (await sdk.outcome(token, 'orders:write')) === 'verified')
  await call(product, 'PATCH', `/v1/tokens/${jti}`, { expiresAt: new Date(Date.now() - 1_000).toISOString() })
  await eventually(1_000, async () => (await sdk.outcome(token)) === 'expired')
  const later = new Date(Date.now() + 3_600_000).toISOString()
  expect((await call(product, 'PATCH', `/v1/tokens/${jti}`, { expiresAt: later })).status).toBe(400)
})

test('a change of a client’s access holds for all its credentials, at the SDK within a second', async () => {
  const wide = 'orders:read orders:write'
  const made = [await makeKey(wide), await makeMinted(wide)]
  for (const { token } of made) expect(await sdk.outcome(token, 'orders:write')).toBe('verified')
  const narrow = { access: [{ audience: product.audience, scope: 'orders:read' }] }
  expect((await call(product, 'PATCH', `/v1/clients/${client.id}`, narrow)).status).toBe(200)
  for (const { token } of made) {
    await eventually(1_000, async () => (await sdk.outcome(token, 'orders:write')) === 'insufficient_scope')
    expect((await guarded(product, 'POST', '/orders', token)).status).toBe(403)
  }
  await call(product, 'PATCH', `/v1/clients/${client.id}`, { access: [{ audience: product.audience, scope: wide }] })
  for (const { token } of made)
    await eventually(1_000, async () => (await sdk.outcome(token, 'orders:write')) === 'verified')
})

test('with the network cut, the SDK refuses no later than its bound, and not before', async () => {
  const cutOff = await startSdk(product, verifierKey, 2)
  try {
    const { token, revoke } = await makeKey()
    expect(await cutOff.outcome(token)).toBe('verified')
    cutOff.cut()
    await revoke()
    const beganAt = performance.now()
    expect(await cutOff.outcome(token)).toBe('verified')
    await eventually(3_100, async () => (await cutOff.outcome(token)) === 'unavailable')
    expect(performance.now() - beganAt).toBeLessThan(3_200)
  } finally {
    cutOff.stop()
  }
})
