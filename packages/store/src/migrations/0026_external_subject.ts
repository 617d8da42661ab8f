/** Ids that the owner of the APIs has for people. A token keeps the one that it was issued with. */
import { type Kysely, sql } from 'kysely'
import type { ColumnTypes } from '../database.ts'
import type { Schema } from '../schema.ts'

export async function up(db: Kysely<Schema>, { text }: ColumnTypes): Promise<void> {
  await sql`alter table accounts add column external_subject ${text}`.execute(db)
  await sql`create unique index "accounts_externalSubject" on accounts (tenant, external_subject)
    where external_subject is not null`.execute(db)
  await sql`alter table tokens add column external_subject ${text}`.execute(db)
}
