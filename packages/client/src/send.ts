import { ApiError } from './api_error.ts'

/** A request that takes longer, in milliseconds, has failed. */
export const timeoutMsDefault = 30_000
/** The longest answer in bytes: descriptions of 16 MiB come back as lists of operations. */
const answerBytesMax = 67_108_864

export interface Sending {
  readonly url: string
  readonly method: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string
  readonly fetch: typeof fetch
  readonly timeoutMs: number
  /** Texts that must not appear in an error, whatever the server says. */
  readonly secrets: readonly string[]
}

export interface Received {
  readonly status: number
  readonly headers: Headers
  readonly text: string
}

/**
 * Sends one request. Redirects are refused: the credential would go wherever a server, or someone in between, points
 * to. Throws `ApiError` for answers other than 2xx.
 */
export async function send(sending: Sending): Promise<Received> {
  const received = await receive(sending)
  if (received.status >= 200 && received.status < 300) return received
  throw readProblem(received, sending.secrets)
}

async function receive({ url, method, headers, body, fetch, timeoutMs }: Sending): Promise<Received> {
  const { origin, pathname } = new URL(url)
  const place = `${method} ${origin}${pathname}`
  const signal = AbortSignal.timeout(timeoutMs)
  try {
    const response = await fetch(url, {
      method,
      headers,
      redirect: 'manual',
      signal,
      ...(body === undefined ? {} : { body }),
    })
    if (response.type === 'opaqueredirect' || (response.status >= 300 && response.status < 400)) {
      await response.body?.cancel()
      throw new ApiError({ status: response.status, code: 'redirected', detail: `${place} answered with a redirect` })
    }
    const text = await readText(response, place)
    return { status: response.status, headers: response.headers, text }
  } catch (error) {
    if (error instanceof ApiError) throw error
    if (signal.aborted) {
      throw new ApiError({ status: 0, code: 'timeout', detail: `${place} took longer than ${timeoutMs} ms` })
    }
    // Errors of fetch may quote the request, so only the place and the system's code are told.
    throw new ApiError({ status: 0, code: 'unreachable', detail: `${place} cannot be reached${systemCode(error)}` })
  }
}

async function readText(response: Response, place: string): Promise<string> {
  const decoder = new TextDecoder()
  let text = ''
  let length = 0
  // Not every browser walks a stream by `for await`.
  const reader = response.body?.getReader()
  for (let piece = await reader?.read(); piece?.done === false; piece = await reader?.read()) {
    length += piece.value.length
    if (length > answerBytesMax) {
      await reader?.cancel()
      throw new ApiError({ status: 0, code: 'bad_answer', detail: `${place} answered too much` })
    }
    text += decoder.decode(piece.value, { stream: true })
  }
  return text + decoder.decode()
}

function systemCode(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined
  const code = typeof cause === 'object' && cause !== null && 'code' in cause ? cause.code : undefined
  return typeof code === 'string' && /^[A-Z_]{1,40}$/.test(code) ? ` (${code})` : ''
}

/** Reads an error as RFC 9457, as RFC 6749 §5.2 from the token endpoint, or as the answer of a proxy in between. */
function readProblem({ status, text }: Received, secrets: readonly string[]): ApiError {
  const body = readObject(text)
  const code = textOf(body.code) ?? textOf(body.error) ?? 'bad_answer'
  const detail = textOf(body.detail) ?? textOf(body.error_description) ?? `the server answered ${status}`
  const errors = Array.isArray(body.errors) ? body.errors.flatMap((each) => readFlaw(each, secrets)) : []
  return new ApiError({
    status,
    code: redact(code, secrets),
    detail: redact(detail, secrets),
    requestId: textOf(body.requestId),
    errors,
  })
}

function readFlaw(value: unknown, secrets: readonly string[]): ApiError['errors'] {
  if (typeof value !== 'object' || value === null) return []
  const { pointer, detail } = value as { readonly pointer?: unknown; readonly detail?: unknown }
  return [{ pointer: redact(textOf(pointer) ?? '', secrets), detail: redact(textOf(detail) ?? '', secrets) }]
}

function readObject(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
  } catch {
    return {}
  }
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value.slice(0, 2_000) : undefined
}

function redact(text: string, secrets: readonly string[]): string {
  return secrets.reduce((redacted, secret) => redacted.replaceAll(secret, '[redacted]'), text)
}

/** Parses a JSON object, or throws `ApiError` with `bad_answer`. */
export function parseAnswer(text: string): { readonly [name: string]: unknown } {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null) return value as { readonly [name: string]: unknown }
  } catch {
    // Falls through to the error below.
  }
  throw new ApiError({ status: 0, code: 'bad_answer', detail: 'the server did not answer a JSON object' })
}
