import { createStore } from '../create_store.ts'
import { followHistory } from '../feed/epoch.ts'
import { keepKeyCheck, requireKey } from '../key_check.ts'
import { migrate } from '../migrate.ts'
import type { Store } from '../store.ts'
import type { StoreOptions } from '../store_options.ts'
import { PostgresDatabase } from './database.ts'
import { Primary } from './primary.ts'
import { typeParser } from './type_parser.ts'

/** Options of `openPostgresStore`. */
export interface PostgresStoreOptions extends StoreOptions {
  /**
   * `postgres://user:password@host:port,host:port/database?sslmode=verify-full&sslrootcert=…`. TLS is configured here.
   * With several hosts, the one that takes writes is used, and searched again when it is gone.
   */
  readonly url: string
  /** The most connections, beside the one that listens. Default 10. */
  readonly poolMax?: number
}

/**
 * Opens and migrates a PostgreSQL database. Throws `DatabaseOpenError`, `SchemaTooNewError` or `StoreUnavailableError`.
 */
export async function openPostgresStore(options: PostgresStoreOptions): Promise<Store> {
  const { url, poolMax = 10 } = options
  const { primary, history } = await Primary.open({
    url,
    poolMax,
    random: Math.random,
    typeParser,
    onFound: (found) => followHistory(database, options, found.name),
  })
  const database = new PostgresDatabase(primary)
  try {
    await requireKey(database, options.keyProof)
    await migrate(database, options)
    await keepKeyCheck(database, options.keyProof)
    await followHistory(database, options, history.name)
    return createStore(database, options)
  } catch (error) {
    await database.close()
    throw error
  }
}
