import pg from 'pg'
import { createStore } from '../create_store.ts'
import { migrate } from '../migrate.ts'
import type { Store, StoreOptions } from '../store.ts'
import { PostgresDatabase } from './database.ts'

export interface PostgresStoreOptions extends StoreOptions {
  /** `postgres://user:password@host:port/database?sslmode=verify-full&sslrootcert=…`: TLS is said here. */
  readonly url: string
  /** Connections at most. Default 10. */
  readonly poolMax?: number
  /** How long to wait for a connection. Default 5000. */
  readonly connectTimeoutMs?: number
  /** The longest statement, a wait for a lock included. Default 10,000. */
  readonly statementTimeoutMs?: number
}

/** `int8`: all of ours are below 2^53. */
const int8 = 20

/** Opens and migrates. Throws `DatabaseOpenError`, `SchemaTooNewError`, `StoreUnavailableError`. */
export async function openPostgresStore(options: PostgresStoreOptions): Promise<Store> {
  const { url, poolMax = 10, connectTimeoutMs = 5_000, statementTimeoutMs = 10_000 } = options
  const pool = new pg.Pool({
    connectionString: url,
    max: poolMax,
    connectionTimeoutMillis: connectTimeoutMs,
    statement_timeout: statementTimeoutMs,
    // A process that died in the middle, on a machine that does not say so, must not hold the tenant's lock for ever.
    idle_in_transaction_session_timeout: statementTimeoutMs,
    // Beyond it the server does not even answer: the connection is dropped, the outcome of a commit unknown.
    query_timeout: statementTimeoutMs * 2,
    keepAlive: true,
    application_name: 'countersign',
    types: { getTypeParser: (oid: number, format?: string) => typeParser(oid, format) },
  })
  // A connection that breaks between two statements, in the pool or in a transaction, says so to nobody, and without a
  // listener that would end the process. Whoever uses it next is told.
  pool.on('error', () => {})
  pool.on('connect', (client) => void client.on('error', () => {}))
  const database = new PostgresDatabase(pool)
  try {
    await database.assertUsable()
    await migrate(database, options)
    return createStore(database, options)
  } catch (error) {
    await database.close()
    throw error
  }
}

function typeParser(oid: number, format: string | undefined) {
  if (oid === int8) return Number
  return format === 'binary' ? pg.types.getTypeParser(oid, 'binary') : pg.types.getTypeParser(oid, 'text')
}
