import { withoutAbsent } from '../without_absent.ts'
import type { IdTokenClaims } from './id_token.ts'
import type { TokenSet } from './token_set.ts'

/** Somebody who is signed in at this application. */
export interface SignedIn {
  /** The scope that was granted; absent when the server did not name it. */
  readonly scope?: string
  /** The claims of the ID token; absent without `openid`. */
  readonly claims?: IdTokenClaims
}

export function signedIn({ scope, claims }: TokenSet): SignedIn {
  return withoutAbsent({ scope, claims })
}
