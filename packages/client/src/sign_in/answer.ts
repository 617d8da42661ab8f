/** The answer of the authorization endpoint (RFC 6749 §4.1.2), which came by way of a browser: anybody may have written it. */
import { ApiError } from '../api_error.ts'
import type { Pending } from './request.ts'

/**
 * Gives the code. Nothing else of the answer is read before `state` and `iss` are those of the request (RFC 9207 §2.4).
 *
 * @throws ApiError `unexpected_answer` for an answer to another request or of another server, else what the server said.
 */
export function readCode(answer: URLSearchParams, pending: Pending): string {
  const [state, iss, error, code] = ['state', 'iss', 'error', 'code'].map((name) => single(answer, name))
  if (state !== pending.state) throw unexpected('is not the answer to this request')
  if (iss !== pending.issuer) throw unexpected('comes from another server than was asked')
  if (error !== undefined) {
    const detail = single(answer, 'error_description') ?? 'the sign-in was not finished'
    throw new ApiError({ status: 0, code: printable(error, 64), detail: printable(detail, 500) })
  }
  if (code === undefined) throw unexpected('has no code')
  return code
}

function single(answer: URLSearchParams, name: string): string | undefined {
  const [value, ...others] = answer.getAll(name)
  if (others.length > 0) throw unexpected(`has ${name} twice`)
  return value === '' ? undefined : value
}

function printable(text: string, lengthMax: number): string {
  return text.slice(0, lengthMax).replaceAll(/[^\x20-\x7e]/g, '?')
}

function unexpected(flaw: string): ApiError {
  return new ApiError({ status: 0, code: 'unexpected_answer', detail: `the answer to the sign-in ${flaw}` })
}
