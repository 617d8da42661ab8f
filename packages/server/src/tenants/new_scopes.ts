/**
 * A newer version knows built-in records and management scopes that its database does not. Whoever had all of before has
 * all of now, or nobody could ever give the new ones to anybody.
 */
import { formatScope, missingScope, parseScope, type Scope, type Seconds, unionScope } from '@countersign/core'
import type { Api, Client, Store, Tenant, WriteTransaction } from '@countersign/store'
import { apiObject, clientObject, keyObject } from '../feed/objects.ts'
import { everyRow } from './every_row.ts'
import {
  managementApiId,
  managementScopesOf,
  portalClientId,
  portalOf,
  userinfoApiId,
  userinfoApiOf,
} from './tenant_setup.ts'

export interface NewScopesOptions {
  readonly store: Store
  readonly now: () => Seconds
  readonly randomBytes: (count: number) => Uint8Array
  readonly issuerOf: (slug: string) => string
}

/** Before the first request of a process, in one transaction for each tenant that lacks something. */
export async function giveNewScopes(options: NewScopesOptions): Promise<void> {
  const { store } = options
  for await (const tenant of everyRow((page) => store.read.tenants.list(page))) {
    if (tenant.status === 'revoked' || !(await lacks(store.read, tenant))) continue
    await store.write((transaction) => give(options, tenant, transaction))
  }
}

type Reads = Pick<WriteTransaction, 'apis' | 'clients'>

async function lacks({ apis, clients }: Pick<Store['read'], keyof Reads>, tenant: Tenant): Promise<boolean> {
  const api = await apis.find(tenant.id, managementApiId)
  if (api === undefined) return false
  if (newScopes(api, tenant).length > 0) return true
  const found = [await clients.find(tenant.id, portalClientId), await apis.find(tenant.id, userinfoApiId)]
  return found.includes(undefined)
}

function newScopes(api: Api, tenant: Tenant): Scope {
  const before = api.scopes.map(({ name }) => name)
  return missingScope(managementScopesOf(tenant), before)
}

async function give(options: NewScopesOptions, tenant: Tenant, transaction: WriteTransaction): Promise<void> {
  const now = options.now()
  const api = await transaction.apis.find(tenant.id, managementApiId)
  if (api === undefined) return
  if ((await transaction.clients.find(tenant.id, portalClientId)) === undefined)
    await transaction.clients.insert(portalOf(tenant, { now, randomBytes: options.randomBytes }))
  if ((await transaction.apis.find(tenant.id, userinfoApiId)) === undefined)
    await addUserinfoApi(options, tenant, transaction)
  const added = newScopes(api, tenant)
  if (added.length === 0) return
  const before = api.scopes.map(({ name }) => name)
  const declared = added.map((name) => ({ name, description: '', source: 'declared' as const }))
  const stamp = <R extends { readonly version: number }>(record: R) => ({
    ...record,
    version: record.version + 1,
    updatedAt: Math.floor(now),
  })
  const changedApi = stamp({ ...api, scopes: [...api.scopes, ...declared] })
  await transaction.apis.update(changedApi)
  const objects = [apiObject(changedApi, now)]
  for await (const client of everyRow((page) => transaction.clients.listByApi(tenant.id, managementApiId, page))) {
    if (!hasAll(before, client.access[managementApiId])) continue
    const changed = stamp(withScopes(client, added))
    await transaction.clients.update(changed)
    objects.push(clientObject(changed, now))
    const keys = everyRow((page) => transaction.keys.list(tenant.id, { clientId: client.id, now }, page))
    for await (const key of keys) {
      if (key.apiId !== managementApiId || key.status === 'revoked' || !hasAll(before, key.scope)) continue
      const changedKey = stamp({ ...key, scope: plus(key.scope, added) })
      await transaction.keys.update(changedKey)
      objects.push(keyObject(changedKey, now))
    }
  }
  transaction.append({
    tenant: tenant.id,
    audit: {
      actor: { kind: 'system' },
      action: 'api.update',
      objectType: 'api',
      objectId: managementApiId,
      after: { newScopes: added },
      requestId: 'bootstrap',
    },
    objects: () => objects,
  })
}

async function addUserinfoApi(
  { issuerOf, now, randomBytes }: NewScopesOptions,
  tenant: Tenant,
  transaction: WriteTransaction,
): Promise<void> {
  const api = userinfoApiOf(tenant, issuerOf(tenant.slug), { now: now(), randomBytes })
  await transaction.apis.insert(api)
  transaction.append({
    tenant: tenant.id,
    audit: {
      actor: { kind: 'system' },
      action: 'api.create',
      objectType: 'api',
      objectId: api.id,
      after: { audience: api.audience },
      requestId: 'bootstrap',
    },
    objects: (sequence) => [apiObject(api, now(), sequence)],
    rows: (sequence) => transaction.apis.setCreatedSequence(tenant.id, api.id, sequence),
  })
}

function withScopes(client: Client, added: Scope): Client {
  const { access, authority } = client
  return {
    ...client,
    access: { ...access, [managementApiId]: plus(access[managementApiId] ?? '', added) },
    authority: { ...authority, scope: plus(authority.scope, added) },
  }
}

function hasAll(before: Scope, scope: string | undefined): boolean {
  return scope !== undefined && missingScope(before, parseScope(scope)).length === 0
}

function plus(scope: string, added: Scope): string {
  return formatScope(unionScope(parseScope(scope), added))
}
