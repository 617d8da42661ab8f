/**
 * The beginning of the present epoch: entries below it belong to a former history. And every cut-off with its own
 * number.
 */
import { type Kysely, sql } from 'kysely'
import type { ColumnTypes } from '../database.ts'
import type { Schema } from '../schema.ts'

export async function up(db: Kysely<Schema>, { text, integer }: ColumnTypes): Promise<void> {
  await sql`alter table installation add column beginning ${integer} not null default 0`.execute(db)
  await sql`alter table clients add column cut_offs ${text}`.execute(db)
}
