import { sql } from 'kysely'
import type { Database } from '../database.ts'
import { StoreUnavailableError } from '../errors.ts'

/**
 * Commits an empty change as durably as a revocation. Its confirmation proves that this database was the primary since
 * before the beat began (docs/protocol/feed.md §3). Each process has its own row, so that beats do not wait for each
 * other. Without a confirmation the primary is searched again, and this throws `StoreUnavailableError`.
 */
export async function beat(database: Database, process: string): Promise<void> {
  try {
    await database.transact(async (db) => {
      await sql`insert into beats (process, count, at) values (${process}, 1, ${database.clock})
        on conflict (process) do update set count = beats.count + 1, at = excluded.at`.execute(db)
    })
  } catch (error) {
    if (error instanceof StoreUnavailableError) database.doubt()
    throw error
  }
}
