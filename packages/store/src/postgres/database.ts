import type { ConnectionProvider, KyselyProps } from 'kysely'
import { CompiledQuery, Kysely, PostgresDialect, sql } from 'kysely'
import type { Row } from '../columns.ts'
import type { ColumnTypes, Database, KeptQuery, Part, StoreLoad } from '../database.ts'
import { isStorableText } from '../database.ts'
import type { Schema } from '../schema.ts'
import { readPostgresError } from './error.ts'
import { runAlone, watchPool } from './pool.ts'
import { channel, type Primary } from './primary.ts'
import { nameOfKept, planned } from './statement_names.ts'
import { parts } from './watched_client.ts'

/** First keys of the advisory locks: "cs" and the guarded thing, so that they differ from other programs' locks. */
const tenantLock = 0x6373_0001
const schemaLock = 0x6373_0002

export class PostgresDatabase implements Database {
  readonly dialect = 'postgres'
  readonly columnTypes: ColumnTypes = {
    text: sql`text collate "C"`,
    integer: sql`bigint`,
    bytes: sql`bytea`,
    tableEnd: sql``,
  }
  readonly clock = sql<number>`extract(epoch from clock_timestamp())::bigint`
  readonly canFailOver = true
  assertThere(): void {}

  /** The operator looks after the disk of a PostgreSQL server. */
  readonly reserve = { state: 'none', giveUp() {}, async tend() {} } as const
  readonly reader: Kysely<Schema>
  readonly #primary: Primary
  /** All that a `Kysely` over one connection needs beside its executor. */
  readonly #parts: Omit<KyselyProps, 'executor'>
  #kept = 0

  constructor(primary: Primary) {
    this.#primary = primary
    const dialect = new PostgresDialect({ pool: watchPool(primary) })
    this.reader = new Kysely({ dialect })
    this.#parts = { config: { dialect }, dialect, driver: dialect.createDriver() }
  }

  transact<T>(work: (db: Kysely<Schema>) => Promise<T>): Promise<T> {
    return this.#transact('start transaction isolation level read committed', work)
  }

  runAlone({ sql: text, parameters }: CompiledQuery): Promise<readonly Row[]> {
    return runAlone(this.#primary, text, parameters)
  }

  async part<T>(db: Kysely<Schema>, work: () => Promise<T>): Promise<Part<T>> {
    await sql.raw(parts.begin).execute(db)
    try {
      const value = await work()
      await sql.raw(parts.end).execute(db)
      return { value }
    } catch (error) {
      await sql.raw(parts.undo).execute(db)
      return { undoneBy: error }
    }
  }

  readTransaction<T>(work: (db: Kysely<Schema>) => Promise<T>): Promise<T> {
    return this.#transact('start transaction isolation level repeatable read read only', work)
  }

  /**
   * Kysely's own transactions send a statement when the one before has been answered. Here each is sent in the turn in
   * which it is asked for, so several need one message. PostgreSQL runs them in that order.
   */
  #transact<T>(begin: string, work: (db: Kysely<Schema>) => Promise<T>): Promise<T> {
    const pool = this.reader.getExecutor()
    return pool.provideConnection(async (connection) => {
      const run = (text: string) => connection.executeQuery(CompiledQuery.raw(text))
      const provideConnection: ConnectionProvider['provideConnection'] = (consumer) => consumer(connection)
      const db = new Kysely<Schema>({ ...this.#parts, executor: pool.withConnectionProvider({ provideConnection }) })
      await run(begin)
      try {
        const value = await work(db)
        await run('commit')
        return value
      } catch (error) {
        await run('rollback')
        throw error
      }
    })
  }

  async lockTenant(db: Kysely<Schema>, tenant: string): Promise<void> {
    await sql`select pg_advisory_xact_lock(${sql.lit(tenantLock)}, hashtext(${tenant}))`.execute(db)
  }

  async lockSchema(db: Kysely<Schema>): Promise<void> {
    await sql`select pg_advisory_xact_lock(${sql.lit(schemaLock)}, 0)`.execute(db)
  }

  async announce(db: Kysely<Schema>): Promise<void> {
    await sql`select pg_notify(${channel}, '')`.execute(db)
  }

  onHint(listener: () => void): () => void {
    return this.#primary.onHint(listener)
  }

  history(): string | undefined {
    return this.#primary.history()
  }

  doubt(): void {
    this.#primary.doubt()
  }

  /** `pg` prepares a named statement once on each connection. */
  keep(query: CompiledQuery): KeptQuery {
    this.#kept += 1
    const number = this.#kept
    return async (parameters) => {
      if (!parameters.every(isStorableText)) return []
      try {
        const ask = () =>
          this.#primary.query<Row>({ name: nameOfKept(number), text: query.sql, values: [...parameters] })
        return (await planned(ask, false)).rows
      } catch (error) {
        throw readPostgresError(error, false)
      }
    }
  }

  load(): StoreLoad {
    return { connections: this.#primary.connections() }
  }

  backup(): Promise<void> {
    return Promise.reject(new Error('a PostgreSQL database is backed up with pg_dump, or with its own base backups'))
  }

  close(): Promise<void> {
    return this.reader.destroy()
  }
}
