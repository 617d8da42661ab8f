/**
 * The drop time: one row, moved by whoever holds the clean-up lease (docs/protocol/feed.md). Every removal and every
 * snapshot reads it in its own transaction.
 */
import { limits, neverDropAt, type Seconds } from '@countersign/core'
import { type Kysely, sql } from 'kysely'
import type { Database } from '../database.ts'
import type { Schema } from '../schema.ts'
import type { DropTime, Store, StoreOptions } from '../store.ts'

/** In whole seconds, as part of a statement. Both databases cut integers off towards zero. */
export const dropSeconds = sql<number>`(select time_ms / 1000 from drop_time where id = 1)`

const graceSeconds = limits.clockLeewaySeconds + limits.dropGraceSeconds

export function dropTimes(database: Database, options: Pick<StoreOptions, 'now'>): Store['dropTime'] {
  return {
    // One machine uses a SQLite file, and its clock is the database's.
    read: async () => {
      const row = await readDropTime(database)
      return database.dialect === 'sqlite' ? { ...row, databaseMs: options.now() * 1000 } : row
    },
    async move(moves, { timeMs, boot }) {
      const { numUpdatedRows } = await database.transact((db) =>
        db
          .updateTable('drop_time')
          .set((eb) => ({
            time_ms: Math.floor(timeMs),
            moves: eb('moves', '+', 1),
            boot_id: boot?.id ?? null,
            boot_ms: boot === undefined ? null : Math.floor(boot.ms),
          }))
          .where('id', '=', 1)
          .where('moves', '=', moves)
          .where('time_ms', '<=', Math.floor(timeMs))
          .executeTakeFirstOrThrow(),
      )
      return numUpdatedRows === 1n
    },
  }
}

async function readDropTime({ reader, clock }: Database): Promise<DropTime> {
  const row = await reader
    .selectFrom('drop_time')
    .selectAll()
    .select(clock.as('database_now'))
    .where('id', '=', 1)
    .executeTakeFirstOrThrow()
  const boot = row.boot_id === null || row.boot_ms === null ? undefined : { id: row.boot_id, ms: row.boot_ms }
  return { timeMs: row.time_ms, moves: row.moves, boot, databaseMs: row.database_now * 1000 }
}

/** At the first start: the earlier of both clocks. Whoever comes second keeps the first. */
export async function beginDropTime(
  db: Kysely<Schema>,
  database: Database,
  options: Pick<StoreOptions, 'now'>,
): Promise<void> {
  const own = Math.floor(options.now())
  const { rows } = await sql<{ now: number }>`select ${database.clock} as now`.execute(db)
  const seconds = database.dialect === 'sqlite' ? own : Math.min(own, rows[0]!.now)
  await db
    .insertInto('drop_time')
    .values({ id: 1, time_ms: seconds * 1000, moves: 0, boot_id: null, boot_ms: null })
    .onConflict((conflict) => conflict.column('id').doNothing())
    .execute()
}

/** Read in the transaction that removes, or that gives out what was not removed. */
export async function readDropSeconds(db: Kysely<Schema>): Promise<Seconds> {
  const { rows } = await sql<{ at: number }>`select ${dropSeconds} as at`.execute(db)
  return rows[0]!.at
}

/**
 * The end of an entry that is written while the drop time is `dropTime`. A drop time ahead of all clocks would remove it at
 * the next round; a writer whose clock is behind would have counted "the longest life from now" from too early.
 */
export function liftDropAt(dropAt: Seconds, dropTime: Seconds, now: Seconds): Seconds {
  return Math.min(neverDropAt, Math.max(dropAt + Math.max(0, dropTime - now), dropTime + graceSeconds))
}
