/** The rules of Countersign. Pure: no I/O, no clock, no environment. */

export type { AccessTokenInput } from './access_token.ts'
export { accessTokenClaims, accessTokenTypes, readAccessToken } from './access_token.ts'
export type { Address, AddressRange } from './address.ts'
export { isInRange, parseAddress, parseAddressRange } from './address.ts'

export type { Environment, KeyMarker, ParsedKey } from './api_key.ts'
export { generateKey, isKeyPrefix, keyChecksum, parseKey } from './api_key.ts'
export { randomBase62 } from './base62.ts'
export type { CredentialHeaders, ParsedCredential } from './credential.ts'
export { parseCredential, readCredential } from './credential.ts'
export { establishRecord } from './credential_record.ts'
export type { Decision, Expectation } from './decision.ts'
export { decide, findRejection } from './decision.ts'
export type { EffectiveGrant, Established, Standing } from './effective_grant.ts'
export { effectiveGrant } from './effective_grant.ts'
export type {
  Ancestor,
  ApiState,
  ClientState,
  Constraints,
  CredentialRecord,
  FeedEntry,
  KeyState,
  LookupAnswer,
  Metadata,
  ObjectType,
  Place,
  PositionAnswer,
  PositionQuestion,
  PublicKeyRecord,
  PublicKeyState,
  SigningKeyState,
  SigningPurpose,
  Snapshot,
  StateByType,
  Status,
  Subject,
  TenantState,
  TokenState,
} from './feed.ts'
export {
  chainInput,
  clientTokenId,
  emptyChain,
  formatAncestor,
  parseAncestor,
  publicKeyId,
} from './feed.ts'
export type { RateLimit, RateLimitOutcome } from './gcra.ts'
export { gcra } from './gcra.ts'
export type { CredentialKind, Grant } from './grant.ts'
export { limits, neverDropAt } from './limits.ts'
export type { InvalidTokenCode, ProblemAnswer, Rejection, RejectionCode } from './rejection.ts'
export { problemAnswer, rateLimitHeaders, rejectionAnswer, unavailableAnswer } from './rejection.ts'
export type { Scope, ScopeInput } from './scope.ts'
export {
  formatScope,
  intersectScope,
  isScopeToken,
  missingScope,
  parseScope,
  readScope,
  unionScope,
} from './scope.ts'
export type { MaybePromise, Seconds } from './seconds.ts'
export { formatTime, parseTime } from './seconds.ts'
export { Secret } from './secret.ts'
export type { SelfIssuedClaims } from './self_issued_jwt.ts'
export { clientIdPrefix, establishSelfIssued, readSelfIssuedClaims } from './self_issued_jwt.ts'
