export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  /** `Set-Cookie` fields, each a line of its own. Default: none. */
  readonly cookies?: readonly string[]
  /** It leaves when an answer 401 would: its time must not tell what was found. Default false. */
  readonly isEven?: true
  /** The code of a refusal, for the log. */
  readonly code?: string
  /** A body of pieces that is not taken within so many milliseconds ends its connection. Default: it may take any time. */
  readonly sendMs?: number
  readonly body?: string | Uint8Array | AsyncIterable<string>
}

/** Everything here depends on a credential or holds one: nothing may be cached unless its endpoint says so. */
const jsonHeaders = { 'Cache-Control': 'no-store', 'Content-Type': 'application/json' }

export function json(status: number, body: unknown, headers: Readonly<Record<string, string>> = {}): Answer {
  return { status, headers: { ...jsonHeaders, ...headers }, body: JSON.stringify(body) }
}
