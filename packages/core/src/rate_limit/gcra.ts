/**
 * How often: a generic cell rate (ITU-T I.371), in the form of its continuous-state leaky bucket. What was used drains at
 * the limit's pace; a call passes when what it costs fits in what is free. The other form, one time of arrival, loses
 * itself in rounding: seconds since 1970 plus a millionth are the same double.
 */
import type { Seconds } from '../seconds.ts'

/** `limit` in any `windowSeconds`: a burst of `limit`, then evenly. */
export interface RateLimit {
  readonly limit: number
  readonly windowSeconds: number
}

/** A limit by its name: several hold at once. */
export interface RatePolicy extends RateLimit {
  readonly name: string
}

/** What of the burst is used, and when that was so. */
export interface RateUse {
  readonly used: number
  readonly at: Seconds
}

/** What one call asks of one counter. */
export interface Spend {
  /** The counter's name: it begins with the tenant, and with the API within braces, which keep a call in one cluster slot. */
  readonly key: string
  readonly rate: RatePolicy
  /** 1 for most calls; 0 asks without spending. */
  readonly cost: number
}

export interface RateLimitOutcome {
  readonly name: string
  /** By this policy. A call needs all of its policies. */
  readonly allowed: boolean
  readonly limit: number
  readonly windowSeconds: number
  readonly remaining: number
  /** Until the whole burst is there again. */
  readonly resetSeconds: number
  /** 0 when allowed, infinite when it can never be: the call costs more than the limit. */
  readonly retryAfterSeconds: number
}

/** Rounding may leave a hair of a request, and that hair is no reason to refuse. */
const hair = 1e-6

/** What is used at `now`. More than a limit holds is left from a wider one; a clock that was set back drains nothing. */
export function usedAt({ limit, windowSeconds }: RateLimit, before: RateUse | undefined, now: Seconds): number {
  if (before === undefined) return 0
  const drained = now > before.at ? ((now - before.at) * limit) / windowSeconds : 0
  return Math.max(0, Math.min(before.used, limit) - drained)
}

/** Whether that much more fits. A limit of 0 allows nothing (CVE-2024-5798), also what costs nothing. */
export function hasRoom({ limit }: RateLimit, used: number, cost: number): boolean {
  return limit > 0 && used + cost <= limit + hair
}

/** One step of the algorithm for one counter. Pure: `before` is what the last step kept. Nothing is spent when refused. */
export function gcra(
  rate: RateLimit,
  before: RateUse | undefined,
  now: Seconds,
  cost = 1,
): { readonly outcome: RateLimitOutcome; readonly use: RateUse } {
  const used = usedAt(rate, before, now)
  const isAllowed = hasRoom(rate, used, cost)
  const policy = { name: defaultPolicyName, ...rate }
  const kept = isAllowed ? used + cost : used
  return { outcome: rateLimitOutcome(policy, used, cost, isAllowed), use: { used: kept, at: now } }
}

/** What a call of `cost` comes to where `used` was used before it. `isSpent`: every one of its policies allowed it. */
export function rateLimitOutcome(rate: RatePolicy, used: number, cost: number, isSpent: boolean): RateLimitOutcome {
  const { name, limit, windowSeconds } = rate
  const kept = isSpent ? used + cost : used
  const allowed = isSpent || hasRoom(rate, used, cost)
  return {
    name,
    allowed,
    limit,
    windowSeconds,
    remaining: Math.max(0, Math.floor(limit - kept + hair)),
    resetSeconds: secondsOf(rate, kept),
    retryAfterSeconds: allowed ? 0 : retryAfterSeconds(rate, used, cost),
  }
}

/** The name of a limit that was given none. */
export const defaultPolicyName = 'default'

/** The one that decides about a call: one that refuses, the one to wait for longest, else the one with the least share left. */
export function tightest(outcomes: readonly RateLimitOutcome[]): RateLimitOutcome | undefined {
  let found = outcomes[0]
  for (let index = 1; index < outcomes.length; index++) {
    const outcome = outcomes[index] as RateLimitOutcome
    if (found === undefined || isTighter(outcome, found)) found = outcome
  }
  return found
}

function isTighter(one: RateLimitOutcome, other: RateLimitOutcome): boolean {
  if (one.allowed !== other.allowed) return !one.allowed
  if (one.retryAfterSeconds !== other.retryAfterSeconds) return one.retryAfterSeconds > other.retryAfterSeconds
  return one.remaining * other.limit < other.remaining * one.limit
}

/** A limit of 0 may have another value by the next window; a call that is too large stays so. */
function retryAfterSeconds(rate: RateLimit, used: number, cost: number): number {
  if (rate.limit === 0) return rate.windowSeconds
  return cost > rate.limit ? Number.POSITIVE_INFINITY : Math.max(1, secondsOf(rate, used + cost - rate.limit))
}

/** Until so much has drained, in whole seconds. */
function secondsOf({ limit, windowSeconds }: RateLimit, used: number): number {
  return used <= 0 || limit === 0 ? 0 : Math.ceil((used * windowSeconds) / limit - hair)
}
