/** Scopes that an API had: tokens that are out may still name them. */
import { type Kysely, sql } from 'kysely'
import type { ColumnTypes } from '../database.ts'
import type { Schema } from '../schema.ts'

export async function up(db: Kysely<Schema>, { text }: ColumnTypes): Promise<void> {
  await sql`alter table apis add column retired_scopes ${text}`.execute(db)
}
