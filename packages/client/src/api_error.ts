/**
 * The codes of this package: answers that never came or cannot be read, an answer to a sign-in that is not ours
 * (`unexpected_answer`), and tokens that only another sign-in brings (`sign_in_required`).
 */
export type LocalErrorCode =
  | 'unreachable'
  | 'timeout'
  | 'redirected'
  | 'bad_answer'
  | 'unexpected_answer'
  | 'sign_in_required'

/** A server's refusal, or the reason why there was no answer. Never holds a credential. */
export class ApiError extends Error {
  override readonly name = 'ApiError'
  /** The HTTP status; 0 when there was no answer. */
  readonly status: number
  /**
   * The problem's `code` (RFC 9457, docs/protocol/errors.md), or `error` of RFC 6749 §5.2, or a `LocalErrorCode`. A
   * newer server may answer a code that is not known here.
   */
  readonly code: LocalErrorCode | (string & {})
  /** One sentence for people. */
  readonly detail: string
  /** The id of the request in the server's log; absent when the server told none. */
  readonly requestId: string | undefined
  /** The flaws of a bad input, each by the JSON pointer (RFC 6901) of its place; empty for other errors. */
  readonly errors: readonly { readonly pointer: string; readonly detail: string }[]

  constructor(problem: {
    readonly status: number
    readonly code: string
    readonly detail: string
    readonly requestId?: string | undefined
    readonly errors?: ApiError['errors']
  }) {
    super(`${problem.code}: ${problem.detail}`)
    this.status = problem.status
    this.code = problem.code
    this.detail = problem.detail
    this.requestId = problem.requestId
    this.errors = problem.errors ?? []
  }
}
