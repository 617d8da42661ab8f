import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client'
import type { ServerLimiter } from './redis_limiter.ts'
import type { Metrics } from './services.ts'
import { shareMetrics } from './worker_metrics.ts'

/** Prometheus counters with bounded labels: outcomes, grant types and operations, never a key, client, path or tenant. */
export function createMetrics(limiter: Pick<ServerLimiter, 'isShared' | 'fallbacks'>): Metrics {
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
  const sum = shareMetrics(registry)
  new Gauge({
    name: 'countersign_limits_shared',
    help: '1 while rate limits are counted together with other processes, 0 while this one counts alone',
    registers: [registry],
    collect() {
      this.set(limiter.isShared() ? 1 : 0)
    },
  })
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
  const byOutcome = new Map<string, Counter.Internal>()
  return {
    verified(outcome) {
      const known = byOutcome.get(outcome) ?? verifications.labels({ outcome })
      byOutcome.set(outcome, known)
      known.inc()
    },
    issued: (grantType, outcome) => tokens.inc({ grant_type: grantType, outcome }),
    written: (operation, outcome) => writes.inc({ operation, outcome }),
    text: async () => (await sum()) ?? registry.metrics(),
    contentType: registry.contentType,
  }
}
