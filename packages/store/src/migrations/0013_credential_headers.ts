/** Headers in which an API's callers may present credentials, besides those that every API reads. */
import { type Kysely, sql } from 'kysely'
import type { ColumnTypes } from '../database.ts'
import type { Schema } from '../schema.ts'

export async function up(db: Kysely<Schema>, { text }: ColumnTypes): Promise<void> {
  await sql`alter table apis add column credential_headers ${text}`.execute(db)
}
