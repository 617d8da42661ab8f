import type { KeyHandle } from '../crypto/port.ts'
import { algorithmNamed, algorithms, isJwsAlgorithm, type JwsAlgorithm } from '../jws/algorithm.ts'
import type { MaybePromise } from '../seconds.ts'
import { type PrivateJwk, readBytes } from './jwk.ts'
import { JwkError } from './jwk_error.ts'
import { validateEcPoint, validateEdwardsPoint } from './point.ts'
import { validateRsaKey } from './rsa.ts'

/** The one algorithm of a key: the one asked for, the one the JWK names, or the only one of its curve. */
export function algorithmOf(jwk: PrivateJwk, wanted: JwsAlgorithm | undefined): JwsAlgorithm {
  requireKnownType(jwk)
  const named = algorithmNamed(jwk.alg)
  if (wanted !== undefined && named !== undefined && named !== wanted) {
    throw new JwkError('algorithm_mismatch', '"alg" of the JWK must be the algorithm the key is registered for')
  }
  const alg = wanted ?? named ?? algorithmOfCurve(jwk.crv)
  if (alg === undefined)
    throw new JwkError('algorithm_missing', 'this key needs one algorithm, in the JWK or beside it')
  if (!isJwsAlgorithm(alg)) throw new JwkError('unsupported_algorithm', '"alg" of the JWK must be one we verify')
  if (algorithms[alg].kty !== jwk.kty || algorithms[alg].crv !== jwk.crv) {
    throw new JwkError('algorithm_mismatch', 'the algorithm must fit the type and the curve of the key')
  }
  return alg
}

/** A key that states its use is used for nothing else (RFC 7517 §4.2 and §4.3). Throws `JwkError`. */
export function requireUse(jwk: PrivateJwk, operation: 'sign' | 'verify'): void {
  const named = jwk.key_ops?.filter((name) => registeredOperations.has(name)) ?? []
  if ((jwk.use !== undefined && jwk.use !== 'sig') || (named.length > 0 && !named.includes(operation))) {
    throw new JwkError('wrong_use', `"use" and "key_ops" of the JWK must allow it to ${operation}`)
  }
}

/** Checks the numbers of a key, as far as they can be judged from outside. Throws `JwkError`. */
export function validateMaterial(jwk: PrivateJwk, alg: JwsAlgorithm): void {
  const rule = algorithms[alg]
  switch (rule.kty) {
    case 'EC':
      validateEcPoint(jwk)
      break
    case 'OKP':
      validateEdwardsPoint(jwk)
      break
    case 'RSA':
      validateRsaKey(jwk)
      break
    case 'oct':
      if (readBytes(jwk, 'k').length < rule.signatureBytes) {
        throw new JwkError('weak_key', `a secret for ${alg} must have at least ${rule.signatureBytes} octets`)
      }
  }
}

/**
 * Where importing is a promise, a failure shows when the key is used. Without this, a key that is never used would end
 * the process by an unhandled rejection.
 */
export function settled(handle: MaybePromise<KeyHandle>): MaybePromise<KeyHandle> {
  if (handle instanceof Promise) handle.catch(() => undefined)
  return handle
}

const registeredOperations: ReadonlySet<string> = new Set(
  'sign verify encrypt decrypt wrapKey unwrapKey deriveKey deriveBits'.split(' '),
)

const knownTypes: ReadonlySet<string> = new Set(Object.values(algorithms).map((rule) => rule.kty))

function requireKnownType(jwk: PrivateJwk): void {
  if (!knownTypes.has(jwk.kty)) {
    throw new JwkError('unsupported_key_type', '"kty" of a JWK must be EC, OKP, RSA or oct')
  }
}

/** Curves have one algorithm each; for RSA and secrets the hash and the padding are a choice that must be made. */
function algorithmOfCurve(crv: string | undefined): JwsAlgorithm | undefined {
  if (crv === undefined) return undefined
  return (Object.keys(algorithms) as JwsAlgorithm[]).find((alg) => algorithms[alg].crv === crv)
}
