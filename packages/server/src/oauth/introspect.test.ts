import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { assertionType, audience, baseUrl, otherAudience, startAt, startWorld, type World } from '../server.fixture.ts'
import type { Reply } from '../wire.fixture.ts'

const opaqueAudience = 'https://opaque.test'
const audiences = [audience, otherAudience, opaqueAudience]
let world: World
beforeAll(async () => {
  world = await startWorld()
  await world.ok('POST', '/v1/apis', { audience: otherAudience, name: 'Invoices' })
  await world.ok('POST', '/v1/apis', { audience: opaqueAudience, name: 'Opaque', tokenFormat: 'opaque' })
})
beforeEach(() => {
  world.now = startAt
})
afterAll(() => world.close())

type Owner = { readonly client_id: string; readonly client_secret: string }

/** One live credential of each kind for each audience, all of one client. */
async function makeAll(): Promise<{
  readonly owner: Owner
  readonly clientId: string
  readonly made: readonly Made[]
}> {
  const access = audiences.map((each) => ({ audience: each, scope: 'orders:read' }))
  const client = await world.signedClient({ access })
  const owner = { client_id: client.clientId, client_secret: client.clientSecret }
  const made: Made[] = []
  for (const each of audiences) {
    const add = (kind: string, text: string): void => void made.push({ kind, audience: each, text })
    const common = { clientId: client.clientId, audience: each, scope: 'orders:read' }
    add('api_key', (await world.key(common)).key)
    add('access_token', (await world.token({ ...owner, audience: each })).body.access_token)
    add('access_token', (await world.mint(common)).token)
    add('self_issued_jwt', await client.selfIssued({ aud: each }))
  }
  return { owner, clientId: client.clientId, made }
}

interface Made {
  readonly kind: string
  readonly audience: string
  readonly text: string
}

const introspect = (token: string, by: Owner | string): Promise<Reply> =>
  typeof by === 'string'
    ? world.form('/oauth/introspect', { token }, { as: by })
    : world.form('/oauth/introspect', { token, ...by })

describe('active', () => {
  it('a client with credentials:verify sees what it guards, by whatever method it authenticates, as its key does', async () => {
    const { made } = await makeAll()
    const access = [{ audience: `${baseUrl}/v1`, scope: 'credentials:verify' }]
    const guard = await world.signedClient({ access, guards: [audience] })
    const own = { client_id: guard.clientId, client_secret: guard.clientSecret }
    const basic = `Basic ${Buffer.from(`${guard.clientId}:${guard.clientSecret}`).toString('base64')}`
    for (const { audience: aud, text } of made) {
      const replies = [
        await introspect(text, own),
        await world.form('/oauth/introspect', { token: text }, { headers: [['Authorization', basic]] }),
        await world.form('/oauth/introspect', {
          token: text,
          client_assertion_type: assertionType,
          client_assertion: await guard.assertion(),
        }),
      ]
      for (const { status, body } of replies) {
        expect({ status, active: body.active }).toEqual({ status: 200, active: aud === audience })
      }
    }
    await world.ok('PATCH', `/v1/clients/${guard.clientId}`, { access: [] })
    for (const { text } of made) expect((await introspect(text, own)).body).toEqual({ active: false })
  })

  it('every kind is shown to its own client in the words of RFC 7662', async () => {
    const { owner, clientId, made } = await makeAll()
    for (const { kind, audience: aud, text } of made) {
      const { status, headers, body } = await introspect(text, owner)
      expect(status).toBe(200)
      expect(headers['Cache-Control']).toBe('no-store')
      expect(body, kind).toMatchObject({
        active: true,
        scope: 'orders:read',
        client_id: clientId,
        sub: clientId,
        token_type: 'Bearer',
        aud,
        iss: baseUrl,
        cs_kind: kind,
      })
      if (kind !== 'api_key') expect(body.exp).toBeGreaterThan(world.now)
    }
  })
})

describe('who may know', () => {
  it('CVE-2026-37979: caller × audience: a verifier sees those of the audiences it guards, a client its own, nobody else', async () => {
    const { owner, made } = await makeAll()
    const stranger = await world.client({ access: audiences.map((each) => ({ audience: each, scope: 'orders:read' })) })
    const askers: readonly (readonly [string, Owner | string, (of: string) => boolean])[] = [
      ['the client itself', owner, () => true],
      ['another client', { client_id: stranger.clientId, client_secret: stranger.clientSecret }, () => false],
      ['the administrator', world.admin, () => true],
      ['a verifier of nothing', (await world.caller('credentials:verify')).key, () => false],
      ['a verifier of all', (await world.caller('credentials:verify', ['*'])).key, () => true],
    ]
    for (const guarded of audiences) {
      const { key } = await world.caller('credentials:verify', [guarded])
      for (const { audience: aud, text } of made) {
        expect((await introspect(text, key)).body.active, `${guarded} ${aud}`).toBe(aud === guarded)
      }
    }
    for (const [who, by, may] of askers) {
      for (const { audience: aud, text } of made) {
        const { body } = await introspect(text, by)
        expect(body.active, who).toBe(may(aud))
        if (!may(aud)) expect(body).toEqual({ active: false })
      }
    }
  })

  it('CVE-2021-32701: what one asker was told does not change what the next one is told', async () => {
    const { owner, made } = await makeAll()
    const stranger = (await world.caller('credentials:verify')).key
    const text = made[0]!.text
    for (let round = 0; round < 3; round++) {
      expect((await introspect(text, owner)).body.active).toBe(true)
      expect((await introspect(text, stranger)).body.active).toBe(false)
      expect((await world.verify(text, { scope: 'orders:read' })).active).toBe(true)
      expect((await world.verify(text, { scope: 'orders:write' })).active).toBe(false)
    }
  })

  it('a bearer without credentials:verify, and no authentication at all, are refused as OAuth says', async () => {
    const { made } = await makeAll()
    const weak = (await world.caller('keys:read')).key
    const refused = await introspect(made[0]!.text, weak)
    expect(refused).toMatchObject({ status: 403, body: { error: 'insufficient_scope' } })
    expect(Object.keys(refused.body).sort()).toEqual(['error', 'error_description'])
    expect(refused.headers['WWW-Authenticate']).toContain('Bearer')
    expect(await introspect(made[0]!.text, made[0]!.text)).toMatchObject({
      status: 401,
      body: { error: 'invalid_token' },
    })
    const none = await world.form('/oauth/introspect', { token: made[0]!.text })
    expect(none).toMatchObject({ status: 401, body: { error: 'invalid_client' } })
  })
})

describe('inactive', () => {
  it('nothing but {active: false} for what is revoked, expired, disabled, unknown or no credential', async () => {
    const { owner } = await makeAll()
    const common = { clientId: owner.client_id, scope: 'orders:read' }
    const revoked = await world.key(common)
    await world.ok('POST', `/v1/keys/${revoked.id}/revoke`)
    const disabled = await world.key(common)
    await world.ok('POST', `/v1/keys/${disabled.id}/disable`)
    const expired = await world.mint({ ...common, ttlSeconds: 10 })
    world.now += 10
    for (const text of [
      revoked.key,
      disabled.key,
      expired.token,
      'x',
      `${revoked.key}x`,
      owner.client_secret,
      '\u0000',
    ]) {
      expect((await introspect(text, owner)).body).toEqual({ active: false })
    }
  })

  it('a key whose addresses cannot be judged here is not called active', async () => {
    const key = await world.key({ ipAllow: ['192.0.2.0/24'] })
    expect((await introspect(key.key, world.admin)).body).toEqual({ active: false })
  })

  it('without a token it is invalid_request', async () => {
    const { owner } = await makeAll()
    expect(await world.form('/oauth/introspect', { ...owner })).toMatchObject({
      status: 400,
      body: { error: 'invalid_request' },
    })
  })
})

it('while the store fails it is 503 temporarily_unavailable, never active and never a lie about unknown', async () => {
  let isDown = false
  const failing = await startWorld({ fails: () => isDown })
  const { key } = await failing.key()
  const verifier = await failing.caller('credentials:verify', ['*'])
  isDown = true
  const byClient = { token: key, client_id: failing.clientId, client_secret: failing.clientSecret }
  for (const reply of [
    await failing.form('/oauth/introspect', byClient),
    await failing.form('/oauth/introspect', { token: key }, { as: verifier.key }),
    await failing.form('/oauth/introspect', { token: key }, { as: failing.admin }),
  ]) {
    expect(reply).toMatchObject({ status: 503, body: { error: 'temporarily_unavailable' } })
    expect(reply.headers['Retry-After']).toBeDefined()
  }
  isDown = false
  await failing.close()
})
