import {
  hasRoom,
  type MaybePromise,
  type RateLimitOutcome,
  rateLimitOutcome,
  type Seconds,
  type Spend,
  usedAt,
} from '@countersign/core'
import { Cache } from './cache.ts'

/** Counts calls against rate limits. The one in memory never waits; a shared one may. */
export interface Limiter {
  /**
   * Spends from every counter, or from none when one of them has too little. The outcomes are in the order of `spends`,
   * which is not empty. `now` is in seconds; a limiter that processes share has a clock of its own.
   */
  take(spends: readonly Spend[], now: Seconds): MaybePromise<readonly RateLimitOutcome[]>
}

/** A limiter of this process alone, which never waits. */
export interface MemoryLimiter extends Limiter {
  /** As `Limiter.take`, at once. */
  take(spends: readonly Spend[], now: Seconds): readonly RateLimitOutcome[]
}

/** A counter, changed in place, since every limited verification writes one. */
interface Counter {
  used: number
  at: Seconds
}

/** Makes a limiter of this process alone. A counter that fell out of the bounded cache begins with a full burst. */
export function memoryLimiter(entriesMax = 100_000): MemoryLimiter {
  const counters = new Cache<Counter>(entriesMax)

  function counterOf(key: string, now: Seconds): Counter {
    const known = counters.get(key)
    if (known !== undefined) return known
    const counter = { used: 0, at: now }
    counters.set(key, counter)
    return counter
  }

  return {
    take(spends, now) {
      let isSpent = true
      const taken: Counter[] = []
      for (const { key, rate, cost } of spends) {
        const counter = counterOf(key, now)
        counter.used = usedAt(rate, counter, now)
        counter.at = now
        if (!hasRoom(rate, counter.used, cost)) isSpent = false
        taken.push(counter)
      }
      return spends.map(({ rate, cost }, index) => {
        const counter = taken[index] as Counter
        const { used } = counter
        if (isSpent) counter.used = used + cost
        return rateLimitOutcome(rate, used, cost, isSpent)
      })
    },
  }
}
