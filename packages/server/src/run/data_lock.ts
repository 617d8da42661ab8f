/** One server for one SQLite database: the lock that `serve` and `dev` hold from before they read it until they end. */
import { existsSync, realpathSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { DatabaseOpenError, type FileLock, lockSqliteFile } from '@countersign/store'
import { serverLimits } from '../limits.ts'
import { sqliteFile } from './installation.ts'

const nothing: FileLock = { keep() {}, release() {} }

/**
 * Waits `waitMs` for who has it, then throws `DatabaseOpenError` with the reason `in_use`. PostgreSQL has its own ways, and a
 * directory that is not there is an error of whoever opens it. `onLost`: called once when the lock file was deleted and another
 * process has the lock by now.
 */
export async function lockData(
  database: string,
  waitMs: number,
  onLost?: (error: Error) => void,
): Promise<Pick<FileLock, 'release'>> {
  const file = sqliteFile(database)
  if (file === undefined || !existsSync(dirname(file))) return nothing
  const lock = await lockSqliteFile(realPath(file), waitMs)
  return onLost === undefined ? lock : watched(lock, onLost)
}

function watched(lock: FileLock, onLost: (error: Error) => void): Pick<FileLock, 'release'> {
  const timer = setInterval(() => {
    try {
      lock.keep()
    } catch (error) {
      // A lock file that cannot be made now is no other server: tried again.
      if (!(error instanceof DatabaseOpenError) || error.reason !== 'in_use') return
      clearInterval(timer)
      onLost(error)
    }
  }, serverLimits.dataLockWatchMs)
  timer.unref()
  return {
    release() {
      clearInterval(timer)
      lock.release()
    },
  }
}

/** One lock by whatever links the file is reached. */
function realPath(file: string): string {
  return existsSync(file) ? realpathSync(file) : join(realpathSync(dirname(file)), basename(file))
}
