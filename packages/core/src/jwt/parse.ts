import { parseJsonObjectBytes } from '../json.ts'
import { type JoseHeader, type JwsFault, parseJws, type UnverifiedJws, type VerifiedJws } from '../jws/parse.ts'
import { claimsProblem, type JwtClaims } from './claims.ts'
import { readPlainClaims } from './plain_claims.ts'

declare const brand: unique symbol

/** Claims that anybody may have written: good only for finding the key to verify them with. */
export interface UnverifiedClaims extends JwtClaims {
  readonly [brand]: 'unverified'
}

/** Claims that the holder of a known key has signed, and the issuer that was expected. */
export interface VerifiedClaims extends JwtClaims {
  readonly [brand]: 'verified'
  readonly iss: string
}

/**
 * A JWT as read (RFC 7519 §7.2, steps 1 to 10 but for the signature). It does not fit where a `VerifiedJwt` is needed.
 */
export interface UnverifiedJwt {
  readonly [brand]: 'unverified'
  /** The JOSE header (RFC 7515 §4). */
  readonly header: JoseHeader
  /** The claims, not to be believed. */
  readonly claims: UnverifiedClaims
  /** The signed bytes and the signature. */
  readonly jws: UnverifiedJws<UnverifiedClaims>
}

/**
 * A JWT whose signature, key purpose, `typ` and `iss` are right. Time and audience are judged later, with the grant.
 */
export interface VerifiedJwt {
  readonly [brand]: 'verified'
  /** The JOSE header (RFC 7515 §4). */
  readonly header: JoseHeader
  /** The claims, as the issuer has signed them. */
  readonly claims: VerifiedClaims
  /** The JWS that was verified. */
  readonly jws: VerifiedJws<UnverifiedClaims>
}

/** The reason why a JWT is refused. `detail` states the rule and holds nothing of the token. */
export interface JwtFault {
  /** The kind of flaw. Codes are stable. */
  readonly fault: JwsFault['fault'] | 'wrong_issuer'
  /** The rule that is broken, in words. */
  readonly detail: string
}

/**
 * Reads a JWT in the form of a compact JWS, at most 16 KiB: `parseJws`, then one JSON object of claims of the right
 * types. Nothing in the answer is to be believed yet. Never throws.
 */
export function parseJwt(text: string): UnverifiedJwt | JwtFault {
  const jws = parseJws(text, readClaims)
  if ('fault' in jws) return jws
  return { header: jws.header, claims: jws.payload, jws } as unknown as UnverifiedJwt
}

/** The claims, or the rule that they break. */
function readClaims(bytes: Uint8Array): UnverifiedClaims | string {
  // Plain claims have the right types by the way they were read.
  const plain = readPlainClaims(bytes)
  if (plain !== undefined) return plain as UnverifiedClaims
  const claims = parseJsonObjectBytes(bytes)
  if (claims === undefined) return 'claims must be one JSON object with unique names'
  return claimsProblem(claims) ?? (claims as UnverifiedClaims)
}

/** Whether reading or verifying a JWT gave a fault. */
export function isJwtFault(outcome: UnverifiedJwt | VerifiedJwt | JwtFault): outcome is JwtFault {
  return 'fault' in outcome
}
