import { serverLimits } from '../limits.ts'
import { header } from './header.ts'
import { requirePlain } from './input.ts'
import { ProblemError } from './problem.ts'
import type { HttpRequest } from './request.ts'

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: false })

/** The media type without its parameters, in lower case; '' when there is none. */
export function mediaType(request: HttpRequest): string {
  return (header(request, 'content-type') ?? '').split(';')[0]?.trim().toLowerCase() ?? ''
}

export function readText(request: HttpRequest, bytesMax: number): Promise<string> {
  return request.readBody(bytesMax).then(decode)
}

function decode(bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes)
  } catch {
    throw new ProblemError(400, 'invalid_request', 'The body must be UTF-8.')
  }
}

/** A JSON body; `{}` when there is none. Anything but one object is 400, another media type 415. */
export function readJson(request: HttpRequest): Promise<Record<string, unknown>> {
  // Without further waits: each costs as much as parsing, on the path of every verification.
  return request.readBody(serverLimits.bodyBytesMax).then((bytes) => readObject(request, decode(bytes)))
}

function readObject(request: HttpRequest, text: string): Record<string, unknown> {
  if (text.trim() === '') return {}
  if (mediaType(request) !== 'application/json') {
    throw new ProblemError(415, 'unsupported_media_type', 'The body must be application/json.')
  }
  return parseJsonBody(text)
}

export function parseJsonBody(text: string): Record<string, unknown> {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw new ProblemError(400, 'invalid_request', 'The body is not JSON.')
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new ProblemError(400, 'invalid_request', 'The body must be one JSON object.')
  }
  requirePlain(value)
  return value as Record<string, unknown>
}
