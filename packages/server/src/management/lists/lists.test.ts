import { afterAll, beforeAll, expect, it } from 'vitest'
import { startAt, startWorld, type World } from '../../server.fixture.ts'
import type { Wire } from '../../wire.fixture.ts'

let world: World
beforeAll(async () => {
  world = await startWorld()
})
afterAll(() => world.close())

const idsOf = (answer: Wire) => answer.data.map((each: Wire) => each.id)

it('a list is searched and ordered, page by page', async () => {
  const made: string[] = []
  for (const name of ['Needle two', 'needle one', 'Needle three']) made.push((await world.key({ name })).id)
  const [two, one, three] = made
  expect(idsOf(await world.ok('GET', '/v1/keys?q=NEEDLE&sort=name'))).toEqual([one, three, two])
  expect(idsOf(await world.ok('GET', `/v1/keys?q=${two}`))).toEqual([two])
  const first = await world.ok('GET', '/v1/keys?q=needle&sort=-name&limit=2')
  expect(idsOf(first)).toEqual([two, three])
  const rest = await world.ok('GET', `/v1/keys?q=needle&sort=-name&limit=2&after=${first.next}`)
  expect([idsOf(rest), rest.next]).toEqual([[one], null])
  expect(await world.ok('GET', '/v1/keys?q=%25needle')).toEqual({ data: [], next: null })
})

it('a list goes on behind what was used between two pages, and a cursor is good for one order', async () => {
  const used = await Promise.all([1, 2, 3].map((each) => world.key({ name: `Busy ${each}` })))
  for (const [index, key] of used.entries()) {
    world.now = startAt + 60 * (index + 1)
    await world.verify(key.key)
  }
  await world.server.services.usage.flush()
  const path = '/v1/keys?q=busy&limit=1&sort='
  const first = await world.ok('GET', `${path}lastUsedAt`)
  expect(idsOf(first)).toEqual([used[0]?.id])
  world.now = startAt + 600
  await world.verify(String(used[0]?.key))
  await world.server.services.usage.flush()
  const second = await world.ok('GET', `${path}lastUsedAt&after=${first.next}`)
  expect(idsOf(second)).toEqual([used[1]?.id])
  expect((await world.call('GET', `${path}name&after=${first.next}`)).status).toBe(400)
  world.now = startAt
})

it('an order that a list has not is 400 and says which there are; a credential is searched for nowhere', async () => {
  const { key } = await world.key()
  const order = await world.call('GET', '/v1/clients?sort=lastUsedAt')
  expect(order.status).toBe(400)
  expect(JSON.stringify(order.body)).toContain('-createdAt')
  for (const list of ['keys', 'clients', 'apis', 'tokens', 'teams', 'accounts']) {
    const answer = await world.call('GET', `/v1/${list}?q=${key}`)
    expect([answer.status, answer.body.code]).toEqual([400, 'invalid_request'])
    expect(JSON.stringify(answer.body)).not.toContain(key)
  }
  for (const q of [`Bearer ${key}`, `"${key}",`, 'x eyJhbGciOiJub25lIn0.eyJhIjoxfQ.'])
    expect((await world.call('GET', `/v1/keys?q=${encodeURIComponent(q)}`)).status, q).toBe(400)
})
