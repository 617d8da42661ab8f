/**
 * Kysely on `node:sqlite`. Kysely's own SQLite dialect expects the statements of another library and fails on these.
 */
import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite'
import { setTimeout } from 'node:timers/promises'
import type { CompiledQuery, DatabaseConnection, Dialect, Driver, QueryResult } from 'kysely'
import { SqliteAdapter, SqliteIntrospector, SqliteQueryCompiler } from 'kysely'
import type { Row } from '../columns.ts'
import { isStorableText } from '../database.ts'
import { UnstorableTextError } from '../errors.ts'
import { isBusy, readSqliteError } from './error.ts'

/** A transaction waits at most this long for those of other processes. */
const busyTimeoutMs = 10_000

const statementsMax = 500

/** The dialect has one connection and no queue: several users of it must take turns themselves. */
export function sqliteDialect(database: DatabaseSync): Dialect {
  return {
    createAdapter: () => new SqliteAdapter(),
    createDriver: () => new SqliteDriver(database),
    createIntrospector: (db) => new SqliteIntrospector(db),
    createQueryCompiler: () => new SqliteQueryCompiler(),
  }
}

class SqliteDriver implements Driver {
  readonly #database: DatabaseSync
  readonly #connection: SqliteConnection

  constructor(database: DatabaseSync) {
    this.#database = database
    this.#connection = new SqliteConnection(database)
  }

  async init(): Promise<void> {}

  async acquireConnection(): Promise<DatabaseConnection> {
    return this.#connection
  }

  /**
   * Waits with timers, and not in SQLite's busy handler, which would hold this process's only thread: the other
   * transaction may be its own, over another store.
   */
  async beginTransaction(): Promise<void> {
    for (let waitedMs = 0, waitMs = 1; ; waitedMs += waitMs, waitMs = Math.min(waitMs * 2, 16)) {
      try {
        this.#database.exec('begin immediate')
        this.#connection.failure = undefined
        return
      } catch (error) {
        if (!isBusy(error) || waitedMs >= busyTimeoutMs) throw readSqliteError(error)
        await setTimeout(waitMs)
      }
    }
  }

  async commitTransaction(): Promise<void> {
    if (this.#connection.failure !== undefined) throw this.#connection.failure
    try {
      this.#database.exec('commit')
    } catch (error) {
      throw readSqliteError(error)
    }
  }

  /** After some errors (out of space, out of memory), SQLite has already rolled back. */
  async rollbackTransaction(): Promise<void> {
    if (this.#database.isTransaction) this.#database.exec('rollback')
  }

  async savepoint(_connection: DatabaseConnection, name: string): Promise<void> {
    // A statement has failed, so the transaction can only be rolled back: a savepoint must not hide that.
    if (this.#connection.failure !== undefined) throw this.#connection.failure
    this.#database.exec(`savepoint ${name}`)
  }

  async releaseSavepoint(_connection: DatabaseConnection, name: string): Promise<void> {
    if (this.#connection.failure !== undefined) throw this.#connection.failure
    this.#database.exec(`release ${name}`)
  }

  async rollbackToSavepoint(_connection: DatabaseConnection, name: string): Promise<void> {
    this.#database.exec(`rollback to ${name}`)
    this.#connection.failure = undefined
  }

  async releaseConnection(): Promise<void> {}

  async destroy(): Promise<void> {
    this.#database.close()
  }
}

interface KeptStatement {
  readonly statement: StatementSync
  readonly hasRows: boolean
}

class SqliteConnection implements DatabaseConnection {
  /** The first error in this transaction or savepoint, which can then only be rolled back. */
  failure: unknown
  readonly #database: DatabaseSync
  readonly #statements = new Map<string, KeptStatement>()

  constructor(database: DatabaseSync) {
    this.#database = database
  }

  async executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    if (!query.parameters.every(isStorableText)) {
      // Such a text was never stored, so no row equals it.
      if (query.query.kind === 'SelectQueryNode') return { rows: [] }
      throw this.#fail(new UnstorableTextError())
    }
    try {
      return this.#run(query)
    } catch (error) {
      throw this.#fail(readSqliteError(error))
    }
  }

  /** Kysely requires this method, but the store does not stream. */
  async *streamQuery<R>(): AsyncIterableIterator<QueryResult<R>> {
    yield await Promise.reject(new Error('the SQLite dialect does not stream'))
  }

  #run<R>(query: CompiledQuery): QueryResult<R> {
    const { statement, hasRows } = this.#prepare(query.sql)
    const parameters = query.parameters as readonly SQLInputValue[]
    if (hasRows) {
      const rows = readRows(statement, parameters) as R[]
      return { rows, numAffectedRows: BigInt(rows.length) }
    }
    const { changes, lastInsertRowid } = statement.run(...parameters)
    return { rows: [], numAffectedRows: BigInt(changes), insertId: BigInt(lastInsertRowid) }
  }

  /** Prepares a statement once and keeps it. There are few texts, but for lists whose length is in the text. */
  #prepare(sql: string): KeptStatement {
    const kept = this.#statements.get(sql)
    if (kept !== undefined) return kept
    const statement = this.#database.prepare(sql)
    const fresh = { statement, hasRows: statement.columns().length > 0 }
    if (this.#statements.size >= statementsMax) this.#statements.clear()
    this.#statements.set(sql, fresh)
    return fresh
  }

  #fail(error: unknown): unknown {
    this.failure ??= error
    return error
  }
}

/**
 * A number beyond 2^53 comes as a bigint, which every column check refuses. Otherwise the whole statement would fail,
 * and one poisoned row would take a list with it.
 */
export function readRows(statement: StatementSync, parameters: readonly SQLInputValue[]): readonly Row[] {
  try {
    return statement.all(...parameters)
  } catch (error) {
    if ((error as { code?: unknown }).code !== 'ERR_OUT_OF_RANGE') throw error
  }
  statement.setReadBigInts(true)
  try {
    return statement.all(...parameters).map((row) => Object.fromEntries(Object.entries(row).map(asNumber)))
  } finally {
    statement.setReadBigInts(false)
  }
}

function asNumber([column, value]: readonly [string, unknown]): readonly [string, unknown] {
  const isSafe = typeof value === 'bigint' && value >= 0n && value <= BigInt(Number.MAX_SAFE_INTEGER)
  return [column, isSafe ? Number(value) : value]
}
