import { sql } from 'kysely'
import type { Row } from '../columns.ts'
import { Columns } from '../columns.ts'
import type { UsageCount } from '../records.ts'
import type { Session } from '../session.ts'
import type { ReadRepositories, WriteTransaction } from '../store.ts'

/** Rows in one statement; six parameters each stay far below what either database takes. */
const rowsMax = 500

export function readUsage(session: Session): ReadRepositories['usage'] {
  return {
    async series(tenant, filter) {
      const { credentialId, clientId, from, to, intervalSeconds } = filter
      let counts = session.db
        .selectFrom('usage_counts')
        .select(['outcome', 'count', sql<number>`minute_at - minute_at % ${intervalSeconds}`.as('at')])
        .where('tenant', '=', tenant)
        .where('minute_at', '>=', Math.floor(from))
        .where('minute_at', '<', Math.ceil(to))
      if (credentialId !== undefined) counts = counts.where('credential_id', '=', credentialId)
      if (clientId !== undefined) counts = counts.where('client_id', '=', clientId)
      const rows = await session.db
        .selectFrom(counts.as('counts'))
        .select(['at', 'outcome', sql<number>`cast(sum(count) as bigint)`.as('count')])
        .groupBy(['at', 'outcome'])
        .orderBy('at')
        .orderBy('outcome')
        .execute()
      return rows.map(decodeSum)
    },
  }
}

export function writeUsage(session: Session): WriteTransaction['usage'] {
  return {
    ...readUsage(session),
    async addBatch(tenant, batchId, counts, now) {
      const batch = await session.db
        .insertInto('usage_batches')
        .values({ tenant, batch_id: batchId, at: Math.floor(now) })
        .onConflict((conflict) => conflict.columns(['tenant', 'batch_id']).doNothing())
        .executeTakeFirst()
      if (batch.numInsertedOrUpdatedRows !== 1n) return false
      await addCounts(session, tenant, counts)
      return true
    },
  }
}

async function addCounts(session: Session, tenant: string, counts: readonly UsageCount[]): Promise<void> {
  const rows = sumRows(tenant, counts)
  for (let start = 0; start < rows.length; start += rowsMax) {
    await session.db
      .insertInto('usage_counts')
      .values(rows.slice(start, start + rowsMax))
      .onConflict((conflict) =>
        conflict
          .columns(['tenant', 'minute_at', 'credential_id', 'client_id', 'outcome'])
          .doUpdateSet((eb) => ({ count: eb('usage_counts.count', '+', eb.ref('excluded.count')) })),
      )
      .execute()
  }
}

/** One row for each counter, since a statement may touch none twice, in one order, so that two batches cannot deadlock. */
function sumRows(tenant: string, counts: readonly UsageCount[]) {
  const sums = new Map<string, ReturnType<typeof encodeCount>>()
  for (const count of counts) {
    if (count.tenant !== tenant) throw new Error('a batch of counts names another tenant')
    const identity = JSON.stringify([count.minuteAt, count.credentialId, count.clientId, count.outcome])
    const row = sums.get(identity) ?? { ...encodeCount(count), count: 0 }
    sums.set(identity, { ...row, count: row.count + count.count })
  }
  return [...sums].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, row]) => row)
}

function encodeCount({ tenant, minuteAt, credentialId, clientId, outcome, count }: UsageCount) {
  return { tenant, minute_at: minuteAt, credential_id: credentialId, client_id: clientId, outcome, count }
}

function decodeSum(row: Row) {
  const columns = new Columns('usage_counts', row.at, row)
  return { at: columns.count('at'), outcome: columns.text('outcome'), count: columns.count('count') }
}
