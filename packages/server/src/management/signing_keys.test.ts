import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { rotateDueKeys } from '../run/maintenance.ts'
import { startAt, startWorld, type World } from '../server.fixture.ts'

let world: World
beforeEach(async () => {
  await world?.close()
  world = await startWorld()
})
afterAll(() => world.close())

const kidOf = (jwt: string): string =>
  (JSON.parse(Buffer.from(jwt.split('.')[0] ?? '', 'base64url').toString()) as { kid: string }).kid
const token = async (): Promise<string> => (await world.token()).body.access_token
const published = async (): Promise<readonly string[]> =>
  (await world.call('GET', '/oauth/jwks', { as: null })).body.keys.map(({ kid }) => kid)

describe('rotation', () => {
  it('a new key is published 600 seconds before it signs; tokens of both are good', async () => {
    const old = await token()
    const { data } = await world.ok('POST', '/v1/signing-keys/rotate')
    expect(data.map(({ purpose }) => purpose).sort()).toEqual(['access_token', 'gateway_assertion'])
    const next = data.find(({ purpose }) => purpose === 'access_token')!.kid
    expect(await published()).toContain(next)
    world.now += 599
    expect(kidOf(await token())).toBe(kidOf(old))
    world.now += 1
    const fresh = await token()
    expect(kidOf(fresh)).toBe(next)
    expect((await world.verify(old)).active).toBe(true)
    expect((await world.verify(fresh)).active).toBe(true)
  })

  it('while tokens are issued none is refused', async () => {
    await world.ok('POST', '/v1/signing-keys/rotate')
    const kids = new Set<string>()
    for (let second = 590; second < 612; second++) {
      world.now = startAt + second
      const text = await token()
      kids.add(kidOf(text))
      expect((await world.verify(text)).active).toBe(true)
    }
    expect(kids.size).toBe(2)
  })

  it('the old key leaves the JWK Set when the longest-lived token it may have signed has ended, not before', async () => {
    const old = kidOf(await token())
    await world.ok('POST', '/v1/signing-keys/rotate')
    const leavesAt = startAt + 600 + 300 + 90 * 86_400 + 10
    world.now = leavesAt - 1
    expect(await published()).toContain(old)
    world.now = leavesAt
    expect(await published()).not.toContain(old)
  })

  it('a second rotation before the first has taken over is 409', async () => {
    await world.ok('POST', '/v1/signing-keys/rotate')
    expect((await world.call('POST', '/v1/signing-keys/rotate')).status).toBe(409)
    world.now += 600
    await world.ok('POST', '/v1/signing-keys/rotate')
  })
})

describe('after 90 days', () => {
  it('keys are replaced by themselves, once, in every tenant, and what is out stays good', async () => {
    const acme = await world.ok('POST', '/v1/tenants', { slug: 'acme', name: 'Acme' })
    const second = await world.second()
    const { token: old } = await world.mint({ ttlSeconds: 90 * 86_400 })
    world.now += 90 * 86_400 - 1
    const before = world.dump()
    await rotateDueKeys(world.server.services)
    expect(world.dump()).toBe(before)
    expect((await world.verify(old)).active).toBe(true)
    world.now += 1
    await Promise.all([world.server, second, world.server].map(({ services }) => rotateDueKeys(services)))
    const keys = (await world.ok('GET', '/v1/signing-keys')).data
    expect(keys.filter(({ purpose }) => purpose === 'access_token')).toHaveLength(2)
    expect((await world.call('GET', '/oauth/jwks', { as: null, at: '/t/acme' })).body.keys).toHaveLength(2)
    const last = await token()
    world.now += 600
    const fresh = await token()
    expect(kidOf(fresh)).not.toBe(kidOf(last))
    for (const text of [last, fresh]) expect((await world.verify(text)).active).toBe(true)
    expect((await world.store.verifyAudit(acme.id)).brokenAt).toBeUndefined()
  })
})

describe('emergency removal', () => {
  it('a token signed before is refused at once, and another key signs at once', async () => {
    const old = await token()
    const { key } = await world.key()
    expect((await world.verify(old)).active).toBe(true)
    const answer = await world.ok('POST', `/v1/signing-keys/${kidOf(old)}/revoke`, { reason: 'leaked' })
    expect(answer).toMatchObject({ kid: kidOf(old), status: 'revoked' })
    expect(await world.verify(old)).toMatchObject({ active: false, code: 'bad_signature' })
    expect(await published()).not.toContain(kidOf(old))
    const fresh = await token()
    expect(kidOf(fresh)).not.toBe(kidOf(old))
    expect((await world.verify(fresh)).active).toBe(true)
    expect((await world.verify(key)).active).toBe(true)
    expect(world.dump()).not.toContain('"d":')
    expect((await world.call('POST', `/v1/signing-keys/${kidOf(old)}/revoke`)).status).toBe(409)
    expect((await world.call('POST', '/v1/signing-keys/none/revoke')).status).toBe(404)
  })

  it('during a rotation it leaves one key for each use, and the next rotation makes one for each', async () => {
    const old = await token()
    await world.ok('POST', '/v1/signing-keys/rotate')
    await world.ok('POST', `/v1/signing-keys/${kidOf(old)}/revoke`)
    expect((await world.verify(await token())).active).toBe(true)
    world.now += 600
    expect((await world.verify(await token())).active).toBe(true)
    const { data } = await world.ok('POST', '/v1/signing-keys/rotate')
    expect(data.map(({ purpose }) => purpose).sort()).toEqual(['access_token', 'gateway_assertion'])
    world.now += 600
    expect((await world.verify(await token())).active).toBe(true)
  })

  it('a gateway’s assertions are signed by a key used for nothing else', async () => {
    const { key } = await world.key()
    const { assertion } = await world.ok('POST', '/v1/assertions', { credential: key, audience: 'https://orders.test' })
    const kid = kidOf(String(assertion))
    expect(await published()).not.toContain(kid)
    const { keys } = (await world.call('GET', '/v1/assertion-jwks', { as: null })).body
    expect(keys.map((each) => each.kid)).toContain(kid)
    expect((await world.verify(String(assertion))).active).toBe(false)
    expect((await world.call('GET', '/v1/keys', { as: String(assertion) })).status).toBe(401)
  })
})
