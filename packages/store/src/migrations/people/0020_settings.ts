/** The settings of a tenant for its people, and the logos that its pages show. */
import { type Kysely, sql } from 'kysely'
import type { ColumnTypes } from '../../database.ts'
import type { Schema } from '../../schema.ts'

export async function up(db: Kysely<Schema>, { text, integer, tableEnd }: ColumnTypes): Promise<void> {
  await sql`create table settings
    (tenant ${text} not null, content ${text} not null,
    version ${integer} not null, created_at ${integer} not null, updated_at ${integer} not null,
    constraint settings_tenant primary key (tenant)) ${tableEnd}`.execute(db)
  await sql`create table logos
    (tenant ${text} not null, digest ${text} not null, type ${text} not null, content ${text} not null,
    created_at ${integer} not null,
    constraint logos_digest primary key (tenant, digest)) ${tableEnd}`.execute(db)
}
