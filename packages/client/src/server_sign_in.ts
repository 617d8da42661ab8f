/**
 * Signing people in from a web application on a server (RFC 6749 §4.1, RFC 7636): a client of type `web`, which authenticates.
 * The application keeps what is given here in its own session; nothing of it reaches the browser.
 */
import { requireIssuer, requireOptions, type Seconds } from '@countersign/core'
import { type ClientCredentials, clientAuthentication } from './client_authentication.ts'
import { readCode } from './sign_in/answer.ts'
import { endSessionUrl } from './sign_in/end_session.ts'
import { createRenewal } from './sign_in/renewal.ts'
import { beginRequest, type Pending, type SignInWishes } from './sign_in/request.ts'
import { readTokenSet, redeemCode, revokeSet, type TokenSet } from './sign_in/token_set.ts'

/** The options of `createServerSignIn`. */
export type ServerSignInOptions = ClientCredentials & {
  /** The issuer, a URL without a slash at its end. Everything goes to its endpoints and nowhere else. */
  readonly issuer: string
  /** The URL of the application that takes the answer, as it is registered. */
  readonly redirectUri: string
  /** The API the token is for. Default: the client's only one. */
  readonly audience?: string
  /** Scope of the API, and `openid`, `profile`, `email`, `offline_access`. Default: all that may be had at the API. */
  readonly scope?: string
  /** Where the sign-out at the server leads, as it is registered. Default: the server's own page. */
  readonly postLogoutRedirectUri?: string
  /** Allows plain http beyond this machine. Default false. */
  readonly dangerouslyAllowInsecureHttp?: boolean
  /** Replaces the global `fetch`. */
  readonly fetch?: typeof fetch
  /** The wall clock, in seconds since the epoch. Default `Date.now() / 1000`. */
  readonly now?: () => Seconds
}

/** The sign-in of a web application. */
export interface ServerSignIn {
  /**
   * Gives the URL that the person's browser is sent to. Keep `pending` in the session of that browser, and forget it when the
   * answer comes: an answer at another browser is somebody else's.
   */
  begin(wishes?: SignInWishes): Promise<{ readonly url: string; readonly pending: Pending }>
  /**
   * Takes the answer: the URL, or its query, that the browser came with. Rejects with `ApiError`: `unexpected_answer` for an
   * answer to another request, `access_denied` where the person has refused, or as the server answered.
   */
  finish(address: string, pending: Pending): Promise<TokenSet>
  /**
   * Gives the tokens as they are, or others where they are due: keep those then. Calls at once for the same tokens share one
   * request. Several processes must take turns for a session: a refresh token that is used twice ends the sign-in. Rejects with
   * `ApiError` `sign_in_required` where only another sign-in helps.
   */
  renew(set: TokenSet): Promise<TokenSet>
  /** Ends the tokens at the server. Tokens of another issuer or client are sent nowhere. */
  end(set: TokenSet): Promise<void>
  /** The URL that ends the session at the server too, once the person's browser is sent there. */
  signOutUrl(set: TokenSet): string
}

const optionNames = {
  issuer: true,
  clientId: true,
  clientSecret: true,
  privateJwk: true,
  kid: true,
  redirectUri: true,
  audience: true,
  scope: true,
  postLogoutRedirectUri: true,
  dangerouslyAllowInsecureHttp: true,
  fetch: true,
  now: true,
} satisfies Record<keyof ServerSignInOptions, true>

/**
 * Prepares the sign-in of a web application.
 *
 * @throws TypeError when an option is missing, unknown or unsafe.
 * @example
 * ```ts
 * const signIn = createServerSignIn({ issuer, clientId, clientSecret, redirectUri: 'https://app.example/callback' })
 * const { url, pending } = await signIn.begin()
 * ```
 */
export function createServerSignIn(options: ServerSignInOptions): ServerSignIn {
  requireOptions('createServerSignIn', options, optionNames)
  const issuer = requireIssuer(options.issuer, options.dangerouslyAllowInsecureHttp)
  const authenticate = clientAuthentication(issuer, options)
  const { clientId, redirectUri, audience, scope, postLogoutRedirectUri, fetch = globalThis.fetch } = options
  const { now = () => Date.now() / 1000 } = options
  if (typeof redirectUri !== 'string' || redirectUri === '') throw new TypeError('redirectUri is missing')
  const asking = { issuer, clientId, authenticate, fetch, now }
  const underWay = new Map<string, Promise<TokenSet>>()

  async function renew(set: TokenSet): Promise<TokenSet> {
    let kept: TokenSet | undefined = set
    const keeper = {
      load: async () => kept,
      save: async (changed: TokenSet | undefined) => {
        kept = changed
      },
      alone: <T>(work: () => Promise<T>) => work(),
    }
    await createRenewal(asking, keeper).token()
    return kept
  }

  return Object.freeze({
    begin: (wishes = {}) => beginRequest({ issuer, clientId, redirectUri, audience, scope }, wishes),
    finish: async (address, pending) =>
      redeemCode(asking, readCode(new URL(address, redirectUri).searchParams, pending), pending),
    renew(set) {
      const name = JSON.stringify([set.issuer, set.clientId, set.refreshToken ?? set.accessToken])
      const renewal = underWay.get(name) ?? renew(set).finally(() => underWay.delete(name))
      underWay.set(name, renewal)
      return renewal
    },
    async end(set) {
      const own = readTokenSet(set, asking)
      if (own !== undefined) await revokeSet(asking, own)
    },
    signOutUrl: (set) => endSessionUrl({ issuer, clientId }, set, postLogoutRedirectUri),
  } satisfies ServerSignIn)
}
