/**
 * The drop time is one row, moved by the process that holds the clean-up lease (docs/protocol/feed.md §2.2). Every
 * removal and every snapshot reads it in its own transaction.
 */
import { limits, neverDropAt, type Seconds } from '@countersign/core'
import { type Kysely, sql } from 'kysely'
import type { Database } from '../database.ts'
import type { Schema } from '../schema.ts'
import type { StoreOptions } from '../store_options.ts'

/** The installation's drop time. Entries are removed by it alone, never by a clock. */
export interface DropTime {
  /** Milliseconds since the epoch. */
  readonly timeMs: number
  /** How often it was moved. */
  readonly moves: number
  /** The machine that moved it last, and its boot clock then. */
  readonly boot: BootClock | undefined
  /** The database's own clock when this was read, in milliseconds since the epoch. */
  readonly databaseMs: number
}

/** A clock that counts from a machine's boot, suspend included, and that nobody sets. */
export interface BootClock {
  /** Random; another one at each boot. */
  readonly id: string
  readonly ms: number
}

/** The drop time of a store. */
export interface DropTimes {
  read(): Promise<DropTime>
  /** Moves the drop time on, unless somebody moved it since `moves` or it is later than `to`. True when it was moved. */
  move(moves: number, to: Pick<DropTime, 'timeMs' | 'boot'>): Promise<boolean>
}

/** The drop time in whole seconds, as part of a statement. Both databases truncate integer division towards zero. */
export const dropSeconds = sql<number>`(select time_ms / 1000 from drop_time where id = 1)`

const graceSeconds = limits.clockLeewaySeconds + limits.dropGraceSeconds

export function dropTimes(database: Database, options: Pick<StoreOptions, 'now'>): DropTimes {
  return {
    // Only one machine uses a SQLite file, so its clock is the database's.
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

/** Begins at the earlier of both clocks. A row that is there already stays as it is. */
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

/** Called in the transaction that removes entries, or that gives out those that were not removed. */
export async function readDropSeconds(db: Kysely<Schema>): Promise<Seconds> {
  const { rows } = await sql<{ at: number }>`select ${dropSeconds} as at`.execute(db)
  return rows[0]!.at
}

/**
 * The end of an entry that is written while the drop time is `dropTime`. Without the lift, a drop time ahead of all clocks
 * would remove the entry at the next round, and a writer whose clock is behind would end it too early.
 */
export function liftDropAt(dropAt: Seconds, dropTime: Seconds, now: Seconds): Seconds {
  return Math.min(neverDropAt, Math.max(dropAt + Math.max(0, dropTime - now), dropTime + graceSeconds))
}
