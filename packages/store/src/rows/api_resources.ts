/** A row for each name of an API, its audience among them, so that no name has two APIs. */
import { canonicalResource } from '@countersign/core'
import type { Api } from '../records/api.ts'
import type { Session } from '../session.ts'

/**
 * Writes the names anew. Throws `ConflictError` where one of them is another API's: for the audience, which never changes
 * otherwise, only when the API is made, since databases of before may have two that are one by now.
 */
export async function replaceNames(session: Session, api: Api, isNew: boolean): Promise<void> {
  const { tenant, id } = api
  if (!isNew) await deleteNames(session, tenant, id)
  const rowOf = (name: string) => ({ tenant, resource: canonicalResource(name), api_id: id })
  const insert = session.db.insertInto('api_resources')
  const audience = insert.values(rowOf(api.audience))
  await (isNew ? audience : audience.onConflict((on) => on.columns(['tenant', 'resource']).doNothing())).execute()
  const rows = (api.resources ?? []).map(rowOf)
  if (rows.length > 0) await insert.values(rows).execute()
}

export async function deleteNames(session: Session, tenant: string, apiId: string): Promise<void> {
  await session.db.deleteFrom('api_resources').where('tenant', '=', tenant).where('api_id', '=', apiId).execute()
}

export async function findNamedId(session: Session, tenant: string, name: string): Promise<string | undefined> {
  await session.enter(tenant)
  const named = session.db.selectFrom('api_resources').select('api_id').where('tenant', '=', tenant)
  const row = await named.where('resource', '=', canonicalResource(name)).executeTakeFirst()
  return row === undefined ? undefined : String(row.api_id)
}
