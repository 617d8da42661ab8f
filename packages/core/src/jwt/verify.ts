import { andThen } from '../crypto/maybe_promise.ts'
import { isVerificationKey, type KeyPurpose, type VerificationKey } from '../jwk/verification_key.ts'
import type { JwsFault, VerifiedJws } from '../jws/parse.ts'
import { verifyJws } from '../jws/verify.ts'
import type { MaybePromise } from '../seconds.ts'
import type { JwtFault, UnverifiedJwt, VerifiedJwt } from './parse.ts'
import { isExpectedTyp } from './typ.ts'

/** The expectation that a JWT must meet. No member has a default. */
export interface JwtExpectation {
  /** The `typ`s that are accepted, such as `at+jwt`; `undefined` in the list accepts a JWT without `typ`. */
  readonly typ: readonly (string | undefined)[]
  /** The issuer, compared byte for byte. */
  readonly issuer: string
  /** The purpose that the key must have been registered for. */
  readonly purpose: KeyPurpose
}

/**
 * The one place where a JWT becomes verified: key purpose, `alg` and `kid` as the key has them, `typ`, `iss`, then the
 * signature. Time, audience and revocation are left to the decision. A fault is a value; throws `TypeError` when `key`
 * or
 * `expected` is not of its type, so that a forgotten option never means "any".
 *
 * ```ts
 * const jwt = parseJwt(text)
 * if (isJwtFault(jwt)) return jwt
 * return verifyJwt(jwt, key, { typ: ['at+jwt'], issuer, purpose: 'access_token' })
 * ```
 */
export function verifyJwt(
  jwt: UnverifiedJwt,
  key: VerificationKey,
  expected: JwtExpectation,
): MaybePromise<VerifiedJwt | JwtFault> {
  requireExpectation(key, expected)
  if (!key.purposes.has(expected.purpose)) return refuse('bad_signature', 'the key is registered for another purpose')
  if (!isExpectedTyp(jwt.header.typ, expected.typ)) return refuse('malformed', '"typ" must be what is expected here')
  if (jwt.claims.iss !== expected.issuer) return refuse('wrong_issuer', '"iss" must be the issuer that is expected')
  return andThen(verifyJws(jwt.jws, key), conclude, jwt)
}

function conclude(outcome: VerifiedJws | JwsFault, jwt: UnverifiedJwt): VerifiedJwt | JwtFault {
  return 'fault' in outcome ? outcome : (jwt as unknown as VerifiedJwt)
}

function requireExpectation(key: VerificationKey, expected: JwtExpectation): void {
  if (!isVerificationKey(key)) throw new TypeError('key must come from importVerificationKey')
  if (typeof expected.issuer !== 'string' || expected.issuer === '') throw new TypeError('issuer must be given')
  if (!Array.isArray(expected.typ) || expected.typ.length === 0) throw new TypeError('typ must list what is accepted')
  if (typeof expected.purpose !== 'string') throw new TypeError('purpose must be given')
}

function refuse(fault: JwtFault['fault'], detail: string): JwtFault {
  return { fault, detail }
}
