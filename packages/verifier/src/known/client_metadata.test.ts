import { type LookupAnswer, limits, type Metadata } from '@countersign/core'
import { describe, expect, it } from 'vitest'
import { apiId, clientId, createWorld } from '../authority.fixture.ts'
import type { Directory } from '../directory.ts'
import { clientLimits } from '../limits.ts'

/** An engine with the option whose look-ups of clients a test counts, and can make fail or wait. */
async function openWorld(options: Parameters<typeof createWorld>[0] = {}) {
  let answer: Directory['client'] | undefined
  const asked: string[] = []
  const directory: Directory = {
    credential: (...words) => world.authority.directory.credential(...words),
    publicKey: (...words) => world.authority.directory.publicKey(...words),
    client(id, place) {
      asked.push(id)
      return (answer ?? world.authority.directory.client)(id, place)
    },
  }
  const world = await createWorld({ clientMetadata: true, directory, ...options })
  const know = (metadata: Metadata) => world.authority.clients.set(clientId, { clientId, metadata })
  know({ plan: 'pro' })
  return {
    ...world,
    asked,
    know,
    /** Every further look-up of a client is answered so. */
    answerBy: (next: typeof answer) => {
      answer = next
    },
    change: () =>
      world.say('client', clientId, { status: 'active', access: { [apiId]: 'orders:read orders:write' }, cutOff: 0 }),
    async metadataOf(text: string): Promise<Metadata | undefined | string> {
      const outcome = await world.verify(text)
      return outcome.outcome === 'verified' ? outcome.grant.clientMetadata : outcome.outcome
    },
  }
}

const down = () => Promise.reject(new Error('down'))
const turn = () => new Promise((resolve) => setImmediate(resolve))

describe('the metadata of the client', () => {
  it('comes with the record of a key, an opaque token and a public key, and costs no look-up of its own', async () => {
    for (const clientMetadata of [true, false]) {
      const world = await openWorld({ clientMetadata })
      const { authority } = world
      const record = { clientMetadata: { plan: 'record' } }
      const key = authority.issueKey(record).text
      const token = authority.issueKey({ kind: 'access_token', environment: undefined, ...record }).text
      authority.publicKey = { ...authority.publicKey!, metadata: { plan: 'key' } }
      const told = [
        await world.metadataOf(key),
        await world.metadataOf(token),
        await world.metadataOf(await authority.selfIssue()),
      ]
      expect(told).toEqual([{ plan: 'record' }, { plan: 'record' }, { plan: 'key' }])
      expect(world.asked).toEqual([])
    }
  })

  it('of a JWT of ours is absent without the option', async () => {
    const world = await openWorld({ clientMetadata: false })
    expect(await world.metadataOf(await world.authority.issueJwt())).toBeUndefined()
    expect(world.asked).toEqual([])
  })

  it('of JWTs of ours is looked up once for all of a client, and again after an hour', async () => {
    const world = await openWorld()
    const jwts = await Promise.all(
      [1, 2, 3].map(() => world.authority.issueJwt({ expiresAt: world.time.now() + 9_000 })),
    )
    const all = () => Promise.all([...jwts, ...jwts].map(world.metadataOf))
    expect(await all()).toEqual(Array(6).fill({ plan: 'pro' }))
    expect(await all()).toEqual(Array(6).fill({ plan: 'pro' }))
    expect(world.asked).toEqual([clientId])
    world.know({ plan: 'late' })
    await world.time.advance(limits.recordLifeSeconds * 1000 + 1)
    expect(await all()).toEqual(Array(6).fill({ plan: 'late' }))
    expect(world.asked).toHaveLength(2)
  })

  it('is new from the entry of a change, also in a grant that was kept', async () => {
    const world = await openWorld()
    const jwt = await world.authority.issueJwt()
    expect(await world.metadataOf(jwt)).toEqual({ plan: 'pro' })
    world.know({ plan: 'free' })
    expect(await world.metadataOf(jwt)).toEqual({ plan: 'pro' })
    await world.change()
    expect(await world.metadataOf(jwt)).toEqual({ plan: 'free' })
  })

  it('of an answer from before a change is not kept', async () => {
    const world = await openWorld()
    const jwt = await world.authority.issueJwt()
    let release = (_: LookupAnswer<{ clientId: string; metadata: Metadata }>): void => {}
    const before = { record: { clientId, metadata: { plan: 'old' } }, place: world.authority.place(), ageMs: 0 }
    world.answerBy(
      () =>
        new Promise((resolve) => {
          release = resolve
        }),
    )
    const first = world.metadataOf(jwt)
    world.answerBy(undefined)
    await world.change()
    release(before)
    await first
    expect(await world.metadataOf(jwt)).toEqual({ plan: 'pro' })
  })

  it('is asked for again when the book was replaced', async () => {
    const world = await openWorld()
    const jwt = await world.authority.issueJwt()
    await world.metadataOf(jwt)
    world.engine.clear()
    expect(await world.metadataOf(jwt)).toEqual({ plan: 'pro' })
    expect(world.asked).toHaveLength(2)
  })

  it('of a refused credential is not asked for', async () => {
    const world = await openWorld()
    const jwt = await world.authority.issueJwt({ jti: 'j' })
    await world.say('token', 'j', { status: 'revoked', scope: '' })
    expect(await world.codeOf(jwt)).toBe('revoked')
    expect(world.asked).toEqual([])
  })
})

describe('where the metadata of the client cannot be had', () => {
  it.each<[string, Directory['client']]>([
    ['nobody answers', down],
    [
      'the directory throws',
      () => {
        throw new Error('down')
      },
    ],
    ['the answer is behind', (_, place) => ({ record: undefined, place: { ...place, sequence: 0 }, ageMs: 0 })],
    ['the client is unknown to this asker', (_, place) => ({ record: undefined, place, ageMs: 0 })],
  ])('it is absent and nothing is refused: %s', async (_, answer) => {
    const world = await openWorld()
    world.answerBy(answer)
    const jwt = await world.authority.issueJwt()
    const outcome = await world.verify(jwt)
    expect(outcome.outcome).toBe('verified')
    expect('grant' in outcome && 'clientMetadata' in outcome.grant).toBe(false)
  })

  it('nobody waits for a look-up until one has succeeded again, and one is tried every 5 s', async () => {
    const world = await openWorld()
    const jwts = await Promise.all([1, 2].map(() => world.authority.issueJwt()))
    world.answerBy(down)
    expect(await world.metadataOf(jwts[0]!)).toBeUndefined()
    // In the same turn: it waits for nothing.
    expect(world.verify(jwts[0]!)).not.toBeInstanceOf(Promise)
    await world.metadataOf(jwts[1]!)
    expect(world.verify(jwts[1]!)).not.toBeInstanceOf(Promise)
    expect(world.asked).toHaveLength(1)
    world.answerBy(undefined)
    await world.time.advance(clientLimits.retrySeconds * 1000)
    expect(world.verify(jwts[0]!)).not.toBeInstanceOf(Promise)
    expect(world.asked).toHaveLength(2)
    await turn()
    expect(await world.metadataOf(jwts[1]!)).toEqual({ plan: 'pro' })
    expect(world.asked).toHaveLength(2)
  })

  it('one verification waits once, however often the client changes meanwhile', async () => {
    const world = await openWorld()
    const jwt = await world.authority.issueJwt()
    world.answerBy(async (_, place) => {
      await world.change()
      return { record: { clientId, metadata: { plan: 'old' } }, place, ageMs: 0 }
    })
    expect(await world.metadataOf(jwt)).toBeUndefined()
    expect(world.asked.length).toBeLessThanOrEqual(2)
  })
})
