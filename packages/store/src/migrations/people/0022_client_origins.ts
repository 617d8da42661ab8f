/** The origins of clients that run in a page, which may read the answers of the token endpoint. */
import { type Kysely, sql } from 'kysely'
import type { ColumnTypes } from '../../database.ts'
import type { Schema } from '../../schema.ts'

export async function up(db: Kysely<Schema>, { text, tableEnd }: ColumnTypes): Promise<void> {
  await sql`create table client_origins
    (tenant ${text} not null, client_id ${text} not null, origin ${text} not null,
    constraint client_origins_client primary key (tenant, client_id, origin)) ${tableEnd}`.execute(db)
  await sql`create index client_origins_by_origin on client_origins (tenant, origin)`.execute(db)
  const clients = await db
    .selectFrom('clients')
    .select(['tenant', 'id', 'sign_in'])
    .where('type', '=', 'spa')
    .where('sign_in', 'is not', null)
    .execute()
  for (const { tenant, id, sign_in } of clients) {
    const { redirectUris } = JSON.parse(String(sign_in)) as { readonly redirectUris: readonly string[] }
    const origins = new Set(redirectUris.map((uri) => new URL(uri).origin))
    const rows = [...origins].map((origin) => ({ tenant, client_id: id, origin }))
    if (rows.length > 0) await db.insertInto('client_origins').values(rows).execute()
  }
}
