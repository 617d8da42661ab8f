import type { OauthError } from '../oauth/oauth_error.ts'
import type { Answer } from './answer.ts'

/** RFC 6749 §5.2: `error_description` in its printable ASCII, never cached. */
export function oauthErrorAnswer({ error, message, status, headers }: OauthError): Answer {
  const description = message.replace(/[^\x20-\x21\x23-\x5b\x5d-\x7e]/g, '?')
  return {
    status,
    headers: { 'Cache-Control': 'no-store', Pragma: 'no-cache', 'Content-Type': 'application/json', ...headers },
    body: JSON.stringify({ error, error_description: description }),
  }
}
