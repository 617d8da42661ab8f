/** Examples of refusals: docs/usage.md. */
import { type Kysely, sql } from 'kysely'
import type { ColumnTypes } from '../database.ts'
import type { Schema } from '../schema.ts'

export async function up(db: Kysely<Schema>, { text, integer, tableEnd }: ColumnTypes): Promise<void> {
  await sql`create table refusals
    (tenant ${text} not null, id ${text} not null, at ${integer} not null, request_id ${text} not null,
    credential_id ${text} not null, client_id ${text} not null, method ${text}, route ${text},
    code ${text} not null, missing_scope ${text} not null, scope ${text} not null, address ${text},
    constraint refusals_id primary key (tenant, id)) ${tableEnd}`.execute(db)
}
