/**
 * A server's books against what the database says: a gap, a slow read, a history that is not the one they were read
 * from.
 */
import { randomBytes } from 'node:crypto'
import { openSqliteStore, type Store } from '@countersign/store'
import type { Stamp } from '@countersign/verifier/engine'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Books, openBooks } from './books.ts'
import { systemTimers } from './timers.ts'

const startAt = 1_800_000_000

let store: Store
let books: Books
let now: Stamp
let begun: number

beforeEach(async () => {
  store = await openSqliteStore({ file: ':memory:', auditKey: randomBytes(32), now: () => startAt, randomBytes })
  now = { monotonicMs: 0, wallMs: startAt * 1000 }
  begun = 0
})
afterEach(async () => {
  books.close()
  await store.close()
})

async function open(over: Partial<Store['feed']> = {}, more: Partial<Store> = {}): Promise<void> {
  books = await openBooks({
    store: { ...store, ...more, feed: { ...store.feed, ...over } },
    clock: { stamp: () => now },
    timers: systemTimers,
    issuerOf: (slug) => `https://auth.example/${slug}`,
    defaultTenant: 'default',
    maxStalenessSeconds: 10,
    random: () => 0.5,
    processId: 'test',
    onProblem: () => {},
    onRollback: () => {
      begun++
    },
  })
}

/** Another process's commit, which this one only finds by asking. */
async function commit(tenant: string, id: string): Promise<void> {
  await store.write(async (transaction) =>
    transaction.append({
      tenant,
      audit: { actor: { kind: 'system' }, action: 'x', objectType: 'token', objectId: id, requestId: 'x' },
      objects: () => [{ type: 'token', id, version: 1, state: { status: 'revoked' }, dropAt: startAt + 9_000 }],
    }),
  )
}

const hears = { onCommit: () => () => {}, onHint: () => () => {} }

it('a database that goes back between the head and the page keeps no poll from ending', async () => {
  await commit('acme', 'tok_0')
  let isAhead = false
  let reads = 0
  await open(
    {
      head: async () => {
        const head = await store.feed.head()
        if (!isAhead) return head
        isAhead = false
        // Read a moment before the entry was lost.
        return { ...head, position: head.position + 1, chain: 'lost' }
      },
      snapshotAll: () => {
        if (reads++ > 10) throw new Error('the books are read over and over')
        return store.feed.snapshotAll()
      },
    },
    hears,
  )
  isAhead = true
  expect(await books.poll()).toBe(true)
  expect(books.isFresh()).toBe(true)
})

it('an entry that is missing before others is never passed over: the books are read anew', async () => {
  let isHole = false
  await commit('acme', 'tok_0')
  await open(
    {
      afterPosition: async (position, limit) => {
        const entries = await store.feed.afterPosition(position, limit)
        // An entry of another tenant: the chains on both sides of it are whole.
        return isHole ? entries.filter(({ tenant }) => tenant !== 'other') : entries
      },
    },
    hears,
  )
  await commit('acme', 'tok_1')
  await commit('other', 'tok_2')
  await commit('acme', 'tok_3')
  isHole = true
  expect(await books.poll()).toBe(true)
  expect(books.book('other')?.isRevoked('token', 'tok_2')).toBe(true)
  expect(books.book('acme')?.isRevoked('token', 'tok_3')).toBe(true)
  expect(begun).toBe(0)
})

it('the proof is as old as the question: it counts from before the read began', async () => {
  let isSlow = false
  await open(
    {
      head: async () => {
        const head = await store.feed.head()
        if (isSlow) now = { monotonicMs: now.monotonicMs + 4_000, wallMs: now.wallMs + 4_000 }
        return head
      },
    },
    hears,
  )
  isSlow = true
  await books.poll()
  expect(books.ageMs()).toBe(4_000)
})

describe('a head that is below what was known', () => {
  it('because something was committed here while it was read proves nothing, and nothing is begun', async () => {
    let isRacing = false
    const claims: unknown[] = []
    await open(
      {
        head: async () => {
          const head = await store.feed.head()
          if (isRacing) {
            isRacing = false
            await commit('acme', 'tok_1')
          }
          return head
        },
      },
      {
        leaveHistory: async (claim) => {
          claims.push(claim)
          return undefined
        },
      },
    )
    await commit('acme', 'tok_0')
    isRacing = true
    await books.poll()
    expect(claims).toEqual([])
    expect(books.book('acme')?.isRevoked('token', 'tok_1')).toBe(true)
  })
})

it('another entry at the very place that the books are at is claimed with its chain', async () => {
  const claims: unknown[] = []
  await commit('acme', 'tok_0')
  const { epoch, position, chain } = await store.feed.head()
  let isOther = false
  await open(
    { head: async () => ({ epoch, position, chain: isOther ? 'of another history' : chain }) },
    {
      ...hears,
      leaveHistory: async (claim) => {
        claims.push(...claim)
        return undefined
      },
    },
  )
  isOther = true
  await books.poll()
  expect(claims).toMatchObject([{ of: 'position', sequence: position, epoch, chain }])
})

it('a commit of this process that does not continue its book is not applied', async () => {
  let tell: Parameters<Store['onCommit']>[0] = () => {}
  await commit('acme', 'tok_0')
  await open(
    {},
    {
      onHint: () => () => {},
      onCommit(listener) {
        tell = listener
        return () => {}
      },
    },
  )
  const [entry] = await store.feed.afterPosition(0, 10)
  if (entry === undefined) throw new Error('nothing was committed')
  tell([{ ...entry, id: 'tok_x', position: 2, sequence: 2, chain: 'of another history' }])
  expect(books.book('acme')?.isRevoked('token', 'tok_x')).toBe(false)
  expect(books.position()).toBe(1)
})

describe('a claim', () => {
  it('that the log holds, or of a place that another process has reached, begins nothing', async () => {
    await open({}, hears)
    await commit('acme', 'tok_0')
    const { epoch, sequence, chain } = await store.feed.place('acme')
    await books.claim({ tenant: 'acme', epoch, sequence, chain })
    await books.claim({ tenant: 'acme', sequence })
    expect(begun).toBe(0)
    expect(books.book('acme')?.place.sequence).toBe(sequence)
  })

  it('above the head begins an epoch, and the books of it keep what they knew to be revoked', async () => {
    await commit('acme', 'tok_0')
    await open({}, hears)
    const { epoch, sequence } = await store.feed.place('acme')
    await Promise.all([1, 2, 3].map(() => books.claim({ tenant: 'acme', sequence: sequence + 1 })))
    expect(begun).toBe(1)
    const place = books.book('acme')?.place
    expect(place?.epoch).not.toBe(epoch)
    expect(books.book('acme')?.isRevoked('token', 'tok_0')).toBe(true)
    expect(await store.feed.place('acme')).toEqual(place)
  })
})
