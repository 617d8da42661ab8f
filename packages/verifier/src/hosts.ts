/**
 * `@countersign/verifier/engine`: the parts from which a server or a gateway joins an engine of its own. An API needs
 * the package's main entry only.
 */

export { StatusBook } from './book/status_book.ts'
export type { BookKeeper } from './book_keeper.ts'
export { Cache } from './cache.ts'
export type { Clock, Stamp } from './clock.ts'
export { elapsedMs, systemClock } from './clock.ts'
export { followPlaces, type PlacesNow } from './credential_places.ts'
export type { CredentialAnswer, Directory, LookupKind } from './directory.ts'
export type { Engine, EngineOptions, Inspection, Question } from './engine.ts'
export { createFailures, type Failures, mayFail, tooManyFailures, unlimitedFailures } from './failures.ts'
export type { FeedFollower, FeedFollowerOptions } from './feed/feed_follower.ts'
export { createFeedFollower } from './feed/feed_follower.ts'
export type { EntriesAnswer, FeedSource, Schedule, SnapshotStream } from './feed/feed_source.ts'
export type { Proof } from './feed/freshness.ts'
export { ageAt, isFreshAt } from './feed/freshness.ts'
export type { HandBack } from './feed/hand_back.ts'
export { createHandBack } from './feed/hand_back.ts'
export type { HttpClient, HttpClientOptions } from './http/client.ts'
export { createHttpClient, HttpStatusError } from './http/client.ts'
export type { Connection, ConnectOptions } from './http/connect.ts'
export { connect } from './http/connect.ts'
export { createHttpDirectory } from './http/directory.ts'
export { createHttpFeedSource } from './http/feed_source.ts'
export type { TrustedIssuer, VerifiedExternalJwt } from './known/external_jwt.ts'
export { verifyExternalJwt } from './known/external_jwt.ts'
export { PackedKeys } from './known/packed_keys.ts'
export { Signers } from './known/signers.ts'
export type { Limiter, MemoryLimiter } from './limiter.ts'
export { memoryLimiter } from './limiter.ts'
export type { Outcome, OutcomeCode, Refused } from './outcome.ts'
export type { Expected, RequestExpectation } from './request.ts'
export {
  costOf,
  credentialHeadersOf,
  credentialHeadersOfWeb,
  isCost,
  originOf,
  questionOf,
  readAgain,
  requirementOf,
} from './request.ts'
export type { Room } from './room.ts'
export { createRoom } from './room.ts'
export { shareAnswer } from './shared_answer.ts'
export { standingOf } from './standing.ts'
export { type OperationRow, otherRoute } from './usage/operation_counter.ts'
export type { RefusalSample, RefusedRequest } from './usage/refusal_samples.ts'
export { takeInTurns } from './usage/refusal_samples.ts'
export type { UsageCounterOptions, UsagePort, UsageRoom, UsageRow } from './usage/usage_counter.ts'
export { countedId, countOutcome, overflowScope, UsageCounter } from './usage/usage_counter.ts'
export type { UsageReporter, UsageReporterOptions } from './usage/usage_reporter.ts'
export { createUsageReporter } from './usage/usage_reporter.ts'
export { createEngine } from './verify.ts'
