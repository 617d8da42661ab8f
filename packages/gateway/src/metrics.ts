import { type BookKeeper, shareAnswer, systemClock } from '@countersign/verifier/engine'
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import { gatewayLimits } from './limits.ts'
import type { RequestEvent } from './request_event.ts'

/** Prometheus metrics of a gateway of its own process, for its health listener. */
export interface GatewayMetrics {
  /** Counts one event. */
  observe(event: RequestEvent): void
  /** The metrics as text, collected at most once a second: questions meanwhile get the same text. */
  text(): Promise<string>
  readonly contentType: string
}

/** Upper bounds in seconds; at the last but one, an upstream is given up. */
const buckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30]

/** Gauges whose names end as only counters' may; each has a better-named sibling with a label. */
const misnamed = ['nodejs_active_handles_total', 'nodejs_active_requests_total', 'nodejs_active_resources_total']

/**
 * Counts by decision and status class, never by path, client or credential: a caller's choice must not make a series.
 * `version` is shown in `countersign_gateway_build_info`.
 */
export function createGatewayMetrics({
  keeper,
  version,
}: {
  readonly keeper: BookKeeper
  readonly version: string
}): GatewayMetrics {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  for (const name of misnamed) registry.removeSingleMetric(name)
  const registers = [registry]
  const requests = new Counter({
    name: 'countersign_gateway_requests_total',
    help: 'Requests by decision and class of the answer',
    labelNames: ['decision', 'status'],
    registers,
  })
  const upstream = new Histogram({
    name: 'countersign_gateway_upstream_duration_seconds',
    help: 'From a request’s going to the upstream to the head of its answer, or to the end of waiting for it',
    labelNames: ['status'],
    buckets,
    registers,
  })
  new Gauge({
    name: 'countersign_gateway_book_fresh',
    help: '1 while credentials are judged, 0 while every answer is unavailable',
    registers,
    collect() {
      this.set(keeper.book !== undefined && keeper.isFresh() ? 1 : 0)
    },
  })
  new Gauge({
    name: 'countersign_gateway_build_info',
    help: 'Always 1; the labels name the version that runs',
    labelNames: ['version', 'node'],
    registers,
  }).set({ version, node: process.versions.node }, 1)
  return {
    observe({ decision, status, upstreamMs }) {
      const statusClass = `${Math.floor(status / 100)}xx`
      requests.inc({ decision, status: statusClass })
      if (upstreamMs !== undefined && decision !== 'cut') upstream.observe({ status: statusClass }, upstreamMs / 1000)
    },
    text: shareAnswer(gatewayLimits.metricsSharedMs, systemClock(), () => registry.metrics()),
    contentType: registry.contentType,
  }
}
