/** Whether the text of an imported document is JSON. Of those imported before nobody knows. */
import { type Kysely, sql } from 'kysely'
import type { ColumnTypes } from '../database.ts'
import type { Schema } from '../schema.ts'

export async function up(db: Kysely<Schema>, { integer }: ColumnTypes): Promise<void> {
  await sql`alter table api_documents add column is_json ${integer} not null default 0`.execute(db)
}
