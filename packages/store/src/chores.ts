import type { Seconds } from '@countersign/core'
import { cleanUp } from './clean_up.ts'
import type { Database } from './database.ts'
import { savePositions, type VerifierPosition } from './records/verifier_position.ts'
import { countUsage, type UsageBatch } from './usage/batch.ts'
import { type RolledUp, type RollUpBudget, rollUpUsage, type UsageRetention } from './usage/roll_up.ts'

/**
 * Work beside requests, in large transactions of its own. On SQLite it runs in another thread, and other writes of this
 * process wait for at most one of its transactions. `write` must not wait for a chore, since chores wait for writes. Each
 * may be repeated without harm when its outcome is not known.
 */
export interface Chores {
  /**
   * Counts a batch in one transaction and notes the last use of every verified key. False, and nothing counted, when every
   * tenant had the batch already.
   */
  countUsage(batch: UsageBatch): Promise<boolean>
  /**
   * Rolls minutes up into hours and hours into days once they are over, then removes rows that are rolled up and older than
   * the retention. Works for about `budgetMs`, tenant by tenant, in transactions of 1,000 rows.
   */
  rollUpUsage(now: Seconds, retention: UsageRetention, budget: RollUpBudget): Promise<RolledUp>
  /**
   * Removes by the drop time, read in each transaction: status entries past `dropAt`, single-use marks, log entries and
   * positions older than `logSeconds`. Idempotency records, usage batches and secrets past their grace must have ended by
   * `now` as well. At most 10,000 rows a call, a transaction for each tenant.
   */
  cleanUp(now: Seconds, logSeconds: number): Promise<{ readonly removed: number }>
  /** Saves rows of any tenants. Each replaces the former row of its verifier. */
  savePositions(positions: readonly VerifierPosition[]): Promise<void>
}

/** The chores, done in the thread that calls them. */
export function choresOf(database: Database): Chores {
  return {
    countUsage: (batch) => countUsage(database, batch),
    rollUpUsage: (now, retention, budget) => rollUpUsage(database, now, retention, budget),
    cleanUp: (now, logSeconds) => cleanUp(database, now, logSeconds),
    savePositions: (positions) => database.transact((db) => savePositions(db, positions)),
  }
}
