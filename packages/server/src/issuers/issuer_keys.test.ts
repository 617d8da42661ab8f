import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { audience, startAt, startWorld, type World } from '../server.fixture.ts'
import type { Wire } from '../wire.fixture.ts'
import { type ForeignKey, foreignJwt, foreignKey, type KeyServer, startKeyServer } from './issuers.fixture.ts'

const iss = 'https://ci.example'
let world: World
let keyServer: KeyServer
let first: ForeignKey
let second: ForeignKey
let slow: AbortController | undefined

beforeAll(async () => {
  ;[first, second] = await Promise.all([foreignKey('a'), foreignKey('b', 'ES256')])
  keyServer = await startKeyServer()
  // Time passes when a test says so.
  const deadline = (): AbortSignal => {
    slow = slow ?? new AbortController()
    return slow.signal
  }
  const outbound = keyServer.outbound({ deadline })
  world = await startWorld({ outbound })
})
afterAll(async () => {
  await world.close()
  keyServer.close()
})

let issuer: Wire
beforeEach(async () => {
  slow = undefined
  world.now = startAt
  keyServer.publish([first.jwk], { 'Cache-Control': 'max-age=600' })
  const { data } = await world.ok('GET', '/v1/issuers')
  for (const { id } of data) await world.ok('DELETE', `/v1/issuers/${id}`)
  issuer = await world.ok('POST', '/v1/issuers', body())
  keyServer.asked = 0
})

function body(more: object = {}) {
  const rules = [{ when: { sub: 'repo:acme/*' }, scope: 'orders:read' }]
  return {
    issuer: iss,
    jwksUri: keyServer.uri,
    clientId: world.clientId,
    audience,
    rules,
    scope: 'orders:read',
    ...more,
  }
}

function jwt(key: ForeignKey, changes: object = {}): Promise<string> {
  return foreignJwt(key, {
    iss,
    sub: 'repo:acme/api',
    aud: audience,
    jti: 'j',
    iat: world.now,
    exp: world.now + 900,
    ...changes,
  })
}

const codeOf = async (token: string): Promise<string> => {
  const { active, code } = await world.verify(token)
  return active ? 'active' : code
}
const read = async (): Promise<Wire> => world.ok('GET', `/v1/issuers/${issuer.id}`)
const refresh = () => world.server.services.issuerKeys.refreshDue()
/** Waits for the work that was begun in nobody's name. */
const settled = () => world.server.services.issuerKeys.settled()

describe('the keys of an issuer', () => {
  it('come when it is made, and are fetched again when their cache headers say so', async () => {
    expect(await codeOf(await jwt(first))).toBe('active')
    expect(issuer).toMatchObject({ fetch: { failures: 0, fault: null, lastAt: '2027-01-15T08:00:00Z' } })
    keyServer.publish([first.jwk, second.jwk], { 'Cache-Control': 'public, max-age=600' })
    world.now += 599
    await refresh()
    expect(keyServer.asked).toBe(0)
    world.now += 1
    await refresh()
    expect(keyServer.asked).toBe(1)
    expect([await codeOf(await jwt(first)), await codeOf(await jwt(second))]).toEqual(['active', 'active'])
  })

  it.each([
    ['none', {}, 900],
    ['no max-age', { 'Cache-Control': 'no-cache' }, 900],
    ['a short one', { 'Cache-Control': 'max-age=0' }, 60],
    ['a long one', { 'Cache-Control': 'max-age=31536000, immutable' }, 86_400],
    ['one that is partly over', { 'Cache-Control': 'max-age=600', Age: '200' }, 400],
    ['one of another kind', { 'Cache-Control': 's-maxage=5' }, 900],
  ])('are used within bounds, whatever the headers say: %s', async (_, headers, seconds) => {
    keyServer.publish([first.jwk], headers as Record<string, string>)
    world.now += 600
    await refresh()
    const at = Date.parse(String(((await read()) as unknown as { fetch: { nextAt: string } }).fetch.nextAt)) / 1000
    expect(at - world.now).toBe(seconds)
  })

  it('that are the same in another order are no change', async () => {
    keyServer.publish([second.jwk, first.jwk])
    world.now += 600
    await refresh()
    const { position } = await world.store.feed.head()
    keyServer.publish([first.jwk, second.jwk])
    world.now += 900
    await refresh()
    expect(keyServer.asked).toBe(2)
    expect((await world.store.feed.head()).position).toBe(position)
  })

  it('that are published no longer verify nothing any more, and the audit log has it', async () => {
    const token = await jwt(first)
    expect(await codeOf(token)).toBe('active')
    keyServer.publish([second.jwk])
    world.now += 600
    await refresh()
    expect(await codeOf(token)).toBe('bad_signature')
    const { data } = await world.ok('GET', `/v1/audit?objectId=${issuer.id}&action=issuer.keys`)
    expect(data[0]).toMatchObject({ actor: { kind: 'system' }, objectType: 'trusted_issuer' })
  })

  it('of RSA without alg are for RS256, and keys of other uses are left out', async () => {
    const { alg: _, ...unnamed } = first.jwk
    const others = [
      { kty: 'RSA', use: 'enc', kid: 'e', n: first.jwk.n, e: 'AQAB', alg: 'RSA-OAEP' },
      { kty: 'EC', crv: 'secp256k1', kid: 'k', x: 'AA', y: 'AA' },
      { kty: 'LMS', kid: 'l' },
    ]
    keyServer.publish([...others, { ...unnamed, x5c: ['MII…'], x5t: 'x', issuer: iss }])
    world.now += 600
    await refresh()
    const { jwks } = (await read()) as unknown as { jwks: { keys: object[] } }
    expect(jwks.keys).toEqual([{ ...unnamed, alg: 'RS256' }])
    expect(await codeOf(await jwt(first))).toBe('active')
    expect(await codeOf(await foreignJwt({ ...first, jwk: { ...first.jwk, alg: 'RS256' } }, { iss }))).toBe('malformed')
  })

  it('are of an issuer that is switched off fetched no more', async () => {
    await world.ok('PATCH', `/v1/issuers/${issuer.id}`, { status: 'disabled' })
    world.now += 900
    await refresh()
    world.server.services.issuerKeys.want('default', issuer.id)
    await settled()
    expect(keyServer.asked).toBe(0)
  })
})

describe('a kid that no key has', () => {
  it('makes the server fetch at once, and at most once a minute', async () => {
    keyServer.publish([first.jwk, second.jwk])
    world.now += 61
    const token = await jwt(second)
    expect(await codeOf(token)).toBe('bad_signature')
    await settled()
    expect(keyServer.asked).toBe(1)
    expect(await codeOf(token)).toBe('active')
    for (let count = 0; count < 50; count++) {
      world.now += 1
      const wanted = await foreignJwt(
        second,
        { iss, sub: 's', aud: audience, exp: world.now + 60 },
        { kid: `x${count}` },
      )
      expect(await codeOf(wanted)).toBe('bad_signature')
    }
    await settled()
    expect(keyServer.asked).toBe(1)
  })

  it('is heard of from verifiers elsewhere, by a look-up that finds nothing', async () => {
    world.now += 61
    const { epoch, sequence } = await world.store.feed.place('default')
    const question = { clientId: issuer.id, kid: 'b', epoch, sequence }
    expect(await world.ok('POST', '/v1/lookup', question)).toMatchObject({ record: null })
    await settled()
    expect(keyServer.asked).toBe(1)
    expect(await world.ok('POST', '/v1/lookup', { ...question, clientId: 'issuer_none' })).toMatchObject({
      record: null,
    })
    await settled()
    expect(keyServer.asked).toBe(1)
  })

  it('of several processes makes one of them fetch', async () => {
    const other = await world.second(undefined, { outbound: keyServer.outbound() })
    world.now += 700
    await Promise.all([world.server, other].map(({ services }) => services.issuerKeys.refreshDue()))
    for (const { services } of [world.server, other]) services.issuerKeys.want('default', issuer.id)
    await settled()
    await other.services.issuerKeys.settled()
    expect(keyServer.asked).toBe(1)
  })
})

describe('a key server that is down, slow, huge, redirecting or wrong', () => {
  const wrong: readonly (readonly [string, KeyServer['answer']])[] = [
    ['unreachable', (response) => response.destroy()],
    ['timeout', () => slow?.abort()],
    ['too_large', (response) => response.end(' '.repeat(65_537))],
    ['redirect', (response) => response.writeHead(301, { Location: keyServer.uri }).end()],
    ['encoded', (response) => response.writeHead(200, { 'Content-Encoding': 'gzip' }).end('x')],
    ['wrong_status', (response) => response.writeHead(500).end('{"keys":[]}')],
    ['wrong_status', (response) => response.writeHead(404).end()],
    ['not_a_jwk_set', (response) => response.end('<html>')],
    ['not_a_jwk_set', (response) => response.end('')],
    ['not_a_jwk_set', (response) => response.end('null')],
    ['not_a_jwk_set', (response) => response.end('{"keys":{}}')],
    ['not_a_jwk_set', (response) => response.end(Buffer.from([0x7b, 0xff, 0x7d]))],
    ['not_a_jwk_set', (response) => response.end(JSON.stringify({ keys: [first.jwk, first.jwk] }))],
    [
      'not_a_jwk_set',
      (response) => response.end(JSON.stringify({ keys: [first.jwk, { kty: 'oct', k: 'A'.repeat(43) }] })),
    ],
    ['no_usable_key', (response) => response.end('{"keys":[]}')],
    [
      'no_usable_key',
      (response) => response.end(JSON.stringify({ keys: [{ kty: 'oct', alg: 'HS256', k: 'A'.repeat(43) }] })),
    ],
    [
      'no_usable_key',
      (response) => response.end(JSON.stringify({ keys: [{ kty: 'RSA', n: 'AQAB', e: 'AQAB' }, null, 7] })),
    ],
    [
      'too_many_keys',
      (response) =>
        response.end(
          JSON.stringify({ keys: Array.from({ length: 33 }, (_, at) => ({ ...second.jwk, kid: `k${at}` })) }),
        ),
    ],
  ]

  it.each(wrong)('%s: the last good keys go on, and the issuer says why', async (fault, answer) => {
    const token = await jwt(first)
    keyServer.answer = answer
    world.now += 600
    await refresh()
    expect(await read()).toMatchObject({ fetch: { fault, failures: 1 }, jwks: { keys: [{ kid: 'a' }] } })
    expect(await codeOf(token)).toBe('active')
  })

  it('is asked again after a minute, then two, four, up to an hour', async () => {
    keyServer.answer = (response) => response.writeHead(503).end()
    const waits: number[] = []
    world.now += 600
    for (let round = 0; round < 9; round++) {
      await refresh()
      const { nextAt } = ((await read()) as unknown as { fetch: { nextAt: string } }).fetch
      waits.push(Date.parse(nextAt) / 1000 - world.now)
      world.now = Date.parse(nextAt) / 1000
    }
    expect(waits).toEqual([60, 120, 240, 480, 960, 1_920, 3_600, 3_600, 3_600])
    keyServer.publish([first.jwk])
    await refresh()
    expect(await read()).toMatchObject({ fetch: { fault: null, failures: 0 } })
  })

  it('whose answer comes after the issuer was changed is not believed', async () => {
    const { promise: asked, resolve: tell } = Promise.withResolvers<() => void>()
    keyServer.answer = (response) => tell(() => response.end(JSON.stringify({ keys: [second.jwk] })))
    world.now += 600
    const refreshing = refresh()
    const answer = await asked
    await world.ok('PATCH', `/v1/issuers/${issuer.id}`, { jwks: { keys: [first.jwk] } })
    answer()
    await refreshing
    expect(await read()).toMatchObject({ jwksUri: null, fetch: null, jwks: { keys: [{ kid: 'a' }] } })
  })
})

describe('the client of an issuer', () => {
  it('has an entry in the feed from the beginning, and one that would end is said anew', async () => {
    const client = await world.client()
    expect(await world.store.read.statusEntries.find('default', 'client', client.clientId)).toBeUndefined()
    await world.ok('POST', '/v1/issuers', body({ issuer: 'https://other.example', clientId: client.clientId }))
    const said = await world.store.read.statusEntries.find('default', 'client', client.clientId)
    expect(said).toMatchObject({ state: { status: 'active' } })
    const { issuerKeys } = world.server.services
    const before = (await world.store.feed.head()).position
    await issuerKeys.keepClients()
    expect((await world.store.feed.head()).position).toBe(before)
    world.now += 200 * 86_400
    await issuerKeys.keepClients()
    const again = await world.store.read.statusEntries.find('default', 'client', client.clientId)
    expect(again?.dropAt).toBeGreaterThan(world.now + 366 * 86_400)
    expect(again?.state).toEqual(said?.state)
  })
})
