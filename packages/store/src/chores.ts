import { cleanUp } from './clean_up.ts'
import type { Database } from './database.ts'
import { savePositions } from './records/verifier_position.ts'
import type { UsageBatch } from './records.ts'
import type { Chores } from './store.ts'
import { addBatch } from './usage/count.ts'
import { rollUpUsage } from './usage/roll_up.ts'

/** Done in the thread that calls them. */
export function choresOf(database: Database): Chores {
  return {
    countUsage: (batch) => countUsage(database, batch),
    rollUpUsage: (now, retention, budget) => rollUpUsage(database, now, retention, budget),
    cleanUp: (now, logSeconds) => cleanUp(database, now, logSeconds),
    savePositions: (positions) => database.transact((db) => savePositions(db, positions)),
  }
}

function countUsage(database: Database, { id, counts, now }: UsageBatch): Promise<boolean> {
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
