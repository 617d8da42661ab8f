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

/** The server answered with a status other than 2xx. */
export class HttpStatusError extends Error {
  override readonly name = 'HttpStatusError'
  /** The HTTP status of the answer. */
  readonly status: number

  constructor(path: string, status: number) {
    super(`${path} answered ${status}`)
    this.status = status
  }
}

/**
 * The one way from a verifier to its server. Redirects are refused: the credential goes only where it was meant to go.
 */
export interface HttpClient {
  /** Sends a GET, and gives the answer before its body is read. `accept` is the media type. */
  get(path: string, accept: string, signal: AbortSignal): Promise<Response>
  /** Sends JSON, and gives the JSON of the answer. */
  post(path: string, body: unknown, signal: AbortSignal): Promise<unknown>
}

/** A look-up or question that takes longer, in milliseconds, has failed. */
const timeoutMs = 5_000
const answerBytesMax = 4_194_304

/**
 * Requests below `issuer` with the verifier's credential. Throws `HttpStatusError` for an answer that is not 2xx, and
 * an
 * `Error` that names only the path when there is none; a POST ends after 5 s and takes at most 4 MiB.
 */
export function createHttpClient(options: HttpClientOptions): HttpClient {
  const { issuer, credential, fetch } = options
  const authorization = `Bearer ${credential}`

  async function send(path: string, init: RequestInit): Promise<Response> {
    let response: Response
    try {
      response = await fetch(issuer + path, { ...init, redirect: 'error' })
    } catch {
      // Errors of fetch may quote the request, so only the path is told.
      throw new Error(`${path} could not be reached`)
    }
    if (response.ok) return response
    await response.body?.cancel()
    throw new HttpStatusError(path, response.status)
  }

  return {
    get: (path, accept, signal) => send(path, { headers: { authorization, accept }, signal }),
    async post(path, body, signal) {
      const deadline = untilAborted(signal)
      const timer = setTimeout(deadline.end, timeoutMs)
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
