import { sql } from 'kysely'
import type { Database } from './database.ts'

/**
 * True when `holder` has the lease of that name for the next `seconds`: it had the lease, or nobody did. The database's
 * clock alone decides, so that no process's clock can give the lease to two holders.
 *
 * An end further away than `seconds` was written while the database's clock was ahead. It binds nobody: otherwise
 * nobody would get the lease until that end.
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

/** Gives the lease back before its end, so that the next process that asks gets it. */
export async function endLease(database: Database, name: string, holder: string): Promise<void> {
  await database.transact(async (db) => {
    await db.deleteFrom('leases').where('name', '=', name).where('holder', '=', holder).execute()
  })
}
