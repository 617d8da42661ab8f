/** Published flaws of the token endpoint and of what is registered for it, as far as there is anything to try. */
import { generateKeyPair, importSigningKey, signJwt } from '@countersign/core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { foreignJwt, foreignKey } from '../issuers/issuers.fixture.ts'
import {
  accessTokenType,
  assertionType,
  audience,
  baseUrl,
  exchangeGrant,
  otherAudience,
  startAt,
  startWorld,
  type World,
} from '../server.fixture.ts'
import type { Reply } from '../wire.fixture.ts'
import { grantTypes } from './grants/index.ts'

let world: World
beforeAll(async () => {
  world = await startWorld()
  await world.ok('POST', '/v1/apis', { audience: otherAudience, name: 'Invoices', scopes: [{ name: 'orders:read' }] })
})
afterAll(() => world.close())

const bearerGrant = 'urn:ietf:params:oauth:grant-type:jwt-bearer'

const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')

/** How each grant is asked for by a client with these credentials. A new grant has none here, and fails. */
const asks: Readonly<Record<string, (own: Record<string, string>, key: string, more: object) => Promise<Reply>>> = {
  client_credentials: (own, _, more) =>
    world.form('/oauth/token', { grant_type: 'client_credentials', ...own, ...more }),
  [exchangeGrant]: (own, key, more) =>
    world.form('/oauth/token', {
      grant_type: exchangeGrant,
      subject_token: key,
      subject_token_type: accessTokenType,
      ...own,
      ...more,
    }),
  async [bearerGrant](own, _, more) {
    const key = await foreignKey('a', 'ES256')
    const iss = `https://${key.jwk.x}.example`
    const scope = 'orders:read orders:write'
    await world.ok('POST', '/v1/issuers', {
      issuer: iss,
      jwks: { keys: [key.jwk] },
      clientId: own.client_id,
      audience,
      rules: [{ when: { sub: 'ann' }, scope }],
      scope,
    })
    const assertion = await foreignJwt(key, { iss, sub: 'ann', aud: baseUrl, exp: world.now + 60 })
    return world.form('/oauth/token', { grant_type: bearerGrant, assertion, ...own, ...more })
  },
}

describe('every grant goes through one policy', () => {
  // These have their scope from the request that the person has answered: people/authorize.test.ts, people/refresh.test.ts.
  const ofPeople = ['authorization_code', 'refresh_token']
  it.each([...grantTypes.keys()].filter((name) => !ofPeople.includes(name)))(
    'CVE-2024-52287: %s gives no scope beyond the client’s access, asked for or not',
    async (grant) => {
      const ask = asks[grant]
      if (ask === undefined) throw new Error(`no test asks for ${grant}`)
      const client = await world.client({ access: [{ audience, scope: 'orders:read orders:write' }] })
      const own = { client_id: client.clientId, client_secret: client.clientSecret }
      const { key } = await world.key({ clientId: client.clientId, scope: 'orders:read orders:write' })
      for (const scope of ['orders:read orders:delete', '*', 'orders:READ', 'openid', 'keys:write']) {
        expect(await ask(own, key, { scope }), scope).toMatchObject({ status: 400, body: { error: 'invalid_scope' } })
      }
      await world.ok('PATCH', `/v1/clients/${client.clientId}`, { access: [{ audience, scope: 'orders:read' }] })
      expect((await ask(own, key, {})).body.scope).toBe('orders:read')
      expect(await ask(own, key, { scope: 'orders:write' })).toMatchObject({ body: { error: 'invalid_scope' } })
    },
  )

  it('GHSA-p2fr-6hmx-4528: resource and audience narrow and never widen, neither at the first token nor at an exchange', async () => {
    const client = await world.client({
      access: [
        { audience, scope: 'orders:read' },
        { audience: otherAudience, scope: 'orders:read' },
      ],
    })
    const own = { client_id: client.clientId, client_secret: client.clientSecret }
    const { key } = await world.key({ clientId: client.clientId })
    const first = (await world.token({ ...own, resource: audience })).body.access_token
    for (const subject of [key, first]) {
      for (const name of ['resource', 'audience']) {
        const reply = await world.exchange(subject, { ...own, [name]: otherAudience })
        expect(reply, name).toMatchObject({ status: 400, body: { error: 'invalid_target' } })
      }
      const child = (await world.exchange(subject, { ...own, resource: audience })).body.access_token
      expect(await world.verify(child, { audience: otherAudience })).toMatchObject({ active: false })
    }
    const narrow = await world.client({ access: [{ audience, scope: 'orders:read' }] })
    const other = { client_id: narrow.clientId, client_secret: narrow.clientSecret, resource: otherAudience }
    expect(await world.token(other)).toMatchObject({ status: 400, body: { error: 'invalid_target' } })
  })
})

describe('a grant that is refused stays refused', () => {
  const grants = ['password', 'implicit', 'refresh_tokens', `${bearerGrant}s`]

  it('CVE-2026-9792: the password grant is refused, whatever proof the client brings along', async () => {
    const client = await world.signedClient()
    const own = { client_id: client.clientId, client_secret: client.clientSecret }
    const user = { username: 'somebody', password: 'a password' }
    for (const grant_type of grants) {
      const proofs = [
        own,
        { client_assertion_type: assertionType, client_assertion: await client.assertion() },
        { client_assertion_type: assertionType, client_assertion: await client.assertion({ grant_type: 'password' }) },
      ]
      for (const proof of proofs) {
        const reply = await world.form('/oauth/token', { grant_type, ...user, ...proof })
        expect(reply, grant_type).toMatchObject({ status: 400, body: { error: 'unsupported_grant_type' } })
      }
    }
  })

  it('CVE-2026-7571: no forged data of a client brings a grant or an answer of the authorization endpoint back', async () => {
    const forged = [
      { grant_types: ['implicit', 'password'] },
      { grantTypes: ['implicit'] },
      { response_types: ['token', 'id_token token'] },
      { responseTypes: ['token'] },
      { implicitFlowEnabled: true },
      { redirect_uris: ['https://app.example/callback'] },
      { attributes: { 'oauth2.implicit': 'true' } },
    ]
    const body = { name: 'a client', type: 'service', access: [{ audience, scope: 'orders:read' }] }
    for (const more of forged) {
      const before = world.dump()
      expect((await world.call('POST', '/v1/clients', { body: { ...body, ...more } })).status).toBe(400)
      expect((await world.call('PATCH', `/v1/clients/${world.clientId}`, { body: more })).status).toBe(400)
      expect(world.dump()).toBe(before)
    }
    for (const more of [{ response_type: 'token' }, { response_type: 'id_token token', response_mode: 'fragment' }]) {
      const own = { client_id: world.clientId, client_secret: world.clientSecret }
      const reply = await world.form('/oauth/token', { grant_type: 'implicit', ...own, ...more })
      expect(reply).toMatchObject({ status: 400, body: { error: 'unsupported_grant_type' } })
    }
  })

  it('CVE-2026-16093: no forged header of an assertion makes it count, and beside a secret there is none', async () => {
    const client = await world.signedClient()
    const [head = '', payload = '', signature = ''] = (await client.assertion()).split('.')
    const { kid } = JSON.parse(Buffer.from(head, 'base64url').toString()) as { kid: string }
    const own = await generateKeyPair('ES256')
    const mine = importSigningKey({ ...own.privateJwk, kid }, { alg: 'ES256' })
    const claims = { iss: client.clientId, sub: client.clientId, aud: baseUrl, jti: 'forged', exp: startAt + 60 }
    const [, minePayload = '', mineSignature = ''] = (await signJwt({ typ: 'JWT', claims, key: mine })).split('.')
    const forged = [
      `${encode({ alg: 'none', typ: 'JWT', kid })}.${payload}.`,
      `${encode({ alg: 'none', typ: 'JWT', kid })}.${payload}.${signature}`,
      `${encode({ alg: 'HS256', typ: 'JWT', kid })}.${payload}.${signature}`,
      `${encode({ alg: 'ES256', typ: 'JWT', kid, jwk: own.publicJwk })}.${minePayload}.${mineSignature}`,
      `${encode({ alg: 'ES256', typ: 'JWT', kid, jku: 'https://evil.test/jwks' })}.${minePayload}.${mineSignature}`,
      `${encode({ alg: 'ES256', typ: 'JWT', kid, x5c: ['MIIB'] })}.${minePayload}.${mineSignature}`,
      `${encode({ alg: 'ES256', typ: 'JWT', kid, b64: false, crit: ['b64'] })}.${payload}.${signature}`,
      `${encode({ alg: 'ES256', typ: 'JWT' })}.${payload}.${signature}`,
      `${head}.${payload}.`,
      '',
    ]
    for (const assertion of forged) {
      const fields = {
        grant_type: 'client_credentials',
        client_assertion_type: assertionType,
        client_assertion: assertion,
      }
      expect([400, 401], assertion).toContain((await world.form('/oauth/token', fields)).status)
      const both = { ...fields, client_id: client.clientId, client_secret: client.clientSecret }
      expect(await world.form('/oauth/token', both)).toMatchObject({ status: 400, body: { error: 'invalid_request' } })
    }
  })
})

it('CVE-2026-67336 GHSA-9h47-pqcx-hjr4: the metadata offers no plain, no algorithm none, and nothing that is not there', async () => {
  for (const path of ['/.well-known/oauth-authorization-server', '/.well-known/openid-configuration']) {
    const { body, text } = await world.call('GET', path, { as: null })
    expect(text).not.toMatch(/"(?:plain|token|HS\d+|implicit|password)"/)
    expect(body).toMatchObject({
      grant_types_supported: ['authorization_code', 'refresh_token', 'client_credentials', exchangeGrant, bearerGrant],
      response_types_supported: ['code'],
      code_challenge_methods_supported: ['S256'],
      // No algorithm is called none: a public client's way to name itself is.
      token_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post', 'private_key_jwt', 'none'],
      token_endpoint_auth_signing_alg_values_supported: ['ES256', 'EdDSA', 'RS256', 'PS256', 'Ed25519'],
    })
    expect(Object.keys(body).filter((name) => /registration|device/.test(name))).toEqual([])
  }
})

it('CVE-2026-4282: a single-use value of one kind is none of another kind, nor of another tenant', async () => {
  const take = async (kind: string, tenant: string): Promise<boolean> => {
    const { value } = await world.server.services.store.write((transaction) =>
      // There is one kind so far; the next one must not meet its marks.
      transaction.singleUse.take(kind as 'client_assertion', tenant, 'the same value', startAt + 60),
    )
    return value
  }
  const kinds = ['client_assertion', 'authorization_code', 'client_assertion ', 'CLIENT_ASSERTION']
  for (const tenant of ['default', 'another']) {
    expect(await Promise.all(kinds.map((kind) => take(kind, tenant)))).toEqual(kinds.map(() => true))
    expect(await Promise.all(kinds.map((kind) => take(kind, tenant)))).toEqual(kinds.map(() => false))
  }
})
