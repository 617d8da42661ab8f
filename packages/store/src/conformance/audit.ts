import { expect, it } from 'vitest'
import { exampleAudit } from './examples.ts'
import type { CreateDatabase } from './test_database.ts'
import { withStore } from './test_database.ts'

/** Each edit, with the sequence at which it must be found. Twelve events are there. */
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
]

export function auditCases(create: CreateDatabase): void {
  it('an untouched audit chain verifies, and only with the key it was made with', () =>
    withStore(create, async (store, database) => {
      expect(await store.verifyAudit('nobody')).toEqual({ events: 0 })
      for (let round = 0; round < 1200; round += 100) {
        await store.write(async (transaction) => {
          for (let each = 0; each < 100; each++) {
            transaction.append({ tenant: round % 200 ? 'acme' : 'other', audit: exampleAudit(`key_${each}`) })
          }
        })
      }
      expect(await store.verifyAudit('acme')).toEqual({ events: 600 })
      const stranger = await database.open({ auditKey: new Uint8Array(32) })
      expect(await stranger.verifyAudit('acme')).toEqual({ events: 0, brokenAt: 1 })
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
}
