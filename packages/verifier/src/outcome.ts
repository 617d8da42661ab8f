import type { Grant, RateLimitOutcome, Rejection, RejectionCode } from '@countersign/core'

/** The three results of a verification. `unavailable` is neither yes nor no: nobody could tell. */
export type Outcome =
  | {
      /** The credential may be used. */
      readonly outcome: 'verified'
      /** The caller, and what it may do. */
      readonly grant: Grant
      /** The tightest of `rateLimits`: the one with the least share left. */
      readonly rateLimit?: RateLimitOutcome
      /** Every policy that this call spent from: the credential's own, its client's, its API's. */
      readonly rateLimits?: readonly RateLimitOutcome[]
    }
  | { readonly outcome: 'rejected'; readonly rejection: Rejection }
  | { readonly outcome: 'unavailable'; readonly retryAfterSeconds: number }

/** An outcome as one word, for counts and logs: `verified`, `unavailable` or the rejection's code. */
export type OutcomeCode = Exclude<Outcome['outcome'], 'rejected'> | RejectionCode

/** Any outcome but `verified`. */
export type Refused = Exclude<Outcome, { readonly outcome: 'verified' }>

/** The outcome of a refusal. */
export function rejected(rejection: Rejection): Refused {
  return { outcome: 'rejected', rejection }
}

/** The outcome where nobody could tell. Retry after 1 s. */
export const unavailable: Refused = { outcome: 'unavailable', retryAfterSeconds: 1 }
