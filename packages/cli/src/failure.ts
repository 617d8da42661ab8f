import { CommandError, exitCodes } from './exit.ts'

/** Names of errors of packages that are loaded only when they are needed, and what each means to a shell. */
const byName: Readonly<Record<string, number>> = {
  ConfigError: exitCodes.usage,
  ListenError: exitCodes.error,
  StoreUnavailableError: exitCodes.unavailable,
  RedisUnavailableError: exitCodes.unavailable,
  SchemaTooNewError: exitCodes.conflict,
  FatalStoreError: exitCodes.error,
  JwkError: exitCodes.error,
}

/** `DatabaseOpenError` by its reason; others are a database that cannot be had. */
const byReason: Readonly<Record<string, number>> = {
  exists: exitCodes.conflict,
  in_use: exitCodes.conflict,
  missing_directory: exitCodes.notFound,
  not_a_database: exitCodes.error,
}

/** What a server or nobody answered, by HTTP status; 0 is no answer. */
const byStatus: Readonly<Record<number, number>> = {
  0: exitCodes.unavailable,
  401: exitCodes.denied,
  403: exitCodes.denied,
  404: exitCodes.notFound,
  409: exitCodes.conflict,
  429: exitCodes.unavailable,
  502: exitCodes.unavailable,
  503: exitCodes.unavailable,
  504: exitCodes.unavailable,
  507: exitCodes.unavailable,
}

/** One clear line and an exit code; what nobody expected shows its stack, since only that helps. */
export function describeFailure(error: unknown): { readonly message: string; readonly exitCode: number } {
  if (error instanceof CommandError) return { message: error.message, exitCode: error.exitCode }
  if (!(error instanceof Error)) return { message: 'failed for a reason unknown', exitCode: exitCodes.error }
  if (isApiError(error)) return describeAnswer(error)
  if (error.name === 'DatabaseOpenError' && 'reason' in error) {
    return { message: error.message, exitCode: byReason[String(error.reason)] ?? exitCodes.unavailable }
  }
  // The worker has said why.
  if (error.name === 'WorkerStartError' && 'exitCode' in error) return { message: '', exitCode: Number(error.exitCode) }
  const known = byName[error.name]
  if (known !== undefined) return { message: error.message, exitCode: known }
  return { message: error.stack ?? error.message, exitCode: exitCodes.error }
}

interface ApiErrorLike extends Error {
  readonly status: number
  readonly code: string
  readonly detail: string
  readonly requestId?: string
  readonly errors: readonly { readonly pointer: string; readonly detail: string }[]
}

/** By name, so that the client package is loaded only by commands that use it. */
function isApiError(error: Error): error is ApiErrorLike {
  return error.name === 'ApiError' && 'status' in error
}

function describeAnswer({ status, code, detail, requestId, errors }: ApiErrorLike) {
  // Where the sentence does not say it already.
  const unsaid = errors.filter((flaw) => !detail.includes(flaw.pointer) || !detail.includes(flaw.detail))
  const flaws = unsaid.map((flaw) => `\n  ${flaw.pointer}: ${flaw.detail}`).join('')
  const from = requestId === undefined ? code : `${code}, request ${requestId}`
  return { message: `${detail} (${from})${flaws}`, exitCode: byStatus[status] ?? exitCodes.error }
}
