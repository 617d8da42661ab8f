/** The answer of the authorization endpoint, which the browser takes to the client: RFC 6749 §4.1.2, RFC 9207. */

import type { OauthError } from '../oauth_error.ts'
import type { ReturnAddress } from './request.ts'

/** The parameters, in the order in which they are written. `iss` is always there, so that no two servers are mixed up. */
export function answerParameters(
  { state }: ReturnAddress,
  issuer: string,
  answer: { readonly code: string } | { readonly error: OauthError },
): Readonly<Record<string, string>> {
  const said =
    'code' in answer
      ? { code: answer.code }
      : {
          error: answer.error.error,
          error_description: answer.error.message.replace(/[^\x20-\x21\x23-\x5b\x5d-\x7e]/g, '?'),
        }
  return { ...said, ...(state === undefined ? {} : { state }), iss: issuer }
}

/** The redirect URI with the parameters behind its own. */
export function answerLocation({ redirectUri }: ReturnAddress, parameters: Readonly<Record<string, string>>): string {
  const mark = redirectUri.includes('?') ? '&' : '?'
  return `${redirectUri}${mark}${new URLSearchParams(parameters)}`
}
