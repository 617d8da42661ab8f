import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createStore } from '../create_store.ts'
import { beforeReserve, withReserve } from '../full_disk.ts'
import { keepKeyCheck, requireKey } from '../key_check.ts'
import { migrate } from '../migrate.ts'
import type { Store } from '../store.ts'
import type { StoreOptions } from '../store_options.ts'
import { type ChoreThread, createChoreThread, orHere } from './chore_thread.ts'
import { SqliteDatabase } from './database.ts'
import { prepareFile } from './file.ts'
import type { Reserve } from './reserve.ts'

/** Options of `openSqliteStore`. */
export interface SqliteStoreOptions extends StoreOptions {
  /** Path of the database file, made when it is missing. `:memory:` is a file that is removed when the store closes. */
  readonly file: string
}

/** Opens and migrates a SQLite file. Throws `DatabaseOpenError`, `SchemaTooNewError` or `StoreUnavailableError`. */
export async function openSqliteStore({ file, ...options }: SqliteStoreOptions): Promise<Store> {
  if (file !== ':memory:') return open(file, options)
  // SQLite's own memory database belongs to one connection: the reader would not see the writes.
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
  const database = await SqliteDatabase.open(file, undefined, options.reserveBytes)
  try {
    await requireKey(database, options.keyProof)
    await withReserve(database.reserve, () => migrate(database, options))
    await withReserve(database.reserve, () => keepKeyCheck(database, options.keyProof))
    return withChoreThread(createStore(database, options), createChoreThread(file, database), database.reserve)
  } catch (error) {
    await database.close()
    throw error
  }
}

function withChoreThread(store: Store, thread: ChoreThread, reserve: Reserve): Store {
  const chores = orHere(thread, store)
  return {
    ...store,
    // No chore ends a credential, so none may use the room of the reserve.
    countUsage: (batch) => beforeReserve(reserve, () => chores.countUsage(batch)),
    rollUpUsage: (...given) => beforeReserve(reserve, () => chores.rollUpUsage(...given)),
    cleanUp: (...given) => beforeReserve(reserve, () => chores.cleanUp(...given)),
    savePositions: (positions) => beforeReserve(reserve, () => chores.savePositions(positions)),
    async close() {
      await thread.close()
      await store.close()
    },
  }
}
