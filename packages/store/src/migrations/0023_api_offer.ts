/** Scopes that an API offers to teams, and the URL at which the server calls it. */
import { type Kysely, sql } from 'kysely'
import type { ColumnTypes } from '../database.ts'
import type { Schema } from '../schema.ts'

export async function up(db: Kysely<Schema>, { text }: ColumnTypes): Promise<void> {
  await sql`alter table apis add column self_service_scope ${text} not null default ''`.execute(db)
  await sql`alter table apis add column on_request_scope ${text} not null default ''`.execute(db)
  await sql`create index apis_offered on apis (tenant, id)
    where (self_service_scope <> '' or on_request_scope <> '')`.execute(db)
  await sql`alter table apis add column call_url ${text}`.execute(db)
}
