/**
 * Checks that this master key is the database's own. It runs before the first write, so that no rows under two keys
 * stand side by side.
 */
import { timingSafeEqual } from '@countersign/core'
import { type Kysely, sql } from 'kysely'
import type { Database } from './database.ts'
import { DatabaseOpenError } from './errors.ts'
import type { Schema } from './schema.ts'

/** Proof that a master key is the one that a database was made with. */
export interface KeyProof {
  /** Derived from the master key for this use alone, since it is stored readable. */
  readonly check: string
  /**
   * Whether the key opens a private key that an older program sealed. Databases of such programs have no check value.
   */
  opens(sealed: Uint8Array, of: { readonly tenant: string; readonly kid: string }): boolean
}

/**
 * Reads only. Throws `DatabaseOpenError` with the reason `wrong_master_key`. A database without tables accepts any key.
 */
export async function requireKey({ reader }: Pick<Database, 'reader'>, proof: KeyProof | undefined): Promise<void> {
  if (proof === undefined) return
  const installation = await firstRow(reader, 'installation')
  if (installation === undefined) return
  const { key_check: check } = installation
  if (typeof check === 'string') {
    if (!timingSafeEqual(check, proof.check)) throw wrongKey()
    return
  }
  const rows = await sql<Schema['signing_keys']>`select * from signing_keys
    where sealed_private_jwk is not null limit 1`.execute(reader)
  const [key] = rows.rows
  const sealed = key?.sealed_private_jwk
  if (key !== undefined && sealed != null && !proof.opens(new Uint8Array(sealed), key)) throw wrongKey()
}

/** Stores the check value at the first start, and once in a database of an older program. */
export async function keepKeyCheck(database: Database, proof: KeyProof | undefined): Promise<void> {
  if (proof === undefined) return
  const row = await firstRow(database.reader, 'installation')
  if (row?.key_check != null) return
  await database.transact((db) =>
    db.updateTable('installation').set({ key_check: proof.check }).where('key_check', 'is', null).execute(),
  )
}

/** Also `undefined` when there is no such table, in a new database. */
async function firstRow(db: Kysely<Schema>, table: string): Promise<Readonly<Record<string, unknown>> | undefined> {
  try {
    const { rows } = await sql<Record<string, unknown>>`select * from ${sql.table(table)} limit 1`.execute(db)
    return rows[0]
  } catch (error) {
    if (isNoTable(error)) return undefined
    throw error
  }
}

function isNoTable(error: unknown): boolean {
  const { code, message } = error as { readonly code?: unknown; readonly message?: unknown }
  return code === '42P01' || /no such table/.test(String(message))
}

function wrongKey(): DatabaseOpenError {
  return new DatabaseOpenError(
    'wrong_master_key',
    'the master key does not open this database: it was made with another one. Nothing was written. Give it its own key ' +
      '(COUNTERSIGN_MASTER_KEY, or master.key beside the SQLite file)',
  )
}
