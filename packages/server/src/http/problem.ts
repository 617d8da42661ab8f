/** RFC 9457: refusals as values that are thrown, and as answers. */
import type { ProblemCode } from '@countersign/contract'
import { type ProblemAnswer, problemAnswer, withErrorPage } from '@countersign/core'
import {
  StoreUnavailableError,
  type UnavailableReason,
  UnknownCursorError,
  UnstorableTextError,
} from '@countersign/store'
import type { Answer } from './answer.ts'
import type { HttpRequest } from './request.ts'

/** An expected refusal that must also undo what was begun: thrown inside transactions, answered as RFC 9457. */
export class ProblemError extends Error {
  override readonly name = 'ProblemError'
  readonly status: number
  readonly code: ProblemCode
  readonly errors: readonly FieldError[]
  readonly headers: Readonly<Record<string, string>>
  readonly members: ProblemMembers

  constructor(
    status: number,
    code: ProblemCode,
    detail: string,
    more: {
      readonly errors?: readonly FieldError[]
      readonly headers?: Readonly<Record<string, string>>
      readonly members?: ProblemMembers
    } = {},
  ) {
    super(detail)
    this.status = status
    this.code = code
    this.errors = more.errors ?? []
    this.headers = more.headers ?? {}
    this.members = more.members ?? {}
  }
}

/** With `step_up_required`: how old the proof may be, and where a person gives another. */
export interface ProblemMembers {
  readonly maxAgeSeconds?: number
  readonly stepUpUrl?: string
}

export interface FieldError {
  /** RFC 6901, into the body; `?name` for a query parameter. */
  readonly pointer: string
  readonly detail: string
}

const storageFull = 'The disk of the database is full. Credentials can be revoked; nothing else can be changed.'

/** Each says what became of the request, and what to do. */
const unavailableDetails: { readonly [Reason in Exclude<UnavailableReason, 'full'>]: string } = {
  unreachable: 'The database cannot be reached.',
  busy: 'More writes wait than the database can take. Nothing was changed. Try again.',
  history: 'The database continues another history than this server has read. Nothing was changed. Try again.',
  timeout:
    'The database did not answer in time. The change may have been made: send it again with the same Idempotency-Key.',
}

/** RFC 9457 with the request id and, for bad input, what is wrong where. */
export function problem(
  request: HttpRequest,
  answer: ProblemAnswer,
  errors: ProblemError['errors'] = [],
  members: ProblemMembers = {},
): Answer {
  const { requestId, errorPages } = request
  const body = {
    ...withErrorPage(answer.body, errorPages),
    ...members,
    requestId,
    ...(errors.length === 0 ? {} : { errors }),
  }
  return { status: answer.status, headers: answer.headers, code: answer.body.code, body: JSON.stringify(body) }
}

/** Turns an error of an endpoint into an answer. An unexpected one becomes a 500 that holds nothing but the request id. */
export function answerError(request: HttpRequest, error: unknown, log: (error: unknown) => void): Answer {
  if (error instanceof ProblemError) {
    const { code, errors, headers, members, message, status } = error
    return problem(request, problemAnswer(status, code, message, headers), errors, members)
  }
  if (error instanceof UnknownCursorError) {
    return problem(
      request,
      problemAnswer(400, 'invalid_request', 'The item that the page should follow is gone. Begin again without after.'),
    )
  }
  if (error instanceof UnstorableTextError) {
    return problem(
      request,
      problemAnswer(400, 'invalid_request', 'Text with NUL or half a surrogate pair is no name here.'),
    )
  }
  log(error)
  if (error instanceof StoreUnavailableError) {
    if (error.reason === 'full')
      return problem(request, problemAnswer(507, 'storage_full', storageFull, { 'Retry-After': '30' }))
    return problem(request, problemAnswer(503, 'unavailable', unavailableDetails[error.reason], { 'Retry-After': '1' }))
  }
  return problem(
    request,
    problemAnswer(500, 'internal_error', 'The server failed. Its log has the cause under the request id.'),
  )
}
