import { describe, expect, it, vi } from 'vitest'
import {
  apiId,
  audience,
  clientId,
  createAuthority,
  createFollower,
  createTime,
  createWorld,
  settled,
  startAt,
  type World,
} from '../authority.fixture.ts'
import { memoryLimiter } from '../limiter.ts'
import { createEngine } from '../verify.ts'
import type { FeedSource } from './feed_source.ts'

/** From now on nobody answers, or with what `answer` makes of the answer. */
function spoil(world: World, answer?: (real: Awaited<ReturnType<FeedSource['position']>>) => object): void {
  const { source } = world.authority
  const real = source.position.bind(source)
  Object.assign(source, {
    position: async (...asked: Parameters<typeof real>) => {
      if (answer === undefined) throw new Error('down')
      return answer(await real(...asked))
    },
  })
}

describe('freshness', () => {
  it('ends when the bound is over, counted from the question, and says so at that moment', async () => {
    const world = await createWorld()
    const heard: boolean[] = []
    world.keeper.subscribe(() => heard.push(world.keeper.isFresh()))
    spoil(world)
    await world.time.advance(10_000)
    expect(world.keeper.isFresh()).toBe(true)
    expect(heard).toEqual([])
    await world.time.advance(2)
    expect(world.keeper.isFresh()).toBe(false)
    expect(heard).toEqual([false])
  })

  it('counts the age that the answer says', async () => {
    const world = await createWorld()
    spoil(world, (real) => ({ ...real, ageMs: 8_000 }))
    await world.time.advance(12_000)
    expect(world.keeper.isFresh()).toBe(true)
    spoil(world)
    await world.time.advance(2_001)
    expect(world.keeper.isFresh()).toBe(false)
  })

  it.each([-1, Number.NaN, Number.POSITIVE_INFINITY, undefined, '0'])('an age of %s proves nothing', async (ageMs) => {
    const world = await createWorld()
    spoil(world, (real) => ({ ...real, ageMs }))
    await world.time.advance(10_001)
    expect(world.keeper.isFresh()).toBe(false)
    spoil(world, (real) => ({ ...real, ageMs: 0 }))
    await world.time.advance(4_000)
    expect(world.keeper.isFresh()).toBe(true)
  })

  it('is not proven by an answer to another question', async () => {
    const world = await createWorld()
    spoil(world, (real) => ({ ...real, nonce: 'another' }))
    await world.time.advance(10_001)
    expect(world.keeper.isFresh()).toBe(false)
  })

  it('is not proven until everything up to the head has been applied', async () => {
    const world = await createWorld()
    Object.assign(world.authority.source, { entries: () => Promise.reject(new Error('down')) })
    world.authority.say('token', 'tok_1', { status: 'revoked' })
    await world.time.advance(10_001)
    expect(world.keeper.isFresh()).toBe(false)
  })

  it('has the ceiling of the API', async () => {
    const world = await createWorld({ maxStalenessSeconds: 300 })
    await world.say('api', apiId, { status: 'active', audience, maxStalenessSeconds: 5, createdSequence: 0 })
    spoil(world)
    await world.time.advance(5_001)
    expect(world.keeper.isFresh()).toBe(false)
  })

  it('is asked for at least every third of the bound', async () => {
    const world = await createWorld({ maxStalenessSeconds: 30 })
    let asked = 0
    spoil(world, (real) => {
      asked++
      return real
    })
    await world.time.advance(300_000)
    expect(asked).toBeGreaterThanOrEqual(30)
  })

  it('comes back by itself within 2 s of the server, and wakes who listens', async () => {
    const world = await createWorld()
    const { position } = world.authority.source
    spoil(world)
    await world.time.advance(60_000)
    let heard = 0
    world.keeper.subscribe(() => heard++)
    Object.assign(world.authority.source, { position })
    await world.time.advance(4_000)
    expect(world.keeper.isFresh()).toBe(true)
    expect(heard).toBe(1)
  })

  it('is asked once for all who wait, for at most a second', async () => {
    const world = await createWorld()
    const text = world.authority.issueKey().text
    spoil(world)
    await world.time.advance(11_000)
    let asked = 0
    Object.assign(world.authority.source, {
      position: () => {
        asked++
        return new Promise(() => {})
      },
    })
    const waiting = Array.from({ length: 50 }, () => world.codeOf(text))
    await world.time.advance(1_000)
    expect(new Set(await Promise.all(waiting))).toEqual(new Set(['unavailable']))
    expect(asked).toBe(1)
  })

  it('is found again after questions that were never answered', async () => {
    const world = await createWorld()
    const { position } = world.authority.source
    Object.assign(world.authority.source, { position: () => new Promise(() => {}) })
    await world.time.advance(30_000)
    expect(world.keeper.isFresh()).toBe(false)
    Object.assign(world.authority.source, { position })
    await world.time.advance(5_000)
    expect(world.keeper.isFresh()).toBe(true)
  })
})

describe('what streamed in', () => {
  /** A follower whose stream a test writes, with every question it asks: when, and up to where it has applied. */
  async function createStreamed() {
    let push: (entry: never) => void = () => {}
    const time = createTime()
    const authority = createAuthority(time)
    const questions: { readonly atMs: number; readonly sequence: number }[] = []
    const { position } = authority.source
    let held: Promise<void> | undefined
    Object.assign(authority.source, {
      stream: (_place: unknown, onEntry: typeof push) => {
        push = onEntry
        return new Promise(() => {})
      },
      position: async (...asked: Parameters<typeof position>) => {
        questions.push({ atMs: time.trueMs, sequence: asked[0].sequence })
        const answer = await position(...asked)
        await held
        return answer
      },
    })
    const keeper = createFollower(authority, time, { maxStalenessSeconds: 30 })
    await keeper.start()
    const revoke = async (id: string): Promise<number> => {
      const sequence = authority.say('token', id, { status: 'revoked' })
      push(authority.log.at(-1) as never)
      await settled()
      return sequence
    }
    /** Answers wait until what it gives is called. */
    const hold = (): (() => void) => {
      const { promise, resolve } = Promise.withResolvers<void>()
      held = promise
      return resolve
    }
    return { time, questions, keeper, revoke, hold }
  }

  it('is reported within 0.75 s of the first change, however often it was asked before', async () => {
    const { time, questions, keeper, revoke } = await createStreamed()
    for (let round = 0; round < 10; round++) {
      await time.advance(10_000 + round * 1_000)
      const sequence = await revoke(`tok_${round}`)
      await time.advance(750)
      expect(questions.at(-1)?.sequence).toBe(sequence)
    }
    keeper.close()
  })

  it('is reported twice as late as the time before where one change comes upon another', async () => {
    const { time, questions, keeper, revoke } = await createStreamed()
    await time.advance(20_000)
    for (const withinMs of [500, 1_000, 2_000, 3_000, 3_000]) {
      const sequence = await revoke(`tok_${questions.length}`)
      await time.advance(withinMs - 100)
      expect(questions.at(-1)?.sequence).toBeLessThan(sequence)
      await time.advance(100)
      expect(questions.at(-1)?.sequence).toBe(sequence)
    }
    keeper.close()
  })

  it('goes on and on: one question in 3 s, and the last change within 4.5 s', async () => {
    const { time, questions, keeper, revoke } = await createStreamed()
    const before = questions.length
    let sequence = 0
    for (let change = 0; change < 600; change++) {
      sequence = await revoke(`tok_${change}`)
      await time.advance(100)
    }
    expect(questions.length - before).toBeGreaterThanOrEqual(19)
    expect(questions.length - before).toBeLessThanOrEqual(22)
    await time.advance(4_500)
    expect(questions.at(-1)?.sequence).toBe(sequence)
    keeper.close()
  })

  it('while a question is under way is said by the next one, right after it', async () => {
    const { time, questions, keeper, revoke, hold } = await createStreamed()
    const open = hold()
    await time.advance(10_000)
    const before = questions.length
    const sequence = await revoke('tok_0')
    await time.advance(750)
    expect(questions).toHaveLength(before)
    open()
    await settled()
    await time.advance(1)
    expect(questions).toHaveLength(before + 1)
    expect(questions.at(-1)?.sequence).toBe(sequence)
    keeper.close()
  })
})

describe('clocks', () => {
  it('a wall clock set back by an hour changes nothing', async () => {
    const world = await createWorld()
    const text = await world.authority.issueJwt({ expiresAt: startAt + 5 })
    expect(await world.codeOf(text)).toBe('verified')
    spoil(world)
    world.time.wallMs -= 3_600_000
    await world.time.advance(5_000)
    expect(await world.codeOf(text)).toBe('expired')
    await world.time.advance(5_001)
    expect(world.keeper.isFresh()).toBe(false)
  })

  it('time spent in suspend counts, though the monotonic clock stood still', async () => {
    const world = await createWorld()
    const text = await world.authority.issueJwt()
    await world.codeOf(text)
    spoil(world)
    world.time.wallMs += 10_001
    world.time.trueMs += 10_001
    expect(world.keeper.isFresh()).toBe(false)
    expect(await world.codeOf(text)).toBe('unavailable')
  })

  it('what expires does so by the server’s time, whatever this machine thinks it is', async () => {
    for (const offMs of [-86_400_000, 86_400_000]) {
      const time = createTime()
      time.wallMs += offMs
      const authority = createAuthority(time)
      const problems: string[] = []
      const keeper = createFollower(authority, time, { onProblem: (problem) => problems.push(problem) })
      await keeper.start()
      expect(keeper.now()).toBe(startAt)
      await time.advance(60_000)
      expect(keeper.now()).toBe(startAt + 60)
      expect(problems).toHaveLength(1)
      keeper.close()
    }
  })
})

describe('the log', () => {
  it('is followed through pages, repeats and gaps', async () => {
    const world = await createWorld()
    for (let index = 0; index < 350; index++) world.authority.say('token', `tok_${index}`, { status: 'revoked' })
    expect(await world.keeper.reach(353)).toBe(true)
    expect(world.keeper.book?.revokedCount).toBe(350)
  })

  it('a head below what streamed in meanwhile is no reason to load everything again', async () => {
    let push: (entry: never) => void = () => {}
    const time = createTime()
    const authority = createAuthority(time)
    let snapshots = 0
    const { snapshot, position } = authority.source
    Object.assign(authority.source, {
      snapshot: (signal: AbortSignal) => {
        snapshots++
        return snapshot(signal)
      },
      stream: (_place: unknown, onEntry: typeof push) => {
        push = onEntry
        return new Promise(() => {})
      },
    })
    const onReload = vi.fn()
    const keeper = createFollower(authority, time, { onReload })
    await keeper.start()
    Object.assign(authority.source, {
      position: async (...asked: Parameters<typeof position>) => {
        const answer = await position(...asked)
        authority.say('token', 'tok_1', { status: 'revoked' })
        push(authority.log.at(-1) as never)
        await settled()
        return answer
      },
    })
    await time.advance(4_000)
    expect(keeper.book?.isRevoked('token', 'tok_1')).toBe(true)
    expect(keeper.isFresh()).toBe(true)
    expect(snapshots).toBe(1)
    keeper.close()
  })

  it('that was changed, or is another, is loaded anew, and until then the old book goes on refusing', async () => {
    const world = await createWorld()
    const text = await world.authority.issueJwt({ jti: 'tok_1' })
    await world.say('token', 'tok_1', { status: 'revoked' })
    const entry = world.authority.say('token', 'tok_2', { status: 'revoked' })
    const { log, source } = world.authority
    Object.assign(log[entry - 1] as object, { chain: 'forged' })
    const { snapshot } = source
    Object.assign(source, { snapshot: () => Promise.reject(new Error('down')) })
    await world.time.advance(5_000)
    expect(await world.codeOf(text)).toBe('revoked')
    expect(world.keeper.book?.isRevoked('token', 'tok_2')).toBe(false)
    Object.assign(source, { snapshot })
    await world.time.advance(5_000)
    expect(world.keeper.book?.isRevoked('token', 'tok_2')).toBe(true)
  })

  it.each([
    ['is shorter now', 0],
    ['has gone on differently', 1],
    ['has gone on further', 3],
  ])(
    'that went back before the verifier had read so far brings out a record that was looked up, also where it %s',
    async (_when, written) => {
      const time = createTime()
      const authority = createAuthority(time)
      Object.assign(authority.source, { stream: () => new Promise(() => {}) })
      const keeper = createFollower(authority, time, { onReload: () => engine.clear() })
      const engine = createEngine({ keeper, directory: authority.directory, limiter: memoryLimiter(), clock: time })
      await keeper.start()
      const key = authority.issueKey()
      authority.say('token', 'tok_1', { status: 'revoked' })
      const question = { credential: key.text, audience, requires: [[]], address: undefined, origin: undefined }
      expect(await engine.verify(question)).toMatchObject({ outcome: 'verified' })
      expect(authority.place().sequence).toBe((keeper.book?.place.sequence ?? 0) + 1)
      await time.advance(1)
      authority.log.pop()
      authority.change(key.text, undefined)
      for (let count = 0; count < written; count++) authority.say('token', `new_${count}`, { status: 'revoked' })
      await time.advance(8_000)
      expect(await engine.verify(question)).toMatchObject({ outcome: 'rejected', rejection: { code: 'unknown' } })
      expect(keeper.isFresh()).toBe(true)
      keeper.close()
    },
  )

  it('that lags behind a look-up is no reason to load everything again', async () => {
    const time = createTime()
    const authority = createAuthority(time)
    let snapshots = 0
    const { snapshot, position } = authority.source
    Object.assign(authority.source, {
      snapshot(signal: AbortSignal) {
        snapshots++
        return snapshot(signal)
      },
      stream: () => new Promise(() => {}),
      // As of a moment before the entry: another server, whose own proof is older.
      position: async (...asked: Parameters<typeof position>) => ({
        ...(await position(...asked)),
        head: 3,
        ageMs: 5_000,
      }),
    })
    const keeper = createFollower(authority, time)
    const engine = createEngine({ keeper, directory: authority.directory, limiter: memoryLimiter(), clock: time })
    await keeper.start()
    await time.advance(6_000)
    const key = authority.issueKey()
    authority.say('token', 'tok_1', { status: 'revoked' })
    const question = { credential: key.text, audience, requires: [[]], address: undefined, origin: undefined }
    expect(await engine.verify(question)).toMatchObject({ outcome: 'verified' })
    await time.advance(4_000)
    expect(await engine.verify(question)).toMatchObject({ outcome: 'verified' })
    expect(snapshots).toBe(1)
    keeper.close()
  })

  it('restored from an older copy does not bring back what was revoked, removed or cut off', async () => {
    const world = await createWorld()
    const { authority } = world
    const revoked = await authority.issueJwt({ jti: 'tok_1' })
    const other = await authority.issueJwt({ jti: 'tok_2', position: 3 })
    const copy = [...authority.log]
    await world.say('token', 'tok_1', { status: 'revoked' })
    await world.say('client', clientId, { status: 'active', access: { [apiId]: 'orders:read' }, cutOff: 5 })
    expect(await world.codeOf(other)).toBe('revoked')
    const place = { epoch: 'epoch-2', sequence: 1_000_000_005, chain: copy.at(-1)?.chain ?? '' }
    Object.assign(authority.source, {
      snapshot: async () => ({
        tenant: 'ten_1',
        issuer: 'https://auth.example.com',
        place,
        now: authority.now,
        entries: copy,
      }),
      position: async ({ nonce, epoch }: { nonce: string; epoch: string }) => ({
        nonce,
        epoch: 'epoch-2',
        head: place.sequence,
        ageMs: 0,
        now: authority.now,
        ...(epoch === 'epoch-2' ? {} : { reload: true }),
      }),
    })
    await world.time.advance(10_000)
    expect(world.keeper.book?.place.epoch).toBe('epoch-2')
    expect(world.keeper.isFresh()).toBe(true)
    expect(await world.codeOf(revoked)).toBe('revoked')
    expect(await world.codeOf(other)).toBe('revoked')
    const key = authority.issueKey()
    const directory = {
      ...authority.directory,
      credential: async (digest: string, at: typeof place) => ({
        ...(await authority.directory.credential(digest, at)),
        place,
      }),
    }
    const engine = createEngine({ keeper: world.keeper, directory, limiter: memoryLimiter(), clock: world.time })
    const question = { credential: key.text, audience, requires: [[]], address: undefined, origin: undefined }
    expect(await engine.verify(question)).toMatchObject({ outcome: 'verified' })
  })
})
