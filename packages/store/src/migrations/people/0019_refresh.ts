/** Runs of tokens that are refreshed: the rest of what the consent gave, the sign-in behind it, and the place of the newest token. */
import { type Kysely, sql } from 'kysely'
import type { ColumnTypes } from '../../database.ts'
import type { Schema } from '../../schema.ts'

export async function up(db: Kysely<Schema>, { text, integer }: ColumnTypes): Promise<void> {
  const texts = ['api_id', 'scope', 'digest']
  for (const name of texts)
    await sql`alter table families add column ${sql.ref(name)} ${text} not null default ''`.execute(db)
  await sql`alter table families add column sign_in ${text}`.execute(db)
  for (const name of ['counter', 'rotated_at', 'idle_at'])
    await sql`alter table families add column ${sql.ref(name)} ${integer} not null default 0`.execute(db)
  await sql`create index families_by_end on families (tenant, expires_at)`.execute(db)
}
