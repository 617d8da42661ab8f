import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openSqliteStore } from '@countersign/store'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type ForeignKey, foreignJwt, foreignKey } from '../../issuers/issuers.fixture.ts'
import { MasterKey } from '../../keys/master_key.ts'
import { audience, baseUrl, otherAudience, startAt, startWorld, type World } from '../../server.fixture.ts'
import type { Reply, Wire } from '../../wire.fixture.ts'
import { type Holder, holdable, opaqueAudience, own, prepareApis } from '../issuing.fixture.ts'

const iss = 'https://ci.example'
const grantType = 'urn:ietf:params:oauth:grant-type:jwt-bearer'
const directory = mkdtempSync(join(tmpdir(), 'countersign-bearer-'))
const master = new MasterKey(randomBytes(32))
const now = (): number => world?.now ?? startAt

let world: World
let holder: Holder
let key: ForeignKey
let other: ForeignKey
let client: Wire
let issuer: Wire

beforeAll(async () => {
  ;[key, other] = await Promise.all([foreignKey('a'), foreignKey('b')])
  const file = join(directory, 'countersign.db')
  holder = holdable(await openSqliteStore({ file, auditKey: master.derive('audit'), now, randomBytes }))
  world = await startWorld({ master, store: holder.store, now })
  await prepareApis(world)
  await world.ok('POST', '/v1/apis', { audience: otherAudience, name: 'Invoices', scopes: [{ name: 'invoices:read' }] })
})
afterEach(() => holder.end())
afterAll(async () => {
  await world.close()
  rmSync(directory, { recursive: true, force: true })
})

const rule = { when: { sub: 'repo:acme/*' }, scope: 'orders:read orders:write' }
const rules = [
  rule,
  { ...rule, scope: 'orders:read', audience: opaqueAudience },
  { ...rule, when: { sub: 'repo:acme/*', ref: 'main' }, scope: 'invoices:read', audience: otherAudience },
]

beforeEach(async () => {
  world.now = startAt
  const access = [
    { audience, scope: 'orders:read orders:write' },
    { audience: opaqueAudience, scope: 'orders:read' },
    { audience: otherAudience, scope: 'invoices:read' },
  ]
  client = await world.client({ access })
  for (const { id } of (await world.ok('GET', '/v1/issuers')).data) await world.ok('DELETE', `/v1/issuers/${id}`)
  issuer = await world.ok('POST', '/v1/issuers', {
    issuer: iss,
    jwks: { keys: [key.jwk] },
    clientId: client.clientId,
    audience,
    rules,
    scope: 'orders:read orders:write invoices:read',
  })
})

let made = 0
function jwt(changes: object = {}, by = key, header: object = {}): Promise<string> {
  const claims = {
    iss,
    sub: 'repo:acme/api',
    aud: baseUrl,
    jti: `j${++made}`,
    iat: world.now,
    exp: world.now + 300,
    ...changes,
  }
  return foreignJwt(by, claims, header)
}

async function ask(assertion: string, fields: Readonly<Record<string, string>> = {}): Promise<Reply> {
  return world.form('/oauth/token', { grant_type: grantType, assertion, audience, ...fields })
}

const change = (body: object) => world.ok('PATCH', `/v1/issuers/${issuer.id}`, body)
const isActive = async (token: string, at = audience) => (await world.verify(token, { audience: at })).active

describe('granted', () => {
  it('a token for the foreign subject, as the client of its issuer, without client authentication', async () => {
    const reply = await ask(await jwt())
    expect(reply).toMatchObject({
      status: 200,
      body: { token_type: 'Bearer', scope: 'orders:read orders:write', expires_in: 300 },
    })
    expect(reply.body).not.toHaveProperty('refresh_token')
    expect(await world.verify(reply.body.access_token)).toMatchObject({
      active: true,
      grant: { kind: 'access_token', subject: 'repo:acme/api', subjectIssuer: iss, clientId: client.clientId },
    })
  })

  it('as well with the client’s own authentication, and with its id alone', async () => {
    expect((await ask(await jwt(), own(client))).status).toBe(200)
    expect((await ask(await jwt(), { client_id: client.clientId })).status).toBe(200)
    const basic = Buffer.from(`${client.clientId}:${client.clientSecret}`).toString('base64')
    const headers = [['Authorization', `Basic ${basic}`]] as const
    const fields = { grant_type: grantType, assertion: await jwt(), audience }
    expect((await world.form('/oauth/token', fields, { headers })).status).toBe(200)
  })

  it('for an API that wants opaque tokens, whose subject is told apart as well', async () => {
    const { body } = await ask(await jwt(), { audience: opaqueAudience })
    expect(body.access_token).toMatch(/^cs_at_/)
    expect(await world.verify(body.access_token, { audience: opaqueAudience })).toMatchObject({
      active: true,
      grant: { subject: 'repo:acme/api', subjectIssuer: iss, scope: 'orders:read' },
    })
  })

  it('the scope that was asked for, of what rules, ceiling and client allow', async () => {
    expect((await ask(await jwt(), { scope: 'orders:read' })).body.scope).toBe('orders:read')
    expect(await ask(await jwt(), { scope: 'orders:read admin' })).toMatchObject({
      status: 400,
      body: { error: 'invalid_scope' },
    })
    await change({ scope: 'orders:read' })
    expect((await ask(await jwt())).body.scope).toBe('orders:read')
    expect((await ask(await jwt(), { scope: 'orders:write' })).body.error).toBe('invalid_scope')
  })

  it('many times for one JWT, and for several APIs, until it ends', async () => {
    const assertion = await jwt({ ref: 'main' })
    const audiences = [audience, audience, opaqueAudience, otherAudience]
    for (const at of audiences) expect((await ask(assertion, { audience: at })).status, at).toBe(200)
  })

  it('never longer than the JWT, whatever the API allows', async () => {
    const { body } = await ask(await jwt({ exp: world.now + 60 }))
    expect(body.expires_in).toBe(60)
    world.now += 60
    expect(await world.verify(body.access_token)).toMatchObject({ active: false, code: 'expired' })
    const long = await ask(await jwt({ exp: world.now + 86_400 }))
    expect(long.body.expires_in).toBe(3_600)
  })

  it('for the issuer’s audience in aud, and for the only API that the rules give anything at', async () => {
    expect((await ask(await jwt({ aud: audience }))).status).toBe(200)
    const fields = { grant_type: grantType, assertion: await jwt({ aud: audience }) }
    expect((await world.form('/oauth/token', fields)).status).toBe(200)
    const several = { grant_type: grantType, assertion: await jwt() }
    expect((await world.form('/oauth/token', several)).body.error).toBe('invalid_target')
  })

  it('is named among the grants of the metadata', async () => {
    const { body } = await world.call('GET', '/.well-known/oauth-authorization-server', { as: null })
    expect(body.grant_types_supported).toContain(grantType)
  })
})

describe('invalid_grant', () => {
  const cases: readonly (readonly [string, () => Promise<string>])[] = [
    ['a signature of another key', () => jwt({}, other)],
    ['a signature of another key under a known kid', () => jwt({}, other, { kid: 'a' })],
    ['CVE-2026-11800: no signature', async () => `${(await jwt()).split('.').slice(0, 2).join('.')}.`],
    ['alg none', async () => `${Buffer.from('{"alg":"none"}').toString('base64url')}.${(await jwt()).split('.')[1]}.x`],
    ['an issuer that is not trusted', () => jwt({ iss: 'https://evil.example' })],
    ['CVE-2026-23552: our own issuer', () => jwt({ iss: baseUrl })],
    ['no iss', () => jwt({ iss: undefined })],
    ['CVE-2025-27370: another aud', () => jwt({ aud: 'https://evil.example' })],
    ['our token endpoint as aud', () => jwt({ aud: `${baseUrl}/oauth/token` })],
    ['an API’s aud that is not the issuer’s', () => jwt({ aud: otherAudience })],
    ['no aud', () => jwt({ aud: undefined })],
    ['no exp', () => jwt({ exp: undefined })],
    ['an end that is over', () => jwt({ exp: world.now - 11 })],
    ['an end more than a day ahead', () => jwt({ iat: undefined, exp: world.now + 86_500 })],
    ['a beginning that is ahead', () => jwt({ nbf: world.now + 60 })],
    ['no sub', () => jwt({ sub: undefined })],
    ['a sub of ours', () => jwt({ sub: client.clientId })],
    ['an account of ours', () => jwt({ sub: 'acct_1' })],
    ['a claim of ours', () => jwt({ cs_pos: 1 })],
    ['a sub that no rule is about', () => jwt({ sub: 'repo:evil/api' })],
    ['a typ of ours', () => jwt({}, key, { typ: 'client-authentication+jwt' })],
    ['no JWT', async () => 'x'],
  ]
  it.each(cases)('%s', async (_, make) => {
    const assertion = await make()
    for (const more of [{}, own(client)]) {
      const reply = await ask(assertion, more)
      expect(reply, reply.text).toMatchObject({ status: 400, body: { error: 'invalid_grant' } })
      expect(reply.headers['Cache-Control']).toBe('no-store')
      expect(reply.text).not.toContain(assertion.length > 3 ? assertion : 'no such text')
    }
  })

  it('an issuer that is switched off, deleted or without that key', async () => {
    await change({ status: 'disabled' })
    expect((await ask(await jwt())).body.error).toBe('invalid_grant')
    await change({ status: 'active', jwks: { keys: [other.jwk] } })
    expect((await ask(await jwt())).body.error).toBe('invalid_grant')
    expect((await ask(await jwt({}, other))).status).toBe(200)
    await world.ok('DELETE', `/v1/issuers/${issuer.id}`)
    expect((await ask(await jwt({}, other))).body.error).toBe('invalid_grant')
  })

  it('CVE-2026-1609: a client that is disabled, deleted or another', async () => {
    const stranger = await world.client()
    expect((await ask(await jwt(), own(stranger))).body.error).toBe('invalid_grant')
    expect((await ask(await jwt(), { client_id: stranger.clientId })).body.error).toBe('invalid_grant')
    await world.ok('PATCH', `/v1/clients/${client.clientId}`, { status: 'disabled' })
    expect((await ask(await jwt())).body.error).toBe('invalid_grant')
    await world.ok('PATCH', `/v1/clients/${client.clientId}`, { status: 'active' })
    expect((await ask(await jwt())).status).toBe(200)
    await world.ok('DELETE', `/v1/clients/${client.clientId}`)
    expect((await ask(await jwt())).body.error).toBe('invalid_grant')
  })

  it('a JWT that was revoked, and one of a client or a subject that was ended after it was signed', async () => {
    const [revoked, older] = [await jwt({ aud: audience }), await jwt()]
    await world.ok('POST', '/v1/revocations', { credential: revoked })
    expect((await ask(revoked)).body.error).toBe('invalid_grant')
    await world.ok('POST', `/v1/clients/${client.clientId}/revoke`)
    expect((await ask(older)).body.error).toBe('invalid_grant')
    world.now += 11
    expect((await ask(await jwt())).status).toBe(200)
    const ended = await jwt({ sub: 'repo:acme/ended' })
    await world.ok('POST', '/v1/revocations', { subject: 'repo:acme/ended' })
    expect((await ask(ended)).body.error).toBe('invalid_grant')
  })
})

describe('other refusals', () => {
  it('an API that the client or the rules do not have is invalid_target', async () => {
    for (const at of ['https://none.test', `${baseUrl}/v1`])
      expect((await ask(await jwt(), { audience: at })).body.error).toBe('invalid_target')
    expect((await ask(await jwt(), { audience: otherAudience })).body.error).toBe('invalid_target')
    await world.ok('PATCH', `/v1/clients/${client.clientId}`, { access: [] })
    expect((await ask(await jwt())).body.error).toBe('invalid_target')
  })

  it('no assertion is invalid_request, and a wrong secret beside a good assertion is invalid_client', async () => {
    expect((await world.form('/oauth/token', { grant_type: grantType })).body.error).toBe('invalid_request')
    const reply = await ask(await jwt(), { client_id: client.clientId, client_secret: 'wrong' })
    expect(reply).toMatchObject({ status: 401, body: { error: 'invalid_client' } })
  })

  it('an assertion authenticates nobody for another grant or endpoint', async () => {
    const assertion = await jwt()
    for (const fields of [
      { grant_type: 'client_credentials', assertion },
      { grant_type: grantType, assertion, token: assertion },
    ]) {
      for (const path of ['/oauth/introspect', '/oauth/revoke'])
        expect((await world.form(path, { ...fields, token: assertion } as Record<string, string>)).status, path).toBe(
          401,
        )
    }
    expect((await world.form('/oauth/token', { grant_type: 'client_credentials', assertion })).status).toBe(401)
  })

  it('guesses from one address are slowed down, and a right one is not refused because of them', async () => {
    const forged = await jwt({}, other)
    const statuses = new Set<number>()
    for (let count = 0; count < 610; count++) statuses.add((await ask(forged)).status)
    expect([...statuses]).toEqual([400, 429])
    expect((await ask(await jwt())).status).toBe(200)
  })
})

describe('a token that was made from a JWT', () => {
  const ends: readonly (readonly [string, (assertion: string) => Promise<unknown>, string])[] = [
    ['the JWT is revoked', (credential) => world.ok('POST', '/v1/revocations', { credential }), 'revoked'],
    ['the issuer is switched off', () => change({ status: 'disabled' }), 'disabled'],
    ['the issuer is deleted', () => world.ok('DELETE', `/v1/issuers/${issuer.id}`), 'revoked'],
    ['the key is removed', () => change({ jwks: { keys: [other.jwk] } }), 'revoked'],
    ['the client is revoked', () => world.ok('POST', `/v1/clients/${client.clientId}/revoke`), 'revoked'],
    ['the subject is ended', () => world.ok('POST', '/v1/revocations', { subject: 'repo:acme/bearer' }), 'revoked'],
  ]
  it.each(ends)('ends, in both formats and with its own child, when %s', async (what, end, code) => {
    // Subjects that were ended stay so.
    if (what.startsWith('the subject')) world.now += 60
    const assertion = await jwt({
      aud: audience,
      sub: what.startsWith('the subject') ? 'repo:acme/bearer' : 'repo:acme/api',
    })
    const token = (await ask(assertion)).body.access_token
    const child = (await world.exchange(token, own(client))).body.access_token
    const forUs = await jwt({ sub: what.startsWith('the subject') ? 'repo:acme/bearer' : 'repo:acme/api' })
    const opaque = (await ask(forUs, { audience: opaqueAudience })).body.access_token
    expect([await isActive(token), await isActive(child), await isActive(opaque, opaqueAudience)]).toEqual([
      true,
      true,
      true,
    ])
    await end(assertion)
    for (const each of [token, child]) expect(await world.verify(each)).toMatchObject({ active: false, code })
    const verdict = await world.verify(opaque, { audience: opaqueAudience })
    expect(verdict.active).toBe(what === 'the JWT is revoked')
  })

  it('is made by exchange of a JWT for an API as well, from its client, and ends with it', async () => {
    const assertion = await jwt({ aud: audience })
    for (const type of ['access_token', 'jwt']) {
      const subject_token_type = `urn:ietf:params:oauth:token-type:${type}`
      const reply = await world.exchange(assertion, { ...own(client), subject_token_type })
      expect(reply, reply.text).toMatchObject({
        status: 200,
        body: { scope: 'orders:read orders:write', expires_in: 300 },
      })
    }
    const { body } = await world.exchange(assertion, own(client))
    expect(await world.verify(body.access_token)).toMatchObject({
      grant: { subject: 'repo:acme/api', subjectIssuer: iss },
    })
    expect((await world.exchange(assertion)).body.error).toBe('invalid_request')
    expect((await world.exchange(await jwt(), own(client))).body.error).toBe('invalid_request')
    await change({ status: 'disabled' })
    expect(await isActive(body.access_token)).toBe(false)
    expect((await world.exchange(assertion, own(client))).body.error).toBe('invalid_request')
  })

  it('names the JWT that it was made from', async () => {
    const assertion = await jwt({ aud: audience })
    const { grant } = await world.verify(assertion)
    const { body } = await ask(assertion)
    expect((await world.verify(body.access_token)).grant).toMatchObject({ parent: grant.credentialId })
  })
})

describe('whatever ends while a token is being made: the token is dead, or there is none', () => {
  const ends: readonly (readonly [string, (assertion: string) => Promise<unknown>])[] = [
    ['the issuer is switched off', () => change({ status: 'disabled' })],
    ['the issuer is deleted', () => world.ok('DELETE', `/v1/issuers/${issuer.id}`)],
    ['the key is removed', () => change({ jwks: { keys: [other.jwk] } })],
    ['the rules are taken away', () => change({ rules: [] })],
    ['the JWT is revoked', (credential) => world.ok('POST', '/v1/revocations', { credential })],
    ['the client is revoked', () => world.ok('POST', `/v1/clients/${client.clientId}/revoke`)],
    ['the client is disabled', () => world.ok('PATCH', `/v1/clients/${client.clientId}`, { status: 'disabled' })],
  ]
  const places = ['lookup.client', 'read.apis.find', 'write', 'insertToken']

  it.each(ends)('%s', async (what, end) => {
    let held = 0
    for (const place of places) {
      for (const at of [audience, opaqueAudience]) {
        world.now += 20
        await change({ status: 'active', jwks: { keys: [key.jwk] }, rules }).catch(() => {})
        await world.ok('PATCH', `/v1/clients/${client.clientId}`, { status: 'active', name: `before ${place} ${at}` })
        for (const api of (await world.ok('GET', '/v1/apis')).data) {
          if (api.audience === at) await world.ok('PATCH', `/v1/apis/${api.id}`, { name: `before ${place}` })
        }
        if ((await world.call('GET', `/v1/issuers/${issuer.id}`)).status === 404) {
          const { id: _id, ...body } = issuer as unknown as Record<string, unknown>
          const wanted = {
            issuer: body.issuer,
            clientId: body.clientId,
            audience,
            scope: body.scope,
            rules,
            jwks: { keys: [key.jwk] },
          }
          issuer = await world.ok('POST', '/v1/issuers', wanted)
        }
        const assertion = await jwt({
          aud: audience === at ? audience : baseUrl,
          ...(at === opaqueAudience && what.includes('JWT') ? { aud: [baseUrl, audience] } : {}),
        })
        const { held: arrived, let: go } = holder.hold(place)
        const asked = ask(assertion, { audience: at })
        const isHeld = await Promise.race([arrived.then(() => true), asked.then(() => false)])
        if (isHeld) {
          held++
          await end(assertion)
          go()
        }
        const reply = await asked
        holder.end()
        if (!isHeld) continue
        if (reply.status === 200) expect(await isActive(reply.body.access_token, at), `${place} ${at}`).toBe(false)
        else expect([400, 401, 503], reply.text).toContain(reply.status)
      }
    }
    expect(held).toBeGreaterThanOrEqual(3)
  })
})
