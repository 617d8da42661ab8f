import { CommandError, exitCodes } from './exit.ts'

/** Names of errors of packages that are loaded only when they are needed, and what each means to a shell. */
const byName: Readonly<Record<string, number>> = {
  ConfigError: exitCodes.usage,
  ListenError: exitCodes.error,
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
  damaged: exitCodes.error,
  unwritable: exitCodes.error,
  wrong_master_key: exitCodes.usage,
}

/** The exit code for an HTTP status. 0 is no answer. */
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
  if (!(error instanceof Error)) return { message: 'failed; the cause is unknown', exitCode: exitCodes.error }
  if (isApiError(error)) return describeAnswer(error)
  if (error.name === 'DatabaseOpenError' && 'reason' in error) {
    return { message: error.message, exitCode: byReason[String(error.reason)] ?? exitCodes.unavailable }
  }
  // The worker has said why.
  if (error.name === 'WorkerStartError' && 'exitCode' in error) return { message: '', exitCode: Number(error.exitCode) }
  if (error.name === 'StoreUnavailableError')
    return { message: describeDatabase(error), exitCode: exitCodes.unavailable }
  const known = byName[error.name]
  if (known !== undefined) return { message: error.message, exitCode: known }
  return { message: error.stack ?? error.message, exitCode: exitCodes.error }
}

/**
 * By the code of what went wrong: the system's or PostgreSQL's own (appendix A). The URL, which holds a password, is
 * not quoted.
 */
const databaseWords: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens at its address',
  ENOTFOUND: 'its host name is not known',
  EAI_AGAIN: 'its host name is not known',
  ETIMEDOUT: 'it does not answer',
  ENOENT: 'its socket does not exist',
  '28P01': 'it refuses the user or the password',
  '28000': 'it refuses the user',
  '3D000': 'it has no such database',
  '53300': 'it has no connection left',
  '57P03': 'it is starting up',
}

function describeDatabase(error: Error): string {
  const { code } = (error.cause ?? {}) as { readonly code?: unknown }
  const words = databaseWords[String(code)]
  return words === undefined ? error.message : `${error.message}: ${words}; see COUNTERSIGN_DATABASE`
}

interface ApiErrorLike extends Error {
  readonly status: number
  readonly code: string
  readonly detail: string
  readonly requestId?: string
  readonly errors: readonly { readonly pointer: string; readonly detail: string }[]
}

let whoAsked: string | undefined

/** A denied command adds this: who forgot that a variable names the key looks for the fault elsewhere. */
export function sayWhoAsked(text: string): void {
  whoAsked = text
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
  const wrong = errors.map((flaw) => ({ flag: flagOf(flaw.pointer, process.argv), detail: flaw.detail }))
  if (status === 400 && wrong.length > 0 && wrong.every(({ flag }) => flag !== undefined)) {
    const lines = wrong.map((flaw) => `${flaw.flag} ${flaw.detail}`)
    return { message: `${lines.join('\n  ')} (${from})`, exitCode: exitCodes.usage }
  }
  const asked = (status === 401 || status === 403) && whoAsked !== undefined ? `\n  ${whoAsked}` : ''
  return { message: `${detail} (${from})${flaws}${asked}`, exitCode: byStatus[status] ?? exitCodes.error }
}

/** The flag among `words` that gave a member of the body: `/access/0/scope` came from --scope, or from --access. */
function flagOf(pointer: string, words: readonly string[]): string | undefined {
  const members = pointer.split('/').filter((member) => /^[a-z]\w*$/i.test(member))
  const names = members.reverse().flatMap((member) => (member === 'expiresAt' ? [member, 'expiresIn'] : [member]))
  const flags = names.map((name) => {
    const kebab = name.replace(/Seconds(Max)?$/, '').replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
    return `--${kebab}`
  })
  return flags.find((flag) => words.some((word) => word === flag || word.startsWith(`${flag}=`)))
}
