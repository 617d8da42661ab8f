/** The access of a client, and who may touch the client (docs/security/invariants.md §11). */
import type { ManagementScope } from '@countersign/contract'
import { challengeHeader, formatScope, missingScope, parseScope, readScope, type Scope } from '@countersign/core'
import type { Api, Client } from '@countersign/store'
import { ProblemError } from '../http/problem.ts'
import { registeredReading } from '../oauth/requested_scope.ts'
import { shownScope } from '../oauth/shown_scope.ts'
import { isAdministrator } from '../tenants/administrators.ts'
import { isExplorer, managementApiId, portalClientId } from '../tenants/tenant_setup.ts'
import { raisedAuthority } from './authority.ts'
import type { ReadContext, WriteContext } from './context.ts'
import { findApiByAudience, invalid } from './find.ts'

/**
 * Throws 403 unless the caller holds every management scope that the client can come to have, and guards every audience that
 * the client can come to guard: access that was taken away may be given again. A replayed answer is judged by the client as
 * it is at the replay.
 */
export function requireMayTouch(context: Touching, client: Client): void {
  const { scope, guards } = raisedAuthority(client.authority, client)
  context.requireHeld(parseScope(scope), client.teamId)
  const beyond = context.guards.includes('*') ? [] : guards.filter((each) => !context.guards.includes(each))
  if (beyond.length > 0)
    throw new ProblemError(403, 'forbidden', 'The caller does not guard every audience that this client guards.')
  context.touched.add(client.id)
  if (isAdministrator(context.tenant, client)) context.mayEndAdministrators('credentials')
}

type Touching = Pick<WriteContext, 'tenant' | 'guards' | 'touched' | 'requireHeld' | 'mayEndAdministrators'>

/** Sessions belong to it: nothing else is ever made for it, and nothing of it is changed but by revoking. */
export function requireNotBuiltIn(client: Pick<Client, 'id'>): void {
  if (client.id === portalClientId)
    throw new ProblemError(409, 'built_in', 'This client is built in: it can be revoked, and nothing else.')
  if (isExplorer(client))
    throw new ProblemError(
      409,
      'built_in',
      'This client is built in: it can be disabled and revoked, and nothing else.',
    )
}

/** For an operation that needs the scope only for some of what it answers. */
export function requireScope({ caller }: Pick<ReadContext, 'caller'>, scope: ManagementScope): void {
  if (caller.grant.has(scope)) return
  throw new ProblemError(403, 'insufficient_scope', `This needs the scope ${scope}.`, {
    headers: challengeHeader({ scheme: 'Bearer', error: 'insufficient_scope', scope: [scope] }),
  })
}

/** A credential for the management API: its own scopes too. */
export function requireMayGive(context: WriteContext, apiId: string, scope: Scope): void {
  if (apiId === managementApiId) context.requireHeld(scope)
}

/** `[{audience, scope}]` to API ids. Scopes must be registered where the API registers any. */
export async function readAccess(
  context: WriteContext,
  access: readonly { readonly audience: string; readonly scope: unknown }[],
  pointer = '/access',
): Promise<Readonly<Record<string, string>>> {
  const byApi: Record<string, string> = {}
  for (const [index, { audience, scope: input }] of access.entries()) {
    const api = await findApiByAudience(context, audience, `${pointer}/${index}/audience`)
    if (byApi[api.id] !== undefined) throw invalid(`${pointer}/${index}/audience`, 'comes twice')
    const scope = scopeOf(input, api, `${pointer}/${index}/scope`)
    requireRegistered(api, scope, `${pointer}/${index}/scope`)
    byApi[api.id] = formatScope(scope)
  }
  return byApi
}

/** A credential's scope: within its client's access, or 400. */
export function requireWithinAccess(client: Client, api: Api, scope: Scope): void {
  const access = client.access[api.id]
  if (access === undefined) throw noAccess()
  const beyond = missingScope(scope, parseScope(access))
  if (beyond.length > 0) throw beyondAccess(beyond)
}

export function noAccess(): ProblemError {
  return invalid('/audience', 'is an API that this client has no access to')
}

export function beyondAccess(beyond: Scope): ProblemError {
  return invalid('/scope', `goes beyond the client’s access: ${shownScope(beyond)}`)
}

/** Input that the schema has already accepted, read by the names that the API has registered. */
export function scopeOf(input: unknown, api?: Pick<Api, 'scopes'>, pointer = '/scope'): Scope {
  const read = readScope(input, api && registeredReading(api))
  if ('problem' in read) throw invalid(pointer, read.problem)
  return read.scope
}

/** Throws 400 for a scope that the API does not have, where it has any. */
export function requireRegistered(api: Pick<Api, 'scopes' | 'retiredScopes'>, scope: Scope, pointer: string): void {
  const { retiredScopes = [] } = api
  const retired = scope.filter((token) => retiredScopes.includes(token))
  if (retired.length > 0) throw invalid(pointer, `names scopes that this API no longer has: ${shownScope(retired)}`)
  if (api.scopes.length === 0) return
  const unknown = missingScope(
    scope,
    api.scopes.map(({ name }) => name),
  )
  if (unknown.length > 0) throw invalid(pointer, `names scopes that this API does not have: ${shownScope(unknown)}`)
}
