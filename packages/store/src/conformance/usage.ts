import { expect, it } from 'vitest'
import { UnstorableTextError } from '../errors.ts'
import type { Store } from '../store.ts'
import type { UsageCount } from '../usage/count.ts'
import { lastAddressSeconds, type UsageRetention } from '../usage/roll_up.ts'
import { exampleCount, exampleKey, seed } from './examples.ts'
import type { CreateDatabase } from './test_database.ts'
import { moveDropTime, randomFrom, startAt, withStore } from './test_database.ts'

/** The start of a UTC day. */
const day = startAt - (startAt % 86_400)
const long: UsageRetention = { minuteSeconds: 1e9, hourSeconds: 1e9, daySeconds: 1e9 }
const keys = ['key_1', 'key_2', 'key_3']
const scopes = ['', 'orders:read', 'orders:write']

/** Ends a transaction after its first half, as a kill would. */
const endBeforeNoting = {
  sqlite: [
    `create trigger ends before update on usage_sums when new.rolled <> old.rolled begin select raise(abort, 'ended'); end`,
  ],
  postgres: [
    `create function ends() returns trigger language plpgsql as 'begin raise exception ''ended''; end'`,
    `create trigger ends before update on usage_sums for each row when (new.rolled <> old.rolled) execute function ends()`,
  ],
} as const
const endNoMore = { sqlite: ['drop trigger ends'], postgres: ['drop trigger ends on usage_sums'] } as const

export function usageCases(create: CreateDatabase): void {
  it('a batch sent twice counts once, and the series sums it by interval', () =>
    withStore(create, async (store) => {
      const counts = [0, 60, 60, 3600].map((after) => countAt(day + after, 2))
      expect([await add(store, 'b1', counts), await add(store, 'b1', counts)]).toEqual([true, false])
      expect(await add(store, 'b2', counts)).toBe(true)
      expect((await series(store, 60)).map((each) => each.count)).toEqual([4, 8, 4])
      expect(await series(store, 3600)).toEqual([
        { at: day, groups: ['verified'], count: 12 },
        { at: day + 3600, groups: ['verified'], count: 4 },
      ])
      expect(await series(store, 86_400, { credentialId: 'key_1' })).toEqual([
        { at: day, groups: ['verified'], count: 16 },
      ])
      expect(await series(store, 60, { clientId: 'client_2' })).toEqual([])
      expect(await series(store, 60, { limit: 2 })).toHaveLength(2)
    }))

  it('a batch of several tenants is counted for each of them, and for one that had it already not again', () =>
    withStore(create, async (store) => {
      await seed(store, 'acme', 'other')
      const of = (tenant: string) => ({ ...countAt(day, 3), tenant })
      expect(await store.countUsage({ id: 'b1', counts: [of('acme')], now: startAt })).toBe(true)
      const both = { id: 'b1', counts: [of('other'), of('acme')], now: startAt }
      expect([await store.countUsage(both), await store.countUsage(both)]).toEqual([true, false])
      for (const tenant of ['acme', 'other']) {
        const sums = await store.read.usage.series(tenant, spanOf(86_400))
        expect(sums.map(({ count }) => count)).toEqual([3])
      }
    }))

  it('a batch that cannot be stored counts nothing at all, and says why', () =>
    withStore(create, async (store) => {
      const counts = [countAt(day, 1), countAt(day, 2, { scope: 'a\0b' })]
      await expect(store.countUsage({ id: 'b1', counts, now: startAt })).rejects.toBeInstanceOf(UnstorableTextError)
      expect(await series(store, 60)).toEqual([])
      expect(await add(store, 'b1', [countAt(day, 1)])).toBe(true)
    }))

  it('tenants never see each other’s counts', () =>
    withStore(create, async (store) => {
      await seed(store, 'acme', 'other')
      await add(store, 'b1', [countAt(day, 3)])
      const { read } = store
      const span = { from: 0, to: 2 ** 40, intervalSeconds: 60, groupBy: ['outcome'], limit: 100 } as const
      expect(await read.usage.series('other', span)).toEqual([])
      expect(await read.usage.lastUses('other', 'key_1')).toEqual([])
      expect((await read.usage.lastUsed('other', ['key_1'])).size).toBe(0)
    }))

  it('groups by outcome, scope, credential and client, each adding up to the same', () =>
    withStore(create, async (store) => {
      await add(store, 'b1', [
        countAt(day, 1, { scope: 'a', outcome: 'expired' }),
        countAt(day, 2, { scope: 'b', credentialId: 'key_2' }),
        countAt(day, 4, { scope: 'b', clientId: 'client_2' }),
      ])
      const groups = async (...groupBy: Required<Filter>['groupBy']) =>
        (await series(store, 3600, { groupBy })).map(({ groups: values, count }) => [...values, count])
      expect(await groups('outcome')).toEqual([
        ['expired', 1],
        ['verified', 6],
      ])
      expect(await groups('scope')).toEqual([
        ['a', 1],
        ['b', 6],
      ])
      expect(await groups('credentialId')).toEqual([
        ['key_1', 5],
        ['key_2', 2],
      ])
      expect(await groups('scope', 'outcome')).toEqual([
        ['a', 'expired', 1],
        ['b', 'verified', 6],
      ])
      expect(await groups('outcome', 'credentialId')).toEqual([
        ['expired', 'key_1', 1],
        ['verified', 'key_1', 4],
        ['verified', 'key_2', 2],
      ])
      expect(await groups('clientId')).toEqual([
        ['client_1', 3],
        ['client_2', 4],
      ])
      expect(await series(store, 3600, { scope: 'a' })).toEqual([{ at: day, groups: ['expired'], count: 1 }])
    }))

  it('hours and days equal the sum of the minutes at every moment, whatever is rolled up and however late it comes', () =>
    withStore(create, async (store, database) => {
      await seed(store, 'acme')
      const random = randomFrom(7)
      const sums = new Map<number, number>()
      for (let round = 0; round < 30; round++) {
        const counts = Array.from({ length: 1 + random(40) }, () => someCount(random))
        await add(store, `batch ${round}`, counts)
        for (const { minuteAt, count } of counts) sums.set(minuteAt, (sums.get(minuteAt) ?? 0) + count)
        // Time goes back and forth, another process rolls up at the same moment, and a round may be killed half-way.
        const now = day + random(3 * 86_400)
        const other = random(3) === 0 ? await database.open() : undefined
        await Promise.all([
          store.rollUpUsage(now, long, { budgetMs: random(3) }),
          other?.rollUpUsage(now, long, { budgetMs: 1_000 }),
        ])
        await other?.close()
        for (const seconds of [60, 3600, 86_400] as const) {
          const expected = new Map<number, number>()
          for (const [at, count] of sums)
            expected.set(at - (at % seconds), (expected.get(at - (at % seconds)) ?? 0) + count)
          const found = await store.read.usage.series('acme', spanOf(seconds))
          const total = new Map<number, number>()
          for (const { at, count } of found) total.set(at, (total.get(at) ?? 0) + count)
          expect(total).toEqual(expected)
        }
      }
      await store.rollUpUsage(day + 10 * 86_400, long, { budgetMs: 10_000 })
      const open = await database.query('select count(*) as open from usage_sums where count <> rolled')
      expect(Number(open[0]?.open)).toBe(0)
    }))

  it('a roll-up goes on behind where the one before stopped, so that every tenant has its turn', () =>
    withStore(create, async (store, database) => {
      const tenants = ['a', 'b', 'c', 'd']
      await seed(store, ...tenants)
      for (const tenant of tenants) {
        const counts = [{ ...countAt(day, 1), tenant }]
        await store.countUsage({ id: 'batch', counts, now: day })
      }
      const open = async () => {
        const rows = await database.query(
          'select distinct tenant from usage_sums where count <> rolled order by tenant',
        )
        return rows.map(({ tenant }) => tenant)
      }
      const now = day + 2 * 86_400
      // A round without any time reports that no tenant had a turn.
      expect(await store.rollUpUsage(now, long, { budgetMs: 0 })).toMatchObject({ rolled: 0, next: '' })
      expect(await store.rollUpUsage(now, long, { budgetMs: 0, after: 'b' })).toMatchObject({ rolled: 0, next: 'b' })
      expect((await store.rollUpUsage(now, long, { budgetMs: 10_000, after: 'b' })).next).toBeUndefined()
      expect(await open()).toEqual(['a', 'b'])
      await store.rollUpUsage(now, long, { budgetMs: 10_000 })
      expect(await open()).toEqual([])
    }))

  it('a roll-up that ends between adding to the hour and noting it in the minutes leaves every sum as it was', () =>
    withStore(create, async (store, database) => {
      await seed(store, 'acme')
      await add(store, 'b1', [countAt(day, 5), countAt(day + 60, 6)])
      for (const statement of endBeforeNoting[store.dialect]) await database.execute(statement)
      await expect(store.rollUpUsage(day + 7_200, long, { budgetMs: 1_000 })).rejects.toThrow()
      expect(await series(store, 3600)).toEqual([{ at: day, groups: ['verified'], count: 11 }])
      expect(await database.query('select at from usage_sums where interval_seconds = 3600')).toEqual([])
      for (const statement of endNoMore[store.dialect]) await database.execute(statement)
      // More rounds change nothing.
      for (const now of [day + 3_600, day + 7_200, day + 7_200, day + 86_400 * 2]) {
        await store.rollUpUsage(now, long, { budgetMs: 1_000 })
        expect(await series(store, 3600)).toEqual([{ at: day, groups: ['verified'], count: 11 }])
        expect(await series(store, 86_400)).toEqual([{ at: day, groups: ['verified'], count: 11 }])
      }
      const rows = await database.query('select interval_seconds, count from usage_sums order by interval_seconds, at')
      expect(rows.map(({ count }) => Number(count))).toEqual([5, 6, 11, 11])
    }))

  it('counts reported after the roll-up are there at once, and rolled up the next time', () =>
    withStore(create, async (store) => {
      await seed(store, 'acme')
      await add(store, 'b1', [countAt(day, 11)])
      await store.rollUpUsage(day + 86_400 * 2, long, { budgetMs: 1_000 })
      await add(store, 'b2', [countAt(day, 1)])
      expect(await series(store, 86_400)).toEqual([{ at: day, groups: ['verified'], count: 12 }])
      await store.rollUpUsage(day + 86_400 * 2, long, { budgetMs: 1_000 })
      expect(await series(store, 86_400)).toEqual([{ at: day, groups: ['verified'], count: 12 }])
    }))

  it('rows past the retention of their interval are removed once they are rolled up, and never before', () =>
    withStore(create, async (store, database) => {
      await seed(store, 'acme')
      await add(
        store,
        'b1',
        [0, 60, 3600].map((after) => countAt(day + after, 1)),
      )
      const retention = { minuteSeconds: 86_400, hourSeconds: 2 * 86_400, daySeconds: 3 * 86_400 }
      const kept = async (daysLater: number) => {
        await store.rollUpUsage(day + daysLater * 86_400, retention, { budgetMs: 5_000 })
        const rows = await database.query('select interval_seconds from usage_sums order by interval_seconds')
        return rows.map((row) => Number(row.interval_seconds))
      }
      // Even with a retention of 0, open counts stay until their interval is over.
      await store.rollUpUsage(day + 3_700, { minuteSeconds: 0, hourSeconds: 0, daySeconds: 0 }, { budgetMs: 5_000 })
      expect((await series(store, 3600)).reduce((sum, { count }) => sum + count, 0)).toBe(3)
      expect(await kept(1)).toEqual([60, 60, 60, 3600, 3600])
      expect(await kept(2)).toEqual([3600, 3600, 86_400])
      expect(await series(store, 86_400)).toEqual([{ at: day, groups: ['verified'], count: 3 }])
      expect(await kept(2.1)).toEqual([86_400])
      expect(await kept(3.1)).toEqual([])
    }))

  it('the last use of a key is the latest for each scope, in whatever order batches come, and of keys alone', () =>
    withStore(create, async (store) => {
      await seed(store, 'acme')
      await store.write((transaction) => transaction.keys.insert(exampleKey('acme', 'key_2')))
      await add(store, 'b1', [
        countAt(day, 1, { scope: 'a', lastAt: day + 9, lastAddress: '192.0.2.0/24' }),
        countAt(day, 1, { scope: 'a', lastAt: day + 8, lastAddress: '198.51.100.0/24' }),
        countAt(day, 1, { scope: 'b' }),
        countAt(day + 60, 1, { scope: 'c', outcome: 'expired' }),
        countAt(day, 1, { credentialId: 'jti of a token', scope: 'a' }),
        countAt(day, 1, { credentialId: '', clientId: '', outcome: 'unknown' }),
      ])
      await add(store, 'b2', [countAt(day - 60, 1, { scope: 'a', lastAddress: '203.0.113.0/24' })])
      const { usage } = store.read
      const latest = { keyId: 'key_1', scope: 'a', at: day + 9, address: '192.0.2.0/24' }
      expect(await usage.lastUses('acme', 'key_1')).toEqual([latest, { keyId: 'key_1', scope: 'b', at: day }])
      expect(await usage.lastUses('acme', 'jti of a token')).toEqual([])
      expect(await usage.lastUsed('acme', ['key_1', 'key_2', 'key_3'])).toEqual(new Map([['key_1', latest]]))
      await store.rollUpUsage(day + 1_000, { ...long, daySeconds: 995 }, { budgetMs: 1_000 })
      expect(await usage.lastUses('acme', 'key_1')).toEqual([latest])
      const { address: _, ...forgotten } = latest
      await store.rollUpUsage(latest.at + lastAddressSeconds, long, { budgetMs: 1_000 })
      expect(await usage.lastUses('acme', 'key_1')).toEqual([latest])
      await store.rollUpUsage(latest.at + lastAddressSeconds + 1, long, { budgetMs: 1_000 })
      expect(await usage.lastUses('acme', 'key_1')).toEqual([forgotten])
    }))

  it('says which APIs keys are for and clients have access to, of this tenant', () =>
    withStore(create, async (store) => {
      await seed(store, 'acme', 'other')
      const of = { keyIds: ['key_1', 'key_9'], clientIds: ['client_1', 'client_9'] }
      const { byKey, byClient } = await store.read.usage.apisOf('acme', of)
      expect(byKey).toEqual(new Map([['key_1', { apiId: 'api_1', clientId: 'client_1' }]]))
      expect(byClient).toEqual(new Map([['client_1', new Set(['api_1'])]]))
      const none = await store.read.usage.apisOf('nobody', of)
      expect([none.byKey.size, none.byClient.size]).toEqual([0, 0])
    }))

  it('ids of batches are kept for as long as one may be sent again, and then removed', () =>
    withStore(create, async (store, database) => {
      await seed(store, 'acme')
      await add(store, 'b1', [countAt(day, 1)])
      const ids = async () => (await database.query('select batch_id from usage_batches')).length
      await store.cleanUp(startAt + 5 * 3_600, 60)
      expect(await ids()).toBe(1)
      await moveDropTime(store, startAt + 7 * 3_600)
      await store.cleanUp(startAt + 7 * 3_600, 60)
      expect(await ids()).toBe(0)
    }))
}

type Changes = Partial<Omit<UsageCount, 'tenant' | 'minuteAt' | 'count'>>

function countAt(minuteAt: number, count: number, changes: Changes = {}): UsageCount {
  return { ...exampleCount('acme', 'key_1'), minuteAt, count, ...changes }
}

function someCount(random: (below: number) => number): UsageCount {
  const minuteAt = day + random(2_880) * 60
  return countAt(minuteAt, 1 + random(5), { credentialId: keys[random(3)]!, scope: scopes[random(3)]! })
}

function add(store: Store, batchId: string, counts: readonly UsageCount[]): Promise<boolean> {
  return store.countUsage({ id: batchId, counts, now: startAt })
}

function spanOf(intervalSeconds: 60 | 3600 | 86_400) {
  return { from: day, to: day + 3 * 86_400, intervalSeconds, groupBy: ['outcome'], limit: 10_000 } as const
}

type Filter = Partial<Parameters<Store['read']['usage']['series']>[1]>

function series(store: Store, intervalSeconds: 60 | 3600 | 86_400, filter: Filter = {}) {
  return store.read.usage.series('acme', { ...spanOf(intervalSeconds), ...filter })
}
