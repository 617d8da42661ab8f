/** Settings by which clients sign people in and accounts may give something, and what they have given. */
import { type Kysely, sql } from 'kysely'
import type { ColumnTypes } from '../../database.ts'
import type { Schema } from '../../schema.ts'

export async function up(db: Kysely<Schema>, { text, integer, tableEnd }: ColumnTypes): Promise<void> {
  await sql`alter table clients add column sign_in ${text}`.execute(db)
  await sql`alter table apis add column account_scope ${text} not null default ''`.execute(db)
  await sql`create table consents
    (tenant ${text} not null, id ${text} not null, account_id ${text} not null, client_id ${text} not null,
    api_id ${text} not null, scope ${text} not null, status ${text} not null, position ${integer} not null,
    last_used_at ${integer} not null,
    version ${integer} not null, created_at ${integer} not null, updated_at ${integer} not null,
    constraint consents_id primary key (tenant, id)) ${tableEnd}`.execute(db)
  // One that was removed stays, and the next has a new id.
  await sql`create unique index consents_given on consents (tenant, account_id, client_id, api_id)
    where status = 'active'`.execute(db)
  await sql`create index consents_by_time on consents (tenant, created_at, id)`.execute(db)
  await sql`create index consents_by_client on consents (tenant, client_id)`.execute(db)
  await sql`create table families
    (tenant ${text} not null, id ${text} not null, consent_id ${text} not null, account_id ${text} not null,
    client_id ${text} not null, status ${text} not null, position ${integer} not null, expires_at ${integer} not null,
    version ${integer} not null, created_at ${integer} not null, updated_at ${integer} not null,
    constraint families_id primary key (tenant, id)) ${tableEnd}`.execute(db)
  await sql`create index families_by_consent on families (tenant, consent_id)`.execute(db)
}
