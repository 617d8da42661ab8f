/** Accounts, their ways to sign in, and the sessions of their browsers. A value that is good once can carry what it stands for. */
import { type Kysely, sql } from 'kysely'
import type { ColumnTypes } from '../../database.ts'
import type { Schema } from '../../schema.ts'

export async function up(db: Kysely<Schema>, { text, integer, tableEnd }: ColumnTypes): Promise<void> {
  await sql`create table accounts
    (tenant ${text} not null, id ${text} not null, email ${text}, email_key ${text},
    email_verified ${integer} not null, name ${text} not null, status ${text} not null, role ${text},
    scope ${text} not null, access ${text} not null,
    version ${integer} not null, created_at ${integer} not null, updated_at ${integer} not null,
    constraint accounts_id primary key (tenant, id)) ${tableEnd}`.execute(db)
  // Nothing is joined by an address that nobody has proven, so only verified ones are unique.
  await sql`create unique index accounts_email on accounts (tenant, email_key) where email_verified = 1`.execute(db)
  await sql`create index accounts_by_time on accounts (tenant, created_at, id)`.execute(db)
  await sql`create table identities
    (tenant ${text} not null, account_id ${text} not null, kind ${text} not null, content ${text} not null,
    version ${integer} not null, created_at ${integer} not null, updated_at ${integer} not null,
    constraint identities_id primary key (tenant, account_id, kind)) ${tableEnd}`.execute(db)
  await sql`create table sessions
    (tenant ${text} not null, id ${text} not null, digest ${text} not null, prefix ${text} not null,
    client_id ${text} not null, api_id ${text} not null, account_id ${text} not null, status ${text} not null,
    position ${integer} not null, amr ${text} not null, authenticated_at ${integer} not null,
    last_seen_at ${integer} not null, expires_at ${integer} not null, user_agent ${text} not null, address ${text},
    version ${integer} not null, created_at ${integer} not null, updated_at ${integer} not null,
    constraint sessions_id primary key (tenant, id)) ${tableEnd}`.execute(db)
  await sql`create unique index sessions_digest on sessions (tenant, digest)`.execute(db)
  await sql`create index sessions_by_account on sessions (tenant, account_id, created_at, id)`.execute(db)
  await sql`create index sessions_by_end on sessions (tenant, expires_at)`.execute(db)
  await sql`alter table single_use add column content ${text}`.execute(db)
}
