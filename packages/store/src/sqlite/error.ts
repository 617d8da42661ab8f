import { ConflictError, FatalStoreError, StoreUnavailableError } from '../errors.ts'

/**
 * Primary result codes of SQLite (sqlite.org/rescode.html). The lowest byte of an extended code is its primary code.
 */
const primary = {
  busy: 5,
  locked: 6,
  readOnly: 8,
  ioError: 10,
  corrupt: 11,
  full: 13,
  cannotOpen: 14,
  constraint: 19,
  notADatabase: 26,
} as const

const syncFailed = new Set([1034, 1290])
/** The index of the write-ahead log could not grow (SQLITE_IOERR_SHMSIZE): the disk is full. */
const shmSize = 4874

const uniqueViolated = new Set([1555, 2067])

/** Translates an error of SQLite into one of the store. Unknown errors stay as they are. */
export function readSqliteError(error: unknown): unknown {
  const code = sqliteCode(error)
  if (code === undefined) return error
  if (syncFailed.has(code) || (code & 0xff) === primary.corrupt || code === primary.notADatabase) {
    return new FatalStoreError(error)
  }
  if (uniqueViolated.has(code)) return new ConflictError(takenColumn(error as Error))
  if (code === shmSize) return new StoreUnavailableError('full', error)
  switch (code & 0xff) {
    case primary.full:
      return new StoreUnavailableError('full', error)
    case primary.busy:
    case primary.locked:
      return new StoreUnavailableError('busy', error)
    case primary.ioError:
    case primary.readOnly:
    case primary.cannotOpen:
      return new StoreUnavailableError('unreachable', error)
    default:
      return error
  }
}

export function sqliteCode(error: unknown): number | undefined {
  const code = error instanceof Error && 'errcode' in error ? error.errcode : undefined
  return typeof code === 'number' ? code : undefined
}

export function isBusy(error: unknown): boolean {
  return ((sqliteCode(error) ?? 0) & 0xff) === primary.busy
}

/** In "UNIQUE constraint failed: keys.tenant, keys.digest", the last column is the taken value. */
function takenColumn(error: Error): string {
  const column = /\.(\w+)$/.exec(error.message)?.[1] ?? 'id'
  return takenNames[column] ?? column
}

const takenNames: { readonly [column: string]: string } = {
  jti: 'id',
  tenant: 'id',
  client_id: 'id',
  api_id: 'id',
  batch_id: 'id',
  external_id: 'externalId',
  external_subject: 'externalSubject',
  account_id: 'member',
}
