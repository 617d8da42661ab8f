import type { MaybePromise } from '@countersign/core'
import type { CompiledQuery, Kysely, RawBuilder } from 'kysely'
import type { Row } from './columns.ts'
import type { Schema } from './schema.ts'
import type { Reserve, ReserveState } from './sqlite/reserve.ts'

/** `connections` where there is a pool (PostgreSQL), `disk` where the database is a local file (SQLite). */
export interface StoreLoad {
  /** `waiting`: callers that wait for a connection. */
  readonly connections?: { readonly used: number; readonly max: number; readonly waiting: number }
  /** Size of the file with its log, and the space left on its disk for processes that are not root. */
  readonly disk?: { readonly usedBytes: number; readonly freeBytes: number; readonly reserve: ReserveState }
}

/** The part of the store that differs between the databases. */
export interface Database {
  readonly dialect: 'sqlite' | 'postgres'
  readonly columnTypes: ColumnTypes
  /** SQL for the database's own clock in whole seconds: one clock, however many machines ask. */
  readonly clock: RawBuilder<number>
  /**
   * True when a promoted standby may have replaced this server unnoticed. A read then proves nothing
   * (docs/protocol/feed.md §3).
   */
  readonly canFailOver: boolean
  /** Reads of committed state. */
  readonly reader: Kysely<Schema>
  /**
   * One writing transaction. It is rolled back when `work` throws, and also when a statement in it failed and `work` went
   * on: PostgreSQL cannot commit such a transaction, SQLite must not.
   */
  transact<T>(work: (db: Kysely<Schema>) => Promise<T>): Promise<T>
  /** One statement that is its own transaction: when this resolves, it is committed, as durably as any other. */
  runAlone(query: CompiledQuery): Promise<readonly Row[]>
  /**
   * A part of a transaction that is undone alone when `work` throws, or when a statement in it failed and `work` went on.
   * Throws only when the whole transaction is lost.
   */
  part<T>(db: Kysely<Schema>, work: () => Promise<T>): Promise<Part<T>>
  /** All reads of `work` see the database at one moment, while writes go on. */
  readTransaction<T>(work: (db: Kysely<Schema>) => Promise<T>): Promise<T>
  /** Until the transaction ends, no other one changes this tenant. SQLite has one writer, and nothing to do. */
  lockTenant(db: Kysely<Schema>, tenant: string): Promise<void>
  /** The same for migrations of the whole database. */
  lockSchema(db: Kysely<Schema>): Promise<void>
  /** Tells other processes, when this transaction commits, that the feed has grown. */
  announce(db: Kysely<Schema>): Promise<void>
  /** Calls `listener` soon after another process has committed, perhaps without reason. Gives a function that ends it. */
  onHint(listener: () => void): () => void
  /** The name of the history that the server in use writes; `undefined` where it has none. */
  history(): string | undefined
  /** Called when no confirmation came in time: looks whether this is still the primary. */
  doubt(): void
  /** Keeps a statement prepared for the hot path. Parameters come in the order of its text. */
  keep(query: CompiledQuery): KeptQuery
  /** Throws `FatalStoreError` when the file was replaced, or is shorter than before. */
  assertThere(): void
  /** The room that is kept for a full disk. PostgreSQL has none. */
  readonly reserve: Pick<Reserve, 'state' | 'giveUp' | 'tend'>
  load(): StoreLoad
  backup(file: string, onProgress?: (pagesDone: number, pagesTotal: number) => void): Promise<void>
  close(): Promise<void>
}

/** The outcome of a part of a transaction. */
export type Part<T> = { readonly value: T } | { readonly undoneBy: unknown }

export type KeptQuery = (parameters: readonly (string | number)[]) => MaybePromise<readonly Row[]>

export interface ColumnTypes {
  /** Compares byte for byte (CVE-2026-55170: one database ignored case in ids, the other did not). */
  readonly text: RawBuilder<unknown>
  readonly integer: RawBuilder<unknown>
  readonly bytes: RawBuilder<unknown>
  /** SQL after the closing parenthesis of a table. */
  readonly tableEnd: RawBuilder<unknown>
}

/** PostgreSQL refuses U+0000, and both databases replace lone surrogates. */
export function isStorableText(value: unknown): boolean {
  return typeof value !== 'string' || (value.isWellFormed() && !value.includes('\0'))
}

export function thenMaybe<T, R>(value: MaybePromise<T>, next: (value: T) => MaybePromise<R>): MaybePromise<R> {
  return value instanceof Promise ? value.then(next) : next(value)
}
