import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createStore } from '../create_store.ts'
import { migrate } from '../migrate.ts'
import type { Store, StoreOptions } from '../store.ts'
import { SqliteDatabase } from './database.ts'
import { prepareFile } from './file.ts'
import { createUsageThread, withUsageThread } from './usage_thread.ts'

export interface SqliteStoreOptions extends StoreOptions {
  /** Path of the database file, made when it is not there; `:memory:` is a file that goes when the store closes. */
  readonly file: string
}

/** Opens and migrates. Throws `DatabaseOpenError`, `SchemaTooNewError`, `StoreUnavailableError`. */
export async function openSqliteStore({ file, ...options }: SqliteStoreOptions): Promise<Store> {
  if (file !== ':memory:') return open(file, options)
  // A real database in memory belongs to one connection, and the reader would not see what the writer wrote.
  const directory = mkdtempSync(join(tmpdir(), 'countersign-memory-'))
  const store = await open(join(directory, 'memory.db'), options)
  return {
    ...store,
    async close() {
      await store.close()
      rmSync(directory, { recursive: true, force: true })
    },
  }
}

async function open(file: string, options: StoreOptions): Promise<Store> {
  prepareFile(file)
  const database = await SqliteDatabase.open(file)
  try {
    await migrate(database, options)
    return withUsageThread(createStore(database, options), database, createUsageThread(file))
  } catch (error) {
    await database.close()
    throw error
  }
}
