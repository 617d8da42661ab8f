import { sql } from 'kysely'
import type { Database } from './database.ts'

/**
 * Whether `holder` has the lease of that name for the next `seconds`: it had it, or nobody did. Judged by the database's
 * clock alone, so that no process's clock can give it to two. An end further away than any holder is given was written while
 * that clock was ahead: it binds nobody, or nobody would have the lease for as long as the clock was ahead.
 */
export function takeLease(database: Database, name: string, holder: string, seconds: number): Promise<boolean> {
  const { clock } = database
  return database.transact(async (db) => {
    const { rows } = await sql`insert into leases (name, holder, expires_at)
      values (${name}, ${holder}, ${clock} + ${seconds})
      on conflict (name) do update set holder = excluded.holder, expires_at = excluded.expires_at
      where leases.holder = excluded.holder or leases.expires_at <= ${clock} or leases.expires_at > ${clock} + ${seconds}
      returning holder`.execute(db)
    return rows.length === 1
  })
}

/** Give it back before its time: whoever asks next has it. */
export async function endLease(database: Database, name: string, holder: string): Promise<void> {
  await database.transact(async (db) => {
    await db.deleteFrom('leases').where('name', '=', name).where('holder', '=', holder).execute()
  })
}
