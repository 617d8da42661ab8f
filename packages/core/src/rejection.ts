import type { RateLimitOutcome } from './rate_limit/gcra.ts'
import { formatScope, type Scope } from './scope.ts'

/** Why a credential or request does not hold. The code is for the owner and the log; outsiders see `rejectionAnswer`. */
export type Rejection =
  | { readonly code: 'missing_credential'; readonly detail: string }
  | { readonly code: 'invalid_request'; readonly detail: string }
  | { readonly code: InvalidTokenCode; readonly detail: string }
  | { readonly code: 'address_not_allowed' | 'origin_not_allowed'; readonly detail: string }
  | {
      readonly code: 'insufficient_scope'
      readonly detail: string
      /** The scope of the alternative that lacks least. */
      readonly neededScope: Scope
      /** What of it is not there. */
      readonly missingScope: Scope
    }
  | {
      readonly code: 'rate_limited'
      readonly detail: string
      /** The one to wait for longest. */
      readonly rateLimit: RateLimitOutcome
      readonly rateLimits: readonly RateLimitOutcome[]
    }

/** All of these look the same from outside (invariant 7). */
export type InvalidTokenCode =
  | 'malformed'
  | 'unknown'
  | 'bad_signature'
  | 'expired'
  | 'not_yet_valid'
  | 'revoked'
  | 'disabled'
  | 'wrong_audience'
  | 'wrong_issuer'

export type RejectionCode = Rejection['code']

/** An HTTP answer as data: the status, the header fields, and an RFC 9457 body without `requestId`. */
export interface ProblemAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: {
    readonly type: string
    readonly title: string
    readonly status: number
    readonly detail: string
    readonly code: string
  }
}

/** RFC 6750 §3 and RFC 9457: what a protected API answers. A request with no credential gets no error code. */
export function rejectionAnswer(rejection: Rejection): ProblemAnswer {
  switch (rejection.code) {
    case 'missing_credential':
      return problemAnswer(
        401,
        'missing_credential',
        'Present a credential in the Authorization or X-API-Key header.',
        {
          'WWW-Authenticate': 'Bearer',
        },
      )
    case 'invalid_request':
      return problemAnswer(400, 'invalid_request', rejection.detail, {
        'WWW-Authenticate': 'Bearer error="invalid_request"',
      })
    case 'malformed':
    case 'unknown':
    case 'bad_signature':
    case 'expired':
    case 'not_yet_valid':
    case 'revoked':
    case 'disabled':
    case 'wrong_audience':
    case 'wrong_issuer':
      return problemAnswer(401, 'invalid_token', 'The credential is not valid here.', {
        'WWW-Authenticate': 'Bearer error="invalid_token"',
      })
    case 'address_not_allowed':
      return problemAnswer(403, 'address_not_allowed', 'The credential may not be used from this address.')
    case 'origin_not_allowed':
      return problemAnswer(403, 'origin_not_allowed', 'The credential may not be used from this origin.')
    case 'insufficient_scope':
      return problemAnswer(403, 'insufficient_scope', `This needs the scope ${formatScope(rejection.neededScope)}.`, {
        'WWW-Authenticate': `Bearer error="insufficient_scope", scope="${formatScope(rejection.neededScope)}"`,
      })
    case 'rate_limited': {
      const fields = rateLimitHeaders(rejection.rateLimits)
      const { retryAfterSeconds } = rejection.rateLimit
      // Waiting helps nobody whose call costs more than the limit: then there is nothing to retry after.
      if (retryAfterSeconds === Number.POSITIVE_INFINITY)
        return problemAnswer(429, 'rate_limited', 'This call costs more than the rate limit ever allows.', fields)
      return problemAnswer(429, 'rate_limited', 'Too many requests.', {
        ...fields,
        'Retry-After': String(retryAfterSeconds),
      })
    }
  }
}

/** Nobody could tell: 503, never a pass. */
export function unavailableAnswer(retryAfterSeconds: number): ProblemAnswer {
  return problemAnswer(503, 'unavailable', 'Whether the credential holds cannot be told now. Try again.', {
    'Retry-After': String(Math.max(1, Math.ceil(retryAfterSeconds))),
  })
}

/**
 * The `RateLimit` and `RateLimit-Policy` fields of draft-ietf-httpapi-ratelimit-headers-10, a list member for each policy.
 * No outcome, no field. Names are our own, so that they need no escaping.
 */
export function rateLimitHeaders(outcomes: readonly RateLimitOutcome[]): Record<string, string> {
  if (outcomes.length === 0) return {}
  return {
    RateLimit: outcomes
      .map(({ name, remaining, resetSeconds }) => `"${name}";r=${remaining};t=${resetSeconds}`)
      .join(', '),
    'RateLimit-Policy': outcomes
      .map(({ name, limit, windowSeconds }) => `"${name}";q=${limit};w=${windowSeconds}`)
      .join(', '),
  }
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

/** RFC 9457: any answer that is not a success, in the shape all of ours have. Never cached. */
export function problemAnswer(
  status: number,
  code: string,
  detail: string,
  headers: Readonly<Record<string, string>> = {},
): ProblemAnswer {
  return {
    status,
    headers: { 'Cache-Control': 'no-store', 'Content-Type': 'application/problem+json', ...headers },
    body: { type: 'about:blank', title: titles[status] ?? 'Error', status, detail, code },
  }
}
