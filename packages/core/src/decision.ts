import type { Address } from './address/address.ts'
import { allowsAddress } from './address/allowed_places.ts'
import type { EffectiveGrant } from './effective_grant.ts'
import type { Grant } from './grant.ts'
import { limits } from './limits.ts'
import { type RateLimitOutcome, tightest } from './rate_limit/gcra.ts'
import { insufficientScope, type Rejection } from './rejection.ts'
import type { Scope } from './scope.ts'
import { formatTime, type Seconds } from './seconds.ts'

/** The expectation that a credential must meet. No member has a default. */
export interface Expectation {
  /** The API that is called. The credential must be for it. */
  readonly audience: string
  /**
   * Alternatives, each a scope that must be there as a whole. `[[]]`: any active credential will do. `[]`: none will.
   */
  readonly requires: readonly Scope[]
  /** The peer's address; a credential bound to addresses is refused without it. */
  readonly address: Address | undefined
  /** The `Origin` header; a credential bound to origins is refused without it. */
  readonly origin: string | undefined
}

/** The result of `decide`. `rateLimit` is the tightest limit; `undefined` when nothing limits the credential. */
export type Decision =
  | { readonly active: true; readonly grant: Grant; readonly rateLimit: RateLimitOutcome | undefined }
  | { readonly active: false; readonly rejection: Rejection }

/**
 * The one place that decides whether a credential may be used. It reads no clock and no book: the caller passes in
 * their answers from the same synchronous turn, after the last wait. `taken` holds the outcome of every limit; empty
 * when nothing limits the credential.
 */
export function decide(
  effective: EffectiveGrant,
  expected: Expectation,
  taken: readonly RateLimitOutcome[],
  now: Seconds,
): Decision {
  const rejection = findRejection(effective, expected, now)
  if (rejection !== undefined) return { active: false, rejection }
  const rateLimit = tightest(taken)
  if (rateLimit !== undefined && !rateLimit.allowed) {
    const { name, limit, retryAfterSeconds } = rateLimit
    const detail =
      retryAfterSeconds === Number.POSITIVE_INFINITY
        ? `the call costs more than the rate limit "${name}" of ${limit} ever allows`
        : `the rate limit "${name}" is spent`
    return { active: false, rejection: { code: 'rate_limited', detail, rateLimit, rateLimits: taken } }
  }
  return { active: true, grant: effective.grant, rateLimit }
}

/** Judges everything but the rate limit, from which only a credential that would pass may spend. */
export function findRejection(effective: EffectiveGrant, expected: Expectation, now: Seconds): Rejection | undefined {
  const { grant, fault } = effective
  if (fault === 'revoked') return { code: 'revoked', detail: 'the credential, or what it came from, was revoked' }
  if (fault === 'disabled') return { code: 'disabled', detail: 'the credential, its client or its API is disabled' }
  if (now >= effective.endsAt) return { code: 'expired', detail: `it ended at ${formatTime(grant.expiresAt ?? 0)}` }
  if (now + limits.clockLeewaySeconds < effective.notBefore) {
    return { code: 'not_yet_valid', detail: `it begins at ${formatTime(effective.notBefore)}` }
  }
  if (grant.audience !== expected.audience) {
    return { code: 'wrong_audience', detail: 'the credential is for another API' }
  }
  if (!effective.hasAccess) {
    return { code: 'wrong_audience', detail: 'the client of the credential has no access to this API' }
  }
  if (effective.addressRanges.length > 0 && !allowsAddress(effective, expected.address)) {
    return {
      code: 'address_not_allowed',
      detail:
        expected.address === undefined
          ? 'the address of the caller is not known'
          : 'the address of the caller is in no allowed range',
    }
  }
  if (effective.origins.length > 0 && !allowsOrigin(effective, expected.origin)) {
    return { code: 'origin_not_allowed', detail: 'the Origin header names no allowed origin' }
  }
  return findMissingScope(effective.scope, expected.requires)
}

function allowsOrigin({ origins }: EffectiveGrant, origin: string | undefined): boolean {
  return origins.every((allowed) => origin !== undefined && allowed.has(origin))
}

function hasAll(scope: ReadonlySet<string>, needed: Scope): boolean {
  // By index, since `for…of` over a frozen list makes an object for every step.
  for (let index = 0; index < needed.length; index++) if (!scope.has(needed[index] as string)) return false
  return true
}

function findMissingScope(scope: ReadonlySet<string>, requires: readonly Scope[]): Rejection | undefined {
  // Nearly every call ends here; lists are made only for those who are refused.
  for (let index = 0; index < requires.length; index++) if (hasAll(scope, requires[index] as Scope)) return undefined
  return insufficientScope((token) => scope.has(token), requires)
}
