/** The `WWW-Authenticate` field of a refusal, RFC 9110 §11.6.1. Every challenge of this project is written here. */
import { formatScope, type Scope } from './scope.ts'

/** The content of one `WWW-Authenticate` field. */
export type Challenge =
  /** RFC 6750 §3. Without an `error` where no credential was presented. `scope` is the scope that the request needs. */
  | {
      /** The authentication scheme. */
      readonly scheme: 'Bearer'
      /** The reason of the refusal (RFC 6750 §3.1). */
      readonly error?: 'invalid_request' | 'invalid_token' | 'insufficient_scope'
      /** The scope that the request needs. */
      readonly scope?: Scope
    }
  /** RFC 7617 §2, for clients that tried it at the token endpoint. */
  | { readonly scheme: 'Basic'; readonly realm: string }

/**
 * The header field of a challenge. Scope tokens hold no quotation mark and no backslash (RFC 6749 §3.3), and realms are ours,
 * so nothing needs to be escaped.
 *
 * ```ts
 * challengeHeader({ scheme: 'Bearer', error: 'insufficient_scope', scope: ['orders:write'] })
 * // { 'WWW-Authenticate': 'Bearer error="insufficient_scope", scope="orders:write"' }
 * ```
 */
export function challengeHeader(challenge: Challenge): { readonly 'WWW-Authenticate': string } {
  const { scheme, ...given } = challenge
  const parameters = Object.entries(given).map(
    ([name, value]) => `${name}="${typeof value === 'string' ? value : formatScope(value)}"`,
  )
  return { 'WWW-Authenticate': parameters.length === 0 ? scheme : `${scheme} ${parameters.join(', ')}` }
}
