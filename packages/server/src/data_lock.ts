/** One server for one SQLite database: the lock that `serve` and `dev` hold from before they read it until they end. */
import { existsSync, realpathSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { type FileLock, lockSqliteFile } from '@countersign/store'
import { sqliteFile } from './installation.ts'

const nothing: FileLock = { release() {} }

/**
 * Waits `waitMs` for who has it, then throws `DatabaseOpenError` with the reason `in_use`. PostgreSQL has its own ways, and a
 * directory that is not there is an error of whoever opens it.
 */
export async function lockData(database: string, waitMs: number): Promise<FileLock> {
  const file = sqliteFile(database)
  if (file === undefined || !existsSync(dirname(file))) return nothing
  return lockSqliteFile(realPath(file), waitMs)
}

/** One lock by whatever links the file is reached. */
function realPath(file: string): string {
  return existsSync(file) ? realpathSync(file) : join(realpathSync(dirname(file)), basename(file))
}
