/** The access of a client: a row for each API that it may use, joined where the client is read. */
import type { Row } from '../columns.ts'
import { Columns } from '../columns.ts'
import type { Session } from '../session.ts'
import type { Client } from './client.ts'

export async function deleteAccess(session: Session, tenant: string, id: string): Promise<void> {
  await session.db.deleteFrom('client_access').where('tenant', '=', tenant).where('client_id', '=', id).execute()
}

export async function insertAccess(session: Session, client: Client): Promise<void> {
  const rows = Object.entries(client.access).map(([apiId, scope]) => ({
    tenant: client.tenant,
    client_id: client.id,
    api_id: apiId,
    scope,
  }))
  if (rows.length > 0) await session.db.insertInto('client_access').values(rows).execute()
}

/** Reads the columns `access_api_id` and `access_scope` of joined rows. */
export function decodeAccess(rows: readonly Row[]): { readonly [apiId: string]: string } {
  const access = rows
    .filter((row) => row.access_api_id !== null)
    .map((row) => {
      const columns = new Columns('client_access', row.access_api_id, row)
      return [columns.text('access_api_id'), columns.text('access_scope')] as const
    })
  return Object.fromEntries(access.sort(([a], [b]) => (a < b ? -1 : 1)))
}
