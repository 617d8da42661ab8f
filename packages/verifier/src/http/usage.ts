import { formatAddress, formatTime } from '@countersign/core'
import type { Clock } from '../clock.ts'
import type { Schedule } from '../feed/feed_source.ts'
import type { OperationRow } from '../usage/operation_counter.ts'
import type { RefusalSample } from '../usage/refusal_samples.ts'
import { UsageCounter, type UsageRow } from '../usage/usage_counter.ts'
import { createUsageReporter, type UsageReporter } from '../usage/usage_reporter.ts'
import { type HttpClient, HttpStatusError } from './client.ts'

/** Rows in one batch: at the longest that each can be, less than the 1 MiB that a body may have. */
const batchRowsMax = 500

/** The statuses that would be the same again. 403 is not among them: the key may be allowed to report later. */
const hopeless = new Set([400, 404, 405, 409, 413, 415, 422])

export interface HttpUsage {
  readonly counter: UsageCounter
  readonly reporter: UsageReporter
}

/** A counter whose rows go to the server of `client` within a second, as `POST /v1/usage`. */
export function createHttpUsage(options: {
  readonly client: HttpClient
  readonly clock: Clock
  readonly schedule: Schedule
  readonly random: () => number
  readonly onProblem?: (problem: string) => void
}): HttpUsage {
  const { client, clock, schedule, random, onProblem } = options
  const counter = new UsageCounter({ onFirst: () => reporter.wake() })
  const textOf = (error: unknown): string => (error instanceof Error ? error.message : 'the cause is unknown')
  const reporter = createUsageReporter<UsageRow | OperationRow>({
    take: () => [...counter.take(), ...counter.takeOperations()],
    async send(batchId, rows) {
      const { signal } = new AbortController()
      const counts = rows.filter(isOfCredential)
      await client.post('/v1/usage', { batchId, counts: counts.map(wireOf) }, signal)
      await sendOperations(batchId, rows.filter(isOfOperation), signal)
      const refusals = counter.takeSamples().map(sampleWireOf)
      if (refusals.length === 0) return
      // In a batch of their own, sent once: examples that are lost, or that an older server refuses, cost no count.
      const ofSamples = { batchId: crypto.randomUUID(), counts: [], refusals }
      await client.post('/v1/usage', ofSamples, signal).catch(() => {})
    },
    isHopeless,
    newBatchId: () => crypto.randomUUID(),
    clock,
    schedule,
    random,
    everyMs: 1_000,
    batchRowsMax,
    closeMs: 1_000,
    onDropped: (_rows, error) => onProblem?.(`counts of usage are dropped: ${textOf(error)}`),
    onProblem: (error) => onProblem?.(`usage cannot be reported and is kept, it is tried again: ${textOf(error)}`),
  })
  return { counter, reporter }

  /** In a batch of their own: an older server refuses them, and has the other counts already. */
  async function sendOperations(batchId: string, rows: readonly OperationRow[], signal: AbortSignal): Promise<void> {
    if (rows.length === 0) return
    const body = { batchId: `${batchId} operations`, counts: [], operations: rows.map(operationWireOf) }
    await client.post('/v1/usage', body, signal).catch((error: unknown) => {
      if (!isHopeless(error)) throw error
      onProblem?.(`counts by operation are dropped: ${textOf(error)}`)
    })
  }
}

function isHopeless(error: unknown): boolean {
  return error instanceof HttpStatusError && hopeless.has(error.status)
}

function isOfCredential(row: UsageRow | OperationRow): row is UsageRow {
  return !isOfOperation(row)
}

function isOfOperation(row: UsageRow | OperationRow): row is OperationRow {
  return 'route' in row
}

function operationWireOf({ audience, method, route, outcome, dayAt, count }: OperationRow): object {
  return { audience, method, route, outcome, dayAt: formatTime(dayAt), count }
}

function wireOf({ credentialId, clientId, scope, outcome, minuteAt, count, lastAt, lastAddress }: UsageRow): object {
  const who = credentialId === '' ? {} : { credentialId, clientId }
  const isUse = outcome === 'verified' && credentialId !== '' && lastAddress !== undefined
  return {
    ...who,
    ...(isUse ? { lastAddress: formatAddress(lastAddress) } : {}),
    scope,
    outcome,
    minuteAt: formatTime(minuteAt),
    lastAt: formatTime(lastAt),
    count,
  }
}

function sampleWireOf(sample: RefusalSample): object {
  const { at, requestId, credentialId, clientId, method, route, code, missingScope, scope, address } = sample
  return {
    at: formatTime(at),
    requestId,
    ...(credentialId === '' ? {} : { credentialId }),
    ...(clientId === '' ? {} : { clientId }),
    ...(method === undefined ? {} : { method }),
    ...(route === undefined ? {} : { route }),
    code,
    missingScope,
    scope,
    ...(address === undefined ? {} : { address }),
  }
}
