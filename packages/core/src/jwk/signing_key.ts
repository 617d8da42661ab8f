import { fromCloned, importPrivate, toCloneable } from '#crypto'
import { andThen } from '../crypto/maybe_promise.ts'
import type { KeyHandle } from '../crypto/port.ts'
import { type AsymmetricAlgorithm, isAsymmetric, type JwsAlgorithm } from '../jws/algorithm.ts'
import type { MaybePromise } from '../seconds.ts'
import { readBytes, readJwk } from './jwk.ts'
import { JwkError } from './jwk_error.ts'
import { algorithmOf, requireUse, settled, validateMaterial } from './key_rules.ts'

declare const brand: unique symbol

/**
 * A private key with its name and its one algorithm. Only `importSigningKey` makes it, and `receiveSigningKey` from one
 * that was sent. It cannot be printed.
 */
export interface SigningKey {
  readonly [brand]: 'SigningKey'
  /** The name that goes into the header of what it signs. */
  readonly kid: string
  /** Its one algorithm. */
  readonly alg: AsymmetricAlgorithm
  /** The key of the runtime. */
  readonly handle: MaybePromise<KeyHandle>
}

export interface SigningKeyOptions {
  /** The algorithm to sign with. Needed where the JWK names none and its type does not imply one, so for RSA. */
  readonly alg?: JwsAlgorithm
}

/**
 * Makes a signing key from a parsed private JWK with a `kid`, or throws `JwkError` with a stable `code`. Secrets are
 * refused: a verifier could forge their signatures.
 */
export function importSigningKey(jwk: unknown, options: SigningKeyOptions = {}): SigningKey {
  const members = readJwk(jwk)
  const alg = algorithmOf(members, options.alg)
  if (!isAsymmetric(alg)) throw new JwkError('symmetric_not_allowed', 'a secret does not sign here')
  if (members.d === undefined) throw new JwkError('private_member_missing', 'a signing key must have "d"')
  if (members.kid === undefined) throw new JwkError('kid_missing', 'a signing key must have a "kid"')
  requireUse(members, 'sign')
  validateMaterial(members, alg)
  readBytes(members, 'd')

  return made(members.kid, alg, settled(tryImport(() => importPrivate(members, alg))))
}

/** A signing key as `postMessage` copies it to another thread of this process. */
export interface SentSigningKey {
  /** The name of the key. */
  readonly kid: string
  /** Its one algorithm. */
  readonly alg: AsymmetricAlgorithm
  /** The key of the runtime, which `postMessage` can copy. */
  readonly native: object
}

/**
 * Prepares a key for another thread, which calls `receiveSigningKey`. Throws `TypeError` when `key` was not imported.
 */
export function sendSigningKey(key: SigningKey): MaybePromise<SentSigningKey> {
  if (!isSigningKey(key)) throw new TypeError('key must come from importSigningKey')
  const { kid, alg, handle } = key
  return andThen(handle, (it) => ({ kid, alg, native: toCloneable(it) }))
}

/** Takes a key that another thread has sent. Throws `TypeError` when it is no private key of the runtime. */
export function receiveSigningKey({ kid, alg, native }: SentSigningKey): SigningKey {
  return made(kid, alg, fromCloned(native, alg))
}

function made(kid: string, alg: AsymmetricAlgorithm, handle: MaybePromise<KeyHandle>): SigningKey {
  const key = { kid, alg, handle }
  imported.add(key)
  return Object.freeze(key) as unknown as SigningKey
}

const imported = new WeakSet<object>()

/** Whether a value is a key that was imported, here or in the thread that sent it. */
export function isSigningKey(value: unknown): value is SigningKey {
  return typeof value === 'object' && value !== null && imported.has(value)
}

/** The runtime refuses private numbers that do not fit together, each with words of its own. */
function tryImport(importKey: () => MaybePromise<KeyHandle>): MaybePromise<KeyHandle> {
  try {
    return importKey()
  } catch {
    throw new JwkError('invalid_member', 'the private members of this JWK do not make a key')
  }
}
