/** The lines of `POST /v1/apis/{id}/calls`, put together. */

export interface ApiAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly bytes: Uint8Array
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
  return {
    status: head.status,
    headers: head.headers ?? {},
    bytes: join(read.flatMap(({ chunk }) => (chunk === undefined ? [] : [bytesOf(chunk)]))),
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

/** The body as text, JSON with its lines; `undefined` for bytes that are none. */
export function bodyText({ bytes, headers }: Pick<ApiAnswer, 'bytes' | 'headers'>): string | undefined {
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return undefined
  }
  if (!/\bjson\b/.test(headers['content-type'] ?? '')) return text
  try {
    return JSON.stringify(JSON.parse(text), undefined, 2)
  } catch {
    return text
  }
}
