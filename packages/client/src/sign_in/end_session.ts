/** OpenID Connect RP-Initiated Logout §2: where a browser goes to end the server's session as well. */
import { withoutAbsent } from '../without_absent.ts'
import type { TokenSet } from './token_set.ts'

export function endSessionUrl(
  { issuer, clientId }: Pick<TokenSet, 'issuer' | 'clientId'>,
  set: Pick<TokenSet, 'idToken'> | undefined,
  postLogoutRedirectUri: string | undefined,
): string {
  const parameters = {
    client_id: clientId,
    id_token_hint: set?.idToken,
    post_logout_redirect_uri: postLogoutRedirectUri,
  }
  return `${issuer}/oauth/logout?${new URLSearchParams(withoutAbsent(parameters))}`
}
