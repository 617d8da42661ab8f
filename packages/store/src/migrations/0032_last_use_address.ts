/** The network that a key was last used from: docs/usage.md. */
import { type Kysely, sql } from 'kysely'
import type { ColumnTypes } from '../database.ts'
import type { Schema } from '../schema.ts'

export async function up(db: Kysely<Schema>, { text }: ColumnTypes): Promise<void> {
  await sql`alter table last_uses add column address ${text}`.execute(db)
}
