/**
 * Rolls minutes up into hours and hours into days, and removes rows past their retention. Each portion is one transaction:
 * it adds to the longer interval, and notes in the rows of the shorter one how much of their count that now holds. So a
 * process that is killed loses nothing and counts nothing twice, and late reports are rolled up the next time.
 */
import type { Seconds } from '@countersign/core'
import { type Kysely, sql } from 'kysely'
import type { Database } from '../database.ts'
import { inParts } from '../in_parts.ts'
import type { Schema } from '../schema.ts'
import { addSums, identityOf, intervals, isOpen, sumKey } from './count.ts'
import { forgetAddresses } from './last_use.ts'
import { removeOperationUses } from './operation_use.ts'

/** How long counts are kept by minute, by hour and by day. */
export interface UsageRetention {
  readonly minuteSeconds: Seconds
  readonly hourSeconds: Seconds
  readonly daySeconds: Seconds
}

/** Where a round begins, and how long it may take. */
export interface RollUpBudget {
  readonly budgetMs: number
  /** The last tenant that had its turn. Default: the round begins with the first one. */
  readonly after?: string | undefined
}

/** The rows that were rolled up and removed. */
export interface RolledUp {
  readonly rolled: number
  readonly removed: number
  /** The last tenant that had its turn when the time was over; `undefined` when all had theirs. */
  readonly next: string | undefined
}

/** Rows of one transaction: a writer that waits behind it waits for milliseconds. */
const rowsMax = 1_000

/** An interval settles for so long after its end: before, late reports would be rolled up one by one. */
const settleSeconds = 120

/** An address is kept for 30 days after its use. */
export const lastAddressSeconds = 30 * 86_400

const steps = [
  { from: intervals.minute, into: intervals.hour },
  { from: intervals.hour, into: intervals.day },
] as const

/** See `Chores.rollUpUsage`. Going on behind `after` leaves no tenant out, however many there are. */
export async function rollUpUsage(
  database: Database,
  now: Seconds,
  retention: UsageRetention,
  { budgetMs, after = '' }: RollUpBudget,
): Promise<RolledUp> {
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
    removed += await repeat(endAt, () => removeOperationUses(database, tenant, end, rowsMax))
    await repeat(endAt, () => forgetAddresses(database, tenant, now - lastAddressSeconds, rowsMax))
    // Even when the time ran out in the middle of this tenant, the others have their turn first.
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

/** Runs portions until one is not full or the time is over. */
async function repeat(endAt: number, portion: () => Promise<number>): Promise<number> {
  let sum = 0
  for (let count = rowsMax; count >= rowsMax && performance.now() < endAt; sum += count) count = await portion()
  return sum
}

/** The tenant's lock makes two processes that roll up at once take turns, so a lapsed lease does no harm. */
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
 * Notes the counts that were read as rolled up; later counts are not in the longer interval yet. All rows are still there,
 * since removing any takes the same lock. The order is that of batches, so that neither waits for the other in a circle.
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

/** Removes only rows that are rolled up, however old the others are. */
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
      select key_id, scope from last_uses where tenant = ${tenant} and at < ${end} limit ${rowsMax})
      and at < ${end}`.execute(db)
    return Number(result.numAffectedRows ?? 0)
  })
}
