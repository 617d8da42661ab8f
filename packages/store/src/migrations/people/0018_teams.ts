/** Teams with their members and invitations; the team of a client, and of what an audit event is about. */
import { type Kysely, sql } from 'kysely'
import type { ColumnTypes } from '../../database.ts'
import type { Schema } from '../../schema.ts'

export async function up(db: Kysely<Schema>, { text, integer, tableEnd }: ColumnTypes): Promise<void> {
  await sql`create table teams
    (tenant ${text} not null, id ${text} not null, name ${text} not null, external_id ${text},
    metadata ${text} not null, status ${text} not null, is_without_member ${integer} not null,
    access ${text} not null,
    version ${integer} not null, created_at ${integer} not null, updated_at ${integer} not null,
    constraint teams_id primary key (tenant, id)) ${tableEnd}`.execute(db)
  await sql`create unique index "teams_externalId" on teams (tenant, external_id)
    where external_id is not null`.execute(db)
  await sql`create index teams_by_time on teams (tenant, created_at, id)`.execute(db)
  await sql`create table memberships
    (tenant ${text} not null, team_id ${text} not null, account_id ${text} not null, role ${text} not null,
    version ${integer} not null, created_at ${integer} not null, updated_at ${integer} not null,
    constraint memberships_member primary key (tenant, team_id, account_id)) ${tableEnd}`.execute(db)
  await sql`create index memberships_by_account on memberships (tenant, account_id)`.execute(db)
  await sql`create table invitations
    (tenant ${text} not null, id ${text} not null, team_id ${text} not null, email ${text} not null,
    email_key ${text} not null, role ${text} not null, digest ${text} not null, invited_by ${text},
    position ${integer} not null, created_at ${integer} not null, expires_at ${integer} not null,
    constraint invitations_id primary key (tenant, id)) ${tableEnd}`.execute(db)
  await sql`create unique index invitations_digest on invitations (tenant, digest)`.execute(db)
  await sql`create index invitations_by_team on invitations (tenant, team_id, created_at, id)`.execute(db)
  await sql`alter table clients add column team_id ${text}`.execute(db)
  await sql`alter table clients add column own ${text}`.execute(db)
  await sql`create index clients_by_team on clients (tenant, team_id, created_at, id)
    where team_id is not null`.execute(db)
  await sql`alter table audit add column team_id ${text}`.execute(db)
  await sql`create index audit_by_team on audit (tenant, team_id, sequence) where team_id is not null`.execute(db)
}
