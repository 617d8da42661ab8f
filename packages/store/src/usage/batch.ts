import type { Seconds } from '@countersign/core'
import type { Database } from '../database.ts'
import type { Session } from '../session.ts'
import { addSums, encodeCount, intervals, type UsageCount } from './count.ts'
import { noteLastUses } from './last_use.ts'
import { addOperationUses, type OperationUse } from './operation_use.ts'
import { addRefusals, type Refusal } from './refusal.ts'

/** The counts of one process or one verifier. Sent again under the same id, they count once. */
export interface UsageBatch {
  readonly id: string
  /** Counts of any tenants. */
  readonly counts: readonly UsageCount[]
  /** Examples of refusals, of any tenants. Default none. */
  readonly refusals?: readonly Refusal[]
  /** Counts by operation, of any tenants. Default none. */
  readonly operations?: readonly OperationUse[]
  readonly now: Seconds
}

/** See `Chores.countUsage`. */
export function countUsage(
  database: Database,
  { id, counts, refusals = [], operations = [], now }: UsageBatch,
): Promise<boolean> {
  // All processes use this order, so that two of them cannot deadlock.
  const countsOf = Map.groupBy(counts, ({ tenant }) => tenant)
  const refusalsOf = Map.groupBy(refusals, ({ tenant }) => tenant)
  const operationsOf = Map.groupBy(operations, ({ tenant }) => tenant)
  const tenants = [...new Set([...countsOf.keys(), ...refusalsOf.keys(), ...operationsOf.keys()])].sort()
  return database.transact(async (db) => {
    let isNew = false
    for (const tenant of tenants) {
      const own = {
        id,
        counts: countsOf.get(tenant) ?? [],
        refusals: refusalsOf.get(tenant) ?? [],
        operations: operationsOf.get(tenant) ?? [],
        now,
      }
      if (await addBatch({ db, dialect: database.dialect }, tenant, own)) isNew = true
    }
    return isNew
  })
}

/** Adds the counts of one tenant. False, and nothing counted, when the tenant had the batch already. */
async function addBatch(
  session: Pick<Session, 'db' | 'dialect'>,
  tenant: string,
  { id, counts, refusals = [], operations = [], now }: UsageBatch,
): Promise<boolean> {
  const batch = await session.db
    .insertInto('usage_batches')
    .values({ tenant, batch_id: id, at: Math.floor(now) })
    .onConflict((conflict) => conflict.columns(['tenant', 'batch_id']).doNothing())
    .executeTakeFirst()
  if (batch.numInsertedOrUpdatedRows !== 1n) return false
  await addRefusals(session, tenant, refusals)
  await addOperationUses(session, tenant, operations)
  if (counts.length === 0) return true
  await addSums(session, tenant, intervals.minute, counts.map(encodeCount))
  await noteLastUses(session, tenant, counts)
  return true
}
