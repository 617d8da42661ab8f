/** Access tokens for a caller: `client_credentials` (RFC 6749 §4.4), kept and renewed before they end. */
import type { Seconds } from '@countersign/core'
import { type ClientCredentials, clientAuthentication } from './client_authentication.ts'
import { requireIssuer, requireOptions } from './issuer.ts'
import { requestToken, type TokenAnswer } from './request_token.ts'

export type TokenSourceOptions = ClientCredentials & {
  /** The issuer, a URL without a slash at its end. The credentials go to its token endpoint and nowhere else. */
  readonly issuer: string
  /** The API the token is for; may be left out by a client that has one API only. */
  readonly audience?: string
  /** Default: all that the client may have for the audience. */
  readonly scope?: string
  /** Allows plain http beyond this machine. */
  readonly dangerouslyAllowInsecureHttp?: boolean
  /** Instead of the global one. */
  readonly fetch?: typeof fetch
  /** The wall clock, in seconds since the epoch. Default `Date.now() / 1000`. */
  readonly now?: () => Seconds
  /** From 0 to 1, for jitter. Default `Math.random`. */
  readonly random?: () => number
}

export interface TokenSource {
  /**
   * A token that has not ended. From memory mostly; several callers share one request; renewed in the background once four
   * fifths of its life are over. Rejects with `ApiError` when there is none to be had.
   */
  token(): Promise<string>
}

interface Kept extends TokenAnswer {
  readonly renewAt: Seconds
  readonly expiresAt: Seconds
}

const optionNames = {
  issuer: true,
  clientId: true,
  clientSecret: true,
  privateJwk: true,
  kid: true,
  audience: true,
  scope: true,
  dangerouslyAllowInsecureHttp: true,
  fetch: true,
  now: true,
  random: true,
} satisfies Record<keyof TokenSourceOptions, true>

/** Renewed at this part of its life, and up to `jitter` of it sooner, so that a fleet does not ask at once. */
const renewAtPart = 0.8
const jitter = 0.1
/** A request under way takes its time, and clocks differ. */
const marginSeconds = 5
/** After a failed renewal, while the old token holds. */
const retryAfterSeconds = 5

/**
 * Get and keep an access token.
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
    const life = answer.expiresIn
    const renewAt = askedAt + life * (renewAtPart - jitter * random())
    return { ...answer, renewAt, expiresAt: askedAt + life - Math.min(marginSeconds, life / 10) }
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
        // What fails here is asked again, and in earnest once the old one has ended.
        renew().catch(() => {})
      }
      return kept.accessToken
    },
  })
}
