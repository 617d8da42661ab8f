import type { Seconds } from '@countersign/core'
import { type ClientCredentials, clientAuthentication } from './client_authentication.ts'
import { requireIssuer, requireOptions } from './issuer.ts'
import { requestToken, type TokenAnswer } from './request_token.ts'

export type ExchangeTokenOptions = ClientCredentials & {
  readonly issuer: string
  /** A credential of the same client: API key, access token or JWT it signed itself. */
  readonly subjectToken: string
  readonly audience?: string
  /** Default: what the subject token has. Never wider. */
  readonly scope?: string
  readonly dangerouslyAllowInsecureHttp?: boolean
  readonly fetch?: typeof fetch
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
 * Exchange a credential for an access token (RFC 8693) that is never wider, never lives longer, and dies with it.
 *
 * @throws ApiError as the token endpoint answered; TypeError for options.
 * @example
 * ```ts
 * const { accessToken } = await exchangeToken({ issuer, clientId, clientSecret, subjectToken: key, scope: 'orders:read' })
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
