import { generateKeyPair } from '@countersign/core'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { assertionType, audience, otherAudience, startAt, startWorld, type World } from '../server.fixture.ts'

let world: World
beforeAll(async () => {
  world = await startWorld()
  await world.ok('POST', '/v1/apis', { audience: otherAudience, name: 'Invoices' })
})
beforeEach(() => {
  world.now = startAt
})
afterAll(() => world.close())

describe('create', () => {
  it.each(['service', 'web', 'agent'])('a %s client gets a secret, with its own public keys too', async (type) => {
    const { publicJwk } = await generateKeyPair('ES256')
    for (const more of [{}, { jwks: { keys: [{ ...publicJwk, kid: 'k', alg: 'ES256' }] } }]) {
      const made = await world.client({ type, ...more })
      expect(made.clientId).toMatch(/^client_[0-9A-Za-z]{20}$/)
      expect(made.clientSecret).toMatch(/^cs_secret_[0-9A-Za-z]{12}_[0-9A-Za-z]{38}$/)
      expect(await world.ok('GET', `/v1/clients/${made.clientId}`)).not.toHaveProperty('clientSecret')
    }
  })

  it.each(['spa', 'native'])('a %s client has no secret, and can be given none', async (type) => {
    const made = await world.client({ type })
    expect(made).not.toHaveProperty('clientSecret')
    expect((await world.call('POST', `/v1/clients/${made.clientId}/secrets`)).status).toBe(409)
  })

  it('private, weak, symmetric and nameless keys are refused', async () => {
    const { publicJwk, privateJwk } = await generateKeyPair('ES256')
    const named = { kid: 'k', alg: 'ES256' }
    for (const jwk of [
      { ...privateJwk, ...named },
      { ...publicJwk, alg: 'ES256' },
      { ...publicJwk, kid: 'k', alg: 'none' },
      { ...publicJwk, kid: 'k', alg: 'HS256' },
      { kty: 'oct', k: 'c2VjcmV0', kid: 'k', alg: 'HS256' },
      { ...publicJwk, ...named, x: 'AAAA' },
      { kty: 'RSA', n: 'AQAB', e: 'AQAB', kid: 'k', alg: 'RS256' },
    ]) {
      const body = { name: 'c', type: 'service', access: [], jwks: { keys: [jwk] } }
      expect((await world.call('POST', '/v1/clients', { body })).status, JSON.stringify(jwk)).toBe(400)
    }
    const twice = { keys: [publicJwk, (await generateKeyPair('ES256')).publicJwk].map((jwk) => ({ ...jwk, ...named })) }
    const reply = await world.call('POST', '/v1/clients', {
      body: { name: 'c', type: 'service', access: [], jwks: twice },
    })
    expect([400, 409]).toContain(reply.status)
  })

  it('access to an unknown API, one named twice, or scopes it does not have is 400 with a pointer', async () => {
    for (const [access, pointer] of [
      [[{ audience: 'https://none.test', scope: 'a' }], '/access/0/audience'],
      [[{ audience, scope: 'orders:delete' }], '/access/0/scope'],
      [
        [
          { audience, scope: 'orders:read' },
          { audience, scope: 'orders:write' },
        ],
        '/access/1/audience',
      ],
    ] as const) {
      const reply = await world.call('POST', '/v1/clients', { body: { name: 'c', type: 'service', access } })
      expect(reply).toMatchObject({ status: 400, body: { errors: [{ pointer }] } })
    }
  })
})

/** Every kind of credential of a new client. */
async function allOf(more: object = {}) {
  const client = await world.signedClient(more)
  const owner = { client_id: client.clientId, client_secret: client.clientSecret }
  const key = (await world.key({ clientId: client.clientId })).key
  const texts = [
    key,
    (await world.token(owner)).body.access_token,
    (await world.mint({ clientId: client.clientId })).token,
    (await world.exchange(key, owner)).body.access_token,
    await client.selfIssued(),
  ]
  return { client, owner, texts, path: `/v1/clients/${client.clientId}` }
}

describe('change', () => {
  it('access holds for every live credential at once, and what is given again comes back', async () => {
    const { texts, path } = await allOf()
    const all = async () =>
      Promise.all(texts.map(async (text) => (await world.verify(text, { scope: 'orders:read' })).active))
    expect(await all()).toEqual(texts.map(() => true))
    await world.ok('PATCH', path, { access: [{ audience, scope: 'orders:write' }] })
    expect(await all()).toEqual(texts.map(() => false))
    await world.ok('PATCH', path, { access: [] })
    expect(await all()).toEqual(texts.map(() => false))
    await world.ok('PATCH', path, { access: [{ audience, scope: 'orders:read orders:write' }] })
    expect(await all()).toEqual(texts.map(() => true))
  })

  it('disabled refuses all of its credentials, enabled gives them back', async () => {
    const { texts, path } = await allOf()
    const codes = async () => Promise.all(texts.map(async (text) => (await world.verify(text)).code))
    await world.ok('PATCH', path, { status: 'disabled' })
    expect(await codes()).toEqual(texts.map(() => 'disabled'))
    await world.ok('PATCH', path, { status: 'active' })
    expect(await codes()).toEqual(texts.map(() => undefined))
  })

  it('a public key that is taken away ends what it signed; the same key cannot come back', async () => {
    const { publicJwk } = await generateKeyPair('ES256')
    const { client, texts, path } = await allOf()
    const before = (await world.ok('GET', path)).jwks
    await world.ok('PATCH', path, { jwks: { keys: [{ ...publicJwk, kid: 'new', alg: 'ES256' }] } })
    expect((await world.verify(texts.at(-1) as string)).active).toBe(false)
    expect((await world.verify(await client.selfIssued())).active).toBe(false)
    expect((await world.verify(texts[0] as string)).active).toBe(true)
    expect((await world.call('PATCH', path, { body: { jwks: before } })).status).toBe(409)
  })

  it('a longer life for what it signs itself holds at once, up to a day', async () => {
    const { client, path } = await allOf()
    const long = () => client.selfIssued({ exp: world.now + 7_200 })
    expect((await world.verify(await long())).active).toBe(false)
    await world.ok('PATCH', path, { selfIssuedTtlSecondsMax: 7_200 })
    expect((await world.verify(await long())).active).toBe(true)
    expect((await world.call('PATCH', path, { body: { selfIssuedTtlSecondsMax: 86_401 } })).status).toBe(400)
  })
})

describe('revoke', () => {
  it('ends every key, token, secret and public key, and new ones are good at once', async () => {
    const { client, owner, texts, path } = await allOf()
    const answer = await world.ok('POST', `${path}/revoke`, { reason: 'leaked' })
    expect(answer).toMatchObject({ clientId: client.clientId, keys: 1, secrets: 1, publicKeys: 1 })
    for (const text of [...texts, await client.selfIssued()]) expect((await world.verify(text)).active).toBe(false)
    expect((await world.token(owner)).status).toBe(401)
    const assertion = { client_assertion_type: assertionType, client_assertion: await client.assertion() }
    expect((await world.form('/oauth/token', { grant_type: 'client_credentials', ...assertion })).status).toBe(401)

    const { clientSecret } = await world.ok('POST', `${path}/secrets`)
    const { publicJwk } = await generateKeyPair('EdDSA')
    await world.ok('PATCH', path, { jwks: { keys: [{ ...publicJwk, kid: 'new', alg: 'EdDSA' }] } })
    const token = (await world.token({ ...owner, client_secret: clientSecret })).body.access_token
    const key = (await world.key({ clientId: client.clientId })).key
    for (const text of [token, key]) expect((await world.verify(text)).active).toBe(true)
  })
})

describe('delete', () => {
  it('ends everything, is 404 afterwards, and its id names nobody', async () => {
    const { client, texts, path } = await allOf()
    expect(await world.ok('DELETE', path)).toMatchObject({ clientId: client.clientId, status: 'revoked' })
    for (const text of texts) expect((await world.verify(text)).active).toBe(false)
    for (const method of ['GET', 'DELETE']) expect((await world.call(method, path)).status).toBe(404)
    const body = { clientId: client.clientId, audience, scope: 'orders:read', name: 'k' }
    expect(await world.call('POST', '/v1/keys', { body })).toMatchObject({
      status: 400,
      body: { errors: [{ pointer: '/clientId' }] },
    })
  })
})

describe('one client secret', () => {
  it('is listed without its text, and ended at once by its id; the others and the tokens go on', async () => {
    const { clientId, clientSecret } = await world.client()
    const second = await world.ok('POST', `/v1/clients/${clientId}/secrets`, {})
    const ask = (client_secret: string) => world.token({ client_id: clientId, client_secret })
    const token = (await ask(clientSecret)).body.access_token
    const path = `/v1/clients/${clientId}/secrets`
    const { data } = await world.ok('GET', path)
    const first = data.find(({ id }) => id !== second.id) as { readonly id: string }
    expect(data).toHaveLength(2)
    expect(JSON.stringify(data)).not.toContain(clientSecret)
    const revoked = await world.ok('POST', `${path}/${first.id}/revoke`, { reason: 'found by a scan' })
    expect(revoked).toMatchObject({ id: first.id, clientId, feedSequence: expect.any(Number) })
    expect((await ask(clientSecret)).status).toBe(401)
    expect((await ask(second.clientSecret)).status).toBe(200)
    expect((await world.verify(token)).active).toBe(true)
    expect((await world.ok('GET', path)).data).toMatchObject([{ id: second.id }])
    expect((await world.call('POST', `${path}/${first.id}/revoke`, { body: {} })).status).toBe(404)
  })

  it('of another client is not there', async () => {
    const [one, other] = [await world.client(), await world.client()]
    const { data } = await world.ok('GET', `/v1/clients/${other.clientId}/secrets`)
    const path = `/v1/clients/${one.clientId}/secrets/${data[0]?.id}/revoke`
    expect((await world.call('POST', path, { body: {} })).status).toBe(404)
    expect((await world.ok('GET', `/v1/clients/${other.clientId}/secrets`)).data).toHaveLength(1)
  })
})
