/** Problems, RFC 9457: the body of every answer of ours that is not a success. */

/**
 * An HTTP answer as data: the status, the header fields, and an RFC 9457 body without `requestId`, which the HTTP edge
 * adds.
 * `Code` is the union of codes that it can have.
 */
export interface ProblemAnswer<Code extends string = string> {
  /** The HTTP status. */
  readonly status: number
  /** The header fields, `Content-Type` and `Cache-Control` among them. */
  readonly headers: Readonly<Record<string, string>>
  /** The body, RFC 9457 §3. */
  readonly body: {
    /** The page about the code, `<issuer>/errors/<code>`; `about:blank` until `withErrorPage` sets it. */
    readonly type: string
    /** The reason phrase of the status (RFC 9110 §15). */
    readonly title: string
    /** The HTTP status again. */
    readonly status: number
    /** One sentence for people. It never holds a credential. */
    readonly detail: string
    /** Stable, for programs: docs/protocol/errors.md lists them. */
    readonly code: Code
    /** With `insufficient_scope` at a protected API: every alternative, each a list of scope tokens needed together. */
    readonly requires?: readonly (readonly string[])[]
  }
}

/** An answer in the shape that all of ours share, never to be cached. `headers` are added to those it always has. */
export function problemAnswer<Code extends string>(
  status: number,
  code: Code,
  detail: string,
  headers: Readonly<Record<string, string>> = {},
): ProblemAnswer<Code> {
  return {
    status,
    headers: { 'Cache-Control': 'no-store', 'Content-Type': 'application/problem+json', ...headers },
    body: { type: 'about:blank', title: titles[status] ?? 'Error', status, detail, code },
  }
}

/** The body with its `type`: the page about its code at the issuer. Without an issuer it stays as it is. */
export function withErrorPage<Body extends ProblemAnswer['body']>(body: Body, issuer: string | undefined): Body {
  return issuer === undefined ? body : { ...body, type: `${issuer}/errors/${body.code}` }
}

/**
 * 503 where nobody could tell whether a credential is valid; it never passes. `retryAfterSeconds` is rounded up, at
 * least 1.
 */
export function unavailableAnswer(retryAfterSeconds: number): ProblemAnswer<'unavailable'> {
  return problemAnswer(503, 'unavailable', 'The credential cannot be judged at this moment. Try again.', {
    'Retry-After': String(Math.max(1, Math.ceil(retryAfterSeconds))),
  })
}

/**
 * The answer for a request that no operation of an API's document describes. `allow`: the methods that its path has; absent
 * where no operation has its path.
 */
export function undescribedAnswer(allow?: readonly string[]): ProblemAnswer<'not_found' | 'method_not_allowed'> {
  if (allow === undefined) return problemAnswer(404, 'not_found', 'No operation has this path.')
  const Allow = allow.join(', ')
  return problemAnswer(405, 'method_not_allowed', `This path does not have this method. It has ${Allow}.`, { Allow })
}

const titles: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  408: 'Request Timeout',
  409: 'Conflict',
  411: 'Length Required',
  413: 'Content Too Large',
  415: 'Unsupported Media Type',
  417: 'Expectation Failed',
  421: 'Misdirected Request',
  422: 'Unprocessable Content',
  429: 'Too Many Requests',
  431: 'Request Header Fields Too Large',
  500: 'Internal Server Error',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
  504: 'Gateway Timeout',
  507: 'Insufficient Storage',
}
