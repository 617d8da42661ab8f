import type { Seconds } from '@countersign/core'
import { sql } from 'kysely'
import type { Row } from '../columns.ts'
import { Columns } from '../columns.ts'
import { inParts } from '../in_parts.ts'
import { clientsOfTeams } from '../records/client.ts'
import type { Session } from '../session.ts'
import { isOpen } from './count.ts'
import { type LastUse, lastUsed, lastUses } from './last_use.ts'
import { type OperationSum, type OperationUseFilter, operationSums } from './operation_use.ts'
import { listRefusals, type Refusal, type RefusalFilter } from './refusal.ts'

export interface SeriesFilter {
  readonly credentialId?: string
  readonly clientId?: string
  readonly scope?: string
  /** Only verifications of credentials of clients of these teams. */
  readonly teamIds?: readonly string[]
  /** One or two, which tell the sums apart. */
  readonly groupBy: readonly (keyof typeof columnOf)[]
  readonly from: Seconds
  readonly to: Seconds
  readonly intervalSeconds: 60 | 3600 | 86400
  readonly limit: number
}

/** One sum of a series. */
export interface UsageSum {
  readonly at: Seconds
  /** The values that the sum was grouped by, in the order of `groupBy`. */
  readonly groups: readonly string[]
  readonly count: number
}

/** The APIs of credentials, and of clients. */
export interface ApisOf {
  readonly byKey: ReadonlyMap<string, { readonly apiId: string; readonly clientId: string }>
  readonly byClient: ReadonlyMap<string, ReadonlySet<string>>
}

export interface UsageReads {
  /**
   * Sums by interval and group, rolled up or not: exact at all times. `from` and `to` are rounded outward to whole
   * intervals; an interval belongs to the series when it begins in `[from, to)`. Gives the first `limit` sums by time.
   */
  series(tenant: string, filter: SeriesFilter): Promise<readonly UsageSum[]>
  /** The last uses of one key by scope, the latest first. At most 1,000. */
  lastUses(tenant: string, keyId: string): Promise<readonly LastUse[]>
  /** The latest use of each of these keys that was ever used, in one read. */
  lastUsed(tenant: string, keyIds: readonly string[]): Promise<ReadonlyMap<string, LastUse>>
  /** Examples of refusals, the latest first. */
  refusals(tenant: string, filter: RefusalFilter): Promise<readonly Refusal[]>
  /** Sums by operation of one API and outcome. The most called come first. */
  operations(tenant: string, filter: OperationUseFilter): Promise<readonly OperationSum[]>
  /** The APIs and clients of these keys and stored tokens, and the APIs that these clients have access to. */
  apisOf(
    tenant: string,
    of: { readonly keyIds: readonly string[]; readonly clientIds: readonly string[] },
  ): Promise<ApisOf>
}

const groupNames = ['first', 'second'] as const
const columnOf = { outcome: 'outcome', scope: 'scope', credentialId: 'credential_id', clientId: 'client_id' } as const

export function readUsage(session: Session): UsageReads {
  return {
    async series(tenant, filter) {
      const { groupBy, intervalSeconds, limit } = filter
      const grouped = groupNames.slice(0, groupBy.length)
      const rows = await session.db
        .selectFrom(
          wholeSums(session, tenant, filter)
            .unionAll(openSums(session, tenant, filter))
            .as('sums'),
        )
        .select([
          sql<number>`at - at % ${sql.lit(intervalSeconds)}`.as('start'),
          ...groupBy.map((name, index) => sql.ref<string>(columnOf[name]).as(groupNames[index] as string)),
          sql<number>`cast(sum(count) as bigint)`.as('total'),
        ])
        .groupBy(['start', ...grouped])
        .orderBy('start')
        .orderBy(grouped[0] as 'first')
        .orderBy(grouped[1] ?? 'start')
        .limit(limit)
        .execute()
      return rows.map((row) => decodeSum(row, grouped))
    },
    lastUses: (tenant, keyId) => lastUses(session, tenant, keyId),
    lastUsed: (tenant, keyIds) => lastUsed(session, tenant, keyIds),
    refusals: (tenant, filter) => listRefusals(session, tenant, filter),
    operations: (tenant, filter) => operationSums(session, tenant, filter),
    apisOf: (tenant, of) => apisOf(session, tenant, of),
  }
}

async function apisOf(
  { db, flush }: Session,
  tenant: string,
  { keyIds, clientIds }: { readonly keyIds: readonly string[]; readonly clientIds: readonly string[] },
): Promise<ApisOf> {
  await flush()
  const keys = await inParts(keyIds, (ids) =>
    db
      .selectFrom('keys')
      .select(['id', 'api_id', 'client_id'])
      .where('tenant', '=', tenant)
      .where('id', 'in', ids)
      .execute(),
  )
  const tokens = await inParts(keyIds, (ids) =>
    db
      .selectFrom('tokens')
      .select(['jti as id', 'api_id', 'client_id'])
      .where('tenant', '=', tenant)
      .where('jti', 'in', ids)
      .execute(),
  )
  const access = await inParts(clientIds, (ids) =>
    db
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
}

/** Counts in rows of this very interval, reported or rolled up. */
function wholeSums(session: Session, tenant: string, filter: SeriesFilter) {
  return selectSums(session, tenant, filter).select('count').where('interval_seconds', '=', filter.intervalSeconds)
}

/** Counts in rows of shorter intervals that are not rolled up yet. */
function openSums(session: Session, tenant: string, filter: SeriesFilter) {
  return selectSums(session, tenant, filter)
    .select(sql<number>`count - rolled`.as('count'))
    .where('interval_seconds', '<', filter.intervalSeconds)
    .where(isOpen)
}

function selectSums(session: Session, tenant: string, filter: SeriesFilter) {
  const { credentialId, clientId, scope, teamIds, from, to, intervalSeconds } = filter
  let sums = session.db
    .selectFrom('usage_sums')
    .select(['at', ...filter.groupBy.map((name) => columnOf[name])])
    .where('tenant', '=', tenant)
    .where('at', '>=', Math.floor(from / intervalSeconds) * intervalSeconds)
    .where('at', '<', Math.ceil(to / intervalSeconds) * intervalSeconds)
  if (credentialId !== undefined) sums = sums.where('credential_id', '=', credentialId)
  if (clientId !== undefined) sums = sums.where('client_id', '=', clientId)
  if (scope !== undefined) sums = sums.where('scope', '=', scope)
  if (teamIds !== undefined) sums = sums.where('client_id', 'in', clientsOfTeams(session, tenant, teamIds))
  return sums
}

function decodeSum(row: Row, grouped: readonly string[]): UsageSum {
  const columns = new Columns('usage_sums', row.start, row)
  const groups = grouped.map((name) => columns.text(name))
  return { at: columns.count('start'), groups, count: columns.count('total') }
}
