import type { MaybePromise } from '@countersign/core'
import { type Clock, shareAnswer } from '@countersign/verifier/engine'
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import { serverLimits } from '../limits.ts'
import type { ServerLimiter } from '../redis/limiter.ts'
import { RequestHistogram } from './request_histogram.ts'
import { shareMetrics } from './worker_metrics.ts'

/** Counters with bounded labels: never a key, client, path or tenant. */
export interface Metrics {
  verified(outcome: string): void
  issued(grantType: string, outcome: string): void
  written(operation: string, outcome: string): void
  /** A question was answered 429, since too many had failed from there. */
  limited(): void
  /** Gives a function for one mounted route. It takes the status and the seconds of each answer. */
  route(method: string, route: string): (status: number, seconds: number) => void
  /** Takes the seconds that one took: `poll`, `beat`, `write`. */
  database(operation: string): (seconds: number) => void
  opaqueIssued(): void
  databaseFailed(operation: string, reason: string): void
  gauge(options: GaugeOptions): void
  /** Counts of usage that no credential can be told of. */
  usage(why: 'overflowed' | 'dropped', count: number): void
  /** Collected at most once a second: whoever asks meanwhile is given the same. */
  text(): Promise<Uint8Array>
  readonly contentType: string
}

export interface GaugeOptions {
  readonly name: string
  readonly help: string
  /** How the values of several workers become one. */
  readonly aggregator: 'sum' | 'max' | 'min' | 'first'
  readonly labelNames?: readonly string[]
  /** At each scrape. When it throws, what was read last is shown. */
  read(): MaybePromise<number | readonly LabelledValue[]>
}

export interface LabelledValue {
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

/** Upper bounds in seconds: what is in memory takes less than the first, and a write to PostgreSQL is cut at two. */
const bounds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5]

/** Gauges that end as only counters may; each has a better-named sibling with a label. */
const misnamed = ['nodejs_active_handles_total', 'nodejs_active_requests_total', 'nodejs_active_resources_total']

/**
 * Prometheus metrics with bounded labels: routes as mounted, outcomes, operations; never a key, client, path or tenant.
 */
export function createMetrics(limiter: Pick<ServerLimiter, 'isShared' | 'fallbacks'>, clock: Clock): Metrics {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  for (const name of misnamed) registry.removeSingleMetric(name)
  const registers = [registry]
  const count = <L extends string>(name: string, help: string, labelNames: readonly L[]): Counter<L> =>
    new Counter({ name, help, labelNames: [...labelNames], registers })
  const time = <L extends string>(name: string, help: string, labelNames: readonly L[]): Histogram<L> =>
    new Histogram({ name, help, labelNames: [...labelNames], buckets: [...bounds], registers })

  const verifications = count('countersign_verifications_total', 'Verifications by outcome', ['outcome'])
  const tokens = count('countersign_tokens_total', 'Token requests by grant type and outcome', [
    'grant_type',
    'outcome',
  ])
  const writes = count('countersign_writes_total', 'Management writes by operation and outcome', [
    'operation',
    'outcome',
  ])
  const opaque = count('countersign_opaque_tokens_total', 'Opaque tokens issued at the token endpoint', [])
  const limitsHit = count(
    'countersign_failure_limits_hit_total',
    'Questions answered 429 because too many attempts from there had failed',
    [],
  )
  const requests = new RequestHistogram(
    'countersign_request_duration_seconds',
    'From a request’s head to the head of its answer',
    bounds,
    registry,
  )
  const database = time('countersign_database_duration_seconds', 'Polls of the feed, beats, writes and chores', [
    'operation',
  ])
  const failures = count(
    'countersign_database_failures_total',
    'Polls, beats, writes and chores that the database failed',
    ['operation', 'reason'],
  )
  // Shown before the first one: an increase is otherwise not seen as one.
  for (const operation of ['poll', 'beat', 'write', 'chore'])
    for (const reason of ['full', 'unreachable', 'busy', 'timeout', 'history', 'fatal'])
      failures.inc({ operation, reason }, 0)
  const unnamed = count(
    'countersign_usage_unnamed_total',
    'Verifications counted by outcome alone (overflowed) or not at all (dropped)',
    ['why'],
  )
  for (const why of ['overflowed', 'dropped']) unnamed.inc({ why }, 0)
  const sum = shareMetrics(registry)
  const limitsShared: GaugeOptions = {
    name: 'countersign_limits_shared',
    help: '1 while rate limits are counted together with other processes, 0 while a worker counts alone',
    aggregator: 'min',
    read: () => (limiter.isShared() ? 1 : 0),
  }
  createGauge(limitsShared, registry)
  new Counter({
    name: 'countersign_limits_fallbacks_total',
    help: 'Calls counted by this process alone because Redis did not answer',
    registers: [registry],
    collect() {
      this.reset()
      this.inc(limiter.fallbacks())
    },
  })
  // Looked up once for each outcome: this is on the path of every verification.
  const byOutcome = lookedUpOnce((outcome: string) => verifications.labels({ outcome }))
  return {
    verified: (outcome) => byOutcome(outcome).inc(),
    issued: (grantType, outcome) => tokens.inc({ grant_type: grantType, outcome }),
    written: (operation, outcome) => writes.inc({ operation, outcome }),
    limited: () => limitsHit.inc(),
    opaqueIssued: () => opaque.inc(),
    route: (method, route) => requests.route(method, route),
    database: lookedUpOnce((operation: string) => database.labels({ operation }).observe),
    databaseFailed: (operation, reason) => failures.inc({ operation, reason }),
    gauge: (options) => void createGauge(options, registry),
    usage: (why, count) => unnamed.inc({ why }, count),
    text: shareAnswer(serverLimits.metricsSharedMs, clock, async () =>
      Buffer.from((await sum()) ?? (await registry.metrics())),
    ),
    contentType: registry.contentType,
  }
}

/** Read at each scrape. What throws is left as it was: a scrape while the database is gone is wanted most of all. */
function createGauge({ name, help, aggregator, labelNames, read }: GaugeOptions, registry: Registry): Gauge {
  return new Gauge({
    name,
    help,
    aggregator,
    labelNames: [...(labelNames ?? [])],
    registers: [registry],
    async collect() {
      try {
        const values = await read()
        if (typeof values === 'number') return this.set(values)
        this.reset()
        for (const { labels, value } of values) this.set(labels, value)
      } catch {
        // Stays at what was read last.
      }
    },
  })
}

function lookedUpOnce<K, V>(lookUp: (key: K) => V): (key: K) => V {
  const known = new Map<K, V>()
  return (key) => {
    const found = known.get(key) ?? lookUp(key)
    known.set(key, found)
    return found
  }
}
