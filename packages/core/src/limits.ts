import { numericDateMax } from './jwt/limits.ts'

/** Every limit of `core` in one place, with its unit. A limit that is reached refuses; nothing is cut silently. */
export const limits = {
  /** One scope value as text. */
  scopeBytesMax: 65_536,
  /** Scope tokens in one scope value. */
  scopeTokensMax: 4_096,
  /** One scope token (RFC 6749 §3.3). */
  scopeTokenBytesMax: 256,
  /** A credential as presented, before anything is parsed. */
  credentialBytesMax: 16_384,
  /** `iat` and `nbf` may lie this far ahead, and self-issued JWTs may end this much late. */
  clockLeewaySeconds: 10,
  /** The longest life of a JWT unless an API says otherwise. */
  jwtLifeSecondsMax: 90 * 86_400,
  /** The life of a self-issued JWT, from `iat`, unless its client was given more. */
  selfIssuedLifeSecondsDefault: 3_600,
  /** The most a client can be given. */
  selfIssuedLifeSecondsMax: 86_400,
  /** Ancestors a token names. */
  lineageMax: 4,
  /** The full identity of what a feed entry is about. */
  identityBytesMax: 256,
  /** Kept beyond the end of what an entry is about (feed.md §2). */
  dropGraceSeconds: 300,
  /** Revocations in one request that hands them back; at their longest they fit into 1 MiB, with the cut-offs. */
  handedBackMax: 500,
  /** Cut-offs beside them. */
  handedBackCutOffsMax: 100,
  /** A looked-up record is renewed after this. */
  recordLifeSeconds: 3_600,
  /** `unknown` is remembered this long. */
  unknownLifeSeconds: 5,
  /** Address ranges or origins one key may name. */
  constraintEntriesMax: 100,
  /** Named rate limits of one key, client or API, beside the one that needs no name. */
  ratePoliciesMax: 8,
  /** What one call may cost. */
  costMax: 1_000_000,
  maxStalenessSecondsMin: 1,
  maxStalenessSecondsMax: 300,
  maxStalenessSecondsDefault: 10,
} as const

/** An entry that never goes while its object lives: 9999-12-31T23:59:59Z. */
export const neverDropAt = numericDateMax
