/** The origins from which a client calls in a browser: a row for each, so that one indexed read finds them. */
import { sql } from 'kysely'
import type { Database } from '../database.ts'
import type { Session } from '../session.ts'
import type { Client } from './client.ts'

/** Only a `spa` client runs in a page. Its origins are those of its redirect URIs (RFC 6454 §4). */
export function originsOf({ type, signIn }: Pick<Client, 'type' | 'signIn'>): readonly string[] {
  if (type !== 'spa') return []
  return [...new Set((signIn?.redirectUris ?? []).map((uri) => new URL(uri).origin))]
}

export async function deleteOrigins(session: Session, tenant: string, id: string): Promise<void> {
  await session.db.deleteFrom('client_origins').where('tenant', '=', tenant).where('client_id', '=', id).execute()
}

export async function insertOrigins(session: Session, client: Client): Promise<void> {
  const { tenant, id } = client
  const rows = originsOf(client).map((origin) => ({ tenant, client_id: id, origin }))
  if (rows.length > 0) await session.db.insertInto('client_origins').values(rows).execute()
}

/** The active clients of the tenant with that origin: one row at most. */
export function selectOrigin({ reader }: Database) {
  return reader
    .selectFrom('client_origins')
    .innerJoin('clients', (join) =>
      join.onRef('clients.tenant', '=', 'client_origins.tenant').onRef('clients.id', '=', 'client_origins.client_id'),
    )
    .select('clients.id')
    .where('client_origins.tenant', '=', '')
    .where('client_origins.origin', '=', '')
    .where('clients.status', '=', sql.lit('active'))
    .limit(sql.lit(1))
    .compile()
}
