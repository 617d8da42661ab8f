import { chmodSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout } from 'node:timers/promises'
import { DatabaseOpenError } from '../errors.ts'
import { isBusy } from './error.ts'

export interface FileLock {
  release(): void
}

const attemptEveryMs = 25

/**
 * Of all processes one holds it: SQLite's own lock on an empty database beside the real one, which the system releases when
 * the process dies, however it dies. There is no process id that could be another's by then, and nothing to clean up.
 * Throws `DatabaseOpenError` with the reason `in_use` when somebody else still has it after `waitMs`.
 */
export async function lockFile(file: string, waitMs: number): Promise<FileLock> {
  const until = performance.now() + waitMs
  const lock = `${file}.lock`
  const database = new DatabaseSync(lock, { open: false, timeout: 0 })
  for (;;) {
    try {
      if (!database.isOpen) database.open()
      database.exec('begin exclusive')
      chmodSync(lock, 0o600)
      return { release: () => database.close() }
    } catch (error) {
      if (!isBusy(error) || performance.now() >= until) {
        if (database.isOpen) database.close()
        throw isBusy(error) ? inUse(file, error) : unwritable(lock, error)
      }
    }
    await setTimeout(attemptEveryMs)
  }
}

function inUse(file: string, cause: unknown): DatabaseOpenError {
  const detail = 'another process has it open: stop that one first, or give this one a database of its own'
  return new DatabaseOpenError('in_use', `${file} is in use; ${detail}`, cause)
}

function unwritable(lock: string, cause: unknown): DatabaseOpenError {
  return new DatabaseOpenError('unwritable', `the lock file ${lock} cannot be written`, cause)
}
