import { expect, it } from 'vitest'
import type { Store } from '../store.ts'
import type { OperationUse } from '../usage/operation_use.ts'
import type { UsageRetention } from '../usage/roll_up.ts'
import { exampleOperationUse, seed } from './examples.ts'
import type { CreateDatabase } from './test_database.ts'
import { startAt, withStore } from './test_database.ts'

const day = startAt - (startAt % 86_400)
const audience = 'https://api.example'

/** Counts by operation: how they add up, how many are told apart, and how long they are kept. */
export function operationUseCases(create: CreateDatabase): void {
  it('add up by operation and outcome over the days that are asked for, a batch once, the most called first', () =>
    withStore(create, async (store) => {
      const uses = [
        useAt(day, { count: 2 }),
        useAt(day, { count: 3 }),
        useAt(day, { outcome: 'expired' }),
        useAt(day - 86_400, { method: 'POST', count: 9 }),
        useAt(day, { audience: 'https://other.example', count: 7 }),
        { ...useAt(day, { count: 8 }), tenant: 'other' },
      ]
      expect([await add(store, 'b1', uses), await add(store, 'b1', uses)]).toEqual([true, false])
      expect(await add(store, 'b2', [useAt(day)])).toBe(true)
      const get = { method: 'GET', route: '/orders' }
      const today = [
        { ...get, outcome: 'verified', count: 6 },
        { ...get, outcome: 'expired', count: 1 },
      ]
      expect(await sums(store, day, day + 1)).toEqual(today)
      const before = { ...get, method: 'POST', outcome: 'verified', count: 9 }
      expect(await sums(store, day - 1, day + 86_400)).toEqual([before, ...today])
      expect(await sums(store, day - 1, day + 86_400, 1)).toEqual([before])
      expect(await sums(store, day + 86_400, day + 90_000)).toEqual([])
    }))

  it('tell 2,000 operations of an API and day apart, and count the rest under one name', () =>
    withStore(create, async (store) => {
      const many = (from: number, to: number) =>
        Array.from({ length: to - from }, (_, each) => useAt(day, { route: `/${from + each}` }))
      await add(store, 'b1', many(0, 1_500))
      await add(store, 'b2', [...many(1_000, 2_500), useAt(day, { audience: 'https://other.example' })])
      await add(store, 'b3', [...many(0, 1), ...many(2_400, 2_401), useAt(day - 86_400, { route: '/2400' })])
      const found = await sums(store, day, day + 1, 10_000)
      expect(found).toHaveLength(2_001)
      expect(found[0]).toEqual({ method: '', route: '(other)', outcome: 'verified', count: 501 })
      expect(found.find(({ route }) => route === '/0')?.count).toBe(2)
      expect(await sums(store, day - 86_400, day)).toMatchObject([{ route: '/2400' }])
    }))

  it('are kept as long as the days', () =>
    withStore(create, async (store) => {
      await seed(store, 'acme')
      await add(store, 'b1', [useAt(day - 10 * 86_400), useAt(day - 3 * 86_400, { route: '/kept' })])
      const kept: UsageRetention = { minuteSeconds: 1e9, hourSeconds: 1e9, daySeconds: 5 * 86_400 }
      await store.rollUpUsage(startAt, kept, { budgetMs: 60_000 })
      expect((await sums(store, 0, startAt)).map(({ route }) => route)).toEqual(['/kept'])
    }))
}

function useAt(dayAt: number, changes: Partial<OperationUse> = {}): OperationUse {
  return exampleOperationUse('acme', { dayAt, ...changes })
}

function add(store: Store, id: string, operations: readonly OperationUse[]): Promise<boolean> {
  return store.countUsage({ id, counts: [], operations, now: startAt })
}

function sums(store: Store, from: number, to: number, limit = 100) {
  return store.read.usage.operations('acme', { audience, from, to, limit })
}
