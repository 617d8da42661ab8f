/** Further names of APIs, and a row for each name, so that none has two APIs. */
import { type Kysely, sql } from 'kysely'
import type { ColumnTypes } from '../database.ts'
import type { Schema } from '../schema.ts'

export async function up(db: Kysely<Schema>, { text, tableEnd }: ColumnTypes): Promise<void> {
  await sql`alter table apis add column resources ${text}`.execute(db)
  await sql`create table api_resources
    (tenant ${text} not null, resource ${text} not null, api_id ${text} not null,
    constraint api_resources_resource primary key (tenant, resource)) ${tableEnd}`.execute(db)
  await sql`create index api_resources_by_api on api_resources (tenant, api_id)`.execute(db)
  const apis = await db.selectFrom('apis').select(['tenant', 'id', 'audience']).orderBy('created_at').execute()
  for (const { tenant, id, audience } of apis) {
    // Two audiences that are one by now keep their APIs. The older one has the name.
    const row = { tenant, resource: withPath(audience), api_id: id }
    await db
      .insertInto('api_resources')
      .values(row)
      .onConflict((on) => on.columns(['tenant', 'resource']).doNothing())
      .execute()
  }
}

function withPath(uri: string): string {
  return uri.replace(/^([A-Za-z][A-Za-z0-9+.-]*:\/\/[^/?#]*)(?=$|[?#])/, '$1/')
}
