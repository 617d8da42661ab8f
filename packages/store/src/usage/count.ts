/** Counts by interval. Minutes are written as they are reported; `roll_up.ts` adds them to hours and days. */
import type { Seconds } from '@countersign/core'
import { sql } from 'kysely'
import { jsonRows } from '../rows/json_rows.ts'
import type { Schema } from '../schema.ts'
import type { Session } from '../session.ts'

/** Verifications of one minute that had the same credential, client, scope and outcome. */
export interface UsageCount {
  readonly tenant: string
  /** Empty for unknown credentials. */
  readonly credentialId: string
  readonly clientId: string
  /** The scope that was required: tokens with spaces between them, alternatives with ` | `. Empty when none was. */
  readonly scope: string
  /** `verified`, `unavailable` or a rejection code. */
  readonly outcome: string
  /** Start of the minute, in seconds. */
  readonly minuteAt: Seconds
  readonly count: number
  /** When the last of them was counted. Default: `minuteAt`. */
  readonly lastAt?: Seconds
  /** The network or address that the last of them came from. Default: nobody knows it. */
  readonly lastAddress?: string
}

export const intervals = { minute: 60, hour: 3_600, day: 86_400 } as const

/** The literal condition of the partial index of migration 4. Neither database uses the index for other words or parameters. */
export const isOpen = sql<boolean>`interval_seconds < 86400 and count <> rolled`

export const sumKey = ['tenant', 'interval_seconds', 'at', 'credential_id', 'client_id', 'scope', 'outcome'] as const

type SumRow = Omit<Schema['usage_sums'], 'tenant' | 'interval_seconds' | 'rolled'>

/** Adds to the rows of one interval. Days are never rolled up further, so their rows are written as rolled up. */
export async function addSums(
  { db, dialect }: Pick<Session, 'db' | 'dialect'>,
  tenant: string,
  intervalSeconds: number,
  added: readonly SumRow[],
): Promise<void> {
  if (added.length === 0) return
  const rows = sumRows(added).map((row) => [
    row.at,
    row.credential_id,
    row.client_id,
    row.scope,
    row.outcome,
    row.count,
  ])
  const counted = jsonRows(dialect, sumColumns, rows)
  const rolled = intervalSeconds === intervals.day ? sql.ref('count') : sql.lit(0)
  // Without `where true`, SQLite parses `on conflict` as the condition of a join.
  await sql`
    insert into usage_sums (tenant, interval_seconds, at, credential_id, client_id, scope, outcome, count, rolled)
    select ${tenant}, ${sql.lit(intervalSeconds)}, at, credential_id, client_id, scope, outcome, count, ${rolled}
    from ${counted} as counted where true
    on conflict (${sql.join(sumKey.map((name) => sql.ref(name)))})
    do update set count = usage_sums.count + excluded.count, rolled = usage_sums.rolled + excluded.rolled
  `.execute(db)
}

const sumColumns = {
  at: 'bigint',
  credential_id: 'text',
  client_id: 'text',
  scope: 'text',
  outcome: 'text',
  count: 'bigint',
} as const

/** One row for each counter, since a statement may touch a row only once. Sorted, so that two batches cannot deadlock. */
function sumRows(rows: readonly SumRow[]): readonly SumRow[] {
  const sums = new Map<string, SumRow>()
  for (const row of rows) {
    const identity = identityOf(row)
    sums.set(identity, { ...row, count: row.count + (sums.get(identity)?.count ?? 0) })
  }
  return [...sums].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, row]) => row)
}

export function identityOf({ at, credential_id, client_id, scope, outcome }: SumRow): string {
  // Stored text has no U+0000.
  return `${at}\0${credential_id}\0${client_id}\0${scope}\0${outcome}`
}

export function encodeCount({ minuteAt, credentialId, clientId, scope, outcome, count }: UsageCount): SumRow {
  return { at: minuteAt, credential_id: credentialId, client_id: clientId, scope, outcome, count }
}
