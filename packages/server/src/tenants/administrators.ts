/**
 * Somebody must be left who can do everything, or nobody can ever be given anything again: whatever ends the last live
 * credential with all management scopes is refused unless it is forced.
 */
import { missingScope, parseScope, type Scope, type Seconds } from '@countersign/core'
import type { Client, ReadRepositories } from '@countersign/store'
import type { Services, TenantContext } from '../context.ts'
import { serverLimits } from '../limits.ts'
import { everyRow } from './every_row.ts'
import { managementApiId, managementScopesOf } from './tenant_setup.ts'

type Reads = Pick<ReadRepositories, 'clients' | 'keys' | 'tokens'>

/** Thrown inside the transaction, which it undoes. */
export class LastAdministratorError extends Error {
  override readonly name = 'LastAdministratorError'

  constructor() {
    super(
      'This would leave no live credential with all management scopes; one that ends within 24 hours counts as ended. Roll ' +
        'a key with graceSeconds 0 instead, or send force: true, which the audit log keeps. When none is left, countersign ' +
        'provision --recover makes one.',
    )
  }
}

/** Whether the client may have all management scopes: acts on others can end no administrator. */
export function isAdministrator(tenant: Pick<TenantContext, 'slug'>, client: Client): boolean {
  return holdsAll(managementScopesOf(tenant), client.access[managementApiId])
}

/**
 * A key or registered token with all management scopes, or a secret or public key of a client that has them: it can get
 * such a token. `withoutJwts`: as if no JWT of ours held, since the key that signed them goes.
 */
export async function hasAdministrator(
  reads: Reads,
  tenant: Pick<TenantContext, 'id' | 'slug'>,
  now: Seconds,
  { withoutJwts = false }: { readonly withoutJwts?: boolean } = {},
): Promise<boolean> {
  const all = managementScopesOf(tenant)
  const until = now + serverLimits.administratorLastsSeconds
  const clients = everyRow((page) => reads.clients.listByApi(tenant.id, managementApiId, page))
  for await (const client of clients) {
    if (client.status !== 'active' || !holdsAll(all, client.access[managementApiId])) continue
    if (await hasLastingCredential(reads, client, all, until, withoutJwts)) return true
  }
  return false
}

async function hasLastingCredential(
  reads: Reads,
  { tenant, id: clientId, cutOff }: Client,
  all: Scope,
  until: Seconds,
  withoutJwts: boolean,
): Promise<boolean> {
  const lasts = (end: Seconds | undefined): boolean => end === undefined || end > until
  if ((await reads.clients.secrets(tenant, clientId)).some(({ expiresAt }) => lasts(expiresAt))) return true
  if ((await reads.clients.jwks(tenant, clientId)).length > 0) return true
  // Asked as if it were 24 hours later: what is active then lasts.
  const filter = { clientId, status: 'active', now: until } as const
  for await (const { apiId, scope, ipAllow, originAllow } of everyRow((page) =>
    reads.keys.list(tenant, filter, page),
  )) {
    // One that is refused from some places may be refused to its owner.
    if (ipAllow !== undefined || originAllow !== undefined) continue
    if (apiId === managementApiId && holdsAll(all, scope)) return true
  }
  for await (const token of everyRow((page) => reads.tokens.list(tenant, { clientId }, page))) {
    const { apiId, status, format, lineage, position } = token
    if (apiId !== managementApiId || status !== 'active' || lineage.length > 0 || position < cutOff) continue
    if (withoutJwts && format === 'jwt') continue
    if (lasts(token.expiresAt ?? token.issuedExpiresAt) && holdsAll(all, token.scope ?? token.issuedScope)) return true
  }
  return false
}

/**
 * `attempt(false)` throws `LastAdministratorError` where it would leave none. Where there was none before, it takes nothing
 * away, and is done.
 */
export async function keepAdministrator<T>(
  services: Pick<Services, 'store' | 'now'>,
  tenant: Pick<TenantContext, 'id' | 'slug'>,
  attempt: (mayLeaveNone: boolean) => Promise<T>,
): Promise<T> {
  try {
    return await attempt(false)
  } catch (error) {
    if (!(error instanceof LastAdministratorError)) throw error
    if (await hasAdministrator(services.store.read, tenant, services.now())) throw error
    return attempt(true)
  }
}

function holdsAll(all: Scope, scope: string | undefined): boolean {
  return scope !== undefined && missingScope(all, parseScope(scope)).length === 0
}
