import { requireIssuer, requireOptions, type Seconds } from '@countersign/core'
import { type ClientCredentials, clientAuthentication } from './client_authentication.ts'
import { requestToken, type TokenAnswer } from './request_token.ts'

/** The options of `exchangeToken`. */
export type ExchangeTokenOptions = ClientCredentials & {
  /** The issuer, a URL without a slash at its end. The credentials go to its token endpoint and nowhere else. */
  readonly issuer: string
  /** A credential of the same client: API key, access token or JWT it signed itself. */
  readonly subjectToken: string
  /** The API the token is for. Default: that of the subject token. */
  readonly audience?: string
  /** RFC 6749 §3.3. Default: the scope of the subject token. Never wider. */
  readonly scope?: string
  /** Allows plain http beyond this machine. Default false. */
  readonly dangerouslyAllowInsecureHttp?: boolean
  /** Replaces the global `fetch`. */
  readonly fetch?: typeof fetch
  /** The wall clock, in seconds since the epoch. Default `Date.now() / 1000`. */
  readonly now?: () => Seconds
}

const optionNames = {
  issuer: true,
  clientId: true,
  clientSecret: true,
  privateJwk: true,
  kid: true,
  subjectToken: true,
  audience: true,
  scope: true,
  dangerouslyAllowInsecureHttp: true,
  fetch: true,
  now: true,
} satisfies Record<keyof ExchangeTokenOptions, true>
const accessTokenType = 'urn:ietf:params:oauth:token-type:access_token'

/**
 * Exchanges a credential for an access token (RFC 8693) that is never wider, never lives longer, and ends with it.
 *
 * @throws ApiError as the token endpoint answered; TypeError for options.
 * @example
 * ```ts
 * const { accessToken } = await exchangeToken({ issuer, clientId, clientSecret, subjectToken: key, scope: 'orders:read'
 * })
 * ```
 */
export async function exchangeToken(options: ExchangeTokenOptions): Promise<TokenAnswer> {
  requireOptions('exchangeToken', options, optionNames)
  const issuer = requireIssuer(options.issuer, options.dangerouslyAllowInsecureHttp)
  const { subjectToken, audience, scope, fetch = globalThis.fetch, now = () => Date.now() / 1000 } = options
  return requestToken({
    issuer,
    authenticate: clientAuthentication(issuer, options),
    form: {
      grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
      subject_token: subjectToken,
      subject_token_type: accessTokenType,
      audience,
      scope,
    },
    fetch,
    now: now(),
    secrets: [subjectToken],
  })
}
