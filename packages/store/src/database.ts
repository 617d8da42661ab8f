import type { MaybePromise } from '@countersign/core'
import type { CompiledQuery, Kysely, RawBuilder } from 'kysely'
import type { Row } from './columns.ts'
import type { Schema } from './schema.ts'
import type { Reserve } from './sqlite/reserve.ts'
import type { StoreLoad } from './store.ts'

/** What a dialect gives the store: everything beyond it is the same for both databases. */
export interface Database {
  readonly dialect: 'sqlite' | 'postgres'
  readonly columnTypes: ColumnTypes
  /** SQL for the database's own clock in whole seconds: one clock, however many machines ask. */
  readonly clock: RawBuilder<number>
  /** Whether what answers may have been replaced without knowing it: a read then proves nothing (feed.md §3). */
  readonly canFailOver: boolean
  /** Reads of committed state. */
  readonly reader: Kysely<Schema>
  /**
   * One writing transaction. It is rolled back when `work` throws, and also when a statement in it failed and `work`
   * went on regardless: PostgreSQL cannot commit such a transaction, SQLite must not.
   */
  transact<T>(work: (db: Kysely<Schema>) => Promise<T>): Promise<T>
  /** All reads of `work` see the database at one moment, while writes go on. */
  readTransaction<T>(work: (db: Kysely<Schema>) => Promise<T>): Promise<T>
  /** Until the transaction ends, no other one changes this tenant. SQLite has one writer, and nothing to do. */
  lockTenant(db: Kysely<Schema>, tenant: string): Promise<void>
  /** Likewise for migrations of the whole database. */
  lockSchema(db: Kysely<Schema>): Promise<void>
  /** In a transaction that appends to the feed: when it commits, other processes are told. */
  announce(db: Kysely<Schema>): Promise<void>
  /** Called, soon and perhaps for nothing, when somebody else has committed. Gives a function that ends it. */
  onHint(listener: () => void): () => void
  /** The name of the history that the server in use writes; `undefined` where there is none. */
  history(): string | undefined
  /** Nothing was confirmed in time: look whether this is still the database. */
  doubt(): void
  /** A statement that is kept prepared for the hot path; called with its parameters in the order of its text. */
  keep(query: CompiledQuery): KeptQuery
  /** Throws `FatalStoreError` when the file is not the one that was opened, or lost some of its end. */
  assertThere(): void
  /** The room that is kept for a full disk; PostgreSQL has none of ours. */
  readonly reserve: Pick<Reserve, 'state' | 'giveUp' | 'tend'>
  load(): StoreLoad
  backup(file: string, onProgress?: (pagesDone: number, pagesTotal: number) => void): Promise<void>
  close(): Promise<void>
}

export type KeptQuery = (parameters: readonly (string | number)[]) => MaybePromise<readonly Row[]>

export interface ColumnTypes {
  /** Compared byte for byte (CVE-2026-55170: one database compared ids without case, the other did not). */
  readonly text: RawBuilder<unknown>
  readonly integer: RawBuilder<unknown>
  readonly bytes: RawBuilder<unknown>
  /** After the closing parenthesis of a table. */
  readonly tableEnd: RawBuilder<unknown>
}

/** Neither database keeps these as they are: PostgreSQL refuses U+0000, both replace lone surrogates. */
export function isStorableText(value: unknown): boolean {
  return typeof value !== 'string' || (value.isWellFormed() && !value.includes('\0'))
}

export function thenMaybe<T, R>(value: MaybePromise<T>, next: (value: T) => MaybePromise<R>): MaybePromise<R> {
  return value instanceof Promise ? value.then(next) : next(value)
}
