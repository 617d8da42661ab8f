import type { Seconds } from '@countersign/core'
import type { Kysely } from 'kysely'
import { sql } from 'kysely'
import type { Database } from './database.ts'
import { readDropSeconds } from './feed/drop_time.ts'
import type { Schema } from './schema.ts'
import { refusalSeconds } from './usage/refusal.ts'

/** Rows that one call removes at most: a writer that waits behind it waits for milliseconds. */
const rowsMax = 10_000

/** A batch is never sent again later than this. A verifier gives up well before (`packages/verifier/src/usage/usage_reporter.ts`). */
const usageBatchSeconds = 6 * 3_600

/** Tables whose rows end by the drop time: the column of their end, and the primary key behind the tenant. */
const expiring = [
  { table: 'single_use', at: 'expires_at', key: ['namespace', 'value_digest'] },
  { table: 'status_entries', at: 'drop_at', key: ['type', 'id'] },
] as const

/** Tables whose rows must have ended by the server's clock as well: early removal does harm, late removal does not. */
const expiringByBoth = [
  { table: 'idempotency', at: 'expires_at', key: ['caller', 'method', 'path', 'key_digest'] },
  { table: 'client_secrets', at: 'expires_at', key: ['id'] },
  { table: 'sessions', at: 'expires_at', key: ['id'] },
  { table: 'families', at: 'expires_at', key: ['id'] },
] as const

export const expiringTables = [...expiring, ...expiringByBoth]

/** See `Chores.cleanUp`. Goes tenant by tenant, each in a short transaction of its own. */
export async function cleanUp(
  database: Database,
  now: Seconds,
  logSeconds: number,
): Promise<{ readonly removed: number }> {
  const at = Math.floor(now)
  const tenants = await database.reader.selectFrom('tenant_slugs').select('tenant').orderBy('tenant').execute()
  let removed = await cleanBeats(database, logSeconds)
  for (const { tenant } of tenants) {
    if (removed >= rowsMax) break
    removed += await cleanTenant(database, tenant, at, logSeconds, rowsMax - removed)
  }
  return { removed }
}

/** Removes the beats of processes that are gone. Their names are random, so no later beat would replace them. */
function cleanBeats(database: Database, seconds: number): Promise<number> {
  return database.transact(async (db) => {
    const { numAffectedRows } = await sql`delete from beats where at < ${database.clock} - ${seconds}`.execute(db)
    return Number(numAffectedRows ?? 0)
  })
}

function cleanTenant(
  database: Database,
  tenant: string,
  now: number,
  logSeconds: number,
  limit: number,
): Promise<number> {
  return database.transact(async (db) => {
    await database.lockTenant(db, tenant)
    let removed = 0
    const dropTime = await readDropSeconds(db)
    const byBoth = Math.min(now, dropTime)
    for (const of of expiring) removed += await deleteExpired(db, of, tenant, dropTime, limit - removed)
    for (const of of expiringByBoth) removed += await deleteExpired(db, of, tenant, byBoth, limit - removed)
    const logEnd = dropTime - Math.floor(logSeconds)
    const gone = { table: 'verifier_positions', at: 'asked_at', key: ['verifier_id'] }
    removed += await deleteExpired(db, gone, tenant, logEnd, limit - removed)
    const batches = { table: 'usage_batches', at: 'at', key: ['batch_id'] }
    removed += await deleteExpired(db, batches, tenant, byBoth - usageBatchSeconds, limit - removed)
    const refusals = { table: 'refusals', at: 'at', key: ['id'] }
    removed += await deleteExpired(db, refusals, tenant, byBoth - refusalSeconds, limit - removed)
    return removed + (await deleteLog(db, tenant, logEnd, limit - removed))
  })
}

async function deleteExpired(
  db: Kysely<Schema>,
  of: { readonly table: string; readonly at: string; readonly key: readonly string[] },
  tenant: string,
  end: number,
  limit: number,
): Promise<number> {
  const table = sql.table(of.table)
  const key = sql.join(of.key.map((column) => sql.ref(column)))
  const result = await sql`delete from ${table} where tenant = ${tenant} and (${key}) in (
    select ${key} from ${table} where tenant = ${tenant} and ${sql.ref(of.at)} <= ${end} limit ${limit})`.execute(db)
  return Number(result.numAffectedRows ?? 0)
}

/**
 * Removes entries only from the beginning of the log: a follower takes a gap for loss. A wrong clock may have written
 * times that do not rise.
 */
async function deleteLog(db: Kysely<Schema>, tenant: string, end: number, limit: number): Promise<number> {
  const kept = await db
    .selectFrom('feed')
    .select('sequence')
    .where('tenant', '=', tenant)
    .where('at', '>=', end)
    .orderBy('sequence')
    .limit(1)
    .executeTakeFirst()
  const first = await db
    .selectFrom('feed')
    .select('sequence')
    .where('tenant', '=', tenant)
    .orderBy('sequence')
    .limit(1)
    .executeTakeFirst()
  if (first === undefined) return 0
  const bound = Math.min(kept?.sequence ?? Number.MAX_SAFE_INTEGER, first.sequence + limit)
  const result = await db
    .deleteFrom('feed')
    .where('tenant', '=', tenant)
    .where('sequence', '<', bound)
    .executeTakeFirst()
  return Number(result.numDeletedRows)
}
