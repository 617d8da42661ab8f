import type { Seconds } from './seconds.ts'

/** `limit` requests in any `windowSeconds`, as a generic cell rate (ITU-T I.371): a burst of `limit`, then evenly. */
export interface RateLimit {
  readonly limit: number
  readonly windowSeconds: number
}

export interface RateLimitOutcome {
  readonly allowed: boolean
  /** The theoretical arrival time to keep; unchanged when not allowed. */
  readonly arrivalAt: Seconds
  readonly limit: number
  readonly windowSeconds: number
  readonly remaining: number
  /** Until the whole burst is there again. */
  readonly resetSeconds: number
  /** 0 when allowed. */
  readonly retryAfterSeconds: number
}

/** One step of the algorithm. Pure: `arrivalAt` is what the last step returned, or 0. A limit of 0 allows nothing. */
export function gcra(rate: RateLimit, arrivalAt: Seconds, now: Seconds, cost = 1): RateLimitOutcome {
  const { limit, windowSeconds } = rate
  const interval = limit > 0 ? windowSeconds / limit : Number.POSITIVE_INFINITY
  const earliest = Math.max(arrivalAt, now)
  const next = earliest + interval * cost
  const waitSeconds = next - now - windowSeconds
  // Floating point: 3 × (1/3) may end a hair above the window, and that hair is no reason to refuse.
  const allowed = limit > 0 && waitSeconds <= windowSeconds * 1e-9
  const kept = allowed ? next : arrivalAt
  const ahead = Math.max(0, kept - now)
  return {
    allowed,
    arrivalAt: kept,
    limit,
    windowSeconds,
    remaining: limit > 0 ? Math.max(0, Math.floor((windowSeconds - ahead) / interval + 1e-9)) : 0,
    resetSeconds: Math.ceil(ahead),
    retryAfterSeconds: allowed ? 0 : Number.isFinite(waitSeconds) ? Math.max(1, Math.ceil(waitSeconds)) : windowSeconds,
  }
}
