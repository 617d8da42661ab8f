import type { TrustedIssuerState } from '@countersign/core'
import type { Issuer } from '@countersign/store'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { foreignKey } from '../issuers/issuers.fixture.ts'
import { audience, startWorld, type World } from '../server.fixture.ts'
import { takeIssuer } from './taken_issuer.ts'

let world: World
let issuer: Issuer
beforeAll(async () => {
  world = await startWorld()
})
afterAll(() => world.close())
beforeEach(async () => {
  for (const { id } of (await world.ok('GET', '/v1/issuers')).data) await world.ok('DELETE', `/v1/issuers/${id}`)
  const keys = await Promise.all(['a', 'b'].map((kid) => foreignKey(kid)))
  const { id } = await world.ok('POST', '/v1/issuers', {
    issuer: 'https://ci.example',
    jwks: { keys: keys.map(({ jwk }) => jwk) },
    clientId: world.clientId,
    audience,
    rules: ['x', 'y'].map((sub) => ({ when: { sub }, scope: 'orders:read' })),
    scope: 'orders:read orders:write',
  })
  issuer = (await world.store.read.issuers.find('default', id)) as Issuer
})

async function take(later: Partial<TrustedIssuerState>): Promise<{ isTaken: boolean; left: Issuer | undefined }> {
  const { value: isTaken, entries } = await world.store.write((it) => {
    const cause = { actor: { kind: 'system' }, action: 'restore.merge', requestId: 'restore' } as const
    return takeIssuer({ it, now: world.now, cause }, issuer, { ...issuer, ...later })
  })
  await world.server.services.books.settle(entries)
  expect(entries).toHaveLength(isTaken ? 1 : 0)
  return { isTaken, left: await world.store.read.issuers.find('default', issuer.id) }
}

it('loses the keys, rules and scope that a later state lacks, and gains none', async () => {
  const [first] = issuer.keys
  const [rule] = issuer.rules
  const more = { when: { sub: 'z' }, scope: 'orders:write' }
  const later = {
    keys: [first as (typeof issuer.keys)[number]],
    rules: [more, rule as typeof more],
    scope: 'orders:read admin',
  }
  const { isTaken, left } = await take(later)
  expect(isTaken).toBe(true)
  expect(left).toMatchObject({ keys: [first], rules: [rule], scope: 'orders:read', status: 'active', version: 2 })
})

it('is disabled, or deleted, as the later state says, and enabled by none', async () => {
  expect((await take({ status: 'disabled' })).left).toMatchObject({ status: 'disabled' })
  issuer = (await world.store.read.issuers.find('default', issuer.id)) as Issuer
  expect(await take({ status: 'active' })).toMatchObject({ isTaken: false, left: { status: 'disabled' } })
  expect((await take({ status: 'revoked' })).left).toBeUndefined()
  expect(world.server.services.books.book('default')?.isRevoked('trusted_issuer', issuer.id)).toBe(true)
})

it('that acted as another client, or for another audience, later is disabled: nobody knows which is right', async () => {
  expect((await take({ clientId: 'client_other' })).left).toMatchObject({
    status: 'disabled',
    clientId: world.clientId,
  })
})

it('that is the same stays as it is', async () => {
  expect(await take({})).toMatchObject({ isTaken: false, left: { version: 1 } })
})
