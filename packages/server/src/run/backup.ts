/** `countersign backup`: a consistent copy while servers write. Signing keys in it are sealed; the master key is not in it. */
import { existsSync } from 'node:fs'
import { backupSqliteFile } from '@countersign/store'
import { ConfigError } from '../keys/master_key_file.ts'
import { sqliteFile } from './installation.ts'

export interface BackupOptions {
  /** `sqlite:PATH`. */
  readonly database: string
  /** Must not be there. */
  readonly file: string
  readonly onProgress?: (pagesDone: number, pagesTotal: number) => void
}

/** Throws `ConfigError`, `DatabaseOpenError`. */
export async function backup({ database, file, onProgress }: BackupOptions): Promise<void> {
  const source = sqliteFile(database)
  if (source === undefined) {
    throw new ConfigError('backup is for SQLite: a PostgreSQL database is backed up with its own tools (pg_dump)')
  }
  if (!existsSync(source)) throw new ConfigError(`${source} does not exist`)
  await backupSqliteFile(source, file, onProgress)
}
