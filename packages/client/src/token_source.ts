/** Access tokens for a caller by `client_credentials` (RFC 6749 §4.4), kept and renewed before they end. */

import { requireIssuer, requireOptions, type Seconds } from '@countersign/core'
import { type ClientCredentials, clientAuthentication } from './client_authentication.ts'
import { getTokenOptionNames } from './get_token.ts'
import { requestToken, type TokenAnswer } from './request_token.ts'
import { type TokenLife, tokenLife } from './token_life.ts'

/** The options of `createTokenSource`. */
export type TokenSourceOptions = ClientCredentials & {
  /** The issuer, a URL without a slash at its end. The credentials go to its token endpoint and nowhere else. */
  readonly issuer: string
  /** The API the token is for; may be left out by a client that has one API only. */
  readonly audience?: string
  /** RFC 6749 §3.3. Default: all that the client may have for the audience. */
  readonly scope?: string
  /** Allows plain http beyond this machine. Default false. */
  readonly dangerouslyAllowInsecureHttp?: boolean
  /** Replaces the global `fetch`. */
  readonly fetch?: typeof fetch
  /** The wall clock, in seconds since the epoch. Default `Date.now() / 1000`. */
  readonly now?: () => Seconds
  /** Gives a number in [0, 1), for jitter. Default `Math.random`. */
  readonly random?: () => number
}

/** Keeps one access token. */
export interface TokenSource {
  /**
   * Gives a token that has not ended, mostly from memory. Several callers share one request. The token is renewed in
   * the background after 0.7 to 0.8 of its life. Rejects with `ApiError` when no token can be had.
   */
  token(): Promise<string>
}

type Kept = TokenAnswer & TokenLife

const optionNames = { ...getTokenOptionNames, random: true } satisfies Record<keyof TokenSourceOptions, true>

/** A token is renewed up to this part of its life sooner, so that a fleet does not ask at once. */
const jitter = 0.1
/** Seconds before a renewal is tried again after a failure, while the old token is valid. */
const retryAfterSeconds = 5

/**
 * Gets and keeps an access token.
 *
 * @throws TypeError when an option is missing, unknown or unsafe.
 * @example
 * ```ts
 * const source = createTokenSource({ issuer, clientId, clientSecret, audience: 'https://api.example' })
 * await fetch(url, { headers: { authorization: `Bearer ${await source.token()}` } })
 * ```
 */
export function createTokenSource(options: TokenSourceOptions): TokenSource {
  requireOptions('createTokenSource', options, optionNames)
  const issuer = requireIssuer(options.issuer, options.dangerouslyAllowInsecureHttp)
  const { audience, scope, fetch = globalThis.fetch, now = () => Date.now() / 1000, random = Math.random } = options
  const authenticate = clientAuthentication(issuer, options)
  let kept: Kept | undefined
  let underWay: Promise<Kept> | undefined
  let notBefore: Seconds = 0

  async function request(): Promise<Kept> {
    const askedAt = now()
    const form = { grant_type: 'client_credentials', audience, scope }
    const answer = await requestToken({ issuer, authenticate, form, fetch, now: askedAt })
    return { ...answer, ...tokenLife(answer, askedAt, jitter * random()) }
  }

  function renew(): Promise<Kept> {
    underWay ??= request()
      .then((fresh) => {
        kept = fresh
        return fresh
      })
      .finally(() => {
        underWay = undefined
      })
    return underWay
  }

  return Object.freeze({
    async token() {
      const at = now()
      if (kept === undefined || at >= kept.expiresAt) return (await renew()).accessToken
      if (at >= kept.renewAt && at >= notBefore && underWay === undefined) {
        notBefore = at + retryAfterSeconds
        // A failure here is retried later, and reported only once the old token has ended.
        renew().catch(() => {})
      }
      return kept.accessToken
    },
  })
}
