/**
 * State that several processes over one database share: leases for work done once, and beats that prove the primary.
 */
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
  // The history that the server wrote when the epoch began: PostgreSQL's own name, NULL for a file.
  await sql`alter table installation add column history ${text}`.execute(db)
}
