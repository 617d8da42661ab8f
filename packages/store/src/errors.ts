/** What can go wrong with a database, beside `ConflictError` and `StoreUnavailableError` of the seam. */

/** The database was written by a newer program; this one would misread it. */
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

/** The database cannot be used as it is configured: the start ends here, with this one line. */
export class DatabaseOpenError extends Error {
  override readonly name = 'DatabaseOpenError'
  readonly reason: DatabaseOpenReason

  constructor(reason: DatabaseOpenReason, message: string, cause?: unknown) {
    super(message, { cause })
    this.reason = reason
  }
}

/**
 * A sync failed at commit, or the file is corrupt: what the kernel kept of it is unknown and a second sync may lie
 * (fsyncgate). The process must exit; recovery happens when the file is opened again.
 */
export class FatalStoreError extends Error {
  override readonly name = 'FatalStoreError'

  constructor(cause: unknown) {
    const why = cause instanceof Error ? `: ${cause.message}` : ''
    super(`the database file can no longer be trusted by this process, which must exit${why}`, { cause })
  }
}

/** One stored row does not decode. Only calls that need this very row see it. */
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

/** A mutation touched another number of rows than it must: a stale version, or nothing there. Nothing is committed. */
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

/** A page was asked for after an id that is not there: continuing from nowhere would end a list early, unseen. */
export class UnknownCursorError extends Error {
  override readonly name = 'UnknownCursorError'

  constructor() {
    super('the item that the page should follow is not there')
  }
}

/** U+0000 and lone surrogates are refused on both databases: each would store them as something else. */
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
