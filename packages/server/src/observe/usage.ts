/**
 * Counts the verifications of this process in memory, and writes them about once a second in one transaction
 * (docs/security/invariants.md §6: no verification writes). A killed process loses the counts since its last write.
 */
import { randomUUID } from 'node:crypto'
import { formatAddress, Shares } from '@countersign/core'
import {
  newRefusal,
  type OperationUse,
  type Refusal,
  type Store,
  UnstorableTextError,
  type UsageCount,
} from '@countersign/store'
import {
  type Clock,
  createUsageReporter,
  type OperationRow,
  overflowScope,
  takeInTurns,
  UsageCounter,
  type UsageRow,
} from '@countersign/verifier/engine'
import { serverLimits } from '../limits.ts'
import type { Log } from './log.ts'
import type { Metrics } from './metrics.ts'

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
  readonly randomBytes: (count: number) => Uint8Array
  /** As much of the address that a key was last used from as is kept. */
  readonly lastUsedFrom: (address: string | undefined) => string | undefined
}

export function createUsage(options: UsageOptions): Usage {
  const { store, clock, log, metrics, flushMs, randomBytes, lastUsedFrom } = options
  /** Distinct rows until they are written, of all tenants: one that makes many up leaves room for the others. */
  let rowsMax: number = serverLimits.usageRowsMax
  // Twice as many as one tenant alone may have, which is half.
  const room = new Shares(2 * rowsMax)
  /** Only the counters that hold counts. */
  const counting = new Map<UsageCounter, string>()
  /** Written once, with the first batch of a report: examples that are lost cost nothing. */
  let refusals: readonly Refusal[] = []
  const reporter = createUsageReporter<UsageCount | OperationUse>({
    take() {
      refusals = sharedFairly([...counting], randomBytes)
      const taken = [...counting].flatMap(([counter, tenant]) => [
        ...counter.take().map((row) => countOf(tenant, row, lastUsedFrom)),
        ...counter.takeOperations().map((row) => operationUseOf(tenant, row)),
      ])
      counting.clear()
      countOverflow(metrics, taken.filter(isOfCredential))
      return taken
    },
    async send(batchId, rows) {
      const now = clock.stamp().wallMs / 1000
      const beganAt = performance.now()
      const counted = { counts: rows.filter(isOfCredential), operations: rows.filter(isOfOperation), refusals }
      refusals = []
      await store.countUsage({ id: `server ${batchId}`, ...counted, now })
      if (store.dialect !== 'sqlite') return
      rowsMax = roomFor(rows.length, performance.now() - beganAt, rowsMax)
      room.size = 2 * rowsMax
    },
    isHopeless: (error) => error instanceof UnstorableTextError,
    newBatchId: randomUUID,
    clock,
    schedule,
    random: Math.random,
    everyMs: flushMs,
    batchRowsMax: serverLimits.usageBatchRowsMax,
    closeMs: serverLimits.usageCloseMs,
    onDropped(rows, error) {
      metrics.usage('dropped', sumOf(rows.filter(isOfCredential)))
      log.error({ error, rows: rows.length }, 'counts of usage were dropped')
    },
    onProblem: (error) => log.warn({ error }, 'usage cannot be written and is kept: the server tries again'),
  })
  return {
    counterOf(tenant) {
      const counter: UsageCounter = new UsageCounter({
        room: { take: () => room.take({ tenant }), give: (count) => room.give({ tenant }, count) },
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

function countOverflow(metrics: Metrics, taken: readonly UsageCount[]): void {
  const unnamed = sumOf(taken.filter(({ scope }) => scope === overflowScope))
  if (unnamed > 0) metrics.usage('overflowed', unnamed)
}

function schedule(delayMs: number, run: () => void): () => void {
  const timer = setTimeout(run, delayMs).unref()
  return () => clearTimeout(timer)
}

/** The tenants give in turns, the one with the fewest examples first, so that one that has many takes no other's place. */
function sharedFairly(
  counting: readonly (readonly [UsageCounter, string])[],
  randomBytes: (count: number) => Uint8Array,
): readonly Refusal[] {
  const ofTenants = counting
    .map(([counter, tenant]) => counter.takeSamples().map((sample) => ({ ...sample, tenant })))
    .sort((a, b) => a.length - b.length)
  return takeInTurns(ofTenants, serverLimits.refusalsInReportMax).map((draft) => newRefusal(draft, randomBytes))
}

/** Only what a count has: a counter's rows hold more, and one another. */
function countOf(tenant: string, row: UsageRow, from: UsageOptions['lastUsedFrom']): UsageCount {
  const { credentialId, clientId, scope, outcome, minuteAt, count, lastAt } = row
  const isUse = outcome === 'verified' && row.lastAddress !== undefined
  const lastAddress = isUse ? from(formatAddress(row.lastAddress)) : undefined
  const counted = { tenant, credentialId, clientId, scope, outcome, minuteAt, count, lastAt }
  return lastAddress === undefined ? counted : { ...counted, lastAddress }
}

/** Only what a count has, as above. */
function operationUseOf(tenant: string, row: OperationRow): OperationUse {
  const { audience, method, route, outcome, dayAt, count } = row
  return { tenant, audience, method, route, outcome, dayAt, count }
}

function isOfCredential(row: UsageCount | OperationUse): row is UsageCount {
  return !isOfOperation(row)
}

function isOfOperation(row: UsageCount | OperationUse): row is OperationUse {
  return 'route' in row
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
