/** The rules of Countersign. Pure: no I/O, no clock, no environment. */

export type { Environment, KeyMarker, ParsedKey } from './api_key.ts'
export { generateKey, isKeyPrefix, keyChecksum, parseKey } from './api_key.ts'
export { randomBase62 } from './base62.ts'
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
export { limits, neverDropAt } from './limits.ts'
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
