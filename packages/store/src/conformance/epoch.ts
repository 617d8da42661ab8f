import { expect, it } from 'vitest'
import { examplePosition, keyChange, seed } from './examples.ts'
import { expectChained } from './follower.ts'
import type { CreateDatabase } from './test_database.ts'
import { startAt, withStore } from './test_database.ts'

/** A restored copy begins a history of its own (feed.md §1, §7). */
export function epochCases(create: CreateDatabase): void {
  it('a new epoch continues no place of the former one, and starts above whatever was known, at one number for all', () =>
    withStore(create, async (store) => {
      await seed(store, 'acme', 'other')
      await store.write(async (transaction) => {
        transaction.append(keyChange('acme', 'key_1', 2, 'revoked'))
        transaction.append(keyChange('other', 'key_1', 2))
      })
      await store.savePositions([examplePosition('acme', 'verifier_1')])
      const former = await store.feed.place('acme')
      const above = startAt * 1_000_000
      const epoch = await store.startEpoch(above)
      const beginning = above + 1_000_000_000
      expect(epoch).toMatch(/^[\w-]{22}$/)
      expect(epoch).not.toBe(former.epoch)
      expect(await store.feed.epoch()).toBe(epoch)
      expect(await store.feed.place('acme')).toMatchObject({ epoch, sequence: beginning })
      expect(await store.feed.place('other')).toMatchObject({ epoch, sequence: beginning })
      expect((await store.feed.head()).position).toBe(beginning)
      expect(await store.feed.chainAt('acme', former.sequence)).toBeUndefined()
      expect(await store.feed.after('acme', 0, 10)).toEqual([])
      expect(await store.read.verifierPositions.list('acme')).toEqual([])

      const { entries } = await store.write(async (transaction) => transaction.append(keyChange('acme', 'key_2', 1)))
      expect(entries[0]).toMatchObject({ sequence: beginning + 1, position: beginning + 1 })
      expectChained(entries, { sequence: beginning, chain: former.chain } as never)
      expect(await store.verifyAudit('acme')).toEqual({ events: 2 })
      const { entries: book } = await store.feed.snapshot('acme')
      expect(book.find(({ id }) => id === 'key_1')).toMatchObject({ state: { status: 'revoked' } })
    }))
}
