/**
 * The most a client can come to have: what it has now is not all, since access given again gives back what was given
 * before.
 */
import { formatScope, parseScope, unionScope } from '@countersign/core'
import type { Client } from '@countersign/store'
import { serverLimits } from '../limits.ts'
import { managementApiId } from '../tenants/tenant_setup.ts'

export type Authority = Client['authority']

export const noAuthority: Authority = { scope: '', guards: [] }

/**
 * The authority that access and guards give now. After a client's revoke nothing older is alive, so there is no more.
 */
export function presentAuthority({ access, guards }: Pick<Client, 'access' | 'guards'>): Authority {
  return { scope: access[managementApiId] ?? '', guards }
}

/** Never less than before: credentials made then are alive until the client is revoked. */
export function raisedAuthority(before: Authority, client: Pick<Client, 'access' | 'guards'>): Authority {
  const now = presentAuthority(client)
  const guards = [...new Set([...before.guards, ...now.guards])]
  return {
    scope: formatScope(unionScope(parseScope(before.scope), parseScope(now.scope))),
    // The list may not grow without end by being replaced again and again.
    guards: guards.includes('*') || guards.length > serverLimits.highestGuardsMax ? ['*'] : guards,
  }
}
