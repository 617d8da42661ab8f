import { jwksKeysMax } from '../jwt/limits.ts'
import { type PrivateJwk, privateMembers, readJwk } from './jwk.ts'
import { JwkError } from './jwk_error.ts'
import { importVerificationKey, type VerificationKey, type VerificationKeyOptions } from './verification_key.ts'

/** A JWK Set as read. */
export interface Jwks {
  readonly keys: readonly VerificationKey[]
  /** Keys that verify nothing here, by their place in the set, each with the rule it breaks. */
  readonly refused: readonly { readonly index: number; readonly error: JwkError }[]
}

/**
 * Reads a parsed JWK Set (RFC 7517 §5): at most 100 keys, each imported with the same options.
 *
 * A single key that is not for us (another type, use or algorithm, too weak) is listed in `refused` and never used,
 * since foreign issuers publish encryption keys beside the others; when keys are registered, `refused` must be empty.
 * The whole set is refused, with `JwkError`, where using any of it would be a guess: secrets and public keys together,
 * one `kid` twice, private members where public keys are expected.
 */
export function parseJwks(value: unknown, options: VerificationKeyOptions): Jwks {
  const read = readKeys(value).map((jwk) => attempt(() => readJwk(jwk)))
  requireOneKind(read.filter(isUsable))
  const imported = read.map((jwk) =>
    jwk instanceof JwkError ? jwk : attempt(() => importVerificationKey(jwk, options)),
  )
  return {
    keys: imported.filter(isUsable),
    refused: imported.flatMap((error, index) => (error instanceof JwkError ? [{ index, error }] : [])),
  }
}

function readKeys(value: unknown): readonly unknown[] {
  const keys: unknown =
    typeof value === 'object' && value !== null && Object.hasOwn(value, 'keys')
      ? (value as { keys: unknown }).keys
      : undefined
  if (!Array.isArray(keys)) throw new JwkError('not_a_jwk_set', 'a JWK Set must be an object with an array "keys"')
  if (keys.length > jwksKeysMax) throw new JwkError('too_many_keys', `a JWK Set must have at most ${jwksKeysMax} keys`)
  return keys
}

function requireOneKind(keys: readonly PrivateJwk[]): void {
  const kids = new Set<string>()
  for (const { kid } of keys) {
    if (kid === undefined) continue
    if (kids.has(kid)) throw new JwkError('duplicate_kid', 'a "kid" must name one key of the set')
    kids.add(kid)
  }
  const secrets = keys.filter((jwk) => jwk.kty === 'oct')
  if (secrets.length > 0 && secrets.length < keys.length) {
    throw new JwkError('mixed_key_set', 'secrets and public keys must not stand in one set')
  }
  if (keys.some((jwk) => jwk.kty !== 'oct' && privateMembers.some((name) => Object.hasOwn(jwk, name)))) {
    throw new JwkError('private_member', 'a set of public keys must have no private members')
  }
}

function isUsable<T>(outcome: T | JwkError): outcome is T {
  return !(outcome instanceof JwkError)
}

function attempt<T>(make: () => T): T | JwkError {
  try {
    return make()
  } catch (error) {
    if (error instanceof JwkError) return error
    throw error
  }
}
