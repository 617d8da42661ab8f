import { Counter, collectDefaultMetrics, Registry } from 'prom-client'
import type { Metrics } from './services.ts'
import { shareMetrics } from './worker_metrics.ts'

/** Prometheus counters with bounded labels: outcomes, grant types and operations, never a key, client, path or tenant. */
export function createMetrics(): Metrics {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const verifications = new Counter({
    name: 'countersign_verifications_total',
    help: 'Verifications by outcome',
    labelNames: ['outcome'],
    registers: [registry],
  })
  const tokens = new Counter({
    name: 'countersign_tokens_total',
    help: 'Token requests by grant type and outcome',
    labelNames: ['grant_type', 'outcome'],
    registers: [registry],
  })
  const writes = new Counter({
    name: 'countersign_writes_total',
    help: 'Management writes by operation and outcome',
    labelNames: ['operation', 'outcome'],
    registers: [registry],
  })
  const unnamed = new Counter({
    name: 'countersign_usage_unnamed_total',
    help: 'Verifications counted by outcome alone (overflowed) or not at all (dropped)',
    labelNames: ['why'],
    registers: [registry],
  })
  for (const why of ['overflowed', 'dropped']) unnamed.inc({ why }, 0)
  const sum = shareMetrics(registry)
  // Looked up once for each outcome: this is on the path of every verification.
  const byOutcome = new Map<string, Counter.Internal>()
  return {
    verified(outcome) {
      const known = byOutcome.get(outcome) ?? verifications.labels({ outcome })
      byOutcome.set(outcome, known)
      known.inc()
    },
    issued: (grantType, outcome) => tokens.inc({ grant_type: grantType, outcome }),
    written: (operation, outcome) => writes.inc({ operation, outcome }),
    usage: (why, count) => unnamed.inc({ why }, count),
    text: async () => (await sum()) ?? registry.metrics(),
    contentType: registry.contentType,
  }
}
