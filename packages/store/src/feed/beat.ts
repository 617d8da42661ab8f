import { sql } from 'kysely'
import type { Database } from '../database.ts'
import { StoreUnavailableError } from '../store.ts'

/**
 * A commit as durable as a revocation's, that says nothing: when it is confirmed, this was the primary since before it
 * began (feed.md §3). Each process has a row of its own, or they would wait for one another. When nothing confirms it,
 * the database is looked for again, and this throws `StoreUnavailableError`.
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
