/**
 * A verifier forgets by the drop time it is told, and refuses whatever that may have taken from it
 * (docs/protocol/feed.md §2.2).
 */
import type { PositionAnswer, PositionQuestion } from '@countersign/core'
import { expect, it } from 'vitest'
import { createWorld, startAt, tenant, type World } from './authority.fixture.ts'

/** From now on the server says this drop time, and `now` as `offset` makes it. */
function say(world: World, dropTime: number | undefined, offset = 0): void {
  const { source } = world.authority
  const before = source.position
  Object.assign(source, {
    async position(question: PositionQuestion, signal: AbortSignal): Promise<PositionAnswer> {
      const { dropTime: _, ...answer } = await before(question, signal)
      return { ...answer, now: world.authority.now + offset, ...(dropTime === undefined ? {} : { dropTime }) }
    },
  })
}

it('a server that says a later time, and no later drop time, makes it forget nothing', async () => {
  const world = await createWorld()
  const token = await world.authority.issueJwt({ jti: 'tok_1' })
  await world.say('token', 'tok_1', { status: 'revoked' }, startAt + 3_900)
  say(world, startAt, 7_200)
  await world.time.advance(75_000)
  expect(await world.codeOf(token)).toBe('revoked')
  say(world, startAt)
  await world.time.advance(10_000)
  expect(await world.codeOf(token)).toBe('revoked')
})

it('an older server that names no drop time makes it forget nothing either', async () => {
  const world = await createWorld()
  await world.say('token', 'tok_1', { status: 'revoked' }, startAt + 3_900)
  say(world, undefined)
  await world.time.advance(5_000_000)
  expect(world.keeper.book?.isRevoked('token', 'tok_1')).toBe(true)
})

it('what the drop time has taken it refuses as ended, though the server’s time says otherwise', async () => {
  const world = await createWorld()
  const token = await world.authority.issueJwt({ jti: 'tok_1', expiresAt: startAt + 3_600 })
  const alive = await world.authority.issueJwt({ jti: 'tok_2', expiresAt: startAt + 3_601 })
  await world.say('token', 'tok_1', { status: 'revoked' }, startAt + 3_910)
  expect(await world.codeOf(token)).toBe('revoked')
  expect(await world.codeOf(alive)).toBe('verified')
  say(world, startAt + 3_911)
  await world.time.advance(10_000)
  // Forgotten: what was worked out before must not be used again, in neither way.
  expect(world.keeper.book?.isRevoked('token', 'tok_1')).toBe(false)
  expect(await world.codeOf(token)).toBe('expired')
  expect(await world.codeOf(alive)).toBe('expired')
})

it('what was issued after the floor is judged by the server’s time, across a change of epoch too', async () => {
  const world = await createWorld()
  const early = await world.authority.issueJwt()
  say(world, startAt + 7_200)
  await world.time.advance(5_000)
  expect(await world.codeOf(early)).toBe('expired')
  const floor = { sequence: world.authority.log.length + 1, time: startAt + 7_200, at: startAt }
  const entries = [...world.authority.log]
  await world.say('tenant', tenant, { status: 'active', slug: '', floor })
  const late = await world.authority.issueJwt()
  expect(await world.codeOf(early)).toBe('expired')
  expect(await world.codeOf(late)).toBe('verified')
  const place = { epoch: 'epoch-2', sequence: 1_000_000_000, chain: 'chain' }
  const head = { tenant, issuer: 'https://auth.example.com', place, now: startAt, dropTime: startAt }
  Object.assign(world.authority.source, {
    snapshot: async () => ({ ...head, entries }),
    position: async ({ nonce, epoch }: PositionQuestion) => ({
      nonce,
      epoch: place.epoch,
      head: place.sequence,
      ageMs: 0,
      now: world.authority.now,
      dropTime: startAt,
      ...(epoch === place.epoch ? {} : { reload: true as const }),
    }),
  })
  await world.time.advance(20_000)
  expect(world.keeper.book?.place.epoch).toBe('epoch-2')
  expect([await world.codeOf(early), await world.codeOf(late)]).toEqual(['expired', 'verified'])
})
