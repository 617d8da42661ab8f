import { challengeHeader } from '@countersign/core'
import type { Answer } from '../http/answer.ts'

/** RFC 6749 §4.1.2.1 and §5.2, RFC 7009 §2.2.1, RFC 8693 §2.2.2, RFC 8707 §2. */
export type OauthErrorCode =
  | 'invalid_request'
  | 'invalid_client'
  | 'invalid_grant'
  | 'unauthorized_client'
  | 'unsupported_grant_type'
  | 'invalid_scope'
  | 'invalid_target'
  | 'unsupported_token_type'
  | 'access_denied'
  // RFC 6749 §4.1.2.1 and OpenID Connect Core §3.1.2.6, at the authorization endpoint.
  | 'unsupported_response_type'
  | 'login_required'
  | 'consent_required'
  | 'request_not_supported'
  | 'request_uri_not_supported'
  | 'temporarily_unavailable'
  | 'slow_down'
  | 'server_error'

const statuses: Partial<Record<OauthErrorCode, number>> = {
  invalid_client: 401,
  slow_down: 429,
  temporarily_unavailable: 503,
  server_error: 500,
}

/** A refusal of an OAuth endpoint. It is thrown, so that it also rolls the transaction back. */
export class OauthError extends Error {
  override readonly name = 'OauthError'
  readonly error: OauthErrorCode
  readonly status: number
  readonly headers: Readonly<Record<string, string>>

  constructor(
    error: OauthErrorCode,
    description: string,
    status?: number,
    headers: Readonly<Record<string, string>> = {},
  ) {
    super(description)
    this.error = error
    this.status = status ?? statuses[error] ?? 400
    this.headers = headers
  }
}

/** RFC 9110 §15.5.2: a 401 names a scheme. Basic is the one that every client of ours may use here. */
const challenge = challengeHeader({ scheme: 'Basic', realm: 'countersign' })

/** RFC 6749 §5.2: `error_description` in its printable ASCII, never cached. */
export function oauthErrorAnswer({ error, message, status, headers }: OauthError): Answer {
  const description = message.replace(/[^\x20-\x21\x23-\x5b\x5d-\x7e]/g, '?')
  return {
    status,
    code: error,
    headers: {
      'Cache-Control': 'no-store',
      Pragma: 'no-cache',
      'Content-Type': 'application/json',
      ...(status === 401 ? challenge : {}),
      ...headers,
    },
    body: JSON.stringify({ error, error_description: description }),
  }
}
