/**
 * Minutes into hours, hours into days, and away with what is too old. Each portion is one transaction that adds to the
 * longer interval and notes in the shorter one how much of it that now holds: killed in between, nothing is counted twice
 * or lost, and what is reported late is rolled up the next time.
 */
import type { Seconds } from '@countersign/core'
import { type Kysely, sql } from 'kysely'
import type { Database } from '../database.ts'
import { inParts } from '../in_parts.ts'
import type { UsageRetention } from '../records.ts'
import type { Schema } from '../schema.ts'
import { addSums, identityOf, intervals, isOpen, sumKey } from './count.ts'

/** Rows of one transaction: a writer that waits behind it waits for milliseconds. */
const rowsMax = 1_000

/** An interval is left alone for so long after its end: what is still being reported would be rolled up one by one. */
const settleSeconds = 120

const steps = [
  { from: intervals.minute, into: intervals.hour },
  { from: intervals.hour, into: intervals.day },
] as const

/** Tenant by tenant from behind `after`; `next` is where it stopped when the time was over: with many, none is left out. */
export async function rollUpUsage(
  database: Database,
  now: Seconds,
  retention: UsageRetention,
  { budgetMs, after = '' }: { readonly budgetMs: number; readonly after?: string | undefined },
): Promise<{ readonly rolled: number; readonly removed: number; readonly next: string | undefined }> {
  const endAt = performance.now() + budgetMs
  const tenants = await database.reader
    .selectFrom('tenant_slugs')
    .select('tenant')
    .where('tenant', '>', after)
    .orderBy('tenant')
    .execute()
  let rolled = 0
  let removed = 0
  let done = after
  for (const { tenant } of tenants) {
    if (performance.now() >= endAt) return { rolled, removed, next: done }
    for (const step of steps) {
      rolled += await repeat(endAt, () => rollPortion(database, tenant, step, now))
    }
    for (const [intervalSeconds, keptSeconds] of keptOf(retention)) {
      const end = Math.floor(now - keptSeconds)
      removed += await repeat(endAt, () => removePortion(database, tenant, intervalSeconds, end))
    }
    const end = Math.floor(now - retention.daySeconds)
    removed += await repeat(endAt, () => removeLastUses(database, tenant, end))
    // Also when the time was over in the midst of it: the others have their turn first.
    done = tenant
  }
  return { rolled, removed, next: undefined }
}

function keptOf({ minuteSeconds, hourSeconds, daySeconds }: UsageRetention): readonly (readonly [number, Seconds])[] {
  return [
    [intervals.minute, minuteSeconds],
    [intervals.hour, hourSeconds],
    [intervals.day, daySeconds],
  ]
}

/** Until a portion is not full, or the time is over. */
async function repeat(endAt: number, portion: () => Promise<number>): Promise<number> {
  let sum = 0
  for (let count = rowsMax; count >= rowsMax && performance.now() < endAt; sum += count) count = await portion()
  return sum
}

/** The tenant's lock is what makes two who roll up at once take turns; a lease that lapsed then does no harm. */
function rollPortion(
  database: Database,
  tenant: string,
  { from, into }: (typeof steps)[number],
  now: Seconds,
): Promise<number> {
  return database.transact(async (db) => {
    await database.lockTenant(db, tenant)
    const settled = Math.floor((now - settleSeconds) / into) * into
    const rows = await db
      .selectFrom('usage_sums')
      .select(['at', 'credential_id', 'client_id', 'scope', 'outcome', 'count', 'rolled'])
      .where('tenant', '=', tenant)
      .where('interval_seconds', '=', from)
      .where('at', '<', settled)
      .where(isOpen)
      .orderBy('at')
      .limit(rowsMax)
      .execute()
    const open = rows.map(({ rolled, ...row }) => ({ ...row, at: row.at - (row.at % into), count: row.count - rolled }))
    await addSums({ db, dialect: database.dialect }, tenant, into, open)
    await noteRolled(db, tenant, from, rows)
    return rows.length
  })
}

/**
 * As much as was read: what was counted meanwhile is not in the longer interval yet. All these rows are there, as whoever
 * removes any takes the same lock; in one order with batches, so that neither waits for the other in a circle.
 */
async function noteRolled(
  db: Kysely<Schema>,
  tenant: string,
  intervalSeconds: number,
  read: readonly Omit<Schema['usage_sums'], 'tenant' | 'interval_seconds'>[],
): Promise<void> {
  const rows = read
    .toSorted((a, b) => (identityOf(a) < identityOf(b) ? -1 : 1))
    .map((row) => ({ ...row, tenant, interval_seconds: intervalSeconds, rolled: row.count }))
  await inParts(rows, (part) =>
    db
      .insertInto('usage_sums')
      .values(part)
      .onConflict((conflict) =>
        conflict.columns([...sumKey]).doUpdateSet((eb) => ({ rolled: eb.ref('excluded.rolled') })),
      )
      .execute(),
  )
}

/** Nothing that is not rolled up yet, however old. */
function removePortion(database: Database, tenant: string, intervalSeconds: number, end: number): Promise<number> {
  const key = sql`at, credential_id, client_id, scope, outcome`
  return database.transact(async (db) => {
    await database.lockTenant(db, tenant)
    const result = await sql`delete from usage_sums
      where tenant = ${tenant} and interval_seconds = ${intervalSeconds} and count = rolled and (${key}) in (
        select ${key} from usage_sums where tenant = ${tenant} and interval_seconds = ${intervalSeconds}
        and at < ${end} and count = rolled limit ${rowsMax})`.execute(db)
    return Number(result.numAffectedRows ?? 0)
  })
}

function removeLastUses(database: Database, tenant: string, end: number): Promise<number> {
  return database.transact(async (db) => {
    const result = await sql`delete from last_uses where tenant = ${tenant} and (key_id, scope) in (
      select key_id, scope from last_uses where tenant = ${tenant} and at < ${end} limit ${rowsMax})`.execute(db)
    return Number(result.numAffectedRows ?? 0)
  })
}
