import { verifyBytes } from '#crypto'
import { andThen } from '../crypto/maybe_promise.ts'
import type { KeyHandle } from '../crypto/port.ts'
import { isVerificationKey, type VerificationKey } from '../jwk/verification_key.ts'
import type { MaybePromise } from '../seconds.ts'
import type { JwsFault, UnverifiedJws, VerifiedJws } from './parse.ts'

/**
 * Verifies the signature with a key whose one algorithm is known beforehand. The header must name the same algorithm
 * and, where both name a `kid`, the same `kid`. A fault is a value; throws `TypeError` when `key` was not imported.
 * JWTs go through `verifyJwt`, which also checks the purpose of the key.
 */
export function verifyJws<Payload>(
  jws: UnverifiedJws<Payload>,
  key: VerificationKey,
): MaybePromise<VerifiedJws<Payload> | JwsFault> {
  if (!isVerificationKey(key)) throw new TypeError('key must come from importVerificationKey')
  if (jws.header.alg !== key.alg) return badSignature('"alg" of the header must be the algorithm of the key')
  if (jws.header.kid !== undefined && key.kid !== undefined && jws.header.kid !== key.kid) {
    return badSignature('"kid" of the header must name the key')
  }
  return andThen(andThen(key.handle, verifyWith, jws), conclude<Payload>, jws)
}

function verifyWith(handle: KeyHandle, { signingInput, signature }: UnverifiedJws<unknown>): MaybePromise<boolean> {
  return verifyBytes(handle, signingInput, signature)
}

function conclude<Payload>(isValid: boolean, jws: UnverifiedJws<Payload>): VerifiedJws<Payload> | JwsFault {
  return isValid ? (jws as unknown as VerifiedJws<Payload>) : badSignature('the signature is wrong')
}

function badSignature(detail: string): JwsFault {
  return { fault: 'bad_signature', detail }
}
