import type { Kysely } from 'kysely'
import type { Database } from './database.ts'
import type { PoisonedRowError } from './errors.ts'
import type { LaterKeys } from './rows/later_keys.ts'
import type { Schema } from './schema.ts'

/** Where a repository's statements run: the readers, or one writing transaction. */
export interface Session {
  readonly dialect: Database['dialect']
  /** Throws once the transaction is over: a forgotten `await` must not write into another transaction. */
  readonly db: Kysely<Schema>
  /**
   * Called before anything else is done for a tenant. In a writing transaction on PostgreSQL it takes the tenant's lock.
   * Reads then still hold when a write follows from them: a client stays active until its new key is inserted. And two
   * transactions of a tenant never wait for each other's rows in opposite order.
   */
  enter(tenant: string): Promise<void>
  /**
   * The row as this transaction read it before, else as `read` gives it. Nobody else writes the tenant's rows while
   * its lock is held, so only this transaction's own writes end what is remembered: each calls `forget`. Nothing is
   * remembered of a row that is not there, nor where there is no transaction.
   */
  recall<T extends object>(of: Remembered, name: string, read: () => Promise<T | undefined>): Promise<T | undefined>
  /** Rows are written: all, all of this kind, or the one of that name. */
  forget(of?: Remembered, name?: string): void
  /** Writes what earlier changes of this transaction have left for later. Called before something reads it. */
  flush(): Promise<void>
  /** Tells other processes, when this transaction commits, that the feed has grown. */
  announce(): Promise<void>
  /** The present time in whole seconds. */
  now(): number
  onPoisonedRow(error: PoisonedRowError): void
}

/** A session of one writing transaction. */
export interface WriteSession extends Session {
  /** Rows of API keys that are written last. */
  readonly laterKeys: LaterKeys
  /** Keeps a row for `recall` as this transaction has read or written it. */
  remember(of: Remembered, name: string, row: object): void
}

/** The rows that most changes read, mostly the same ones. */
export type Remembered = 'api' | 'client' | 'key'

/** The rows that one transaction has read. */
export class Memory {
  readonly #rows: Readonly<Record<Remembered, Map<string, object>>> = {
    api: new Map(),
    client: new Map(),
    key: new Map(),
  }

  async recall<T extends object>(
    of: Remembered,
    name: string,
    read: () => Promise<T | undefined>,
  ): Promise<T | undefined> {
    const known = this.#rows[of].get(name)
    if (known !== undefined) return known as T
    const found = await read()
    if (found !== undefined) this.#rows[of].set(name, found)
    return found
  }

  remember(of: Remembered, name: string, row: object): void {
    this.#rows[of].set(name, row)
  }

  forget(of?: Remembered, name?: string): void {
    if (of === undefined) for (const rows of Object.values(this.#rows)) rows.clear()
    else if (name === undefined) this.#rows[of].clear()
    else this.#rows[of].delete(name)
  }
}
