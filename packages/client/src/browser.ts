/**
 * Signing people in from a page: the authorization code flow with PKCE (RFC 6749 §4.1, RFC 7636, RFC 9700 §2.1). An entry of
 * its own, which needs nothing of Node.
 */
import { requireIssuer, requireOptions, type Seconds } from '@countersign/core'
import { ApiError } from './api_error.ts'
import { readCode } from './sign_in/answer.ts'
import { endSessionUrl } from './sign_in/end_session.ts'
import { createRenewal } from './sign_in/renewal.ts'
import { beginRequest, type Pending, type SignInRequest, type SignInWishes } from './sign_in/request.ts'
import { type SignedIn, signedIn } from './sign_in/signed_in.ts'
import { createTabs } from './sign_in/tabs.ts'
import { asPublic, redeemCode, revokeSet } from './sign_in/token_set.ts'

export type { LocalErrorCode } from './api_error.ts'
export { ApiError } from './api_error.ts'
export type { IdTokenClaims } from './sign_in/id_token.ts'
export type { SignInWishes } from './sign_in/request.ts'
export type { SignedIn } from './sign_in/signed_in.ts'

/** The options of `createSignIn`. */
export interface SignInOptions {
  /** The issuer, a URL without a slash at its end. Everything goes to its endpoints and nowhere else. */
  readonly issuer: string
  /** The id of a client of type `spa`. */
  readonly clientId: string
  /** The page that calls `finish`, as it is registered. Its origin is this page's. */
  readonly redirectUri: string
  /** The API the token is for. Default: the client's only one. */
  readonly audience?: string
  /** Scope of the API, and `openid`, `profile`, `email`, `offline_access`. Default: all that may be had at the API. */
  readonly scope?: string
  /** The page to which the sign-out at the server leads, as it is registered. Default: the server's own. */
  readonly postLogoutRedirectUri?: string
  /** Told when somebody has signed in or out, in this page or another; `undefined` for nobody. */
  readonly onChange?: (who: SignedIn | undefined) => void
  /** Allows plain http beyond this machine. Default false. */
  readonly dangerouslyAllowInsecureHttp?: boolean
  /** Replaces the global `fetch`. */
  readonly fetch?: typeof fetch
  /** The wall clock, in seconds since the epoch. Default `Date.now() / 1000`. */
  readonly now?: () => Seconds
  /** Leaves the page for another. Default `location.assign`. */
  readonly navigate?: (url: string) => void
}

/** The sign-in of a page. */
export interface SignIn {
  /** Leaves for the server, which leads back to `redirectUri`. */
  begin(wishes?: SignInWishes): Promise<void>
  /**
   * Finishes at `redirectUri`, and takes code and state out of the address. Call it once, with nothing on the page before
   * that reads the address. Rejects with `ApiError`: `unexpected_answer` for an answer to no request of this tab, `access_denied`
   * where the person has refused, or as the server answered.
   */
  finish(address?: string): Promise<SignedIn>
  /** Who is signed in, in this page or in another of the origin. */
  present(): Promise<SignedIn | undefined>
  /**
   * An access token that has not ended, mostly from memory. All pages of the origin share one refresh. Rejects with `ApiError`
   * `sign_in_required` where only another sign-in helps.
   */
  token(): Promise<string>
  /**
   * Ends the tokens here, in other pages, and at the server; with `everywhere`, leaves for the server to end its session too,
   * whether or not the tokens could be ended there. Rejects where they could not.
   */
  signOut(options?: { readonly everywhere?: boolean }): Promise<void>
}

const optionNames = {
  issuer: true,
  clientId: true,
  redirectUri: true,
  audience: true,
  scope: true,
  postLogoutRedirectUri: true,
  onChange: true,
  dangerouslyAllowInsecureHttp: true,
  fetch: true,
  now: true,
  navigate: true,
} satisfies Record<keyof SignInOptions, true>

/**
 * Prepares the sign-in of a page. Tokens stay in the memory of the origin's pages. Only the request under way is kept in
 * `sessionStorage`, until its answer comes: it is good for nothing without the code.
 *
 * @throws TypeError when an option is missing, unknown or unsafe.
 * @example
 * ```ts
 * const signIn = createSignIn({ issuer, clientId, redirectUri: `${location.origin}/callback`, scope: 'orders:read' })
 * if (location.pathname === '/callback') await signIn.finish()
 * await fetch(url, { headers: { authorization: `Bearer ${await signIn.token()}` } })
 * ```
 */
export function createSignIn(options: SignInOptions): SignIn {
  requireOptions('createSignIn', options, optionNames)
  const request = requestOf(options)
  const { issuer, clientId } = request
  const { navigate = (url) => location.assign(url), now = () => Date.now() / 1000, onChange } = options
  const send = options.fetch ?? globalThis.fetch
  // Cookies are no credential of the application's, and no answer may come from a cache or stay in one.
  const fetch: typeof send = (input, init) => send(input, { ...init, credentials: 'omit', cache: 'no-store' })
  const asking = { issuer, clientId, authenticate: asPublic(clientId), fetch, now }
  const name = `countersign ${issuer} ${clientId}`
  const renewal = createRenewal(
    asking,
    createTabs(name, (set) => onChange?.(set && signedIn(set))),
  )

  return Object.freeze({
    async begin(wishes = {}) {
      const { url, pending } = await beginRequest(request, wishes)
      sessionStorage.setItem(name, JSON.stringify(pending))
      navigate(url)
    },
    async finish(address) {
      const { searchParams } = new URL(address ?? location.href)
      // Before anything else runs that could send the address on, such as a link with a Referer.
      if (address === undefined) history.replaceState(history.state, '', location.pathname)
      const pending = takePending(name, request)
      const set = await redeemCode(asking, readCode(searchParams, pending), pending)
      await renewal.keep(set)
      return signedIn(set)
    },
    async present() {
      const set = await renewal.present()
      return set && signedIn(set)
    },
    token: () => renewal.token(),
    async signOut({ everywhere = false } = {}) {
      const set = await renewal.forget()
      try {
        if (set !== undefined) await revokeSet(asking, set)
      } finally {
        if (everywhere) navigate(endSessionUrl(request, set, options.postLogoutRedirectUri))
      }
    },
  } satisfies SignIn)
}

function requestOf(options: SignInOptions): SignInRequest {
  const { clientId, redirectUri, audience, scope } = options
  const issuer = requireIssuer(options.issuer, options.dangerouslyAllowInsecureHttp)
  for (const [option, value] of Object.entries({ clientId, redirectUri }))
    if (typeof value !== 'string' || value === '') throw new TypeError(`${option} is missing`)
  return { issuer, clientId, redirectUri, audience, scope }
}

/** The request that this tab began, once: an answer that comes again finds none. */
function takePending(name: string, { issuer, clientId, redirectUri }: SignInRequest): Pending {
  const kept = sessionStorage.getItem(name)
  sessionStorage.removeItem(name)
  const pending = kept === null ? undefined : (JSON.parse(kept) as Pending)
  const isOurs = pending?.issuer === issuer && pending.clientId === clientId && pending.redirectUri === redirectUri
  if (pending === undefined || !isOurs)
    throw new ApiError({ status: 0, code: 'unexpected_answer', detail: 'no sign-in was begun in this tab' })
  return pending
}
