import { gcra, type MaybePromise, type RateLimit, type RateLimitOutcome, type Seconds } from '@countersign/core'
import { Cache } from './cache.ts'

/** How often. In memory here; a shared one may wait. */
export interface Limiter {
  /** Spend one from what `id` has. Ids begin with the tenant. */
  take(id: string, rate: RateLimit, now: Seconds): MaybePromise<RateLimitOutcome>
}

/** Limits of this process alone. A cold id that fell out of the bounded cache begins with a full burst. */
export function memoryLimiter(entriesMax = 100_000): Limiter {
  const arrivals = new Cache<number>(entriesMax)
  return {
    take(id, rate, now) {
      const kept = arrivals.get(id) ?? 0
      // No arrival lies beyond one window: one that does was written before the clock went back, or under a wider window.
      // It then leaves one request, and the rest at the limit's own pace.
      const arrivalAt = kept > now + rate.windowSeconds ? now + rate.windowSeconds * (1 - 1 / rate.limit) : kept
      const outcome = gcra(rate, arrivalAt, now)
      if (outcome.allowed) arrivals.set(id, outcome.arrivalAt)
      return outcome
    },
  }
}
