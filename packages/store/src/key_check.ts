/** Whether this master key is the database's own: asked before the first write, or rows under two keys would stand side by side. */
import { timingSafeEqual } from '@countersign/core'
import { type Kysely, sql } from 'kysely'
import type { Database } from './database.ts'
import { DatabaseOpenError } from './errors.ts'
import type { Schema } from './schema.ts'

export interface KeyProof {
  /** Derived from the master key, and of no other use: it is stored readable. */
  readonly check: string
  /** Whether the key opens what an older program sealed, whose database has no check value. */
  opens(sealed: Uint8Array, of: { readonly tenant: string; readonly kid: string }): boolean
}

/** Reads only. Throws `DatabaseOpenError` with the reason `wrong_master_key`. A database without tables belongs to nobody yet. */
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

/** At the first start, and once for a database of before. */
export async function keepKeyCheck(database: Database, proof: KeyProof | undefined): Promise<void> {
  if (proof === undefined) return
  const row = await firstRow(database.reader, 'installation')
  if (row?.key_check != null) return
  await database.transact((db) =>
    db.updateTable('installation').set({ key_check: proof.check }).where('key_check', 'is', null).execute(),
  )
}

/** `undefined` also where there is no such table: the database is new. */
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
