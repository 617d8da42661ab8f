/** Counts by operation of an API: docs/usage.md. */
import { type Kysely, sql } from 'kysely'
import type { ColumnTypes } from '../database.ts'
import type { Schema } from '../schema.ts'

export async function up(db: Kysely<Schema>, { text, integer, tableEnd }: ColumnTypes): Promise<void> {
  await sql`create table operation_uses
    (tenant ${text} not null, audience ${text} not null, at ${integer} not null, method ${text} not null,
    route ${text} not null, outcome ${text} not null, count ${integer} not null,
    constraint operation_uses_row primary key (tenant, audience, at, method, route, outcome)) ${tableEnd}`.execute(db)
}
