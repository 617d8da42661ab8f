import type { FeedObject } from '@countersign/core'
import { apiId, startAt } from './credentials.ts'
import { Database, type Draft, emptyState, put } from './database.ts'
import type { Parts } from './process.ts'
import type { Rules } from './rules.ts'
import { type ModelTenant, tenants } from './tenants.ts'

/** The database of an installation with both tenants, whose logs have come to `issuedPosition`. */
export async function createInstallation(parts: Parts, rules: Rules, dropMs: number): Promise<Database> {
  const { liftDropAt } = parts
  const database = new Database(emptyState(dropMs), { rules, liftDropAt })
  await database.transact(database.current, async (draft) => {
    for (const tenant of tenants) await install(parts, database, draft, tenant)
  })
  return database
}

async function install(parts: Parts, database: Database, draft: Draft, installed: ModelTenant): Promise<void> {
  const { tenant, api, clients, keys, tokens, jwk, signingKeys } = installed
  const { id } = tenant
  put(draft, 'tenants', id, tenant)
  put(draft, 'apis', `${id} ${apiId}`, api)
  for (const client of clients) put(draft, 'clients', `${id} ${client.id}`, client)
  for (const key of keys) put(draft, 'keys', `${id} ${key.id}`, key)
  for (const token of tokens) put(draft, 'tokens', `${id} ${token.jti}`, token)
  for (const key of signingKeys) put(draft, 'signingKeys', `${id} ${key.kid}`, key)
  put(draft, 'jwks', `${id} ${jwk.clientId} ${jwk.kid}`, jwk)
  const audit = {
    actor: { kind: 'system' },
    action: 'install',
    objectType: 'tenant',
    objectId: id,
    requestId: '',
  } as const
  await database.append(
    draft,
    [{ tenant: id, audit, objects: () => installedObjects(parts, installed) }],
    startAt,
    () => true,
  )
}

/** The entries of a tenant in the log before a run. */
export function installedObjects(
  parts: Parts,
  { tenant, api, clients, signingKeys }: ModelTenant,
): readonly FeedObject[] {
  return [
    parts.tenantObject(tenant),
    parts.apiObject(api, startAt),
    ...signingKeys.map(parts.signingKeyObject),
    ...clients.map((client) => parts.clientObject(client, startAt)),
  ]
}
