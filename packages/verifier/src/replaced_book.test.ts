/** When the book is replaced, nothing that was looked up beside the former one is used; and what makes it be replaced. */
import type { PositionAnswer } from '@countersign/core'
import { describe, expect, it } from 'vitest'
import { createWorld, settled, startAt, type World } from './authority.fixture.ts'

/** From now on the server answers so; what it is asked for besides stays. */
function answerWith(world: World, change: (answer: PositionAnswer) => PositionAnswer): void {
  const { source } = world.authority
  const real = source.position.bind(source)
  Object.assign(source, {
    position: async (...asked: Parameters<typeof real>) => change(await real(...asked)),
  })
}

/** How often a snapshot is fetched from now on. */
function countSnapshots(world: World): () => number {
  const { source } = world.authority
  const real = source.snapshot.bind(source)
  let count = 0
  Object.assign(source, {
    snapshot: (signal: AbortSignal) => {
      count++
      return real(signal)
    },
  })
  return () => count
}

/** The server says once that the place is not in its log. */
async function replaceBook(world: World): Promise<void> {
  const before = world.keeper.book
  let isSaid = false
  answerWith(world, (answer) => {
    if (isSaid) return answer
    isSaid = true
    return { ...answer, reload: true }
  })
  await world.time.advance(5_000)
  expect(world.keeper.book).not.toBe(before)
  expect(world.keeper.isFresh()).toBe(true)
}

describe('a replaced book', () => {
  it('takes along the public keys that were looked up before: a restored server may not have them', async () => {
    const world = await createWorld()
    const { authority, codeOf } = world
    expect(await codeOf(await authority.selfIssue())).toBe('verified')
    authority.publicKey = undefined
    await replaceBook(world)
    expect(await codeOf(await authority.selfIssue())).toBe('unknown')
  })

  it('makes a look-up that was under way be asked again', async () => {
    const world = await createWorld()
    const { authority, codeOf } = world
    const [key, other] = [authority.issueKey(), authority.issueKey()]
    const waiting = Promise.withResolvers<void>()
    authority.wait = waiting.promise
    const asked = codeOf(key.text)
    await settled()
    // Read, not answered yet; meanwhile the server is a copy from before the key was made.
    authority.change(key.text, undefined)
    authority.wait = undefined
    await replaceBook(world)
    expect(await codeOf(other.text)).toBe('verified')
    waiting.resolve()
    expect(await asked).toBe('unknown')
    expect(await codeOf(key.text)).toBe('unknown')
  })
})

describe('the book is replaced', () => {
  it('when the server says reload, at an equal head too', async () => {
    const world = await createWorld()
    const count = countSnapshots(world)
    await replaceBook(world)
    expect(count()).toBe(1)
  })

  it('when the head is below its own place, which proves nothing until then', async () => {
    const world = await createWorld()
    const key = world.authority.issueKey()
    await world.say('token', 'tok_1', { status: 'revoked' })
    const count = countSnapshots(world)
    answerWith(world, (answer) => ({ ...answer, head: answer.head - 1 }))
    await world.time.advance(10_001)
    expect(count()).toBeGreaterThan(0)
    expect(world.keeper.isFresh()).toBe(false)
    expect(await world.codeOf(key.text)).toBe('unavailable')
    // Its revocations stay known.
    expect(world.keeper.book?.isRevoked('token', 'tok_1')).toBe(true)
  })
})

describe('the server’s time', () => {
  it('counts from the question, so that a slow answer cannot make a token live longer', async () => {
    const world = await createWorld({ maxStalenessSeconds: 300 })
    const text = await world.authority.issueJwt({ expiresAt: startAt + 102 })
    const { source } = world.authority
    const real = source.position.bind(source)
    const waiting = Promise.withResolvers<void>()
    Object.assign(source, {
      async position(...asked: Parameters<typeof real>) {
        const answer = await real(...asked)
        await waiting.promise
        return answer
      },
    })
    await world.time.advance(98_000)
    const asked = world.keeper.reach(0)
    await settled()
    // The answer takes 4 s; what it says of the time is 4 s old when it comes.
    await world.time.advance(4_000)
    waiting.resolve()
    await asked
    await settled()
    expect(world.keeper.now()).toBe(startAt + 102)
    expect(await world.codeOf(text)).toBe('expired')
  })
})
