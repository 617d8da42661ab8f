import { parseJwt } from '@countersign/core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { audience, startAt, startWorld, type World } from '../server.fixture.ts'

let world: World
beforeAll(async () => {
  world = await startWorld()
})
afterAll(() => world.close())

async function assertionOf(
  key: string,
): Promise<{ readonly text: string; readonly exp: number; readonly kid: string }> {
  const body = { credential: key, audience }
  const { assertion } = await world.ok('POST', '/v1/assertions', body)
  const jwt = parseJwt(assertion as string)
  if (!('claims' in jwt)) throw new Error(jwt.detail)
  return { text: assertion as string, exp: jwt.claims.exp as number, kid: jwt.header.kid as string }
}

it('one grant is signed once, and anew at half the life of what was signed', async () => {
  world.now = startAt + 10
  const { key } = await world.key()
  const first = await assertionOf(key)
  expect(first.exp).toBe(startAt + 70)
  world.now = startAt + 39
  expect((await assertionOf(key)).text).toBe(first.text)
  world.now = startAt + 40
  const second = await assertionOf(key)
  expect(second.exp).toBe(startAt + 100)
})

it('what lasts to the end of the credential is not signed again, and never lasts longer', async () => {
  const expiresAt = new Date((world.now + 45) * 1000).toISOString()
  const { key } = await world.key({ expiresAt })
  const first = await assertionOf(key)
  expect(first.exp).toBe(world.now + 45)
  world.now += 44
  expect((await assertionOf(key)).text).toBe(first.text)
})

it('a narrowed credential and a removed signing key are not vouched for by what was signed before', async () => {
  const { id, key } = await world.key({ scope: 'orders:read orders:write' })
  const first = await assertionOf(key)
  await world.ok('PATCH', `/v1/keys/${id}`, { scope: 'orders:read' })
  const narrowed = await assertionOf(key)
  const jwt = parseJwt(narrowed.text)
  expect('claims' in jwt && jwt.claims.scope).toBe('orders:read')
  await world.ok('POST', `/v1/signing-keys/${first.kid}/revoke`)
  expect((await assertionOf(key)).kid).not.toBe(first.kid)
})

it('metadata of credential and client is signed, anew when either has changed', async () => {
  const client = await world.signedClient({ metadata: { plan: 'pro' } })
  const { id, key } = await world.key({ clientId: client.clientId, metadata: { device: 7 } })
  expect(await metadataOf(key)).toEqual({ cs_metadata: { device: 7 }, cs_client_metadata: { plan: 'pro' } })
  await world.ok('PATCH', `/v1/keys/${id}`, { metadata: { device: 8 } })
  await world.ok('PATCH', `/v1/clients/${client.clientId}`, { metadata: { plan: 'free' } })
  expect(await metadataOf(key)).toEqual({ cs_metadata: { device: 8 }, cs_client_metadata: { plan: 'free' } })
})

it.each<[string, object]>([
  ['too long', { text: 'x'.repeat(1_024) }],
  ['too deep for a JWT', JSON.parse(`${'{"a":'.repeat(20)}1${'}'.repeat(20)}`)],
])('metadata that is %s is left out, and the assertion says so', async (_, metadata) => {
  const { key } = await world.key({ metadata })
  expect(await metadataOf(key)).toEqual({ cs_metadata_omitted: true })
})

it('is signed by a book that has applied what the gateway has, or not at all', async () => {
  const { key } = await world.key()
  const { feedSequence } = await world.ok('POST', `/v1/keys/${(await world.key()).id}/revoke`)
  const ask = (minSequence: unknown) =>
    world.call('POST', '/v1/assertions', { body: { credential: key, audience, minSequence } })
  expect((await ask(feedSequence)).status).toBe(200)
  expect((await ask((feedSequence as number) + 1_000)).status).toBe(503)
  for (const wrong of [-1, 0.5, '1', null]) expect((await ask(wrong)).status).toBe(400)
})

async function metadataOf(key: string): Promise<object> {
  const jwt = parseJwt((await assertionOf(key)).text)
  const claims = 'claims' in jwt ? Object.entries(jwt.claims) : []
  return Object.fromEntries(claims.filter(([name]) => name.includes('metadata')))
}
