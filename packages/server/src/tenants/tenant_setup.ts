/** Every tenant begins with signing keys, its management API, an administrator and the administrator's key. */

import { managementScopes } from '@countersign/contract'
import { formatScope, generateKey, type Seconds, Secret } from '@countersign/core'
import {
  type Api,
  type AuditActor,
  type Client,
  type Key,
  newApi,
  newClient,
  newKey,
  type SigningKey,
  type Tenant,
  type WriteTransaction,
} from '@countersign/store'
import { apiObject, signingKeyObject, tenantObject } from '../feed/objects.ts'
import type { MasterKey } from '../keys/master_key.ts'
import { createSigningKey } from '../keys/signing_keys.ts'
import { serverLimits } from '../limits.ts'

/** The management API's id in every tenant: its audience follows the issuer, credentials refer to this. */
export const managementApiId = 'api_management'

/** The built-in API of tokens that tell who somebody is, and open nothing else. */
export const userinfoApiId = 'api_userinfo'

/** The audiences of the built-in APIs: they follow the issuer. */
export const builtInAudiences = (issuer: string) => ({
  [managementApiId]: `${issuer}/v1`,
  [userinfoApiId]: `${issuer}/oauth/userinfo`,
})

/** The client that all sessions of browsers belong to. It has no secret, and only revoking it does anything. */
export const portalClientId = 'client_portal'

export interface TenantSetup {
  readonly transaction: WriteTransaction
  readonly tenant: { readonly id: string; readonly slug: string; readonly name: string }
  readonly issuer: string
  readonly master: MasterKey
  readonly now: Seconds
  readonly randomBytes: (count: number) => Uint8Array
  readonly keyPrefix: string
  /** Instead of a generated one: a well-formed key, checked by the configuration. */
  readonly adminKey?: { readonly id: string; readonly text: string }
  readonly actor: AuditActor
  readonly requestId: string
}

/** The built-in client of a team, whose tokens the explorer mints. It is made at first use. */
export function explorerIdOf(teamId: string): string {
  return `${explorerIdPrefix}${teamId.slice(teamId.indexOf('_') + 1)}`
}

const explorerIdPrefix = 'client_explorer_'

export function isExplorer({ id }: Pick<Client, 'id'>): boolean {
  return id.startsWith(explorerIdPrefix)
}

type Making = Pick<TenantSetup, 'now' | 'randomBytes'>

/** In the caller's transaction. Gives the administrator's key, which is shown once. */
export async function setUpTenant(setup: TenantSetup): Promise<{ readonly tenant: Tenant; readonly adminKey: Secret }> {
  const { transaction, master, now, issuer, keyPrefix, randomBytes } = setup
  const at = Math.floor(now)
  const tenant: Tenant = { ...setup.tenant, status: 'active', version: 1, createdAt: at, updatedAt: at }
  await transaction.tenants.insert(tenant)
  const keys: SigningKey[] = []
  for (const purpose of ['access_token', 'gateway_assertion'] as const) {
    const key = await createSigningKey({ tenant: tenant.id, alg: 'ES256', purpose, master, now, signsAt: now })
    await transaction.signingKeys.insert(key)
    keys.push(key)
  }
  const api = managementApi(tenant, issuer, setup)
  const userinfo = userinfoApiOf(tenant, issuer, setup)
  for (const each of [api, userinfo]) await transaction.apis.insert(each)
  const administrator = administratorOf(tenant, 'Administrator', setup)
  await transaction.clients.insert(administrator)
  await transaction.clients.insert(portalOf(tenant, setup))
  const generated = setup.adminKey ?? generateKey({ prefix: keyPrefix, marker: 'live', randomBytes })
  await transaction.keys.insert(await administratorKey(administrator, 'Bootstrap admin key', generated, now))
  transaction.append({
    tenant: tenant.id,
    audit: {
      actor: setup.actor,
      action: 'tenant.create',
      objectType: 'tenant',
      objectId: tenant.id,
      after: { slug: tenant.slug, name: tenant.name, administrator: administrator.id, key: generated.id },
      requestId: setup.requestId,
    },
    objects: (sequence) => [
      tenantObject(tenant),
      ...keys.map(signingKeyObject),
      ...[api, userinfo].map((each) => apiObject(each, now, sequence)),
    ],
    rows: async (sequence) => {
      for (const { id } of [api, userinfo]) await transaction.apis.setCreatedSequence(tenant.id, id, sequence)
    },
  })
  return { tenant, adminKey: new Secret(generated.text) }
}

/** All of them; whoever holds them is an administrator of the tenant. */
export function managementScopesOf({ slug }: Pick<Tenant, 'slug'>): readonly string[] {
  return managementScopes.filter((scope) => slug === '' || !scope.startsWith('tenants:'))
}

/** The built-in `<issuer>/v1`. */
function managementApi(tenant: Tenant, issuer: string, made: Making): Api {
  const draft = {
    tenant: tenant.id,
    builtInId: managementApiId,
    audience: builtInAudiences(issuer)[managementApiId],
    name: 'Countersign management API',
    tokenTtlSeconds: serverLimits.tokenTtlSecondsDefault,
    scopes: managementScopesOf(tenant).map((name) => ({ name, description: '', source: 'declared' as const })),
  }
  return newApi(draft, made)
}

/** The built-in `<issuer>/oauth/userinfo`: no scopes, since its tokens say who somebody is. */
export function userinfoApiOf({ id: tenant }: Pick<Tenant, 'id'>, issuer: string, made: Making): Api {
  const draft = {
    tenant,
    builtInId: userinfoApiId,
    audience: builtInAudiences(issuer)[userinfoApiId],
    name: 'OpenID Connect userinfo',
    tokenTtlSeconds: serverLimits.tokenTtlSecondsDefault,
    scopes: [],
  }
  return newApi(draft, made)
}

/** The built-in client of sessions. What a session may do is decided by the reach of its account. */
export function portalOf(tenant: Tenant, made: Making): Client {
  const scope = formatScope(managementScopesOf(tenant))
  const draft = {
    tenant: tenant.id,
    name: 'Countersign portal',
    type: 'spa' as const,
    access: { [managementApiId]: scope },
    guards: ['*'],
    authority: { scope, guards: ['*'] },
  }
  return { ...newClient(draft, made), id: portalClientId }
}

/** A client with all management scopes that guards every audience. */
export function administratorOf(tenant: Tenant, name: string, made: Making): Client {
  const scope = formatScope(managementScopesOf(tenant))
  const draft = {
    tenant: tenant.id,
    name,
    type: 'service' as const,
    access: { [managementApiId]: scope },
    guards: ['*'],
    authority: { scope, guards: ['*'] },
  }
  return newClient(draft, made)
}

/** A key of an administrator, with all its access. */
export function administratorKey(
  client: Client,
  name: string,
  generated: { readonly id: string; readonly text: string },
  now: Seconds,
): Promise<Key> {
  const scope = client.access[managementApiId] ?? ''
  return newKey(generated, { tenant: client.tenant, clientId: client.id, apiId: managementApiId, scope, name }, now)
}
