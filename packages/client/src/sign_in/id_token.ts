/** The ID token (OpenID Connect Core §2, §3.1.3.7). */
import { parseJwt, type Seconds } from '@countersign/core'
import { ApiError } from '../api_error.ts'

/** Who has signed in, as the ID token says. */
export interface IdTokenClaims {
  /** The id of the account. */
  readonly sub: string
  /** All other claims, such as `auth_time`, `acr`, `amr` and `sid`. */
  readonly [name: string]: unknown
}

/** The clocks of server and client may differ by so many seconds. */
const clockToleranceSeconds = 30

/**
 * Reads and validates the claims. The signature is not looked at: the token came from the issuer's own token endpoint, over
 * TLS or within this machine, which OpenID Connect Core §3.1.3.7 (6) takes for it. Over the plain http that
 * `dangerouslyAllowInsecureHttp` allows, the claims are worth no more than the network.
 *
 * @throws ApiError `unexpected_answer` for a token of another issuer, client, sign-in or time.
 */
export function readIdToken(
  text: string,
  expected: {
    readonly issuer: string
    readonly clientId: string
    readonly now: Seconds
    /** The nonce of the request; absent after a refresh. */
    readonly nonce?: string | undefined
    /** The subject of the sign-in that is renewed. */
    readonly subject?: string | undefined
  },
): IdTokenClaims {
  const jwt = parseJwt(text)
  if ('fault' in jwt) throw unexpected('cannot be read')
  const { iss, sub, aud, exp, iat, nonce } = jwt.claims as Readonly<Record<string, unknown>>
  if (iss !== expected.issuer) throw unexpected('is of another issuer')
  if (aud !== expected.clientId) throw unexpected('is for another client')
  if (expected.nonce !== undefined && nonce !== expected.nonce) throw unexpected('is of another sign-in')
  if (typeof sub !== 'string' || sub === '') throw unexpected('names nobody')
  if (expected.subject !== undefined && sub !== expected.subject) throw unexpected('is about another account')
  if (typeof exp !== 'number' || expected.now >= exp + clockToleranceSeconds) throw unexpected('has expired')
  if (typeof iat !== 'number' || iat > expected.now + clockToleranceSeconds) throw unexpected('is of the future')
  return { ...jwt.claims, sub }
}

function unexpected(flaw: string): ApiError {
  return new ApiError({ status: 0, code: 'unexpected_answer', detail: `the ID token ${flaw}` })
}
