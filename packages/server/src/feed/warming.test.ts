import { expect, it } from 'vitest'
import { audience, startWorld } from '../server.fixture.ts'

it('a server that starts knows the keys that are there, and looks none of them up when it comes', async () => {
  await using world = await startWarmed()
  for (const { key } of world.keys) expect(await world.verify(key)).toMatchObject({ active: true })
  expect(world.lookups()).toBe(0)
})

it('what is changed or revoked after it was read ahead is so from the acknowledgement', async () => {
  await using world = await startWarmed()
  const [narrowed, revoked, ...others] = world.keys
  await world.call('PATCH', `/v1/keys/${narrowed?.id}`, { body: { scope: 'orders:write' }, server: world.restarted })
  await world.call('POST', `/v1/keys/${revoked?.id}/revoke`, { server: world.restarted })
  const requires = { scope: 'orders:read' }
  expect(await world.verify(narrowed?.key ?? '', requires)).toMatchObject({ code: 'insufficient_scope' })
  expect(await world.verify(revoked?.key ?? '', requires)).toMatchObject({ code: 'revoked' })
  for (const { key } of others) expect(await world.verify(key, requires)).toMatchObject({ active: true })
})

it('a database that cannot be read ahead is said in the log, and every key is looked up as it comes', async () => {
  const first = await startWorld({ fails: (call) => call === 'lookup.newestKeys' })
  const { key } = await first.key()
  await first.server.services.warming.settled()
  expect(first.logged.filter(({ message }) => message === 'keys could not be read ahead')).toHaveLength(1)
  expect(await first.verify(key)).toMatchObject({ active: true })
  await first.close()
})

/** A server that was started over 250 keys and has read them, and what its store was asked since. */
async function startWarmed() {
  const world = await startWorld()
  const keys = []
  for (let made = 0; made < 250; made++) keys.push(await world.key())
  const restarted = await world.second()
  await restarted.services.warming.settled()
  let lookups = 0
  const { lookup } = restarted.services.store
  const credential = lookup.credential.bind(lookup)
  Object.assign(lookup, {
    credential: (tenant: string, digest: string) => {
      lookups += 1
      return credential(tenant, digest)
    },
  })
  const verify = async (text: string, more: object = {}) =>
    (await world.call('POST', '/v1/verify', { body: { credential: text, audience, ...more }, server: restarted })).body
  // The administrator's own key is looked up before anything is counted.
  await verify(keys[0]?.key ?? '')
  lookups = 0
  return {
    ...world,
    keys,
    restarted,
    lookups: () => lookups,
    verify,
    [Symbol.asyncDispose]: () => world.close(),
  }
}
