/** Passkeys, and sessions that change their secret when a person proves once more to be it. */
import { type Kysely, sql } from 'kysely'
import type { ColumnTypes } from '../../database.ts'
import type { Schema } from '../../schema.ts'

export async function up(db: Kysely<Schema>, { text, integer, tableEnd }: ColumnTypes): Promise<void> {
  await sql`create table passkeys
    (tenant ${text} not null, id ${text} not null, account_id ${text} not null, user_handle ${text} not null,
    name ${text} not null, public_key ${text} not null, counter ${integer} not null, transports ${text} not null,
    is_synced ${integer} not null, last_used_at ${integer},
    version ${integer} not null, created_at ${integer} not null, updated_at ${integer} not null,
    constraint passkeys_id primary key (tenant, id)) ${tableEnd}`.execute(db)
  await sql`create index passkeys_by_account on passkeys (tenant, account_id, created_at, id)`.execute(db)
  await sql`alter table sessions add column stepped_up_at ${integer}`.execute(db)
  await sql`alter table sessions add column former_digest ${text}`.execute(db)
  await sql`alter table sessions add column former_until ${integer}`.execute(db)
  await sql`create unique index "sessions_formerDigest" on sessions (tenant, former_digest)
    where former_digest is not null`.execute(db)
}
