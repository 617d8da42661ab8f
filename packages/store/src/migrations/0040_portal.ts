/** Requests of teams for more than their ceiling has; the team and scope of sessions that a portal link began. */
import { type Kysely, sql } from 'kysely'
import type { ColumnTypes } from '../database.ts'
import type { Schema } from '../schema.ts'

export async function up(db: Kysely<Schema>, { text, integer, tableEnd }: ColumnTypes): Promise<void> {
  await sql`create table access_requests
    (tenant ${text} not null, id ${text} not null, team_id ${text} not null, api_id ${text} not null,
    scope ${text} not null, reason ${text} not null, wanted_until ${integer}, status ${text} not null,
    asked_by ${text}, decided_at ${integer}, given_scope ${text}, ends_at ${integer}, added ${text}, refusal ${text},
    version ${integer} not null, created_at ${integer} not null, updated_at ${integer} not null,
    constraint access_requests_id primary key (tenant, id)) ${tableEnd}`.execute(db)
  await sql`create index access_requests_by_time on access_requests (tenant, created_at, id)`.execute(db)
  await sql`create index access_requests_by_team on access_requests (tenant, team_id, created_at, id)`.execute(db)
  await sql`create index access_requests_due on access_requests (ends_at)
    where status = 'approved' and ends_at is not null`.execute(db)
  await sql`alter table sessions add column portal ${text}`.execute(db)
}
