/** Keys may speak for a party that their owner names; credentials are found by it. */
import { type Kysely, sql } from 'kysely'
import type { ColumnTypes } from '../database.ts'
import type { Schema } from '../schema.ts'

export async function up(db: Kysely<Schema>, { text }: ColumnTypes): Promise<void> {
  await sql`alter table keys add column subject ${text}`.execute(db)
  await sql`create index keys_by_subject on keys (tenant, subject)`.execute(db)
  await sql`create index tokens_by_subject on tokens (tenant, subject)`.execute(db)
}
