/** Entries are removed by the drop time, never by a clock (docs/protocol/feed.md §2.2). Tenants get a floor. */
import { type Kysely, sql } from 'kysely'
import type { ColumnTypes } from '../database.ts'
import type { Schema } from '../schema.ts'

export async function up(db: Kysely<Schema>, { text, integer, tableEnd }: ColumnTypes): Promise<void> {
  // The table has one row. `boot_ms` is the boot clock of the machine `boot_id` when the time was last moved.
  await sql`create table drop_time
    (id ${integer} not null primary key, time_ms ${integer} not null, moves ${integer} not null,
    boot_id ${text}, boot_ms ${integer}) ${tableEnd}`.execute(db)
  await sql`alter table tenants add column floor ${text}`.execute(db)
}
