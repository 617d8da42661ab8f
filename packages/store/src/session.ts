import type { Kysely } from 'kysely'
import type { Database } from './database.ts'
import type { PoisonedRowError } from './errors.ts'
import type { Schema } from './schema.ts'

/** Where a repository's statements run: the readers, or one writing transaction. */
export interface Session {
  readonly dialect: Database['dialect']
  /** Throws once the transaction is over: a forgotten `await` must not write into somebody else's. */
  readonly db: Kysely<Schema>
  /**
   * Called before anything else is done for a tenant. In a writing transaction on PostgreSQL it takes the tenant's
   * lock, so that what was read there (a client that is active) still holds when something is written because of it
   * (its new key), and so that two transactions of a tenant never wait for each other's rows in opposite order.
   */
  enter(tenant: string): Promise<void>
  /** When this transaction commits, other processes are told that the feed has grown. */
  announce(): Promise<void>
  /** Whole seconds. */
  now(): number
  onPoisonedRow(error: PoisonedRowError): void
}
