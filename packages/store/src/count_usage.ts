import type { Database } from './database.ts'
import type { UsageBatch } from './records.ts'
import { addBatch } from './repositories/usage_count.ts'

/** See `Store.countUsage`: here, in this thread. */
export function countUsage(database: Database, { id, counts, now }: UsageBatch): Promise<boolean> {
  // In one order, so that two processes cannot deadlock.
  const byTenant = [...Map.groupBy(counts, ({ tenant }) => tenant)].sort(([a], [b]) => (a < b ? -1 : 1))
  return database.transact(async (db) => {
    let isNew = false
    for (const [tenant, own] of byTenant) {
      if (await addBatch({ db, dialect: database.dialect }, tenant, { id, counts: own, now })) isNew = true
    }
    return isNew
  })
}
