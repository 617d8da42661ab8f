import { DatabaseOpenError } from './errors.ts'
import { openSqliteStore } from './sqlite/open_sqlite_store.ts'
import type { Store } from './store.ts'
import type { StoreOptions } from './store_options.ts'

/** Options of `openStore`. */
export interface OpenStoreOptions extends StoreOptions {
  /** `sqlite:PATH` or `postgres://…` (`COUNTERSIGN_DATABASE` in docs/operations/install.md). */
  readonly database: string
  /** PostgreSQL only: the most connections. Default 10. */
  readonly poolMax?: number
}

/** Opens either database by its URL. Loads `pg` only for PostgreSQL. See `openSqliteStore` and `openPostgresStore`. */
export async function openStore({ database, ...options }: OpenStoreOptions): Promise<Store> {
  if (/^postgres(ql)?:\/\//.test(database)) {
    const { openPostgresStore } = await import('./postgres/open_postgres_store.ts')
    return openPostgresStore({ url: database, ...options })
  }
  const file = /^sqlite:(.+)$/s.exec(database)?.[1]
  // The URL may hold a password, so the message does not repeat it.
  if (file === undefined) throw new DatabaseOpenError('bad_url', 'the database must be sqlite:PATH or postgres://…')
  return openSqliteStore({ file, ...options })
}
