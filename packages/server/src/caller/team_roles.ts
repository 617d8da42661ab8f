/** Each role has a management scope in its team (docs/people/teams.md). */
import type { ManagementScope } from '@countersign/contract'
import { missingScope, type Scope } from '@countersign/core'
import type { TeamRole } from '@countersign/store'

const viewer = [
  'apis:read',
  'clients:read',
  'keys:read',
  'tokens:read',
  'usage:read',
  'audit:read',
  'teams:read',
] as const satisfies readonly ManagementScope[]

const developer = [
  ...viewer,
  'clients:write',
  'keys:write',
  'tokens:write',
] as const satisfies readonly ManagementScope[]

const owner = [...developer, 'teams:write'] as const satisfies readonly ManagementScope[]

export const scopeOfRole: { readonly [Role in TeamRole]: readonly ManagementScope[] } = { viewer, developer, owner }

/** The greatest role of which the scope has everything; a viewer's where it has none. */
export function roleOfScope(scope: Scope): TeamRole {
  const held = (['owner', 'developer'] as const).find((role) => missingScope(scopeOfRole[role], scope).length === 0)
  return held ?? 'viewer'
}
