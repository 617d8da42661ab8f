import { expect, it } from 'vitest'
import type { Store } from '../store.ts'
import type { Refusal } from '../usage/refusal.ts'
import { exampleRefusal, seed } from './examples.ts'
import type { CreateDatabase } from './test_database.ts'
import { moveDropTime, startAt, withStore } from './test_database.ts'

/** Examples of refusals: which are kept, for how long, and who makes room. */
export function refusalCases(create: CreateDatabase): void {
  it('examples of refusals are listed the latest first, by key, request and team, and of one batch once', () =>
    withStore(create, async (store) => {
      await seed(store, 'acme', 'other')
      const refusals = [
        refusalAt(startAt, { requestId: 'a', credentialId: 'key_1', clientId: 'client_1' }),
        refusalAt(startAt + 1, { requestId: 'b', credentialId: 'key_2', clientId: 'client_9', route: '/orders/{id}' }),
        { ...refusalAt(startAt, { requestId: 'a' }), tenant: 'other' },
      ]
      const batch = { id: 'r1', counts: [], refusals, now: startAt }
      expect([await store.countUsage(batch), await store.countUsage(batch)]).toEqual([true, false])
      const list = async (filter: object = {}) =>
        (await store.read.usage.refusals('acme', { since: startAt - 1, limit: 10, ...filter })).map(
          (it) => it.requestId,
        )
      expect(await list()).toEqual(['b', 'a'])
      expect(await list({ limit: 1 })).toEqual(['b'])
      expect(await list({ after: refusals[1]?.id })).toEqual(['a'])
      expect(await list({ credentialId: 'key_1' })).toEqual(['a'])
      expect(await list({ requestId: 'b' })).toEqual(['b'])
      expect(await list({ since: startAt })).toEqual(['b'])
      expect(await list({ teamIds: ['team_9'] })).toEqual([])
      const [first] = await store.read.usage.refusals('acme', { since: 0, limit: 1 })
      expect(first).toEqual(refusals[1])
    }))

  it('of a client the newest hundred refusals are kept, whatever another client or tenant has, and for a day', () =>
    withStore(create, async (store) => {
      await seed(store, 'acme', 'other')
      const many = Array.from({ length: 105 }, (_, each) => refusalAt(startAt + each, { clientId: 'loud' }))
      const quiet = [refusalAt(startAt - 11), refusalAt(startAt - 10, { clientId: 'quiet' })]
      const others = { ...refusalAt(startAt - 10), tenant: 'other' }
      await store.countUsage({ id: 'r1', counts: [], refusals: [...quiet, others, ...many], now: startAt })
      expect(await placesOf(store, 'acme')).toEqual({ '': [-11], quiet: [-10], loud: spanFrom(5, 104) })
      expect(await placesOf(store, 'other')).toEqual({ '': [-10] })
      await moveDropTime(store, startAt + 86_400)
      await store.cleanUp(startAt + 86_400, 60)
      expect(await placesOf(store, 'other')).toEqual({})
      expect(Object.keys(await placesOf(store, 'acme'))).toEqual(['loud'])
    }))

  it('of a tenant a thousand refusals are kept, and the client that has the most makes room', () =>
    withStore(create, async (store) => {
      await seed(store, 'acme')
      const few = [0, 1].map((each) => refusalAt(startAt + each, { clientId: 'quiet' }))
      const many = Array.from({ length: 1_100 }, (_, each) =>
        refusalAt(startAt + 10 + each, { clientId: `loud_${each % 11}` }),
      )
      await store.countUsage({ id: 'r1', counts: [], refusals: few, now: startAt })
      await store.countUsage({ id: 'r2', counts: [], refusals: many, now: startAt })
      const { quiet, ...loud } = await placesOf(store, 'acme')
      expect(quiet).toEqual([0, 1])
      const counts = Object.values(loud).map(({ length }) => length)
      expect(counts.toSorted((a, b) => a - b)).toEqual([90, 90, 90, 91, 91, 91, 91, 91, 91, 91, 91])
    }))
}

/** For each client, how many seconds after the start each of its refusals was, the oldest first. */
async function placesOf(store: Store, tenant: string): Promise<Readonly<Record<string, readonly number[]>>> {
  const all = await store.read.usage.refusals(tenant, { since: 0, limit: 2_000 })
  const byClient = Map.groupBy(all.toReversed(), ({ clientId }) => clientId)
  return Object.fromEntries([...byClient].map(([clientId, own]) => [clientId, own.map(({ at }) => at - startAt)]))
}

function spanFrom(first: number, last: number): readonly number[] {
  return Array.from({ length: last - first + 1 }, (_, each) => first + each)
}

function refusalAt(at: number, changes: Partial<Refusal> = {}): Refusal {
  return exampleRefusal('acme', { at, ...changes })
}
