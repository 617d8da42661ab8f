import type { Me } from './api/queries.ts'

/** Management scopes that the portal asks about before it offers something. */
type Wanted =
  | 'apis:read'
  | 'clients:read'
  | 'clients:write'
  | 'keys:read'
  | 'keys:write'
  | 'teams:read'
  | 'teams:write'
  | 'tokens:write'
  | 'usage:read'

/**
 * Whether the person may do that in the team; without one, anywhere. The server judges each call anew: this only keeps the page from
 * offering what would be refused. `me`: `undefined` while nobody knows, which is no.
 */
export function may(me: Me | undefined, wanted: Wanted, teamId?: string | null): boolean {
  if (me?.scope.split(' ').includes(wanted) !== true) return false
  // An operator has the scope in all of the tenant, and whoever is in one team has it there.
  if (me.role === 'operator' || teamId == null || me.teams.length < 2) return true
  const role = me.teams.find(({ id }) => id === teamId)?.role
  return wanted.endsWith(':read') ? role !== undefined : role === 'developer' || role === 'owner'
}

/** Whether the person may make and change keys there. */
export function mayWrite(me: Me | undefined, teamId?: string | null): boolean {
  return may(me, 'keys:write', teamId)
}
