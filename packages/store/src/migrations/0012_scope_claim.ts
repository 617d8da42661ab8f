/** An API may want its scope a second time in its tokens, in a form that its own reader takes. */
import { type Kysely, sql } from 'kysely'
import type { ColumnTypes } from '../database.ts'
import type { Schema } from '../schema.ts'

export async function up(db: Kysely<Schema>, { text }: ColumnTypes): Promise<void> {
  await sql`alter table apis add column scope_claim ${text} not null default 'string'`.execute(db)
}
