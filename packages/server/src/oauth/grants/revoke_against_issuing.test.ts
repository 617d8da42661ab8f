import { setImmediate } from 'node:timers/promises'
import { describe, expect, inject } from 'vitest'
import type { CountersignServer } from '../../server.ts'
import type { Reply } from '../../wire.fixture.ts'
import { type Asker, prepareApis, tokenOf, type Way, ways } from '../issuing.fixture.ts'
import { onEachDatabase, type Setup } from './races.fixture.ts'

/** On each database; half of them with one server, half with two. */
const rounds = (inject('isFull') ? 1_000 : 40) / 2
/** In each round: most ways are refused once the revoke has come, so few at once find more moments than all together. */
const atOnce = 6

/** All at once, of one client; the revoke comes after so many turns of the event loop. What was given, by way. */
async function race({ world, servers }: Setup, round: number): Promise<readonly (readonly [string, string, Reply])[]> {
  const some = Array.from({ length: atOnce }, (_, index) => ways[(round * atOnce + index) % ways.length] as Way)
  const [first, ...rest] = some as [Way, ...Way[]]
  const asker = await first.prepare(world)
  const askers = [asker]
  for (const way of rest) askers.push(await way.prepare(world, asker))
  for (const { services } of servers) await services.books.poll()
  const asked = some.map(async (way, index) => {
    const server = servers[(round + index) % servers.length] as CountersignServer
    return [way.name, way.audience, await (askers[index] as Asker).ask(server)] as const
  })
  for (let turn = 0; turn < round % 12; turn++) await setImmediate()
  const revoked = await world.call('POST', `/v1/clients/${asker.clientId}/revoke`, { body: {} })
  expect(revoked.status).toBe(200)
  return Promise.all(asked)
}

async function expectDead({ world, servers }: Setup, given: readonly (readonly [string, string, Reply])[]) {
  for (const { services } of servers) await services.books.poll()
  const alive: string[] = []
  let count = 0
  for (const [name, aud, reply] of given) {
    expect([200, 201, 400, 401, 409, 503], `${name}: ${reply.text}`).toContain(reply.status)
    if (reply.status >= 300) continue
    count++
    for (const server of servers) {
      const body = { credential: tokenOf(reply), audience: aud }
      const { active } = (await world.call('POST', '/v1/verify', { body, server })).body
      if (active) alive.push(name)
    }
  }
  expect(alive).toEqual([])
  return count
}

describe('whatever was asked for before a client’s revoke is dead after it', () => {
  onEachDatabase(`${rounds} rounds`, async (setup) => {
    await prepareApis(setup.world)
    let count = 0
    for (let round = 0; round < rounds; round++) count += await expectDead(setup, await race(setup, round))
    // Not all were refused: in some rounds the revoke met them on their way.
    expect(count).toBeGreaterThan(0)
  })
})
