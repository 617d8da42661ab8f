import { statfsSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { setImmediate } from 'node:timers/promises'
import type { CompiledQuery } from 'kysely'
import { type ControlledTransaction, Kysely, sql } from 'kysely'
import type { Row } from '../columns.ts'
import type { ColumnTypes, Database, KeptQuery, Part, StoreLoad } from '../database.ts'
import { isStorableText } from '../database.ts'
import { FatalStoreError } from '../errors.ts'
import type { Schema } from '../schema.ts'
import { backupFile } from './backup.ts'
import { readRows, sqliteDialect } from './dialect.ts'
import { readSqliteError } from './error.ts'
import { openReader, openWriter } from './file.ts'
import { Reserve } from './reserve.ts'

/** Interval of the check for commits by other processes. */
const hintEveryMs = 20

/** Transactions may hold the thread for so long, plus the time of the last one. */
const heldMsMax = 4

type Enter = (work: () => Promise<void>) => Promise<void>

interface Asked {
  readonly work: (db: Kysely<Schema>) => Promise<unknown>
  readonly resolve: (value: unknown) => void
  readonly reject: (error: unknown) => void
}

/**
 * One connection writes, one reads. Transactions that are asked for at about the same time are committed together,
 * since the sync of the disk takes longest. Each is whole or undone by itself, and none is answered before all are on
 * the disk.
 */
export class SqliteDatabase implements Database {
  readonly dialect = 'sqlite'
  readonly columnTypes: ColumnTypes = {
    text: sql`text`,
    integer: sql`integer`,
    bytes: sql`blob`,
    // A strict table holds only values of its columns' types, whichever program writes them.
    tableEnd: sql`strict`,
  }
  readonly clock = sql<number>`unixepoch()`
  readonly canFailOver = false
  readonly reader: Kysely<Schema>
  readonly reserve: Reserve
  readonly #enter: Enter
  readonly #file: string
  readonly #inode: number
  #sizeSeen: number
  readonly #read: DatabaseSync
  readonly #write: DatabaseSync
  readonly #writer: Kysely<Schema>
  #queue: Promise<unknown> = Promise.resolve()
  readonly #waiting: Asked[] = []
  #isPlanned = false
  #fatal: FatalStoreError | undefined
  #isClosed = false
  #heldSince = 0

  private constructor(file: string, write: DatabaseSync, read: DatabaseSync, enter: Enter, reserveBytes: number) {
    this.reserve = new Reserve(file, reserveBytes)
    this.#enter = enter
    this.#file = file
    const { ino, size } = statSync(file)
    this.#inode = ino
    this.#sizeSeen = size
    this.#read = read
    this.#write = write
    this.#writer = new Kysely({ dialect: sqliteDialect(write) })
    this.reader = new Kysely({ dialect: sqliteDialect(read) })
  }

  /** In `enter`, each transaction waits for those of other threads. Default: no wait. */
  static async open(file: string, enter: Enter = (work) => work(), reserveBytes = 0): Promise<SqliteDatabase> {
    const write = await openWriter(file)
    return new SqliteDatabase(file, write, openReader(file), enter, reserveBytes)
  }

  transact<T>(work: (db: Kysely<Schema>) => Promise<T>): Promise<T> {
    return new Promise<unknown>((resolve, reject) => {
      this.#waiting.push({ work, resolve, reject })
      this.#plan()
    }) as Promise<T>
  }

  runAlone(query: CompiledQuery): Promise<readonly Row[]> {
    return this.transact(async (db) => (await db.executeQuery<Row>(query)).rows)
  }

  /** Runs `work` in its turn among the transactions, so that its writes over another connection meet none of ours. */
  inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#queue.then(work)
    this.#queue = result.catch(() => {}).then(() => this.#letOthers())
    return result
  }

  #plan(): void {
    if (this.#isPlanned || this.#waiting.length === 0) return
    this.#isPlanned = true
    void this.inTurn(() => this.#enter(() => this.#commitTogether()))
  }

  /**
   * No transaction waits for the outside, so a row of them would hold the thread. Other work gets a turn every few
   * milliseconds. It gets none after each transaction: a server whose turns are long would write once in each of them.
   */
  async #letOthers(): Promise<void> {
    if (performance.now() - this.#heldSince < heldMsMax) return
    await setImmediate()
    this.#heldSince = performance.now()
  }

  /** Never throws: each transaction's caller is told. */
  async #commitTogether(): Promise<void> {
    this.#isPlanned = false
    const group: Asked[] = []
    try {
      if (this.#fatal !== undefined) throw this.#fatal
      const values = await this.#transactAll(group)
      for (const [index, { resolve }] of group.entries()) resolve(values[index])
    } catch (error) {
      if (error instanceof FatalStoreError) {
        this.#fatal = error
        group.push(...this.#waiting.splice(0))
      }
      for (const { reject } of group) reject(error)
    }
    this.#plan()
  }

  /**
   * Moves waiting transactions into `group`, whose outcome is then one. A transaction that fails by itself is rejected
   * and leaves the group.
   */
  async #transactAll(group: Asked[]): Promise<readonly unknown[]> {
    const first = this.#waiting.shift()
    if (first === undefined) return []
    group.push(first)
    const transaction = await this.#writer.startTransaction().execute()
    try {
      const until = performance.now() + heldMsMax
      const values = [await first.work(transaction)]
      while (performance.now() < until) {
        const next = this.#waiting.shift()
        if (next === undefined) break
        await this.#join(transaction, next, group, values)
      }
      await transaction.commit().execute()
      return values
    } catch (error) {
      await transaction.rollback().execute()
      throw error
    }
  }

  async #join(
    transaction: ControlledTransaction<Schema, []>,
    asked: Asked,
    group: Asked[],
    values: unknown[],
  ): Promise<void> {
    const index = group.push(asked) - 1
    const inner = await transaction.savepoint('each').execute()
    try {
      values.push(await asked.work(inner))
      await inner.releaseSavepoint('each').execute()
    } catch (error) {
      // When out of space, SQLite may have undone the whole transaction.
      if (error instanceof FatalStoreError || !this.#write.isTransaction) throw error
      const outer = await inner.rollbackToSavepoint('each').execute()
      await outer.releaseSavepoint('each').execute()
      group.splice(index)
      values.splice(index)
      asked.reject(error)
    }
  }

  async part<T>(db: Kysely<Schema>, work: () => Promise<T>): Promise<Part<T>> {
    const outer = db as ControlledTransaction<Schema, string[]>
    const inner = await outer.savepoint('part').execute()
    try {
      const value = await work()
      await inner.releaseSavepoint('part').execute()
      return { value }
    } catch (error) {
      // When out of space, SQLite may have undone the whole transaction.
      if (error instanceof FatalStoreError || !this.#write.isTransaction) throw error
      const undone = await inner.rollbackToSavepoint('part').execute()
      await undone.releaseSavepoint('part').execute()
      return { undoneBy: error }
    }
  }

  /** Uses its own connection, since the reading one must go on answering with the newest state. */
  async readTransaction<T>(work: (db: Kysely<Schema>) => Promise<T>): Promise<T> {
    const connection = openReader(this.#file)
    const db = new Kysely<Schema>({ dialect: sqliteDialect(connection) })
    try {
      connection.exec('begin')
      return await work(db)
    } finally {
      connection.close()
    }
  }

  async lockTenant(): Promise<void> {}

  async announce(): Promise<void> {}

  /** SQLite counts the commits of other connections. Reading the count takes microseconds. */
  onHint(listener: () => void): () => void {
    const count = this.#read.prepare('pragma data_version')
    let known: unknown
    const timer = setInterval(() => {
      if (this.#isClosed) return
      const now = count.get()?.data_version
      if (known !== undefined && now !== known) listener()
      known = now
    }, hintEveryMs)
    timer.unref()
    return () => clearInterval(timer)
  }

  history(): undefined {}

  doubt(): void {}

  async lockSchema(): Promise<void> {}

  keep(query: CompiledQuery): KeptQuery {
    const statement = this.#read.prepare(query.sql)
    return (parameters) => {
      if (!parameters.every(isStorableText)) return []
      try {
        return readRows(statement, parameters)
      } catch (error) {
        throw readSqliteError(error)
      }
    }
  }

  /** Compares name and size alone: opening the file beside SQLite would end this process's locks on it. */
  assertThere(): void {
    const found = statSync(this.#file, { throwIfNoEntry: false })
    if (found === undefined || found.ino !== this.#inode || found.size < this.#sizeSeen) {
      const what = found === undefined ? 'is gone' : found.ino === this.#inode ? 'was cut short' : 'was replaced'
      const advice = 'stop this process, find the cause, and restore a backup'
      throw new FatalStoreError(new Error(`the database file ${this.#file} ${what}: ${advice}`))
    }
    this.#sizeSeen = found.size
  }

  load(): StoreLoad {
    const sizes = [this.#file, `${this.#file}-wal`].map((file) => statSync(file, { throwIfNoEntry: false })?.size ?? 0)
    const { bavail, bsize } = statfsSync(dirname(this.#file))
    return {
      disk: {
        usedBytes: sizes.reduce((sum, size) => sum + size, 0),
        freeBytes: bavail * bsize,
        reserve: this.reserve.state,
      },
    }
  }

  backup(file: string, onProgress?: (pagesDone: number, pagesTotal: number) => void): Promise<void> {
    return backupFile(this.#file, file, onProgress)
  }

  /** Waits for pending transactions. */
  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    this.reserve.close()
    await this.#queue
    this.#fatal ??= new FatalStoreError(new Error('the store was closed'))
    this.#read.close()
    await this.#writer.destroy()
  }
}
