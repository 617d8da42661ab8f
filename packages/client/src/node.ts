/**
 * Signing a person in from a program on their machine: the authorization code flow with PKCE and a loopback redirect (RFC
 * 8252). The client is of type `native` and has registered `http://127.0.0.1/callback`.
 */
import { requireIssuer, requireOptions, type Seconds } from '@countersign/core'
import { readCode } from './sign_in/answer.ts'
import type { CredentialStore } from './sign_in/credential_file.ts'
import { openLoopback } from './sign_in/loopback.ts'
import { createRenewal } from './sign_in/renewal.ts'
import { beginRequest, type SignInWishes } from './sign_in/request.ts'
import { type SignedIn, signedIn } from './sign_in/signed_in.ts'
import { asPublic, redeemCode, revokeSet } from './sign_in/token_set.ts'

export type { CredentialStore } from './sign_in/credential_file.ts'
export { credentialFile } from './sign_in/credential_file.ts'
export type { IdTokenClaims } from './sign_in/id_token.ts'
export type { SignInWishes } from './sign_in/request.ts'
export type { SignedIn } from './sign_in/signed_in.ts'
export type { TokenSet } from './sign_in/token_set.ts'

/** The options of `createProgramSignIn`. */
export interface ProgramSignInOptions {
  /** The issuer, a URL without a slash at its end. Everything goes to its endpoints and nowhere else. */
  readonly issuer: string
  /** The id of a client of type `native`. */
  readonly clientId: string
  /** Where the tokens are kept. What another issuer gave is never sent to this one. */
  readonly store: CredentialStore
  /** Opens the person's browser at this URL, or prints it. */
  readonly open: (url: string) => unknown
  /** The API the token is for. Default: the client's only one. */
  readonly audience?: string
  /** Scope of the API, and `openid`, `profile`, `email`, `offline_access`. Default: all that may be had at the API. */
  readonly scope?: string
  /** How long the person has to finish, in milliseconds. Default 300,000: five minutes. */
  readonly timeoutMs?: number
  /** Allows plain http beyond this machine. Default false. */
  readonly dangerouslyAllowInsecureHttp?: boolean
  /** Replaces the global `fetch`. */
  readonly fetch?: typeof fetch
  /** The wall clock, in seconds since the epoch. Default `Date.now() / 1000`. */
  readonly now?: () => Seconds
}

/** The sign-in of a program. */
export interface ProgramSignIn {
  /**
   * Opens the browser, waits for the answer, and keeps the tokens. Rejects with `ApiError`: `timeout` when nobody finished,
   * `access_denied` where the person has refused, or as the server answered.
   */
  signIn(wishes?: SignInWishes): Promise<SignedIn>
  /** Who is signed in, by what is kept. */
  present(): Promise<SignedIn | undefined>
  /**
   * An access token that has not ended. All processes that share the store share one refresh. Rejects with `ApiError`
   * `sign_in_required` where only another sign-in helps.
   */
  token(): Promise<string>
  /** Forgets the tokens, then ends them at the server. Rejects where the server cannot be told. */
  signOut(): Promise<void>
}

const optionNames = {
  issuer: true,
  clientId: true,
  store: true,
  open: true,
  audience: true,
  scope: true,
  timeoutMs: true,
  dangerouslyAllowInsecureHttp: true,
  fetch: true,
  now: true,
} satisfies Record<keyof ProgramSignInOptions, true>

/**
 * Prepares the sign-in of a program.
 *
 * @throws TypeError when an option is missing, unknown or unsafe.
 * @example
 * ```ts
 * const store = credentialFile(`${homedir()}/.config/ledgerly/credentials.json`)
 * const ledgerly = createProgramSignIn({ issuer, clientId, store, open: console.log })
 * await ledgerly.signIn()
 * await fetch(url, { headers: { authorization: `Bearer ${await ledgerly.token()}` } })
 * ```
 */
export function createProgramSignIn(options: ProgramSignInOptions): ProgramSignIn {
  requireOptions('createProgramSignIn', options, optionNames)
  const issuer = requireIssuer(options.issuer, options.dangerouslyAllowInsecureHttp)
  const { clientId, store, open, audience, scope, timeoutMs = 300_000, fetch = globalThis.fetch } = options
  const { now = () => Date.now() / 1000 } = options
  if (typeof clientId !== 'string' || clientId === '') throw new TypeError('clientId is missing')
  const asking = { issuer, clientId, authenticate: asPublic(clientId), fetch, now }
  const renewal = createRenewal(asking, {
    load: () => store.read(issuer, clientId),
    save: (set) => store.write(issuer, clientId, set),
    alone: (work) => store.alone(work),
  })

  return Object.freeze({
    async signIn(wishes = {}) {
      const loopback = await openLoopback()
      try {
        const { redirectUri } = loopback
        const { url, pending } = await beginRequest({ issuer, clientId, redirectUri, audience, scope }, wishes)
        const answered = loopback.answer(pending.state, AbortSignal.timeout(timeoutMs))
        // An answer may come before `open` is done, and `open` may fail, at once even.
        const opened = (async () => open(url))()
        const answer = await Promise.race([answered, opened.then(() => answered)])
        const set = await redeemCode(asking, readCode(answer, pending), pending)
        await renewal.keep(set)
        return signedIn(set)
      } finally {
        loopback.close()
      }
    },
    async present() {
      const set = await renewal.present()
      return set && signedIn(set)
    },
    token: () => renewal.token(),
    async signOut() {
      const set = await renewal.forget()
      if (set !== undefined) await revokeSet(asking, set)
    },
  } satisfies ProgramSignIn)
}
