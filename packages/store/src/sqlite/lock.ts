import { chmodSync, statSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout } from 'node:timers/promises'
import { DatabaseOpenError } from '../errors.ts'
import { isBusy } from './error.ts'

/** A lock on a database file, held until `release`. */
export interface FileLock {
  /**
   * Takes the lock anew when its file was deleted or replaced, since such a file locks nobody out. Throws
   * `DatabaseOpenError` when that fails, with the reason `in_use` when another process was first.
   */
  keep(): void
  release(): void
}

const attemptEveryMs = 25

/**
 * Takes a lock that one of all processes holds: SQLite's own lock on an empty database beside the real one. The system
 * releases it when the process dies, however it dies, so no process id can be mistaken and nothing is left to clean up.
 * Throws `DatabaseOpenError` with the reason `in_use` when another process still has the lock after `waitMs`, or when
 * the file has several names.
 */
export async function lockFile(file: string, waitMs: number): Promise<FileLock> {
  assertOneName(file)
  const until = performance.now() + waitMs
  for (;;) {
    try {
      return lockOf(file)
    } catch (error) {
      if (!isTaken(error) || performance.now() >= until) throw error
    }
    await setTimeout(attemptEveryMs)
  }
}

function lockOf(file: string): FileLock {
  const lock = `${file}.lock`
  let held = take(file, lock)
  return {
    keep() {
      if (inodeOf(lock) === held.inode) return
      const again = take(file, lock)
      held.database.close()
      held = again
    },
    release: () => held.database.close(),
  }
}

function take(file: string, lock: string) {
  const database = new DatabaseSync(lock, { open: false, timeout: 0 })
  try {
    database.open()
    database.exec('begin exclusive')
    chmodSync(lock, 0o600)
    return { database, inode: inodeOf(lock) }
  } catch (error) {
    if (database.isOpen) database.close()
    throw isBusy(error) ? inUse(file, error) : unwritable(lock, error)
  }
}

function inodeOf(file: string): number | undefined {
  return statSync(file, { throwIfNoEntry: false })?.ino
}

function isTaken(error: unknown): boolean {
  return error instanceof DatabaseOpenError && error.reason === 'in_use'
}

/** Each name of a file has its own lock and write-ahead log, so two processes would damage the one file. */
function assertOneName(file: string): void {
  const names = statSync(file, { throwIfNoEntry: false })?.nlink ?? 1
  if (names <= 1) return
  const detail = `it has ${names} names (hard links), and a log belongs to one: remove the others`
  throw new DatabaseOpenError('in_use', `${file} cannot be locked: ${detail}`)
}

function inUse(file: string, cause: unknown): DatabaseOpenError {
  const detail = 'another process has it open: stop that one first, or give this one a database of its own'
  return new DatabaseOpenError('in_use', `${file} is in use; ${detail}`, cause)
}

function unwritable(lock: string, cause: unknown): DatabaseOpenError {
  return new DatabaseOpenError(
    'unwritable',
    `${lock} cannot be written: change the owner or the mode of its directory, or choose another`,
    cause,
  )
}
