/** Other issuers whose JWTs a tenant takes, with their keys; and whose name the subject of a token is. */
import { type Kysely, sql } from 'kysely'
import type { ColumnTypes } from '../database.ts'
import type { Schema } from '../schema.ts'

export async function up(db: Kysely<Schema>, { text, integer, tableEnd }: ColumnTypes): Promise<void> {
  await sql`create table issuers (
    tenant ${text} not null,
    id ${text} not null,
    issuer ${text} not null,
    client_id ${text} not null,
    audience ${text} not null,
    scope ${text} not null,
    rules ${text} not null,
    status ${text} not null,
    jwks_uri ${text},
    keys ${text} not null,
    asked_at ${integer} not null,
    fetched_at ${integer},
    fetch_at ${integer},
    failures ${integer} not null,
    fault ${text},
    version ${integer} not null,
    created_at ${integer} not null,
    updated_at ${integer} not null,
    constraint issuers_id primary key (tenant, id)
  ) ${tableEnd}`.execute(db)
  await sql`create unique index issuers_issuer on issuers (tenant, issuer)`.execute(db)
  await sql`create index issuers_by_fetch_at on issuers (fetch_at)`.execute(db)
  await sql`alter table tokens add column subject_issuer ${text}`.execute(db)
}
