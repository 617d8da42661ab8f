import { mediaType, readText } from '../http/body.ts'
import { ProblemError } from '../http/problem.ts'
import type { HttpRequest } from '../http/request.ts'
import { serverLimits } from '../limits.ts'
import { OauthError } from './oauth_error.ts'

export type Form = ReadonlyMap<string, string>

/**
 * RFC 6749 §3.2: `application/x-www-form-urlencoded` in the body only; no parameter twice, one without a value counts as
 * not sent.
 */
export async function readForm(request: HttpRequest): Promise<Form> {
  if (request.query !== '') throw invalid('parameters belong in the body, not in the query')
  if (mediaType(request) !== 'application/x-www-form-urlencoded') {
    throw invalid('the body must be application/x-www-form-urlencoded')
  }
  try {
    return parseForm(await readText(request, serverLimits.formBytesMax))
  } catch (error) {
    if (error instanceof ProblemError) throw new OauthError('invalid_request', error.message, error.status)
    throw error
  }
}

/** Parameters of a query or a body, within limits. */
export function parseForm(text: string): Form {
  const form = new Map<string, string>()
  const pairs = text === '' ? [] : text.split('&', serverLimits.formParametersMax + 1)
  if (pairs.length > serverLimits.formParametersMax)
    throw invalid(`at most ${serverLimits.formParametersMax} parameters`)
  for (const pair of pairs) {
    const equals = pair.indexOf('=')
    const name = decodePart(equals < 0 ? pair : pair.slice(0, equals))
    // RFC 8693 and 8707 let these two repeat; a token of ours is for exactly one API.
    if (form.has(name) && (name === 'audience' || name === 'resource')) {
      throw new OauthError('invalid_target', 'a token is for exactly one API: name one')
    }
    if (form.has(name)) throw invalid(`the parameter ${printable(name)} must come once`)
    form.set(name, equals < 0 ? '' : decodePart(pair.slice(equals + 1)))
  }
  for (const [name, value] of form) if (value === '') form.delete(name)
  return form
}

export function decodePart(text: string): string {
  // Most are as they read, and looking costs a tenth of decoding.
  if (!text.includes('%') && !text.includes('+')) return text
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    throw invalid('the body is not well-formed: bad percent-encoding')
  }
}

function printable(name: string): string {
  return /^[\w-]{1,40}$/.test(name) ? name : 'with that name'
}

function invalid(description: string): OauthError {
  return new OauthError('invalid_request', description)
}
