import { DatabaseSync } from 'node:sqlite'
import { DatabaseOpenError } from '../errors.ts'
import { isBusy } from './error.ts'

/**
 * Runs `work` while no other connection, of any process, has the file open. Folds the write-ahead log into the file
 * first, so that the one file has everything. SQLite can leave WAL mode only when no other connection is open: that is
 * the proof. Throws `DatabaseOpenError` with the reason `in_use`.
 */
export function withExclusiveFile<T>(file: string, work: () => T): T {
  const database = new DatabaseSync(file, { timeout: 250 })
  try {
    database.exec('pragma locking_mode = exclusive')
    const { journal_mode: mode } = database.prepare('pragma journal_mode = delete').get() as { journal_mode: string }
    if (mode !== 'delete') throw inUse(file)
    database.exec('begin exclusive')
    return work()
  } catch (error) {
    throw isBusy(error) ? inUse(file) : error
  } finally {
    database.close()
  }
}

function inUse(file: string): DatabaseOpenError {
  return new DatabaseOpenError('in_use', `${file} is in use: stop the server first`)
}
