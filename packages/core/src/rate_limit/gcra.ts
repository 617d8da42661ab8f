/**
 * Rate limits by a generic cell rate algorithm (ITU-T I.371), in the form of its continuous-state leaky bucket. The
 * used amount drains at the limit's pace; a call passes when its cost fits into the free amount. The other form, one
 * time of arrival, fails by rounding: seconds since 1970 plus a millionth are the same double.
 */
import type { Seconds } from '../seconds.ts'

/** Allows a burst of `limit`, and refills it evenly within `windowSeconds`. */
export interface RateLimit {
  /** The size of the burst. 0 allows nothing. */
  readonly limit: number
  /** The seconds in which a whole burst is refilled. */
  readonly windowSeconds: number
}

/** A limit with its name. Several can apply at once. */
export interface RatePolicy extends RateLimit {
  /** `default` for the one that has no other name; `[a-z][a-z0-9_-]{0,31}`. */
  readonly name: string
}

/** The used part of a burst, and the time when it was that much. */
export interface RateUse {
  /** The used amount; not always a whole number. */
  readonly used: number
  /** The time at which it was that much. */
  readonly at: Seconds
}

/** The question of one call to one counter. */
export interface Spend {
  /**
   * The counter's name: it begins with the tenant, and with the API within braces, which keep a call in one cluster
   * slot.
   */
  readonly key: string
  /** The limit of the counter, with its name. */
  readonly rate: RatePolicy
  /** 1 for most calls; 0 asks without spending. */
  readonly cost: number
}

/** The answer of one policy to one call. */
export interface RateLimitOutcome {
  /** The name of the policy. */
  readonly name: string
  /** Whether this policy allows the call. A call needs the consent of all of its policies. */
  readonly allowed: boolean
  /** The size of the burst. */
  readonly limit: number
  /** The seconds in which a whole burst is refilled. */
  readonly windowSeconds: number
  /** The whole number that is left of the burst after the call. */
  readonly remaining: number
  /** Seconds until the whole burst is available again. */
  readonly resetSeconds: number
  /** Seconds to wait: 0 when allowed, infinite when the call costs more than the limit and can never pass. */
  readonly retryAfterSeconds: number
}

/** Rounding may leave a tiny part of a request, which is no reason to refuse. */
const hair = 1e-6

/**
 * The used amount at `now`. It may exceed the limit after the limit was lowered. A clock that was set back drains
 * nothing.
 */
export function usedAt({ limit, windowSeconds }: RateLimit, before: RateUse | undefined, now: Seconds): number {
  if (before === undefined) return 0
  const drained = now > before.at ? ((now - before.at) * limit) / windowSeconds : 0
  return Math.max(0, Math.min(before.used, limit) - drained)
}

/**
 * Whether a call of `cost` fits beside `used`. A limit of 0 allows nothing (CVE-2024-5798), not even calls that cost 0.
 */
export function hasRoom({ limit }: RateLimit, used: number, cost: number): boolean {
  return limit > 0 && used + cost <= limit + hair
}

/**
 * One step of the algorithm for one counter. Pure: `before` is the `use` of the last step. A refused call spends
 * nothing.
 */
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

/** The outcome of a call of `cost` after `used`. `isSpent`: all of its policies allowed it, so the cost was spent. */
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

/** The name of a limit that was given no name. */
export const defaultPolicyName = 'default'

/**
 * The outcome that decides about a call: of those that refuse, the one to wait for longest; else the one with the least
 * share left.
 */
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

/** The time until this amount has drained, in whole seconds. */
function secondsOf({ limit, windowSeconds }: RateLimit, used: number): number {
  return used <= 0 || limit === 0 ? 0 : Math.ceil((used * windowSeconds) / limit - hair)
}
