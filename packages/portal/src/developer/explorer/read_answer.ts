/** The lines of `POST /v1/apis/{id}/calls`, put together. */
import { indented } from './indented.ts'

export interface ApiAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  /** The length of the body. */
  readonly bytes: number
  /** The first 100,000 characters of the body, JSON with its lines; `undefined` for bytes that are no text. */
  readonly text: string | undefined
  /** The body goes on after `text`. */
  readonly isLong: boolean
  /** From sending to the end, in milliseconds, at the server. */
  readonly ms: number
  /** It was longer than the server takes. */
  readonly isCut: boolean
  /** Why it broke off; `undefined` where it did not. */
  readonly error: string | undefined
}

interface Line {
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  readonly chunk?: string
  readonly ms?: number
  readonly cut?: boolean
  readonly error?: string
  readonly detail?: string
}

const shownMax = 100_000
/** No character has more than four bytes. */
const bytesMax = 4 * (shownMax + 1)

/** `undefined` where the text is no such answer. */
export function readAnswer(lines: string): ApiAnswer | undefined {
  let read: readonly Line[]
  try {
    read = lines
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Line)
  } catch {
    return undefined
  }
  const [head] = read
  const last = read.at(-1)
  if (head?.status === undefined || last === undefined) return undefined
  const isWhole = last.ms !== undefined
  const headers = head.headers ?? {}
  const bytes = join(read.flatMap(({ chunk }) => (chunk === undefined ? [] : [bytesOf(chunk)])))
  const text = textOf(bytes)
  const isLong = text !== undefined && text.length > shownMax
  const isJson = /\bjson\b/.test(headers['content-type'] ?? '')
  return {
    status: head.status,
    headers,
    bytes: bytes.length,
    text: isJson && !isLong && text !== undefined ? indented(text) : text?.slice(0, shownMax),
    isLong,
    ms: last.ms ?? 0,
    isCut: last.cut === true,
    error: isWhole ? (last.detail ?? last.error) : '',
  }
}

function bytesOf(base64: string): Uint8Array {
  return Uint8Array.from(atob(base64), (sign) => sign.charCodeAt(0))
}

function join(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}

/** A character more than is shown, if there is one. */
function textOf(bytes: Uint8Array): string | undefined {
  const begin = bytes.subarray(0, bytesMax)
  try {
    // A character that is cut in two by the end of the beginning is left out.
    return new TextDecoder('utf-8', { fatal: true }).decode(begin, { stream: begin.length < bytes.length })
  } catch {
    return undefined
  }
}
