import { digest } from '#crypto'
import type { MaybePromise } from '../seconds.ts'
import { type PrivateJwk, readBytes, readJwk } from './jwk.ts'
import { JwkError } from './jwk_error.ts'

/** The members that make the key, in the order of RFC 7638 §3.3, which is that of their characters. */
const requiredMembers: { readonly [kty: string]: readonly (keyof PrivateJwk)[] } = {
  EC: ['crv', 'kty', 'x', 'y'],
  OKP: ['crv', 'kty', 'x'],
  RSA: ['e', 'kty', 'n'],
  oct: ['k', 'kty'],
}

/**
 * The SHA-256 thumbprint of RFC 7638 in base64url: the same for a public key and its private one, whatever else the JWK
 * holds. Throws `JwkError` when a member is missing. Importing judges the key itself; this does not.
 */
export function jwkThumbprint(jwk: unknown): MaybePromise<string> {
  const members = readJwk(jwk)
  const names = Object.hasOwn(requiredMembers, members.kty) ? requiredMembers[members.kty] : undefined
  if (names === undefined) throw new JwkError('unsupported_key_type', '"kty" of a JWK must be EC, OKP, RSA or oct')
  for (const name of names) {
    if (name === 'crv' && members.crv === undefined) throw new JwkError('invalid_member', '"crv" must be present')
    // Two spellings of one number would be two thumbprints of one key.
    if (name !== 'crv' && name !== 'kty') readBytes(members, name as 'x')
  }
  return digest(JSON.stringify(Object.fromEntries(names.map((name) => [name, members[name]]))))
}
