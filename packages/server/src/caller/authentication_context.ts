/** How a person signed in, as ID tokens say it: `acr` and `amr` (OpenID Connect Core §2, RFC 8176). */
import type { AccountSession } from '@countersign/store'

/**
 * Methods that were used: a password, a code or link that is good once, a passkey in one piece of hardware (`hwk`) or synced
 * between devices (`swk`). `mfa` stands beside them once there were two factors; a passkey with user verification is two.
 */
export type AuthenticationMethod = 'pwd' | 'otp' | 'hwk' | 'swk' | 'mfa'

type SignedInBy = Pick<AccountSession, 'amr'>

/** One factor, or two. */
export type AuthenticationClass = 'urn:countersign:acr:1' | 'urn:countersign:acr:2'

export function acrOf({ amr }: SignedInBy): AuthenticationClass {
  return amr.includes('mfa') ? 'urn:countersign:acr:2' : 'urn:countersign:acr:1'
}

/** After a second proof of another kind: both, and that there were two. */
export function amrWith(amr: readonly string[], proven: readonly AuthenticationMethod[]): readonly string[] {
  return [...new Set([...amr, ...proven])]
}
