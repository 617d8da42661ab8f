import type { FeedObject } from '@countersign/core'
import { expect, it } from 'vitest'
import type { Store } from '../store.ts'
import { exampleAudit, exampleClient, exampleCount, keyChange, keyObject, seed } from './examples.ts'
import { expectChained } from './follower.ts'
import type { CreateDatabase } from './test_database.ts'
import { moveDropTime, startAt, withStore } from './test_database.ts'

/** Entries end by the drop time alone. */
export function dropTimeCases(create: CreateDatabase): void {
  it('an entry is in a snapshot until the drop time is past its dropAt, whatever the clock says', () =>
    withStore(create, async (store, database) => {
      const object = { ...keyObject('key_1'), dropAt: startAt + 1_000 } as FeedObject
      await moveDropTime(store, startAt)
      await store.write(async (transaction) =>
        transaction.append({ tenant: 'acme', audit: exampleAudit('x'), objects: () => [object] }),
      )
      const ahead = await database.open({ now: () => startAt + 999_999 })
      await ahead.cleanUp(startAt + 999_999, 1)
      for (const each of [store, ahead]) {
        expect(await each.feed.snapshot('acme')).toMatchObject({ dropTime: startAt, entries: [{ id: 'key_1' }] })
        expect((await each.feed.snapshotAll()).entries).toHaveLength(1)
      }
      await moveDropTime(store, startAt + 1_000)
      expect(await ahead.feed.snapshot('acme')).toMatchObject({ dropTime: startAt + 1_000, entries: [] })
      await ahead.close()
    }))

  it('an entry written while the drop time is ahead, or by a clock that is behind it, is kept beyond it', () =>
    withStore(create, async (store) => {
      const object = (id: string, dropAt: number) => ({ ...keyObject(id), dropAt }) as FeedObject
      await moveDropTime(store, startAt + 5_000)
      const { entries } = await store.write(async (transaction) =>
        transaction.append({
          tenant: 'acme',
          audit: exampleAudit('x'),
          objects: () => [object('key_1', startAt + 100), object('key_2', startAt + 1_000), keyObject('key_3')],
        }),
      )
      // The writer's clock is 5,000 s behind the drop time, so its times are counted from the drop time.
      expect(entries.map(({ dropAt }) => dropAt)).toEqual([startAt + 5_310, startAt + 6_000, keyObject('key_3').dropAt])
    }))

  it('the drop time is moved from the value that was read, on and never back', () =>
    withStore(create, async (store, database) => {
      const second = await database.open()
      await moveDropTime(store, startAt)
      const { moves } = await store.dropTime.read()
      const boot = { id: 'boot', ms: 4_711 }
      const moved = await Promise.all(
        [store, second].map((each) => each.dropTime.move(moves, { timeMs: (startAt + 60) * 1000, boot })),
      )
      expect(moved.filter(Boolean)).toHaveLength(1)
      expect(await second.dropTime.read()).toMatchObject({ timeMs: (startAt + 60) * 1000, moves: moves + 1, boot })
      expect(await store.dropTime.move(moves + 1, { timeMs: startAt * 1000, boot })).toBe(false)
      await second.close()
    }))

  it('cleaning up removes what ended, from the beginning of the log, and nothing else', () =>
    withStore(create, cleaning))
}

async function cleaning(store: Store): Promise<void> {
  await seed(store, 'acme', 'other')
  await moveDropTime(store, startAt)
  for (let round = 1; round <= 3; round++) {
    const ended = { ...keyObject(`key_${round}`), dropAt: startAt + 310 + round } as FeedObject
    await store.write(async (transaction) => {
      transaction.append({ tenant: 'acme', audit: exampleAudit('x'), objects: () => [ended] })
      await transaction.singleUse.take('client_assertion', 'acme', `jti_${round}`, startAt + round)
    })
    const counts = [exampleCount('other', 'key_1')]
    await store.countUsage({ id: `batch_${round}`, counts, now: startAt - 6 * 3_600 })
  }
  await store.write((transaction) => transaction.clients.insert(exampleClient('acme', 'client_2')))
  const place = await store.feed.place('acme')
  await moveDropTime(store, startAt + 312)
  expect(await store.cleanUp(startAt + 2, 1000)).toEqual({ removed: 4 + 3 })
  expect(await store.cleanUp(startAt + 2, 1000)).toEqual({ removed: 0 })
  expect(await store.read.statusEntries.find('acme', 'key', 'key_3')).toBeDefined()
  expect(await store.feed.after('acme', 0, 10)).toHaveLength(3)

  expect(await store.cleanUp(startAt + 2, 1)).toEqual({ removed: 3 })
  expect(await store.feed.after('acme', 0, 10)).toEqual([])
  expect(await store.feed.chainAt('acme', 2)).toBeUndefined()
  expect(await store.feed.chainAt('acme', 3)).toBe(place.chain)
  expect(await store.feed.place('acme')).toEqual(place)
  expect(await store.verifyAudit('acme')).toEqual({ events: 3, link: expect.any(String) })
  const { entries } = await store.write(async (transaction) => transaction.append(keyChange('acme', 'key_9')))
  expect(entries[0]).toMatchObject({ sequence: 4, position: 4 })
  expectChained(entries, { sequence: 3, chain: place.chain } as never)
}
