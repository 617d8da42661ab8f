/** The request at the authorization endpoint (RFC 6749 §4.1.1), and the part that is kept to judge the answer by. */
import { digest, randomBase62 } from '@countersign/core'
import { withoutAbsent } from '../without_absent.ts'

/** The client that signs people in, and what it asks for. */
export interface SignInRequest {
  /** The issuer, a URL without a slash at its end. Everything goes to its endpoints and nowhere else. */
  readonly issuer: string
  /** The id of the client. */
  readonly clientId: string
  /** The redirect URI, as it is registered. */
  readonly redirectUri: string
  /** The API the token is for. Default: the client's only one. */
  readonly audience?: string | undefined
  /** Scope of the API, and `openid`, `profile`, `email`, `offline_access`. Default: all that may be had at the API. */
  readonly scope?: string | undefined
}

/** The wishes for one sign-in. */
export interface SignInWishes {
  /** `none` shows no page and fails where one would be needed; `login`, `consent` or `select_account` shows one. */
  readonly prompt?: 'none' | 'login' | 'consent' | 'select_account'
  /** The sign-in may be so many seconds old at most. Default: any age. */
  readonly maxAgeSeconds?: number
  /** An address with which the page of the sign-in begins. */
  readonly loginHint?: string
}

/** A request under way. Its secrets stay where it began. */
export interface Pending {
  /** The issuer that was asked. */
  readonly issuer: string
  /** The client that asked. */
  readonly clientId: string
  /** The redirect URI that was named. */
  readonly redirectUri: string
  /** The `state` that must come back. */
  readonly state: string
  /** The PKCE verifier (RFC 7636 §4.1): a secret. */
  readonly verifier: string
  /** Absent where no ID token was asked for. */
  readonly nonce?: string
}

/** Makes the URL that the person's browser opens. `state`, `nonce` and the PKCE verifier have 256 bits each. */
export async function beginRequest(
  { issuer, clientId, redirectUri, audience, scope }: SignInRequest,
  { prompt, maxAgeSeconds, loginHint }: SignInWishes,
): Promise<{ readonly url: string; readonly pending: Pending }> {
  const [state, verifier, nonce] = [secret(), secret(), asksForIdToken(scope) ? secret() : undefined]
  const parameters = {
    response_type: 'code',
    client_id: clientId,
    redirect_uri: redirectUri,
    code_challenge: await digest(verifier),
    code_challenge_method: 'S256',
    state,
    nonce,
    scope,
    audience,
    prompt,
    max_age: maxAgeSeconds?.toString(),
    login_hint: loginHint,
  }
  return {
    // The endpoint is not looked up, so that nobody's document chooses the URL that is opened.
    url: `${issuer}/oauth/authorize?${new URLSearchParams(withoutAbsent(parameters))}`,
    pending: { issuer, clientId, redirectUri, state, verifier, ...(nonce === undefined ? {} : { nonce }) },
  }
}

function asksForIdToken(scope: string | undefined): boolean {
  return scope?.split(' ').includes('openid') === true
}

/** 43 characters: as long as RFC 7636 §4.1 wants a verifier. */
function secret(): string {
  return randomBase62(43, (count) => crypto.getRandomValues(new Uint8Array(count)))
}
