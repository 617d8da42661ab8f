import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { openSqliteStore } from '../sqlite/open_sqlite_store.ts'
import type { TestDatabase } from './test_database.ts'
import { storeOptions } from './test_database.ts'

/** A database file in a directory of its own. */
export async function createSqliteFile(): Promise<TestDatabase & { readonly file: string }> {
  const directory = mkdtempSync(join(tmpdir(), 'cs-sqlite-'))
  const file = join(directory, 'countersign.db')
  return {
    file,
    url: `sqlite:${file}`,
    open: (options = {}) => openSqliteStore({ file, ...storeOptions, ...options }),
    execute: async (sql) => use(file, (database) => database.exec(sql)),
    query: async (sql) => use(file, (database) => database.prepare(sql).all()),
    drop: async () => rmSync(directory, { recursive: true, force: true }),
  }
}

function use<T>(file: string, work: (database: DatabaseSync) => T): T {
  const database = new DatabaseSync(file, { timeout: 5000 })
  try {
    return work(database)
  } finally {
    database.close()
  }
}
