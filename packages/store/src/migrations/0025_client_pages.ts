/** The picture and home page of a client, which pages show to people. */
import { type Kysely, sql } from 'kysely'
import type { ColumnTypes } from '../database.ts'
import type { Schema } from '../schema.ts'

export async function up(db: Kysely<Schema>, { text }: ColumnTypes): Promise<void> {
  for (const column of ['logo_uri', 'logo_digest', 'homepage_uri'])
    await sql`alter table clients add column ${sql.ref(column)} ${text}`.execute(db)
  await sql`create index clients_by_logo on clients (tenant, logo_digest) where logo_digest is not null`.execute(db)
}
