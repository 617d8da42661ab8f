/** The rules of Countersign. Pure: no I/O, no clock, no environment. */

export { digest, generateKeyPair, timingSafeEqual } from '#crypto'
export type { AccessTokenInput, ScopeClaim } from './access_token.ts'
export { accessTokenClaims, accessTokenTypes, readAccessToken } from './access_token.ts'
export type { Address, AddressRange } from './address/address.ts'
export { formatAddress, isInRange, networkOf, parseAddress, parseAddressRange } from './address/address.ts'
export { callerAddress, isTrustedAddress } from './address/caller_address.ts'
export type { Environment, KeyMarker, ParsedKey } from './api_key.ts'
export { generateKey, isKeyPrefix, keyChecksum, parseKey } from './api_key.ts'
export type { Challenge } from './challenge.ts'
export { challengeHeader } from './challenge.ts'
export type { CredentialHeaders, CredentialPlaces, ParsedCredential } from './credential.ts'
export {
  credentialHeadersFlaw,
  credentialPlaces,
  foldHeaderName,
  holdsCredential,
  isCredentialHeaderName,
  isPresented,
  parseCredential,
  readCredential,
} from './credential.ts'
export { establishRecord } from './credential_record.ts'
export { andThen } from './crypto/maybe_promise.ts'
export type { Decision, Expectation } from './decision.ts'
export { decide, findRejection } from './decision.ts'
export type { EffectiveGrant, Established, Standing } from './effective_grant.ts'
export { effectiveGrant, isCutOffByTime, withClientMetadata } from './effective_grant.ts'
export { randomBase62 } from './encoding/base62.ts'
export { decodeBase64url, encodeBase64url } from './encoding/base64url.ts'
export type { AskedOperation, Check, CheckName, Judged } from './explanation.ts'
export {
  alternativesText,
  checkNames,
  explainCode,
  explainJudged,
  explainOperation,
  undescribedOperation,
} from './explanation.ts'
export { claimMatches, saysSomething } from './external/claim_pattern.ts'
export type { ExternalClaims, ExternalGrant } from './external/external_jwt.ts'
export { establishExternal, externalTokenId, externalTypes, readExternalClaims } from './external/external_jwt.ts'
export type { ApiNames, Ruled } from './external/issuer_rule.ts'
export { apiOfRule, claimsOfNobody, holdsFor, scopeByApi } from './external/issuer_rule.ts'
export type { DropFloor, IssueMark } from './feed/drop_time.ts'
export { isDropped } from './feed/drop_time.ts'
export type { FeedEntry, FeedObject, Place, SealedPlace } from './feed/entry.ts'
export { chainInput, emptyChain, endlessRevocation, revocationEnd, sortMembers } from './feed/entry.ts'
export type {
  HandBackAnswer,
  HandBackQuestion,
  HandedBack,
  HandedBackCutOff,
  PositionAnswer,
  PositionQuestion,
  Snapshot,
} from './feed/message.ts'
export type { ClientRecord, CredentialRecord, LookupAnswer, PublicKeyRecord } from './feed/record.ts'
export type {
  AccountState,
  ApiState,
  ClientSecretState,
  ClientState,
  ConsentState,
  Constraints,
  CutOff,
  CutOffKind,
  CutOffState,
  CutOffs,
  CutOffType,
  IssuerKey,
  IssuerRule,
  KeyState,
  Metadata,
  PublicKeyState,
  SessionState,
  SigningKeyState,
  SigningPurpose,
  StateByType,
  Status,
  SubjectState,
  TenantState,
  TokenState,
  TrustedIssuerState,
} from './feed/state.ts'
export { revokedStates } from './feed/state.ts'
export type { CredentialKind, Grant } from './grant.ts'
export { isCountersignHeader, isDeceptiveHeader, isHopByHopHeader } from './header_name.ts'
export type {
  Ancestor,
  CredentialName,
  CredentialType,
  Identity,
  ObjectType,
  TokenFormat,
} from './identity.ts'
export {
  accountIdPrefix,
  clientSecretId,
  clientTokenId,
  credentialIdentity,
  formatAncestor,
  isLineageWithinLimit,
  issuedTokenId,
  issuerIdPrefix,
  ownName,
  parentOf,
  parseAncestor,
  publicKeyId,
  splitClientObjectId,
  subjectIdentity,
  tokenIdentity,
} from './identity.ts'
export type { UpstreamMetadata } from './identity_header.ts'
export {
  fitsClaims,
  identityHeader,
  metadataHeaderName,
  metadataOmittedName,
  readIdentityHeader,
  scopeHeader,
  upstreamMetadata,
} from './identity_header.ts'
export { parseJsonObject } from './json.ts'
export { decoyJwk, isOfDecoySize } from './jwk/decoy_key.ts'
export { JwkError } from './jwk/jwk_error.ts'
export { parseJwks } from './jwk/jwks.ts'
export { publicJwk } from './jwk/public_jwk.ts'
export type { SentSigningKey, SigningKey } from './jwk/signing_key.ts'
export { importSigningKey, receiveSigningKey, sendSigningKey } from './jwk/signing_key.ts'
export { jwkThumbprint } from './jwk/thumbprint.ts'
export type { KeyPurpose, VerificationKey } from './jwk/verification_key.ts'
export { importVerificationKey } from './jwk/verification_key.ts'
export type { IssuingAlgorithm, JwsAlgorithm } from './jws/algorithm.ts'
export { isJwsAlgorithm, issuingAlgorithms } from './jws/algorithm.ts'
export { jwtIdentity } from './jwt/identity.ts'
export type { JwtFault, UnverifiedJwt, VerifiedJwt } from './jwt/parse.ts'
export { isJwtFault, parseJwt } from './jwt/parse.ts'
export type { SignInput } from './jwt/sign.ts'
export { signInput, signJwt } from './jwt/sign.ts'
export { verifyJwt } from './jwt/verify.ts'
export { limits, neverDropAt } from './limits.ts'
export { requireIssuer, requireOptions } from './options.ts'
export type { ProblemAnswer } from './problem.ts'
export { problemAnswer, unavailableAnswer, undescribedAnswer, withErrorPage } from './problem.ts'
export type { RateLimit, RateLimitOutcome, RatePolicy, RateUse, Spend } from './rate_limit/gcra.ts'
export { defaultPolicyName, gcra, hasRoom, rateLimitOutcome, tightest, usedAt } from './rate_limit/gcra.ts'
export type { LeftOut, LineQuota } from './rate_limit/line_quota.ts'
export { createLineQuota } from './rate_limit/line_quota.ts'
export { rateLimitHeaders } from './rate_limit/rate_limit_fields.ts'
export type { Limited } from './rate_limit/rate_policy.ts'
export { policiesOf } from './rate_limit/rate_policy.ts'
export type { InvalidTokenCode, Rejection, RejectionAnswerCode, RejectionCode } from './rejection.ts'
export { insufficientScope, rejectionAnswer } from './rejection.ts'
export { canonicalResource, isNamed } from './resource.ts'
export type { Scope, ScopeInput, ScopeReading } from './scope.ts'
export {
  formatScope,
  intersectScope,
  isScopeToken,
  missingScope,
  parseScope,
  readScope,
  scopeInputOf,
  scopeView,
  unionScope,
} from './scope.ts'
export type { MaybePromise, Seconds } from './seconds.ts'
export { formatTime, parseTime } from './seconds.ts'
export { Secret } from './secret.ts'
export type { SelfIssuedClaims } from './self_issued_jwt.ts'
export { clientIdPrefix, establishSelfIssued, oneAudience, readSelfIssuedClaims } from './self_issued_jwt.ts'
export { isSessionCookieName, withoutSessionCookies } from './session_cookie.ts'
export type { Holder } from './shares.ts'
export { addressBlock, Shares } from './shares.ts'
