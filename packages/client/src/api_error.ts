/** What a server answered instead of what was asked for, or why it could not be asked. Never holds a credential. */
export class ApiError extends Error {
  override readonly name = 'ApiError'
  /** The HTTP status; 0 when there was no answer. */
  readonly status: number
  /**
   * The problem's `code` (RFC 9457 with the contract's codes), or `error` of RFC 6749 §5.2; without an answer that can be
   * read: `unreachable`, `timeout`, `redirected`, `bad_answer`.
   */
  readonly code: string
  /** One sentence for people. */
  readonly detail: string
  /** As in the server's log. */
  readonly requestId: string | undefined
  /** For bad input: what is wrong where, by JSON pointer. */
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
