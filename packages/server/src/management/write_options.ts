/** Tells the store about the write of an operation. */
import type { Route } from '@countersign/contract'
import type { ReadAhead, WriteOptions } from '@countersign/store'
import type { ReadContext } from './context.ts'

export function writeOptions(context: ReadContext, route: Route): WriteOptions {
  return {
    endsCredentials: endsCredentials(context, route),
    ...(route.isDefaultTenantOnly === true ? {} : { tenant: context.tenant.id, ahead: aheadOf(context, route) }),
  }
}

/** These must go on when the disk is full. */
const endings: ReadonlySet<string> = new Set([
  'disableKey',
  'revokeKey',
  'revokeToken',
  'createRevocation',
  'revokeClient',
  'revokeClientSecret',
  'deleteClient',
  'deleteApi',
  'deleteIssuer',
  'deleteTenant',
  'deleteTeam',
  'removeTeamMember',
  'deleteAccount',
  'revokeAccount',
  'revokeSession',
  'revokeConsent',
  'revokeSigningKey',
])

/** The records that are looked for in any case: the caller's own, and those that path and body name. */
function aheadOf({ caller: { grant }, params, body }: ReadContext, { path }: Route): ReadAhead {
  const { clientId, audience } = (body ?? {}) as { readonly clientId?: unknown; readonly audience?: unknown }
  const named = (of: string): readonly string[] => (path.startsWith(`/v1/${of}/{id}`) ? [params.id as string] : [])
  return {
    keys: [...(grant.kind === 'api_key' ? [grant.credentialId] : []), ...named('keys')],
    clients: [grant.clientId, ...named('clients'), ...(typeof clientId === 'string' ? [clientId] : [])],
    audiences: typeof audience === 'string' ? [audience] : [],
  }
}

function endsCredentials({ body }: ReadContext, { operationId }: Route): boolean {
  return endings.has(operationId) || (body as { readonly status?: unknown } | undefined)?.status === 'disabled'
}
