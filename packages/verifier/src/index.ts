/** One engine that verifies every kind of credential, in your own process. */

export type {
  CredentialKind,
  Environment,
  Grant,
  InvalidTokenCode,
  MaybePromise,
  Metadata,
  ProblemAnswer,
  RateLimitOutcome,
  Rejection,
  RejectionAnswerCode,
  RejectionCode,
  Scope,
  ScopeInput,
  Seconds,
} from '@countersign/core'
export { rateLimitHeaders, readIdentityHeader, rejectionAnswer, unavailableAnswer } from '@countersign/core'
export type { Verifier, VerifierOptions } from './create_verifier.ts'
export { createVerifier } from './create_verifier.ts'
export type { Outcome, OutcomeCode } from './outcome.ts'
export type { RequestExpectation } from './request.ts'
