import type { Seconds } from '@countersign/core'
import { type ClientCredentials, clientAuthentication } from './client_authentication.ts'
import { requireIssuer, requireOptions } from './issuer.ts'
import { requestToken, type TokenAnswer } from './request_token.ts'

export type GetTokenOptions = ClientCredentials & {
  readonly issuer: string
  readonly audience?: string
  /** Default: all that the client may have for the audience. */
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
  audience: true,
  scope: true,
  dangerouslyAllowInsecureHttp: true,
  fetch: true,
  now: true,
} satisfies Record<keyof GetTokenOptions, true>

/**
 * One access token for a client (RFC 6749 §4.4). Whoever needs tokens again and again uses `createTokenSource`.
 *
 * @throws ApiError as the token endpoint answered; TypeError for options.
 * @example
 * ```ts
 * const { accessToken, expiresIn } = await getToken({ issuer, clientId, clientSecret, scope: 'orders:read' })
 * ```
 */
export async function getToken(options: GetTokenOptions): Promise<TokenAnswer> {
  requireOptions('getToken', options, optionNames)
  const issuer = requireIssuer(options.issuer, options.dangerouslyAllowInsecureHttp)
  const { audience, scope, fetch = globalThis.fetch, now = () => Date.now() / 1000 } = options
  const authenticate = clientAuthentication(issuer, options)
  const form = { grant_type: 'client_credentials', audience, scope }
  return requestToken({ issuer, authenticate, form, fetch, now: now() })
}
