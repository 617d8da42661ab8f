/** Counts by operation of an API, outcome and day. No decision reads them. */
import type { Seconds } from '@countersign/core'
import { sql } from 'kysely'
import { Columns, type Row } from '../columns.ts'
import type { Database } from '../database.ts'
import { jsonRows } from '../rows/json_rows.ts'
import type { Session } from '../session.ts'
import { intervals } from './count.ts'

/** Verifications of one day that had the same operation and outcome. */
export interface OperationUse {
  readonly tenant: string
  /** The audience of the API. */
  readonly audience: string
  /** Empty for operations that were too many to be told apart. */
  readonly method: string
  /** The path as a template, with the path before it; `(other)` for operations that were too many to be told apart. */
  readonly route: string
  /** `verified`, `unavailable` or a rejection code. */
  readonly outcome: string
  /** Start of the day, in seconds. */
  readonly dayAt: Seconds
  readonly count: number
}

export interface OperationUseFilter {
  readonly audience: string
  readonly from: Seconds
  readonly to: Seconds
  readonly limit: number
}

/** The sum of one operation and outcome. */
export type OperationSum = Pick<OperationUse, 'method' | 'route' | 'outcome' | 'count'>

/** So many operations of an API are told apart in a day. Two batches that come at once may each add the last one. */
const operationsMax = 2_000

/** Adds to the rows of each day. */
export async function addOperationUses(
  session: Pick<Session, 'db' | 'dialect'>,
  tenant: string,
  uses: readonly OperationUse[],
): Promise<void> {
  if (uses.length === 0) return
  const told: OperationUse[] = []
  for (const ofDay of Map.groupBy(uses, ({ audience, dayAt }) => `${dayAt} ${audience}`).values())
    told.push(...(await toldApart(session, tenant, ofDay)))
  const rows = sumsOf(told).map((each) => [
    each.audience,
    each.dayAt,
    each.method,
    each.route,
    each.outcome,
    each.count,
  ])
  const given = jsonRows(session.dialect, operationColumns, rows)
  const columns = sql.raw(Object.keys(operationColumns).join(', '))
  // Without `where true`, SQLite parses `on conflict` as the condition of a join.
  await sql`insert into operation_uses (tenant, ${columns}) select ${tenant}, ${columns} from ${given} as given where true
    on conflict (tenant, audience, at, method, route, outcome)
    do update set count = operation_uses.count + excluded.count`.execute(session.db)
}

const operationColumns = {
  audience: 'text',
  at: 'bigint',
  method: 'text',
  route: 'text',
  outcome: 'text',
  count: 'bigint',
} as const

/** All are of one API and day: an operation that is new there and too much goes under `(other)`. */
async function toldApart(
  { db }: Pick<Session, 'db'>,
  tenant: string,
  uses: readonly OperationUse[],
): Promise<readonly OperationUse[]> {
  const [{ audience, dayAt }] = uses as [OperationUse]
  const rows = await db
    .selectFrom('operation_uses')
    .select(['method', 'route'])
    .distinct()
    .where('tenant', '=', tenant)
    .where('audience', '=', audience)
    .where('at', '=', dayAt)
    .execute()
  const known = new Set(rows.map(nameOf))
  return uses.map((use) => {
    if (known.size < operationsMax) known.add(nameOf(use))
    return known.has(nameOf(use)) ? use : { ...use, method: '', route: '(other)' }
  })
}

function nameOf({ method, route }: Pick<OperationUse, 'method' | 'route'>): string {
  return `${method} ${route}`
}

/** One row for each counter, since a statement may touch a row only once. Sorted, so that two batches cannot deadlock. */
function sumsOf(uses: readonly OperationUse[]): readonly OperationUse[] {
  const sums = new Map<string, OperationUse>()
  for (const use of uses) {
    // Stored text has no U+0000.
    const identity = [use.audience, use.dayAt, use.method, use.route, use.outcome].join('\0')
    sums.set(identity, { ...use, count: use.count + (sums.get(identity)?.count ?? 0) })
  }
  return [...sums].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, use]) => use)
}

/** Sums over the days that begin in `[from, to)`, both rounded outward to whole days. The most called come first. */
export async function operationSums(
  { db }: Session,
  tenant: string,
  { audience, from, to, limit }: OperationUseFilter,
): Promise<readonly OperationSum[]> {
  const rows = await db
    .selectFrom('operation_uses')
    .select(['method', 'route', 'outcome', sql<number>`cast(sum(count) as bigint)`.as('total')])
    .where('tenant', '=', tenant)
    .where('audience', '=', audience)
    .where('at', '>=', Math.floor(from / intervals.day) * intervals.day)
    .where('at', '<', Math.ceil(to / intervals.day) * intervals.day)
    .groupBy(['method', 'route', 'outcome'])
    .orderBy('total', 'desc')
    .orderBy('route')
    .orderBy('method')
    .orderBy('outcome')
    .limit(limit)
    .execute()
  return rows.map(decodeSum)
}

function decodeSum(row: Row): OperationSum {
  const columns = new Columns('operation_uses', row.route, row)
  return {
    method: columns.text('method'),
    route: columns.text('route'),
    outcome: columns.text('outcome'),
    count: columns.count('total'),
  }
}

/** Removes rows of days before `end`, of so many at most. Gives how many. */
export function removeOperationUses(database: Database, tenant: string, end: Seconds, limit: number): Promise<number> {
  const key = sql.raw('audience, at, method, route, outcome')
  return database.transact(async (db) => {
    const result = await sql`delete from operation_uses where tenant = ${tenant} and (${key}) in (
      select ${key} from operation_uses where tenant = ${tenant} and at < ${Math.floor(end)} limit ${limit})`.execute(
      db,
    )
    return Number(result.numAffectedRows ?? 0)
  })
}
