import type { Grant, RateLimitOutcome, Rejection } from '@countersign/core'

/** The three things a verification can come to. `unavailable` is neither yes nor no: nobody could tell. */
export type Outcome =
  | {
      readonly outcome: 'verified'
      readonly grant: Grant
      /** The tightest of `rateLimits`: the one with the least share left. */
      readonly rateLimit?: RateLimitOutcome
      /** Every policy that this call spent from: the credential's own, its client's, its API's. */
      readonly rateLimits?: readonly RateLimitOutcome[]
    }
  | { readonly outcome: 'rejected'; readonly rejection: Rejection }
  | { readonly outcome: 'unavailable'; readonly retryAfterSeconds: number }

/** Any outcome but the good one. */
export type Refused = Exclude<Outcome, { readonly outcome: 'verified' }>

export function rejected(rejection: Rejection): Refused {
  return { outcome: 'rejected', rejection }
}

export const unavailable: Refused = { outcome: 'unavailable', retryAfterSeconds: 1 }
