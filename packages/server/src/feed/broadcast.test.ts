import type { FeedEntry } from '@countersign/core'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { serverLimits } from '../limits.ts'
import type { Books } from './books.ts'
import { createBroadcast } from './broadcast.ts'

const entry = (sequence: number) => ({ sequence, type: 'key', id: `k${sequence}`, state: {} }) as unknown as FeedEntry

const asTheyAre = (said: readonly FeedEntry[]): readonly FeedEntry[] => said

/** Books as far as a broadcast sees them. */
function createFeed() {
  const listeners = new Set<(said: FeedEntry) => void>()
  const reloads = new Set<() => void>()
  const books = {
    subscribe(_: string, listener: (said: FeedEntry) => void) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    onReload(listener: () => void) {
      reloads.add(listener)
      return () => reloads.delete(listener)
    },
  } as unknown as Books
  const say = (sequence: number): void => listeners.forEach((listener) => void listener(entry(sequence)))
  return { books, say, reload: () => reloads.forEach((listener) => void listener()), listeners }
}

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

it('where many listen, what changes within milliseconds is one turn for all of them', async () => {
  const { books, say } = createFeed()
  const broadcast = createBroadcast(books, 't', () => 1_000, asTheyAre)
  const turns = [broadcast.next(), broadcast.next()]
  for (const sequence of [1, 2, 3]) say(sequence)
  await vi.advanceTimersByTimeAsync(serverLimits.streamsGatherMsMax)
  const [first, second] = await Promise.all(turns)
  expect(first?.entries.map(({ sequence }) => sequence)).toEqual([1, 2, 3])
  expect(second).toBe(first)
})

it('a change after a while without any is told at once to however many, and what comes soon after it in one turn', async () => {
  const { books, say } = createFeed()
  const broadcast = createBroadcast(books, 't', () => 1_000, asTheyAre)
  const restMs = 1_000 / serverLimits.streamsPerGatherMs
  const told = async () => (await broadcast.next())?.entries.map(({ sequence }) => sequence)
  for (const from of [1, 4]) {
    const first = told()
    say(from)
    await vi.advanceTimersByTimeAsync(0)
    expect(await first).toEqual([from])
    const second = told()
    say(from + 1)
    await vi.advanceTimersByTimeAsync(restMs / 2)
    say(from + 2)
    await vi.advanceTimersByTimeAsync(restMs / 2)
    expect(await second).toEqual([from + 1, from + 2])
    await vi.advanceTimersByTimeAsync(restMs)
  }
})

it('makes of each entry what goes out once, however many listen, and sends that', async () => {
  const { books, say } = createFeed()
  const made: number[] = []
  const marked = (said: readonly FeedEntry[]): readonly FeedEntry[] => {
    made.push(...said.map(({ sequence }) => sequence))
    return said.map((each) => ({ ...each, mac: `mac${each.sequence}` }))
  }
  const broadcast = createBroadcast(books, 't', () => 1_000, marked)
  const turns = Array.from({ length: 1_000 }, () => broadcast.next())
  for (const sequence of [1, 2]) say(sequence)
  await vi.advanceTimersByTimeAsync(serverLimits.streamsGatherMsMax)
  expect((await turns[999])?.text).toMatch(/"mac":"mac1".*"mac":"mac2"/s)
  expect(made).toEqual([1, 2])
})

it('says that it is still there when nothing changes, and that nothing follows after another epoch', async () => {
  const { books, reload } = createFeed()
  const broadcast = createBroadcast(books, 't', () => 1, asTheyAre)
  const heartbeat = broadcast.next()
  await vi.advanceTimersByTimeAsync(serverLimits.heartbeatMs)
  expect(await heartbeat).toMatchObject({ entries: [], text: expect.stringMatching(/^:/) })
  const last = broadcast.next()
  reload()
  expect(await last).toBeUndefined()
})

it('ended, it leaves no timer and no listener behind, though a change was still to be told', async () => {
  const { books, say, listeners } = createFeed()
  const broadcast = createBroadcast(books, 't', () => 1_000, asTheyAre)
  const waiting = broadcast.next()
  say(1)
  broadcast.end()
  expect(await waiting).toBeUndefined()
  expect(await broadcast.next()).toBeUndefined()
  await vi.advanceTimersByTimeAsync(10 * serverLimits.heartbeatMs)
  expect([vi.getTimerCount(), listeners.size]).toEqual([0, 0])
})
