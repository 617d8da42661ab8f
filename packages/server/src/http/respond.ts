import { type ProblemAnswer, problemAnswer } from '@countersign/core'
import {
  StoreUnavailableError,
  type UnavailableReason,
  UnknownCursorError,
  UnstorableTextError,
} from '@countersign/store'
import { type Answer, type Exchange, ProblemError } from './exchange.ts'

/** Everything here depends on a credential or holds one: nothing may be cached unless its endpoint says so. */
const jsonHeaders = { 'Cache-Control': 'no-store', 'Content-Type': 'application/json' }

export function json(status: number, body: unknown, headers: Readonly<Record<string, string>> = {}): Answer {
  return { status, headers: { ...jsonHeaders, ...headers }, body: JSON.stringify(body) }
}

const storageFull = 'The disk of the database is full: credentials can be revoked, and nothing else be changed.'

/** What became of the request, and what to do. */
const unavailableDetails: { readonly [Reason in Exclude<UnavailableReason, 'full'>]: string } = {
  unreachable: 'The database cannot be reached.',
  busy: 'More is being written than the database takes: nothing was changed, try again.',
  history: 'The database continues another history than this server has read: nothing was changed, try again.',
  timeout:
    'The database did not answer in time. What was asked for may have been done: ask again with the same Idempotency-Key.',
}

/** RFC 9457 with the request id and, for bad input, what is wrong where. */
export function problem(exchange: Exchange, answer: ProblemAnswer, errors: ProblemError['errors'] = []): Answer {
  const body = { ...answer.body, requestId: exchange.requestId, ...(errors.length === 0 ? {} : { errors }) }
  return { status: answer.status, headers: answer.headers, body: JSON.stringify(body) }
}

/** Whatever an endpoint threw, as an answer. What nobody expected is 500 with nothing in it but the request id. */
export function answerError(exchange: Exchange, error: unknown, log: (error: unknown) => void): Answer {
  if (error instanceof ProblemError) {
    return problem(exchange, problemAnswer(error.status, error.code, error.message, error.headers), error.errors)
  }
  if (error instanceof UnknownCursorError) {
    return problem(
      exchange,
      problemAnswer(400, 'invalid_request', 'What the page should follow is gone: begin again without after.'),
    )
  }
  if (error instanceof UnstorableTextError) {
    return problem(
      exchange,
      problemAnswer(400, 'invalid_request', 'Text with NUL or half a surrogate pair names nothing here.'),
    )
  }
  log(error)
  if (error instanceof StoreUnavailableError) {
    if (error.reason === 'full')
      return problem(exchange, problemAnswer(507, 'storage_full', storageFull, { 'Retry-After': '30' }))
    return problem(
      exchange,
      problemAnswer(503, 'unavailable', unavailableDetails[error.reason], { 'Retry-After': '1' }),
    )
  }
  return problem(
    exchange,
    problemAnswer(500, 'internal_error', 'Something went wrong here; the log knows it by the request id.'),
  )
}
