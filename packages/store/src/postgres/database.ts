import type { CompiledQuery } from 'kysely'
import { Kysely, PostgresDialect, sql } from 'kysely'
import type { Pool } from 'pg'
import type { Row } from '../columns.ts'
import type { ColumnTypes, Database, KeptQuery } from '../database.ts'
import { isStorableText } from '../database.ts'
import { DatabaseOpenError } from '../errors.ts'
import type { Schema } from '../schema.ts'
import { readPostgresError } from './error.ts'
import { watchPool } from './pool.ts'

/** First keys of the advisory locks, so that they are not taken for another program's: "cs" and what they guard. */
const tenantLock = 0x6373_0001
const schemaLock = 0x6373_0002

const oldestVersion = 140_000

export class PostgresDatabase implements Database {
  readonly dialect = 'postgres'
  readonly columnTypes: ColumnTypes = {
    text: sql`text collate "C"`,
    integer: sql`bigint`,
    bytes: sql`bytea`,
    tableEnd: sql``,
  }
  readonly reader: Kysely<Schema>
  readonly #pool: Pool
  #kept = 0

  constructor(pool: Pool) {
    this.#pool = pool
    this.reader = new Kysely({ dialect: new PostgresDialect({ pool: watchPool(pool) }) })
  }

  transact<T>(work: (db: Kysely<Schema>) => Promise<T>): Promise<T> {
    return this.reader.transaction().setIsolationLevel('read committed').execute(work)
  }

  readTransaction<T>(work: (db: Kysely<Schema>) => Promise<T>): Promise<T> {
    return this.reader.transaction().setIsolationLevel('repeatable read').setAccessMode('read only').execute(work)
  }

  async lockTenant(db: Kysely<Schema>, tenant: string): Promise<void> {
    await sql`select pg_advisory_xact_lock(${sql.lit(tenantLock)}, hashtext(${tenant}))`.execute(db)
  }

  async lockSchema(db: Kysely<Schema>): Promise<void> {
    await sql`select pg_advisory_xact_lock(${sql.lit(schemaLock)}, 0)`.execute(db)
  }

  /** A name makes `pg` prepare it once on each connection. */
  keep(query: CompiledQuery): KeptQuery {
    this.#kept += 1
    const name = `countersign_${this.#kept}`
    return async (parameters) => {
      if (!parameters.every(isStorableText)) return []
      try {
        const { rows } = await this.#pool.query<Row>({ name, text: query.sql, values: [...parameters] })
        return rows
      } catch (error) {
        throw readPostgresError(error, false)
      }
    }
  }

  backup(): Promise<void> {
    return Promise.reject(new Error('a PostgreSQL database is backed up with pg_dump, or with its own base backups'))
  }

  close(): Promise<void> {
    return this.reader.destroy()
  }

  /** Refuses a server that would not keep what is promised: old, a standby, or not UTF-8. */
  async assertUsable(): Promise<void> {
    const { rows } = await sql<{ version: number; encoding: string; is_standby: boolean }>`
      select current_setting('server_version_num')::int as version, current_setting('server_encoding') as encoding,
      pg_is_in_recovery() as is_standby`.execute(this.reader)
    const { version, encoding, is_standby } = rows[0]!
    if (version < oldestVersion) {
      throw new DatabaseOpenError('library_too_old', `PostgreSQL ${version} is too old; 14 or newer is needed`)
    }
    if (is_standby) throw new DatabaseOpenError('not_a_primary', 'the PostgreSQL server is a standby, not the primary')
    if (encoding !== 'UTF8') {
      throw new DatabaseOpenError('bad_encoding', `the PostgreSQL database is encoded in ${encoding}; UTF8 is needed`)
    }
  }
}
