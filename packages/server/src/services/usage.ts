/**
 * What this process verified, counted in memory for every tenant and written about once a second in one transaction
 * (invariant 6: no verification writes). Killed, it loses what came since the last write.
 */
import { randomUUID } from 'node:crypto'
import { setImmediate } from 'node:timers/promises'
import { type Store, UnstorableTextError, type UsageCount } from '@countersign/store'
import { type Clock, createUsageReporter, overflowScope, UsageCounter } from '@countersign/verifier'
import { serverLimits } from '../limits.ts'
import type { Log } from './log.ts'
import type { Metrics } from './services.ts'

export interface Usage {
  /** A counter for the engine of one tenant. */
  counterOf(tenant: string): UsageCounter
  /** Write what was counted. Throws when that failed; it will be tried again. */
  flush(): Promise<void>
  close(): Promise<void>
}

export interface UsageOptions {
  readonly store: Store
  readonly clock: Clock
  readonly log: Log
  readonly metrics: Metrics
  readonly flushMs: number
}

export function createUsage({ store, clock, log, metrics, flushMs }: UsageOptions): Usage {
  const room = { rowsMax: serverLimits.usageRowsMax as number, used: 0 }
  /** Those that hold counts: what has none needs no place here. */
  const counting = new Map<UsageCounter, string>()
  const reporter = createUsageReporter<UsageCount>({
    take() {
      const rows = [...counting].flatMap(([counter, tenant]) => counter.take().map((row) => ({ tenant, ...row })))
      counting.clear()
      const unnamed = sumOf(rows.filter(({ scope }) => scope === overflowScope))
      if (unnamed > 0) metrics.usage('overflowed', unnamed)
      return rows
    },
    async send(batchId, rows) {
      const now = clock.stamp().wallMs / 1000
      const byTenant = [...Map.groupBy(rows, (row) => row.tenant)].sort(([a], [b]) => (a < b ? -1 : 1))
      const isSqlite = store.dialect === 'sqlite'
      const busy = createStopwatch()
      await store.write(async (transaction) => {
        busy.start()
        for (const [tenant, counts] of byTenant) {
          await transaction.usage.addBatch(tenant, `server ${batchId}`, counts, now, isSqlite ? busy.pause : undefined)
        }
      })
      if (isSqlite) room.rowsMax = roomFor(rows.length, busy.stop(), room.rowsMax)
    },
    isHopeless: (error) => error instanceof UnstorableTextError,
    newBatchId: randomUUID,
    clock,
    schedule(delayMs, run) {
      const timer = setTimeout(run, delayMs).unref()
      return () => clearTimeout(timer)
    },
    random: Math.random,
    everyMs: flushMs,
    batchRowsMax: serverLimits.usageBatchRowsMax,
    closeMs: serverLimits.usageCloseMs,
    onDropped(rows, error) {
      metrics.usage('dropped', sumOf(rows))
      log.error({ error, rows: rows.length }, 'counts of usage were given up')
    },
    onProblem: (error) => log.warn({ error }, 'usage cannot be written for now'),
  })
  return {
    counterOf(tenant) {
      const counter: UsageCounter = new UsageCounter({
        room,
        onFirst() {
          counting.set(counter, tenant)
          reporter.wake()
        },
      })
      return counter
    },
    flush: () => reporter.flush(),
    close: () => reporter.close(),
  }
}

/** How long this process was kept busy with writing, without what others did in the pauses. */
function createStopwatch(): { start(): void; stop(): number; pause(): Promise<void> } {
  let busyMs = 0
  let since = 0
  const start = (): void => {
    since = performance.now()
  }
  const stop = (): number => {
    busyMs += performance.now() - since
    return busyMs
  }
  return {
    start,
    stop,
    async pause() {
      stop()
      await setImmediate()
      start()
    },
  }
}

/** So many rows as are written in the time that is set aside for it; a few say nothing of how long many take. */
export function roomFor(rows: number, tookMs: number, rowsMax: number): number {
  if (rows < serverLimits.usageRowsMin) return rowsMax
  const possible = Math.round((rows * serverLimits.usageWriteMs) / tookMs)
  return Math.min(serverLimits.usageRowsMax, Math.max(serverLimits.usageRowsMin, possible))
}

function sumOf(rows: readonly UsageCount[]): number {
  return rows.reduce((sum, { count }) => sum + count, 0)
}
