/** What several processes over one database share: who does what there is to do once, and proof that it is the primary. */
import { type Kysely, sql } from 'kysely'
import type { ColumnTypes } from '../database.ts'
import type { Schema } from '../schema.ts'

export async function up(db: Kysely<Schema>, { text, integer, tableEnd }: ColumnTypes): Promise<void> {
  await sql`create table leases
    (name ${text} not null primary key, holder ${text} not null, expires_at ${integer} not null) ${tableEnd}`.execute(
    db,
  )
  await sql`create table beats
    (process ${text} not null primary key, count ${integer} not null, at ${integer} not null) ${tableEnd}`.execute(db)
  // Which history the server wrote when the epoch began: PostgreSQL's, `undefined` for a file.
  await sql`alter table installation add column history ${text}`.execute(db)
}
