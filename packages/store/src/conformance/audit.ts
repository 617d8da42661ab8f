import { expect, it } from 'vitest'
import type { Store } from '../store.ts'
import { exampleAudit, keyChange, seed } from './examples.ts'
import { goBackToFirstSchema } from './processes.ts'
import type { CreateDatabase, TestDatabase } from './test_database.ts'
import { withStore } from './test_database.ts'

/** Each edit of twelve events, with the sequence at which it must be found. */
const edits: readonly (readonly [sql: string, brokenAt: number])[] = [
  [`update audit set action = 'key.create' where sequence = 1`, 1],
  [`update audit set at = at + 1 where sequence = 5`, 5],
  [`update audit set actor = '{"kind":"system"}' where sequence = 12`, 12],
  [`update audit set before = null where sequence = 7`, 7],
  [`update audit set after = '{"scope":"orders:write"}' where sequence = 7`, 7],
  [`update audit set object_id = 'key_2' where sequence = 3`, 3],
  [`update audit set object_type = 'token' where sequence = 3`, 3],
  [`update audit set request_id = '' where sequence = 4`, 4],
  [`update audit set link = '' where sequence = 6`, 6],
  [`update audit set actor = '{' where sequence = 9`, 9],
  [`delete from audit where sequence = 1`, 1],
  [`delete from audit where sequence = 8`, 8],
  [`delete from audit where sequence = 12`, 12],
  [`delete from audit where sequence >= 10`, 10],
  [`delete from audit`, 1],
  [`update audit set sequence = 13 where sequence = 12`, 12],
  [`update audit set sequence = 99 where sequence = 2`, 2],
  [`update audit set link = (select link from audit as other where other.sequence = 3) where sequence = 4`, 4],
  [`update counters set audit_sequence = 11`, 13],
  [`update counters set audit_link = 'x'`, 13],
  [`update counters set audit_mac = null`, 13],
  [`update counters set audit_mac = ''`, 13],
  [`delete from counters`, 13],
]

export function auditCases(create: CreateDatabase): void {
  it('an untouched audit chain verifies, and only with the key it was made with', () =>
    withStore(create, async (store, database) => {
      expect(await store.verifyAudit('nobody')).toEqual({ events: 0, link: '', brokenAt: 1 })
      for (let round = 0; round < 1200; round += 100) {
        await store.write(async (transaction) => {
          for (let each = 0; each < 100; each++) {
            transaction.append({ tenant: round % 200 ? 'acme' : 'other', audit: exampleAudit(`key_${each}`) })
          }
        })
      }
      expect(await store.verifyAudit('acme')).toEqual({ events: 600, link: expect.stringMatching(/^[\w-]{43}$/) })
      const stranger = await database.open({ auditKey: new Uint8Array(32) })
      expect(await stranger.verifyAudit('acme')).toEqual({ events: 0, link: '', brokenAt: 1 })
      await stranger.close()
    }))

  for (const [sql, brokenAt] of edits) {
    it(`found at ${brokenAt}: ${sql}`, () =>
      withStore(create, async (store, database) => {
        for (let round = 1; round <= 12; round++) {
          await store.write(async (transaction) =>
            transaction.append({ tenant: 'acme', audit: exampleAudit(`key_${round}`) }),
          )
        }
        await database.execute(sql)
        expect(await store.verifyAudit('acme')).toMatchObject({ brokenAt })
      }))
  }

  /** Makes twelve changes, each an event and an entry of the feed. */
  async function grow(store: Store, count = 12): Promise<void> {
    for (let round = 0; round < count; round++) {
      await store.write(async (transaction) => transaction.append(keyChange('acme', `key_${round}`)))
    }
  }

  /** Sets every value that says where the log ends, as an attacker who can write the database would. */
  async function cut(database: TestDatabase, at: number): Promise<void> {
    await database.execute(`delete from audit where sequence > ${at}`)
    await database.execute(`update counters set audit_sequence = ${at}, audit_link =
      coalesce((select link from audit where sequence = ${at}), '')`)
  }

  for (const at of [11, 8, 1, 0]) {
    it(`a log cut after event ${at}, with its counters set to it, is found`, () =>
      withStore(create, async (store, database) => {
        await grow(store)
        await cut(database, at)
        expect(await store.verifyAudit('acme')).toMatchObject({ events: at, brokenAt: at + 1 })
        await database.execute('delete from feed')
        expect(await store.verifyAudit('acme')).toMatchObject({ events: at, brokenAt: at + 1 })
      }))
  }

  it('an older end put back is found by the feed, which names later links', () =>
    withStore(create, async (store, database) => {
      await grow(store, 8)
      const [older] = await database.query('select audit_sequence, audit_link, audit_mac from counters')
      await grow(store, 4)
      await cut(database, 8)
      await database.execute(`update counters set audit_mac = '${older?.audit_mac}'`)
      expect(await store.verifyAudit('acme')).toMatchObject({ events: 8, brokenAt: 9 })
    }))

  it('and where the feed was cut too, by an end that was noted elsewhere', () =>
    withStore(create, async (store, database) => {
      await grow(store, 8)
      const [older] = await database.query('select audit_sequence, audit_link, audit_mac from counters')
      await grow(store, 4)
      const { events, link } = await store.verifyAudit('acme')
      await cut(database, 8)
      await database.execute(`update counters set audit_mac = '${older?.audit_mac}'`)
      await database.execute('delete from feed where sequence > 8')
      // The chain is whole in itself: nothing in the database tells it from the log at that time.
      expect(await store.verifyAudit('acme')).toMatchObject({ events: 8 })
      expect(await store.verifyAudit('acme')).not.toHaveProperty('brokenAt')
      expect(await store.verifyAudit('acme', { sequence: events, link })).toMatchObject({ brokenAt: 9 })
      const genuine = { sequence: 8, link: String(older?.audit_link) }
      expect(await store.verifyAudit('acme', genuine)).not.toHaveProperty('brokenAt')
      expect(await store.verifyAudit('acme', { ...genuine, sequence: 7 })).toMatchObject({ brokenAt: 7 })
    }))

  it('an end whose MAC is another tenant’s, or another place’s, is found', () =>
    withStore(create, async (store, database) => {
      for (const tenant of ['acme', 'other'])
        await store.write(async (it) => it.append({ tenant, audit: exampleAudit('key_1') }))
      await database.execute(`update counters set audit_mac =
        (select audit_mac from counters where tenant = 'other') where tenant = 'acme'`)
      expect(await store.verifyAudit('acme')).toMatchObject({ events: 1, brokenAt: 2 })
    }))

  it('a tenant whose rows were taken out is still listed', () =>
    withStore(create, async (store, database) => {
      await seed(store, 'acme', 'other')
      for (const table of ['counters', 'audit', 'feed']) {
        await database.execute(`delete from ${table} where tenant = 'acme'`)
      }
      expect(await store.auditedTenants()).toContain('acme')
      expect(await store.verifyAudit('acme')).toMatchObject({ brokenAt: 1 })
    }))

  it('a log of before, without a MAC, is sealed once: a MAC that is taken away later is missed', () =>
    withStore(create, async (store, database) => {
      await seed(store, 'acme')
      await grow(store)
      await goBackToFirstSchema(database)
      const migrated = await database.open()
      expect(await migrated.verifyAudit('acme')).not.toHaveProperty('brokenAt')
      await database.execute('update counters set audit_mac = null')
      const again = await database.open()
      expect(await again.verifyAudit('acme')).toHaveProperty('brokenAt')
      await migrated.close()
      await again.close()
    }))
}
