import { challengeHeader } from './challenge.ts'
import { type ProblemAnswer, problemAnswer } from './problem.ts'
import type { RateLimitOutcome } from './rate_limit/gcra.ts'
import { rateLimitHeaders } from './rate_limit/rate_limit_fields.ts'
import { formatScope, type Scope } from './scope.ts'

/**
 * The reason why a credential or request is refused. `code` and `detail` are for the credential's owner and the log,
 * and hold no credential; outsiders see `rejectionAnswer`. docs/protocol/errors.md lists the codes.
 */
export type Rejection =
  | { readonly code: 'missing_credential'; readonly detail: string }
  | { readonly code: 'invalid_request'; readonly detail: string }
  | { readonly code: InvalidTokenCode; readonly detail: string }
  | { readonly code: 'address_not_allowed' | 'origin_not_allowed'; readonly detail: string }
  | {
      /** The credential may be used, but not for this. */
      readonly code: 'insufficient_scope'
      /** One sentence for the credential's owner. */
      readonly detail: string
      /** The scope of the alternative that lacks least. */
      readonly neededScope: Scope
      /** The tokens of `neededScope` that the credential lacks. */
      readonly missingScope: Scope
      /** Every alternative, each a list of tokens that are needed together. Empty where nobody can meet it. */
      readonly requires: readonly Scope[]
    }
  | {
      /** A limit of the credential, its client or its API is used up. */
      readonly code: 'rate_limited'
      /** One sentence for the credential's owner. */
      readonly detail: string
      /** The policy to wait for longest. */
      readonly rateLimit: RateLimitOutcome
      /** Every policy that this call would have spent from. */
      readonly rateLimits: readonly RateLimitOutcome[]
    }

/** The codes that look the same from outside (docs/security/invariants.md §7): 401 `invalid_token`. */
export type InvalidTokenCode =
  | 'malformed'
  | 'unknown'
  | 'bad_signature'
  | 'expired'
  | 'not_yet_valid'
  | 'revoked'
  | 'disabled'
  | 'wrong_audience'
  | 'wrong_issuer'

/** Every code that a rejection can have. */
export type RejectionCode = Rejection['code']

/** The codes of `rejectionAnswer`. An outsider sees `invalid_token` for every `InvalidTokenCode`. */
export type RejectionAnswerCode = Exclude<RejectionCode, InvalidTokenCode> | 'invalid_token'

/** The refusal of a credential that meets none of the alternatives. It names the one that lacks least. */
export function insufficientScope(has: (token: string) => boolean, requires: readonly Scope[]): Rejection {
  let least: { readonly needed: Scope; readonly missing: Scope } | undefined
  for (const needed of requires) {
    const missing = needed.filter((token) => !has(token))
    if (least === undefined || missing.length < least.missing.length) least = { needed, missing }
  }
  const detail =
    least === undefined
      ? 'no credential can meet the requirement of this operation'
      : `it lacks ${least.missing.join(' ')}`
  const { needed: neededScope, missing } = least ?? { needed: [], missing: [] }
  return { code: 'insufficient_scope', detail, neededScope, missingScope: missing, requires }
}

/** The answer of a protected API, by RFC 6750 §3 and RFC 9457. A request with no credential gets no error code. */
export function rejectionAnswer(rejection: Rejection): ProblemAnswer<RejectionAnswerCode> {
  switch (rejection.code) {
    case 'missing_credential':
      return problemAnswer(
        401,
        'missing_credential',
        'Present a credential in the Authorization or X-API-Key header.',
        challengeHeader({ scheme: 'Bearer' }),
      )
    case 'invalid_request':
      return problemAnswer(400, 'invalid_request', rejection.detail, {
        ...challengeHeader({ scheme: 'Bearer', error: 'invalid_request' }),
      })
    case 'malformed':
    case 'unknown':
    case 'bad_signature':
    case 'expired':
    case 'not_yet_valid':
    case 'revoked':
    case 'disabled':
    case 'wrong_audience':
    case 'wrong_issuer':
      return problemAnswer(401, 'invalid_token', 'The credential is not valid here.', {
        ...challengeHeader({ scheme: 'Bearer', error: 'invalid_token' }),
      })
    case 'address_not_allowed':
      return problemAnswer(403, 'address_not_allowed', 'The credential may not be used from this address.')
    case 'origin_not_allowed':
      return problemAnswer(403, 'origin_not_allowed', 'The credential may not be used from this origin.')
    case 'insufficient_scope': {
      const { neededScope: scope, requires } = rejection
      const answer = problemAnswer(403, 'insufficient_scope', `This needs the scope ${formatScope(scope)}.`, {
        ...challengeHeader({ scheme: 'Bearer', error: 'insufficient_scope', scope }),
      })
      return { ...answer, body: { ...answer.body, requires } }
    }
    case 'rate_limited': {
      const fields = rateLimitHeaders(rejection.rateLimits)
      const { retryAfterSeconds } = rejection.rateLimit
      // Waiting helps nobody whose call costs more than the limit: then there is nothing to retry after.
      if (retryAfterSeconds === Number.POSITIVE_INFINITY)
        return problemAnswer(429, 'rate_limited', 'This call costs more than the rate limit ever allows.', fields)
      return problemAnswer(429, 'rate_limited', 'Too many requests.', {
        ...fields,
        'Retry-After': String(retryAfterSeconds),
      })
    }
  }
}
