/**
 * Usage by minute, hour and day in one table, with the required scope. And when each key was last used for which scope.
 */
import { type Kysely, sql } from 'kysely'
import type { ColumnTypes } from '../database.ts'
import type { Schema } from '../schema.ts'

export async function up(db: Kysely<Schema>, { text, integer, tableEnd }: ColumnTypes): Promise<void> {
  // `rolled` is the part of `count` that the row of the next longer interval holds. Late counts add to `count` alone,
  // so that they are rolled up later and never twice.
  await sql`create table usage_sums
    (tenant ${text} not null, interval_seconds ${integer} not null, at ${integer} not null,
    credential_id ${text} not null, client_id ${text} not null, scope ${text} not null, outcome ${text} not null,
    count ${integer} not null, rolled ${integer} not null,
    constraint usage_sums_id primary key (tenant, interval_seconds, at, credential_id, client_id, scope, outcome))
    ${tableEnd}`.execute(db)
  await sql`create index usage_sums_by_credential on usage_sums (tenant, credential_id, interval_seconds, at)`.execute(
    db,
  )
  await sql`create index usage_sums_by_client on usage_sums (tenant, client_id, interval_seconds, at)`.execute(db)
  await sql`create index usage_sums_open on usage_sums (tenant, interval_seconds, at)
    where interval_seconds < 86400 and count <> rolled`.execute(db)
  await sql`insert into usage_sums
    select tenant, 60, minute_at, credential_id, client_id, '', outcome, count, 0 from usage_counts`.execute(db)
  await sql`drop table usage_counts`.execute(db)
  await sql`create table last_uses
    (tenant ${text} not null, key_id ${text} not null, scope ${text} not null, at ${integer} not null,
    constraint last_uses_id primary key (tenant, key_id, scope)) ${tableEnd}`.execute(db)
  await sql`create index last_uses_by_at on last_uses (tenant, at)`.execute(db)
}
