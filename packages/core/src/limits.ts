import { numericDateMax } from './jwt/limits.ts'

/** Every limit of `core` in one place, with its unit. A limit that is reached refuses; nothing is cut silently. */
export const limits = {
  /** Length of one scope value as text, in characters. */
  scopeBytesMax: 65_536,
  /** Number of scope tokens in one scope value. */
  scopeTokensMax: 4_096,
  /** Length of one scope token (RFC 6749 §3.3), in characters. */
  scopeTokenBytesMax: 256,
  /** Length of a credential as presented, checked before anything is parsed. */
  credentialBytesMax: 16_384,
  /** `iat` and `nbf` may lie this many seconds ahead, and self-issued JWTs are accepted this much after their end. */
  clockLeewaySeconds: 10,
  /** The longest life of a JWT in seconds, unless an API sets another. */
  jwtLifeSecondsMax: 90 * 86_400,
  /** The longest life of a self-issued JWT from `iat`, in seconds, unless its client was given more. */
  selfIssuedLifeSecondsDefault: 3_600,
  /** The longest life of self-issued JWTs that a client can be given, in seconds. */
  selfIssuedLifeSecondsMax: 86_400,
  /** `exp` of a JWT of another issuer may lie this many seconds ahead. */
  externalAheadSecondsMax: 86_400,
  /** Length of a claim's value that a rule of a trusted issuer looks at, in characters; a longer one matches nothing. */
  claimValueCharactersMax: 1_024,
  /** Number of ancestors that a token names. */
  lineageMax: 4,
  /** Length of the full identity of an object in the feed, in bytes; a subject may be longer. */
  identityBytesMax: 256,
  /** Length of a subject that is given to us, in characters. */
  subjectCharactersMax: 255,
  /** An entry is kept this many seconds after its object's end (docs/protocol/feed.md §2). */
  dropGraceSeconds: 300,
  /** Revocations in one request that hands them back; at their longest they fit into 1 MiB, with the cut-offs. */
  handedBackMax: 500,
  /** Cut-offs in the same request. */
  handedBackCutOffsMax: 100,
  /** A looked-up record is looked up again after this many seconds. */
  recordLifeSeconds: 3_600,
  /** `unknown` is remembered for this many seconds. */
  unknownLifeSeconds: 5,
  /** Number of address ranges, and of origins, that one key may name. */
  constraintEntriesMax: 100,
  /** Number of headers that an API names as places of credentials, besides `Authorization: Bearer` and `X-API-Key`. */
  credentialHeadersMax: 4,
  apiResourcesMax: 16,
  /** Length of what an upstream is told of metadata, as JSON in UTF-8 before it is encoded for a header, in bytes. */
  upstreamMetadataBytesMax: 1_024,
  /** Number of named rate limits of one key, client or API, beside the one named `default`. */
  ratePoliciesMax: 8,
  /** The highest cost of one call. */
  costMax: 1_000_000,
  maxStalenessSecondsMin: 1,
  maxStalenessSecondsMax: 300,
  maxStalenessSecondsDefault: 10,
} as const

/** The `dropAt` of an entry that is kept while its object lives: 9999-12-31T23:59:59Z. */
export const neverDropAt = numericDateMax
