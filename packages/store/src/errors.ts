/** Every error that the store throws. */

/** A unique value is already taken. `what` names it: `audience`, `slug`, `id`, `kid`, `digest`. */
export class ConflictError extends Error {
  override readonly name = 'ConflictError'
  readonly what: string

  constructor(what: string) {
    super(`${what} is already taken`)
    this.what = what
  }
}

/**
 * - `full`: no space is left to write.
 * - `unreachable`: no connection, or the file cannot be read.
 * - `busy`: others held the database too long. Nothing was written.
 * - `timeout`: no answer came in time. The outcome of a write is unknown, never *failed* (docs/protocol/feed.md §3).
 * - `history`: the database went back in time. Nothing was written.
 */
export type UnavailableReason = 'full' | 'unreachable' | 'busy' | 'timeout' | 'history'

const unavailableWords: { readonly [R in UnavailableReason]: string } = {
  full: 'out of space',
  unreachable: 'unreachable',
  busy: 'busy',
  timeout: 'too slow',
  history: 'in another history than this process has read',
}

/** The database cannot be used now. It becomes a 503, with the cause for the log. */
export class StoreUnavailableError extends Error {
  override readonly name = 'StoreUnavailableError'
  readonly reason: UnavailableReason

  constructor(reason: UnavailableReason, cause: unknown) {
    super(`the database is ${unavailableWords[reason]}`, { cause })
    this.reason = reason
  }
}

/** A newer program wrote the database; this one would misread it. */
export class SchemaTooNewError extends Error {
  override readonly name = 'SchemaTooNewError'
  readonly found: number
  readonly known: number

  constructor(found: number, known: number) {
    super(`the database has schema ${found}, this program knows ${known}: start the newer program`)
    this.found = found
    this.known = known
  }
}

/**
 * - `library_too_old`: this SQLite or PostgreSQL has known faults, or lacks what the store needs.
 * - `not_a_database`: the file is no database, or another program's.
 * - `missing_directory`: the directory of the file does not exist.
 * - `unwritable`: the file or its lock file cannot be written.
 * - `exists`: the file of a backup exists already.
 * - `in_use`: another process uses the file.
 * - `wrong_master_key`: the database was made with another master key.
 * - `damaged`: pages of the file are damaged.
 * - `not_a_primary`: the PostgreSQL server is a standby, or was replaced by one.
 * - `asynchronous_standby`: a failover would lose acknowledged changes, and nobody has accepted that.
 * - `bad_encoding`: the PostgreSQL database is not in UTF-8.
 * - `bad_url`: the URL of the database cannot be read.
 */
export type DatabaseOpenReason =
  | 'library_too_old'
  | 'not_a_database'
  | 'missing_directory'
  | 'unwritable'
  | 'exists'
  | 'in_use'
  | 'wrong_master_key'
  | 'damaged'
  | 'not_a_primary'
  | 'asynchronous_standby'
  | 'bad_encoding'
  | 'bad_url'

/** The database cannot be used as it is configured. The start ends here and shows this message. */
export class DatabaseOpenError extends Error {
  override readonly name = 'DatabaseOpenError'
  readonly reason: DatabaseOpenReason

  constructor(reason: DatabaseOpenReason, message: string, cause?: unknown) {
    super(message, { cause })
    this.reason = reason
  }
}

/**
 * A sync failed at commit, or the file is corrupt. Nobody knows which pages the kernel kept, and a second sync may report
 * success all the same (fsyncgate). The process must exit; recovery happens when the file is opened again.
 */
export class FatalStoreError extends Error {
  override readonly name = 'FatalStoreError'

  constructor(cause: unknown) {
    const why = cause instanceof Error ? `: ${cause.message}` : ''
    super(`the database file can no longer be trusted by this process, which must exit${why}`, { cause })
  }
}

/** One stored row does not decode. Only calls that need this very row throw it; lists leave the row out. */
export class PoisonedRowError extends Error {
  override readonly name = 'PoisonedRowError'
  readonly table: string
  readonly id: string
  readonly column: string

  constructor(table: string, id: string, column: string) {
    super(`${table} ${JSON.stringify(id)} has an unreadable ${column}`)
    this.table = table
    this.id = id
    this.column = column
  }
}

/** A mutation touched the wrong number of rows: the version was stale, or the row is not there. Nothing is committed. */
export class RowCountError extends Error {
  override readonly name = 'RowCountError'
  readonly expected: number
  readonly touched: number

  constructor(operation: string, expected: number, touched: number) {
    super(`${operation} touched ${touched} rows instead of ${expected}`)
    this.expected = expected
    this.touched = touched
  }
}

/** The id that the page should follow is not there. Continuing from nowhere would end the list early, unnoticed. */
export class UnknownCursorError extends Error {
  override readonly name = 'UnknownCursorError'

  constructor() {
    super('the item that the page should follow is not there')
  }
}

/** The text has U+0000 or a lone surrogate. Both databases would store it as something else, so it is refused. */
export class UnstorableTextError extends Error {
  override readonly name = 'UnstorableTextError'

  constructor() {
    super('text with U+0000 or a lone surrogate cannot be stored')
  }
}

/** Asserts how many rows a mutation touched; see `RowCountError`. */
export function assertTouched(operation: string, expected: number, touched: bigint | number | undefined): void {
  if (Number(touched ?? 0) !== expected) throw new RowCountError(operation, expected, Number(touched ?? 0))
}
