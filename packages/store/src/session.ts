import type { Kysely } from 'kysely'
import type { Database } from './database.ts'
import type { PoisonedRowError } from './errors.ts'
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
  /** Tells other processes, when this transaction commits, that the feed has grown. */
  announce(): Promise<void>
  /** The present time in whole seconds. */
  now(): number
  onPoisonedRow(error: PoisonedRowError): void
}
