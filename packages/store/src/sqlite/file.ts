import { chmodSync, closeSync, existsSync, openSync, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout } from 'node:timers/promises'
import { DatabaseOpenError } from '../errors.ts'
import { isBusy, sqliteCode } from './error.ts'

/** In older versions, two connections that write or checkpoint at once can corrupt the file (the WAL-reset bug). */
const oldestLibrary = [3, 51, 3] as const

/** Makes the file when it is missing, readable by its owner only. `-wal` and `-shm` take over its mode. */
export function prepareFile(file: string): void {
  if (!existsSync(dirname(resolve(file)))) {
    throw new DatabaseOpenError('missing_directory', `the directory of the database file ${file} does not exist`)
  }
  try {
    if (existsSync(file) && !statSync(file).isFile()) throw new Error('it is not a regular file')
    closeSync(openSync(file, 'a', 0o600))
    chmodSync(file, 0o600)
  } catch (error) {
    throw new DatabaseOpenError('unwritable', `the database file ${file} cannot be written`, error)
  }
}

/**
 * Opens the file for one writer: WAL, every commit synced, no mmap (an I/O error there is a signal that kills). The
 * writer does not wait inside SQLite; see `beginTransaction`.
 */
export async function openWriter(file: string): Promise<DatabaseSync> {
  const database = openFile(file)
  try {
    await switchToWal(database)
    // The timeout is still on here, since another process may be closing or recovering the file.
    assertOurs(database, file)
    assertSound(file)
    // 8 MiB hold the pages that a transaction of 2,000 counts touches among a million keys. With 2 MiB, pages are
    // written several times.
    database.exec('pragma synchronous = full; pragma busy_timeout = 0; pragma cache_size = -8192')
    return database
  } catch (error) {
    database.close()
    throw readOpenError(error, file)
  }
}

/**
 * Opens a connection that only reads. In WAL mode it never waits for writers; the timeout is for recovery after a
 * crash.
 */
export function openReader(file: string): DatabaseSync {
  const database = openFile(file)
  // 16 MiB hold every inner page of a million keys. With SQLite's default of 2 MiB, each look-up would read them anew.
  database.exec('pragma query_only = on; pragma cache_size = -16384')
  return database
}

function openFile(file: string): DatabaseSync {
  const database = new DatabaseSync(file, { enableForeignKeyConstraints: true, timeout: 5000 })
  try {
    assertLibrary(database)
    // The data for undoing a statement is never read after a crash. In a file it would cost time, and space that may be
    // missing.
    database.exec('pragma mmap_size = 0; pragma trusted_schema = off; pragma temp_store = memory')
    return database
  } catch (error) {
    database.close()
    throw readOpenError(error, file)
  }
}

/** When two processes open a new file at once, SQLite refuses one immediately, without its busy handler. */
async function switchToWal(database: DatabaseSync): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      database.exec('pragma journal_mode = wal')
      return
    } catch (error) {
      if (!isBusy(error) || attempt >= 200) throw error
      await setTimeout(10)
    }
  }
}

/** A database of another program has tables, but none of ours. */
function assertOurs(database: DatabaseSync, file: string): void {
  const names = database.prepare("select name from sqlite_schema where type = 'table'").all()
  if (names.length === 0 || names.some((row) => row.name === 'schema_migrations')) return
  throw new DatabaseOpenError('not_a_database', `${file} is a database of another program`)
}

/**
 * Files up to this size are checked at start. Reading larger ones would delay the start; `countersign doctor` checks
 * them.
 */
const checkedBytesMax = 64 * 1024 * 1024

/** Without the check, a damaged page could be served as if it were sound. */
function assertSound(file: string): void {
  if (statSync(file).size > checkedBytesMax) return
  // Uses its own connection: the writer would not read pages in its cache again from a disk that fails later.
  const database = openReader(file)
  try {
    const rows = database.prepare('pragma quick_check(1)').all()
    if (rows.some(({ quick_check: found }) => found !== 'ok')) throw damaged(file)
  } finally {
    database.close()
  }
}

function damaged(file: string, cause?: unknown): DatabaseOpenError {
  const advice = 'stop every process that uses it, and restore a backup (countersign restore FILE)'
  return new DatabaseOpenError('damaged', `the database file ${file} is damaged: ${advice}`, cause)
}

function readOpenError(error: unknown, file: string): unknown {
  const code = (sqliteCode(error) ?? 0) & 0xff
  if (code === 11) return damaged(file, error)
  if (code === 26) return new DatabaseOpenError('not_a_database', `${file} is not a database`, error)
  if (code === 8 || code === 14) {
    return new DatabaseOpenError('unwritable', `the database file ${file} cannot be written`, error)
  }
  return error
}

export function assertLibrary(database: Pick<DatabaseSync, 'prepare'>): void {
  const { version } = database.prepare('select sqlite_version() as version').get() as { version: string }
  const parts = version.split('.').map(Number)
  for (const [index, least] of oldestLibrary.entries()) {
    const part = parts[index] ?? 0
    if (part > least) return
    if (part < least) {
      throw new DatabaseOpenError(
        'library_too_old',
        `SQLite ${version} can corrupt a database in WAL mode; ${oldestLibrary.join('.')} or newer is needed`,
      )
    }
  }
}
