/** A refusal of the management API (docs/protocol/errors.md), or a call that never had an answer. */
export interface FieldError {
  /** `/name`; JSON pointer into the body. */
  readonly pointer: string
  readonly detail: string
}

interface Members {
  readonly code?: string
  readonly detail?: string
  readonly title?: string
  readonly errors?: readonly FieldError[]
  readonly stepUpUrl?: string
}

export class ApiProblem extends Error {
  override readonly name = 'ApiProblem'
  /** 0 where there was no answer. */
  readonly status: number
  readonly code: string
  readonly requestId: string | undefined
  readonly errors: readonly FieldError[]
  readonly stepUpUrl: string | undefined

  constructor(status: number, members: Members, requestId?: string) {
    super(members.detail ?? members.title ?? '')
    this.status = status
    this.code = members.code ?? 'error'
    this.requestId = requestId
    this.errors = members.errors ?? []
    this.stepUpUrl = members.stepUpUrl
  }
}

/** Whether nobody can tell if the call was done: no answer, half of one, a fault of the server, or the same call still runs. */
export function isAnswerLost(error: unknown): boolean {
  if (!(error instanceof ApiProblem)) return false
  return error.status < 400 || error.status >= 500 || error.code === 'idempotency_in_progress'
}

/** `name` of `/name`, and of `/name/0`. */
export function memberOf({ pointer }: Pick<FieldError, 'pointer'>): string {
  return pointer.split('/')[1] ?? ''
}

/** The server's words about a member of the body; `undefined` where it says nothing of it. */
export function errorOf(error: unknown, name: string): string | undefined {
  if (!(error instanceof ApiProblem)) return undefined
  return error.errors.find((each) => memberOf(each) === name)?.detail
}

/** The server's words about that place of the body, or a place within it. `pointer`: `/access/0`. */
export function errorAt(error: unknown, pointer: string): string | undefined {
  if (!(error instanceof ApiProblem)) return undefined
  return error.errors.find((each) => each.pointer === pointer || each.pointer.startsWith(`${pointer}/`))?.detail
}
