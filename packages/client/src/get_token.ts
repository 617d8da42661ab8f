import { requireIssuer, requireOptions, type Seconds } from '@countersign/core'
import { type ClientCredentials, clientAuthentication } from './client_authentication.ts'
import { requestToken, type TokenAnswer } from './request_token.ts'

/** The options of `getToken`. */
export type GetTokenOptions = ClientCredentials & {
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
}

/** Names every option, so that a new one does not compile without its name. */
export const getTokenOptionNames = {
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
} satisfies Record<keyof GetTokenOptions, true>

/**
 * Gets one access token for a client (RFC 6749 §4.4). For repeated use, `createTokenSource` keeps and renews one.
 *
 * @throws ApiError as the token endpoint answered; TypeError for options.
 * @example
 * ```ts
 * const { accessToken, expiresIn } = await getToken({ issuer, clientId, clientSecret, scope: 'orders:read' })
 * ```
 */
export async function getToken(options: GetTokenOptions): Promise<TokenAnswer> {
  requireOptions('getToken', options, getTokenOptionNames)
  const issuer = requireIssuer(options.issuer, options.dangerouslyAllowInsecureHttp)
  const { audience, scope, fetch = globalThis.fetch, now = () => Date.now() / 1000 } = options
  const authenticate = clientAuthentication(issuer, options)
  const form = { grant_type: 'client_credentials', audience, scope }
  return requestToken({ issuer, authenticate, form, fetch, now: now() })
}
