import { importPublic } from '#crypto'
import type { KeyHandle } from '../crypto/port.ts'
import { isAsymmetric, type JwsAlgorithm } from '../jws/algorithm.ts'
import type { MaybePromise } from '../seconds.ts'
import { type PrivateJwk, privateMembers, readJwk } from './jwk.ts'
import { JwkError } from './jwk_error.ts'
import { algorithmOf, requireUse, settled, validateMaterial } from './key_rules.ts'

/**
 * The purposes that a key may verify for. A key registered for one never counts for another
 * (docs/security/invariants.md §13).
 */
export const keyPurposes = [
  'access_token',
  'client_assertion',
  'self_issued_jwt',
  'gateway_assertion',
  'id_token',
  'trusted_issuer',
] as const

/** One of `keyPurposes`. */
export type KeyPurpose = (typeof keyPurposes)[number]

declare const brand: unique symbol

/**
 * A key that verifies with exactly one algorithm, fixed when it was registered. Only `importVerificationKey` makes it.
 */
export interface VerificationKey {
  readonly [brand]: 'VerificationKey'
  /** Its name, where it has one. */
  readonly kid?: string
  /** Its one algorithm. The header of a token must name the same. */
  readonly alg: JwsAlgorithm
  /** The purposes that it verifies for. */
  readonly purposes: ReadonlySet<KeyPurpose>
  /** The key of the runtime. */
  readonly handle: MaybePromise<KeyHandle>
}

export interface VerificationKeyOptions {
  /** The algorithm of this key. Needed where the JWK names none and its type does not imply one, so for RSA. */
  readonly alg?: JwsAlgorithm
  /** The purposes that the key may verify for: one or several, at least one. */
  readonly purpose: KeyPurpose | readonly KeyPurpose[]
  /** Take a secret (`kty: oct`) as a key. Default false: a published key must never become a secret. */
  readonly allowSymmetric?: boolean
}

/**
 * Make a key from a parsed JWK, or throw `JwkError` with a stable `code`. The algorithm comes from the options or from
 * the JWK, never from a token, and must fit type and curve; RSA keys have 2048 to 8192 bits, EC and Ed25519 keys are
 * points of their curve, secrets are at least as long as the hash (RFC 7518 §3.2).
 *
 * ```ts
 * const key = importVerificationKey(jwk, { alg: 'ES256', purpose: 'access_token' })
 * ```
 */
export function importVerificationKey(jwk: unknown, options: VerificationKeyOptions): VerificationKey {
  const purposes = readPurposes(options.purpose)
  const members = readJwk(jwk)
  const alg = algorithmOf(members, options.alg)
  if (isAsymmetric(alg)) requirePublic(members)
  else if (options.allowSymmetric !== true) {
    throw new JwkError('symmetric_not_allowed', 'a secret is a key only where "allowSymmetric" is given')
  }
  requireUse(members, 'verify')
  validateMaterial(members, alg)

  const kid = members.kid === undefined ? {} : { kid: members.kid }
  const key = { ...kid, alg, purposes, handle: settled(importPublic(members, alg)) }
  imported.add(key)
  return Object.freeze(key) as unknown as VerificationKey
}

const imported = new WeakSet<object>()

/** Whether `importVerificationKey` made this. Asked at each use, for callers that the compiler does not watch. */
export function isVerificationKey(value: unknown): value is VerificationKey {
  return typeof value === 'object' && value !== null && imported.has(value)
}

/** A private key offered as a public one counts as published: its owner must make another. */
function requirePublic(jwk: PrivateJwk): void {
  for (const name of privateMembers) {
    if (Object.hasOwn(jwk, name)) throw new JwkError('private_member', 'a public key must have no private members')
  }
}

function readPurposes(purpose: KeyPurpose | readonly KeyPurpose[]): ReadonlySet<KeyPurpose> {
  const purposes = new Set(typeof purpose === 'string' ? [purpose] : purpose)
  if (purposes.size === 0 || ![...purposes].every((name) => keyPurposes.includes(name))) {
    throw new TypeError(`purpose must name one or more of ${keyPurposes.join(', ')}`)
  }
  return purposes
}
