import { sql } from 'kysely'
import type { Row } from '../columns.ts'
import { Columns } from '../columns.ts'
import { inParts } from '../in_parts.ts'
import type { UsageBatch, UsageCount, UsageSum } from '../records.ts'
import type { Schema } from '../schema.ts'
import type { Session } from '../session.ts'
import type { ReadRepositories } from '../store.ts'
import { jsonRows } from './json_rows.ts'
import { lastUsed, lastUses, noteLastUses } from './last_use.ts'

export const intervals = { minute: 60, hour: 3_600, day: 86_400 } as const

/** In the words of the partial index of migration 4: with others, or as a parameter, no database would take it. */
export const isOpen = sql<boolean>`interval_seconds < 86400 and count <> rolled`

export const sumKey = ['tenant', 'interval_seconds', 'at', 'credential_id', 'client_id', 'scope', 'outcome'] as const

type Series = Parameters<ReadRepositories['usage']['series']>[1]

const columnOf = { outcome: 'outcome', scope: 'scope', credentialId: 'credential_id', clientId: 'client_id' } as const

export function readUsage(session: Session): ReadRepositories['usage'] {
  return {
    async series(tenant, filter) {
      const { groupBy, intervalSeconds, limit } = filter
      const rows = await session.db
        .selectFrom(
          wholeSums(session, tenant, filter)
            .unionAll(openSums(session, tenant, filter))
            .as('sums'),
        )
        .select([
          sql<number>`at - at % ${sql.lit(intervalSeconds)}`.as('start'),
          sql.ref<string>(columnOf[groupBy]).as('grouped'),
          sql<number>`cast(sum(count) as bigint)`.as('total'),
        ])
        .groupBy(['start', 'grouped'])
        .orderBy('start')
        .orderBy('grouped')
        .limit(limit)
        .execute()
      return rows.map(decodeSum)
    },
    lastUses: (tenant, keyId) => lastUses(session, tenant, keyId),
    lastUsed: (tenant, keyIds) => lastUsed(session, tenant, keyIds),
    async apisOf(tenant, { keyIds, clientIds }) {
      const keys = await inParts(keyIds, (ids) =>
        session.db
          .selectFrom('keys')
          .select(['id', 'api_id', 'client_id'])
          .where('tenant', '=', tenant)
          .where('id', 'in', ids)
          .execute(),
      )
      const tokens = await inParts(keyIds, (ids) =>
        session.db
          .selectFrom('tokens')
          .select(['jti as id', 'api_id', 'client_id'])
          .where('tenant', '=', tenant)
          .where('jti', 'in', ids)
          .execute(),
      )
      const access = await inParts(clientIds, (ids) =>
        session.db
          .selectFrom('client_access')
          .select(['client_id', 'api_id'])
          .where('tenant', '=', tenant)
          .where('client_id', 'in', ids)
          .execute(),
      )
      const byClient = Map.groupBy(access, (row) => row.client_id)
      return {
        byKey: new Map([...tokens, ...keys].map((row) => [row.id, { apiId: row.api_id, clientId: row.client_id }])),
        byClient: new Map([...byClient].map(([id, rows]) => [id, new Set(rows.map((row) => row.api_id))])),
      }
    },
  }
}

/** Counts of one tenant. False, and nothing counted, when it had the batch already. */
export async function addBatch(
  session: Pick<Session, 'db' | 'dialect'>,
  tenant: string,
  { id, counts, now }: UsageBatch,
): Promise<boolean> {
  const batch = await session.db
    .insertInto('usage_batches')
    .values({ tenant, batch_id: id, at: Math.floor(now) })
    .onConflict((conflict) => conflict.columns(['tenant', 'batch_id']).doNothing())
    .executeTakeFirst()
  if (batch.numInsertedOrUpdatedRows !== 1n) return false
  await addSums(session, tenant, intervals.minute, counts.map(encodeCount))
  await noteLastUses(session, tenant, counts)
  return true
}

type SumRow = Omit<Schema['usage_sums'], 'tenant' | 'interval_seconds' | 'rolled'>

/** Adds to the rows of one interval. Days are never rolled up: theirs are done as they are written. */
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
  // `where true`: without it SQLite takes the conflict for a join's condition.
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

/** One row for each counter, since a statement may touch none twice, in one order, so that two batches cannot deadlock. */
function sumRows(rows: readonly SumRow[]): readonly SumRow[] {
  const sums = new Map<string, SumRow>()
  for (const row of rows) {
    const identity = identityOf(row)
    sums.set(identity, { ...row, count: row.count + (sums.get(identity)?.count ?? 0) })
  }
  return [...sums].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, row]) => row)
}

export function identityOf({ at, credential_id, client_id, scope, outcome }: SumRow): string {
  // No text that is stored holds a NUL.
  return `${at}\0${credential_id}\0${client_id}\0${scope}\0${outcome}`
}

/** What was counted in or rolled up into rows of this very interval. */
function wholeSums(session: Session, tenant: string, filter: Series) {
  return selectSums(session, tenant, filter).select('count').where('interval_seconds', '=', filter.intervalSeconds)
}

/** What rows of shorter intervals hold beyond what was rolled up from them. */
function openSums(session: Session, tenant: string, filter: Series) {
  return selectSums(session, tenant, filter)
    .select(sql<number>`count - rolled`.as('count'))
    .where('interval_seconds', '<', filter.intervalSeconds)
    .where(isOpen)
}

function selectSums(session: Session, tenant: string, filter: Series) {
  const { credentialId, clientId, scope, from, to, intervalSeconds } = filter
  let sums = session.db
    .selectFrom('usage_sums')
    .select(['at', columnOf[filter.groupBy]])
    .where('tenant', '=', tenant)
    .where('at', '>=', Math.floor(from / intervalSeconds) * intervalSeconds)
    .where('at', '<', Math.ceil(to / intervalSeconds) * intervalSeconds)
  if (credentialId !== undefined) sums = sums.where('credential_id', '=', credentialId)
  if (clientId !== undefined) sums = sums.where('client_id', '=', clientId)
  if (scope !== undefined) sums = sums.where('scope', '=', scope)
  return sums
}

function encodeCount({ minuteAt, credentialId, clientId, scope, outcome, count }: UsageCount): SumRow {
  return { at: minuteAt, credential_id: credentialId, client_id: clientId, scope, outcome, count }
}

function decodeSum(row: Row): UsageSum {
  const columns = new Columns('usage_sums', row.start, row)
  return { at: columns.count('start'), group: columns.text('grouped'), count: columns.count('total') }
}
