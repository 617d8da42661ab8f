import type { FeedEntry, HandBackQuestion } from '@countersign/core'
import { describe, expect, it } from 'vitest'
import {
  apiId,
  clientId,
  createAuthority,
  createFollower,
  createTime,
  createWorld,
  issuer,
  macOf,
  settled,
  startAt,
  tenant,
  type World,
} from '../authority.fixture.ts'
import type { FeedSource } from './feed_source.ts'

const farOff = startAt + 1_000_000

/** From now on the server is one that was restored from `entries`, in an epoch of its own. */
function restoreTo({ authority }: Pick<World, 'authority'>, epoch: string, entries: readonly FeedEntry[]): void {
  const place = { epoch, sequence: 1_000_000_000, chain: 'chain' }
  const { source } = authority
  const read = async () => ({ tenant, issuer, place, now: authority.now, entries: [...entries] })
  const position: FeedSource['position'] = async ({ nonce, epoch: asked }) => {
    const isKnown = asked === epoch
    const answer = { nonce, epoch, head: place.sequence, ageMs: 0, now: authority.now, dropTime: authority.now }
    return isKnown ? answer : { ...answer, reload: true }
  }
  Object.assign(source, { snapshot: read, position })
}

/** Nobody takes anything back, and it is counted how often that was asked. */
function countFailing({ source }: World['authority']): { asked: number } {
  const counted = { asked: 0 }
  Object.assign(source, {
    handBack: () => {
      counted.asked++
      return Promise.reject(new Error('down'))
    },
  })
  return counted
}

const idsOf = (questions: readonly HandBackQuestion[]) =>
  questions.flatMap(({ revocations }) => revocations.map(({ id }) => id))

async function worldWith(count: number, problems: string[] = []) {
  const time = createTime()
  const authority = createAuthority(time)
  const copy = [...authority.log]
  for (let index = 0; index < count; index++) authority.say('token', `tok_${index}`, { status: 'revoked' }, farOff)
  const keeper = createFollower(authority, time, {
    audience: undefined,
    onProblem: (problem) => problems.push(problem),
  })
  await keeper.start()
  return { time, authority, keeper, copy }
}

describe('after a change of epoch', () => {
  it('exactly what the server lacks is handed back, as it was said, and once', async () => {
    const world = await createWorld()
    const { authority } = world
    await world.say('token', 'tok_known', { status: 'revoked' }, farOff)
    const copy = [...authority.log]
    await world.say('token', 'tok_lost', { status: 'revoked' }, farOff)
    await world.say('key', 'key_lost', { status: 'revoked', scope: '' }, farOff + 0.5)
    await world.say('key', 'key_disabled', { status: 'disabled', scope: '' })
    restoreTo(world, 'epoch-2', copy)
    await world.time.advance(60_000)
    expect(authority.handedBack).toEqual([
      {
        epoch: 'epoch-2',
        revocations: [
          { type: 'token', id: 'tok_lost', dropAt: farOff, mac: macOf('token', 'tok_lost', farOff) },
          { type: 'key', id: 'key_lost', dropAt: farOff + 1, mac: macOf('key', 'key_lost', farOff + 0.5) },
        ],
      },
    ])
    expect(world.keeper.book?.isRevoked('token', 'tok_lost')).toBe(true)
    expect(world.keeper.book?.owedCount).toBe(0)
  })

  it('what streamed in a moment ago is handed back as the MAC covers it, also where it is kept longer', async () => {
    const world = await createWorld()
    const copy = [...world.authority.log]
    const dropAt = startAt + 100
    await world.say('opaque_token', 'at_1', { status: 'revoked' }, dropAt)
    restoreTo(world, 'epoch-2', copy)
    await world.time.advance(10_000)
    expect(world.authority.handedBack[0]?.revocations).toEqual([
      { type: 'opaque_token', id: 'at_1', dropAt, mac: macOf('opaque_token', 'at_1', dropAt) },
    ])
  })

  it('many go in bounded requests, one after the other, each revocation in one of them', async () => {
    const { time, authority, keeper, copy } = await worldWith(250)
    restoreTo({ authority }, 'epoch-2', copy)
    await time.advance(10_000)
    expect(authority.handedBack.map(({ revocations }) => revocations.length)).toEqual([100, 100, 50])
    expect(new Set(idsOf(authority.handedBack)).size).toBe(250)
    keeper.close()
  })

  it('an entry that an older server gave without a MAC is kept, and not handed back', async () => {
    const world = await createWorld()
    const { authority } = world
    const copy = [...authority.log]
    for (const [id, mac] of [
      ['bare', undefined],
      ['short', 'AAAA'],
      ['odd', 'ä'.repeat(22)],
    ] as const) {
      authority.say('token', id, { status: 'revoked' }, farOff)
      Object.assign(authority.log.at(-1) as object, { mac })
    }
    await world.keeper.reach(authority.log.length)
    restoreTo(world, 'epoch-2', copy)
    await world.time.advance(60_000)
    expect(world.keeper.book?.place.epoch).toBe('epoch-2')
    expect(['bare', 'short', 'odd'].map((id) => world.keeper.book?.isRevoked('token', id))).toEqual([true, true, true])
    expect(authority.handedBack).toEqual([])
  })
})

describe('a client’s revoke that the server has forgotten', () => {
  it('refuses what shows no later number, until the server has said it anew, whatever it answers meanwhile', async () => {
    const world = await createWorld()
    const { authority, codeOf, time } = world
    const copy = [...authority.log]
    const sequence = authority.log.length + 1
    const everything = { sequence, at: startAt }
    const revoked = { status: 'active', access: { [apiId]: 'orders:read' }, cutOff: sequence } as const
    await world.say('client', clientId, { ...revoked, cutOffs: { everything } })
    restoreTo(world, 'epoch-2', copy)
    // The copy has the key, the public key and the secret, as they were before.
    const key = authority.issueKey()
    const selfIssued = await authority.selfIssue()
    const position = 1_000_000_000
    const ofKey = { lineage: [{ type: 'key', id: key.id }] } as const
    const fromKey = await authority.issueJwt({ position, ...ofKey })
    const held = [key.text, selfIssued, fromKey]
    const later = await authority.issueJwt({ position })
    const codes = () => Promise.all([...held, later].map((each) => codeOf(each)))
    Object.assign(authority, { place: () => world.keeper.book?.place })
    await time.advance(60_000)
    expect(world.keeper.book?.place.epoch).toBe('epoch-2')
    // Handed back: the server’s entry is still on its way.
    world.keeper.book?.settleCutOffs([{ type: 'client', id: clientId, what: 'everything', sequence }])
    expect(world.keeper.book?.owedCount).toBe(0)
    expect(await codes()).toEqual(['revoked', 'revoked', 'revoked', 'verified'])
    authority.say('client', clientId, { ...revoked, cutOffs: { everything } })
    world.keeper.book?.apply({ ...(authority.log.at(-1) as FeedEntry), sequence: position + 1 })
    // From now on the server’s own records count.
    expect(await codes()).toEqual(['verified', 'verified', 'verified', 'verified'])
  })

  it('of its tokens alone refuses no key', async () => {
    const world = await createWorld()
    const { authority, codeOf, time } = world
    const copy = [...authority.log]
    const sequence = authority.log.length + 1
    const tokens = { sequence, at: startAt }
    const cut = { status: 'active', access: { [apiId]: 'orders:read' }, cutOff: sequence } as const
    await world.say('client', clientId, { ...cut, cutOffs: { tokens } })
    const [key, old] = [authority.issueKey(), await authority.issueJwt({ position: 0 })]
    restoreTo(world, 'epoch-2', copy)
    Object.assign(authority, { place: () => world.keeper.book?.place })
    await time.advance(60_000)
    expect([await codeOf(key.text), await codeOf(old)]).toEqual(['verified', 'revoked'])
  })
})

describe('a subject’s revoke that the server has forgotten', () => {
  it('refuses its older tokens and what is made from them, until the server has said it anew', async () => {
    const world = await createWorld()
    const { authority, codeOf, time } = world
    const copy = [...authority.log]
    const sequence = authority.log.length + 1
    const revoked = { status: 'active', cutOff: sequence, cutOffs: { everything: { sequence, at: startAt } } } as const
    const [subject, position] = ['ann of', 1_000_000_000]
    const old = await authority.issueJwt({ subject, position: 0 })
    authority.say('subject', subject, revoked)
    Object.assign(authority.log.at(-1) as object, { cutOffMacs: { everything: 'A'.repeat(22) } })
    await world.keeper.reach(authority.log.length)
    restoreTo(world, 'epoch-2', copy)
    const child = await authority.issueJwt({ subject, position, lineage: [{ type: 'token', id: 'parent' }] })
    const others = [
      await authority.issueJwt({ subject, position }),
      await authority.issueJwt({ subject: 'ann', position: 0 }),
    ]
    const codes = (texts: readonly string[]) => Promise.all(texts.map((each) => codeOf(each)))
    await time.advance(60_000)
    expect(world.keeper.book?.place.epoch).toBe('epoch-2')
    expect(authority.handedBack[0]?.cutOffs).toMatchObject([
      { type: 'subject', id: subject, what: 'everything', sequence },
    ])
    expect(await codes([old, child, ...others])).toEqual(['revoked', 'revoked', 'verified', 'verified'])
    authority.say('subject', subject, revoked)
    world.keeper.book?.apply({ ...(authority.log.at(-1) as FeedEntry), sequence: position + 1 })
    // From now on the server’s own entries count.
    expect(await codes([old, child, ...others])).toEqual(['revoked', 'verified', 'verified', 'verified'])
  })
})

describe('a subject whose entry the server cannot read', () => {
  it('counts as ended for everything issued until now, however long its name is', async () => {
    const world = await createWorld()
    const { authority, codeOf } = world
    const subject = '漢'.repeat(255)
    const token = await authority.issueJwt({ subject, position: 1_000 })
    const other = await authority.issueJwt({ subject: 'ann', position: 0 })
    expect([await codeOf(token), await codeOf(other)]).toEqual(['verified', 'verified'])
    await world.say('subject', subject, { status: 'revoked', cutOff: 0 })
    expect([await codeOf(token), await codeOf(other)]).toEqual(['revoked', 'verified'])
  })
})

describe('within the same epoch', () => {
  it('what the snapshot lacks is handed back as well: the database may have gone back within it', async () => {
    const world = await createWorld()
    const { authority } = world
    const copy = [...authority.log]
    await world.say('token', 'tok_1', { status: 'revoked' }, farOff)
    restoreTo(world, 'epoch-1', copy)
    Object.assign(authority.source, { entries: async () => 'reload' })
    await world.time.advance(60_000)
    expect(world.keeper.book?.place.sequence).toBe(1_000_000_000)
    expect(world.keeper.book?.isRevoked('token', 'tok_1')).toBe(true)
    expect(idsOf(authority.handedBack)).toEqual(['tok_1'])
    expect(world.keeper.book?.owedCount).toBe(0)
  })

  it('another snapshot neither forgets what is owed nor makes the server be asked more often', async () => {
    const { time, authority, keeper, copy } = await worldWith(3)
    const counted = countFailing(authority)
    restoreTo({ authority }, 'epoch-2', copy)
    await time.advance(10_000)
    const { position } = authority.source
    let reloads = 0
    Object.assign(authority.source, {
      position: async (...given: Parameters<FeedSource['position']>) => {
        reloads++
        return { ...(await position(...given)), reload: true }
      },
    })
    await time.advance(60_000)
    expect(reloads).toBeGreaterThan(20)
    expect(keeper.book?.owedCount).toBe(3)
    expect(counted.asked).toBeLessThan(12)
    keeper.close()
  })
})

describe('a server that does not take it', () => {
  it('is asked again until it does, ever more seldom; the book stays fresh, and one line says so', async () => {
    const problems: string[] = []
    const { time, authority, keeper, copy } = await worldWith(3, problems)
    const { handBack } = authority.source
    const counted = countFailing(authority)
    restoreTo({ authority }, 'epoch-2', copy)
    await time.advance(60_000)
    expect(counted.asked).toBeGreaterThan(4)
    expect(counted.asked).toBeLessThan(12)
    await time.advance(3_600_000)
    expect(counted.asked).toBeGreaterThan(50)
    expect(counted.asked).toBeLessThan(90)
    expect(keeper.isFresh()).toBe(true)
    expect(keeper.book?.isRevoked('token', 'tok_1')).toBe(true)
    expect(problems).toEqual(['revocations could not be handed back: down'])
    Object.assign(authority.source, { handBack })
    await time.advance(60_000)
    expect(idsOf(authority.handedBack)).toEqual(['tok_0', 'tok_1', 'tok_2'])
    await time.advance(600_000)
    expect(authority.handedBack).toHaveLength(1)
    keeper.close()
  })

  it('never answers, or says what cannot be read: it is asked again, and meanwhile the others are handed back', async () => {
    const { time, authority, keeper, copy } = await worldWith(150)
    const { handBack } = authority.source
    const spoiled: HandBackQuestion[] = []
    const answers = [() => new Promise(() => {}), async () => ({}), async () => ({ applied: 1, known: 0, refused: 0 })]
    Object.assign(authority.source, {
      handBack: (...given: Parameters<typeof handBack>) => {
        const answer = answers.shift()
        if (answer === undefined) return handBack(...given)
        spoiled.push(given[0])
        return answer()
      },
    })
    restoreTo({ authority }, 'epoch-2', copy)
    await time.advance(30_000)
    expect(spoiled).toHaveLength(3)
    expect(idsOf(spoiled.slice(0, 2)).slice(100, 150)).toEqual(
      Array.from({ length: 50 }, (_, index) => `tok_${index + 100}`),
    )
    expect(new Set(idsOf(authority.handedBack)).size).toBe(150)
    keeper.close()
  })

  it('says that it never said some of them: that is told, and they are not handed back again', async () => {
    const problems: string[] = []
    const { time, authority, keeper, copy } = await worldWith(3, problems)
    let asked = 0
    Object.assign(authority.source, {
      handBack: async () => {
        asked++
        return { applied: 1, known: 0, refused: 2 }
      },
    })
    restoreTo({ authority }, 'epoch-2', copy)
    await time.advance(60_000)
    expect([asked, keeper.book?.owedCount]).toEqual([1, 0])
    expect(problems).toEqual(['the server never said 2 revocations that it was handed back'])
    keeper.close()
  })
})

describe('a further epoch', () => {
  it('gives up what was under way: its answer settles nothing, and what the new server lacks is handed back to that one', async () => {
    const { time, authority, keeper, copy } = await worldWith(3)
    const [, , , first, ...lost] = authority.log as [FeedEntry, FeedEntry, FeedEntry, FeedEntry, ...FeedEntry[]]
    const { handBack } = authority.source
    const late = Promise.withResolvers<object>()
    const toSecond: HandBackQuestion[] = []
    Object.assign(authority.source, {
      handBack: (question: HandBackQuestion) => {
        toSecond.push(question)
        return late.promise
      },
    })
    restoreTo({ authority }, 'epoch-2', copy)
    await time.advance(4_500)
    expect(toSecond.map(({ epoch }) => epoch)).toEqual(['epoch-2'])
    Object.assign(authority.source, { handBack })
    restoreTo({ authority }, 'epoch-3', [...copy, first])
    await time.advance(3_500)
    expect(keeper.book?.place.epoch).toBe('epoch-3')
    late.resolve({ applied: 3, known: 0, refused: 0 })
    await settled()
    expect(keeper.book?.owedCount).toBe(2)
    await time.advance(5_000)
    expect(authority.handedBack).toEqual([
      { epoch: 'epoch-3', revocations: lost.map(({ type, id, mac }) => ({ type, id, dropAt: farOff, mac })) },
    ])
    keeper.close()
  })

  it('does not wait for the next attempt at the one before, which is none any more', async () => {
    const { time, authority, keeper, copy } = await worldWith(3)
    const { handBack } = authority.source
    const counted = countFailing(authority)
    restoreTo({ authority }, 'epoch-2', copy)
    await time.advance(600_000)
    const before = counted.asked
    restoreTo({ authority }, 'epoch-3', copy)
    await time.advance(6_000)
    expect(counted.asked).toBeGreaterThan(before + 1)
    await time.advance(3_600_000)
    expect(counted.asked).toBeLessThan(before + 90)
    Object.assign(authority.source, { handBack })
    restoreTo({ authority }, 'epoch-4', copy)
    await time.advance(6_000)
    expect(idsOf(authority.handedBack)).toHaveLength(3)
    keeper.close()
  })
})

it('a verifier that is closed hands nothing back any more', async () => {
  const { time, authority, keeper, copy } = await worldWith(3)
  const counted = countFailing(authority)
  restoreTo({ authority }, 'epoch-2', copy)
  await time.advance(10_000)
  const before = counted.asked
  expect(before).toBeGreaterThan(0)
  keeper.close()
  await time.advance(600_000)
  expect(counted.asked).toBe(before)
})

it('what has ended by the drop time is not handed back any more', async () => {
  const world = await createWorld()
  const { authority } = world
  const copy = [...authority.log]
  await world.say('token', 'tok_short', { status: 'revoked' }, startAt + 100)
  await world.say('token', 'tok_long', { status: 'revoked' }, farOff)
  Object.assign(authority.source, { handBack: () => Promise.reject(new Error('down')) })
  restoreTo(world, 'epoch-2', copy)
  await world.time.advance(30_000)
  expect(world.keeper.book?.owedCount).toBe(2)
  await world.time.advance(300_000)
  expect(world.keeper.book?.owedCount).toBe(1)
})
