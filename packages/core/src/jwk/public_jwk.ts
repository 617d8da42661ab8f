import { type PublicJwk, readJwk } from './jwk.ts'
import { JwkError } from './jwk_error.ts'

const publicMembers = ['kty', 'kid', 'alg', 'use', 'crv', 'x', 'y', 'n', 'e'] as const

/**
 * The public half of a JWK, by a list of the members that may leave, not of those that may not. `key_ops` stays behind,
 * since that of a private key says `sign`. Throws `JwkError` for a secret, which has no public half.
 */
export function publicJwk(jwk: unknown): PublicJwk {
  const members = readJwk(jwk)
  if (members.kty === 'oct') throw new JwkError('symmetric_not_allowed', 'a secret has no public half')
  const entries = publicMembers.flatMap((name) => (members[name] === undefined ? [] : [[name, members[name]]]))
  return Object.fromEntries(entries) as PublicJwk
}
