import { untilAborted } from '../until_aborted.ts'

/** The server, and the credential for it. */
export interface HttpClientOptions {
  /** The issuer, tenant path included: every path is below it. */
  readonly issuer: string
  /** Presented as a bearer credential; never part of an error or a log. */
  readonly credential: string
  /** The `fetch` that is used. */
  readonly fetch: typeof fetch
}

/** Says what the operator of a verifier can do about an answer. Without the path: one cause is one text. */
const statusWords: Readonly<Record<number, string>> = {
  401: 'the server refuses the verifier’s key (401): it is wrong, revoked or expired, or another issuer’s; countersign verifiers create makes one',
  403: 'the verifier’s key lacks the scope credentials:verify (403); countersign verifiers create makes one that has it',
  404: 'the server has no such path (404): the issuer must be a tenant’s URL, with its path, as the server’s metadata names it',
}

/** The server answered with a status other than 2xx. */
export class HttpStatusError extends Error {
  override readonly name = 'HttpStatusError'
  /** The HTTP status of the answer. */
  readonly status: number

  constructor(path: string, status: number) {
    super(statusWords[status] ?? `${path} answered ${status}`)
    this.status = status
  }
}

/**
 * The one way from a verifier to its server. Redirects are refused: the credential goes only where it was meant to go.
 */
export interface HttpClient {
  /** Sends a GET, and gives the answer before its body is read. `accept` is the media type. */
  get(path: string, accept: string, signal: AbortSignal): Promise<Response>
  /** Sends JSON, and gives the JSON of the answer. Fails after `deadlineMs`, by default 5 s. */
  post(path: string, body: unknown, signal: AbortSignal, deadlineMs?: number): Promise<unknown>
}

/** A question that takes longer, in milliseconds, has failed. */
const timeoutMs = 5_000
const answerBytesMax = 4_194_304

/** Errors of fetch may quote the request, so only the system's code is told. */
function unreachable(error: unknown): string {
  const { name, cause } = error as { readonly name?: unknown; readonly cause?: { readonly code?: unknown } }
  if (name === 'AbortError') return 'the server does not answer in time'
  const code = String(cause?.code ?? '')
  return `the server cannot be reached${/^[A-Z][A-Z0-9_]{1,39}$/.test(code) ? ` (${code})` : ''}`
}

/**
 * Requests below `issuer` with the verifier's credential. Throws `HttpStatusError` for an answer that is not 2xx, and
 * an
 * `Error` that holds nothing of the request when there is none; a POST takes at most 4 MiB.
 */
export function createHttpClient(options: HttpClientOptions): HttpClient {
  const { issuer, credential, fetch } = options
  const authorization = `Bearer ${credential}`

  async function send(path: string, init: RequestInit): Promise<Response> {
    let response: Response
    try {
      response = await fetch(issuer + path, { ...init, redirect: 'error' })
    } catch (error) {
      throw new Error(unreachable(error))
    }
    if (response.ok) return response
    await response.body?.cancel()
    throw new HttpStatusError(path, response.status)
  }

  return {
    get: (path, accept, signal) => send(path, { headers: { authorization, accept }, signal }),
    async post(path, body, signal, deadlineMs = timeoutMs) {
      const deadline = untilAborted(signal)
      const timer = setTimeout(deadline.end, deadlineMs)
      try {
        const response = await send(path, {
          method: 'POST',
          headers: { authorization, 'content-type': 'application/json', accept: 'application/json' },
          body: JSON.stringify(body),
          signal: deadline.signal,
        })
        const text = await response.text()
        if (text.length > answerBytesMax) throw new Error(`${path} answered more than ${answerBytesMax} characters`)
        return JSON.parse(text) as unknown
      } finally {
        clearTimeout(timer)
        deadline.release()
      }
    },
  }
}
