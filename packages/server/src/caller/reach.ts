import type { ManagementScope } from '@countersign/contract'
import { intersectScope, parseScope, type Scope, unionScope } from '@countersign/core'
import {
  type Account,
  type Api,
  isActiveTeam,
  type ReadRepositories,
  type SessionPortal,
  type Team,
  type TeamOfAccount,
} from '@countersign/store'
import type { TenantContext } from '../context.ts'
import { ProblemError } from '../http/problem.ts'
import { scopeOfRole } from './team_roles.ts'

/**
 * The part of a tenant that a caller sees and touches. An object beyond it is not there for the caller: 404, and in no
 * list, cursor, count, usage or audit event. Every look-up of the management API takes it beside the tenant.
 */
export type Reach = TenantReach | TeamsReach

/** Operators and machine clients: all that the tenant has. */
export interface TenantReach {
  readonly of: 'tenant'
  readonly tenant: string
}

/** A person: what is of their teams, and the account itself. */
export interface TeamsReach {
  readonly of: 'teams'
  readonly tenant: string
  readonly accountId: string
  readonly teams: ReadonlyMap<string, InTeam>
  /** The operation needs one of these in the team of the object that it touches. Empty: it needs nothing. */
  readonly needs: readonly ManagementScope[]
}

interface InTeam {
  readonly scope: Scope
  /** The APIs that the team's ceiling names. */
  readonly apiIds: readonly string[]
}

/** A reach, and the management scope that goes with it: for teams what is held in any of them. */
export interface Reaching {
  readonly reach: Reach
  readonly scope: Scope
}

export function tenantReach(tenant: Pick<TenantContext, 'id'>): Reach {
  return { of: 'tenant', tenant: tenant.id }
}

/** An account as it reaches at this moment, read from the store each time. One that is gone reaches nothing. */
export async function reachOfAccount(
  { memberships, teams: allTeams }: Pick<ReadRepositories, 'memberships' | 'teams'>,
  tenant: string,
  account: Account | undefined,
  portal?: SessionPortal,
): Promise<Reaching> {
  if (portal !== undefined) return reachOfPortal(allTeams, tenant, account, portal)
  if (account?.status === 'active' && account.role === 'operator')
    return { reach: { of: 'tenant', tenant }, scope: parseScope(account.scope) }
  const accountId = account?.id ?? ''
  const found = account?.status === 'active' ? await memberships.ofAccount(tenant, accountId) : []
  const teams = new Map(found.map((each) => [each.team.id, inTeam(each)]))
  const scope = [...teams.values()].reduce<Scope>((all, each) => unionScope(all, each.scope), [])
  return { reach: { of: 'teams', tenant, accountId, teams, needs: [] }, scope }
}

/** A session that a portal link began: one team, and the scope that the link named. An operator has none such. */
async function reachOfPortal(
  teams: ReadRepositories['teams'],
  tenant: string,
  account: Account | undefined,
  { teamId, scope: named }: SessionPortal,
): Promise<Reaching> {
  const accountId = account?.id ?? ''
  const team = account?.status === 'active' && account.role === undefined ? await teams.find(tenant, teamId) : undefined
  if (team === undefined || team.status === 'revoked')
    return { reach: { of: 'teams', tenant, accountId, teams: new Map(), needs: [] }, scope: [] }
  const scope = intersectScope(parseScope(named), inTeam({ team, role: 'owner' }).scope)
  const one = { scope, apiIds: Object.keys(team.access) }
  return { reach: { of: 'teams', tenant, accountId, teams: new Map([[team.id, one]]), needs: [] }, scope }
}

/** Nothing of an account: what is of the one who looks is not shown either. */
export function viewerReach({ id, tenant, access }: Team, scope: Scope): Reach {
  const one = { scope, apiIds: Object.keys(access) }
  return { of: 'teams', tenant, accountId: '', teams: new Map([[id, one]]), needs: [] }
}

/** In a team that is disabled everybody only reads. */
function inTeam({ team, role }: TeamOfAccount): InTeam {
  const scope = scopeOfRole[isActiveTeam(team) ? role : 'viewer']
  return { scope, apiIds: Object.keys(team.access) }
}

/** The reach of one operation: a scope that is held in one team counts for nothing in another. */
export function reachOf(reach: Reach, needs: readonly (ManagementScope | undefined)[]): Reach {
  if (reach.of === 'tenant') return reach
  return { ...reach, needs: needs.filter((scope) => scope !== undefined) }
}

/** The teams in which the operation may be done; `undefined` where all of the tenant is in reach. */
export function teamIdsOf(reach: Reach): readonly string[] | undefined {
  return reach.of === 'tenant' ? undefined : mayIn(reach).map(([id]) => id)
}

/** The APIs that the ceilings of those teams name; `undefined` where all of the tenant is in reach. */
export function apiIdsOf(reach: Reach): readonly string[] | undefined {
  return reach.of === 'tenant' ? undefined : [...new Set(mayIn(reach).flatMap(([, { apiIds }]) => apiIds))]
}

/** An API that offers something to teams is there for whoever may do the operation in one. */
export function isOffered(reach: Reach, { selfServiceScope, onRequestScope }: Api): boolean {
  return reach.of === 'teams' && mayIn(reach).length > 0 && `${selfServiceScope}${onRequestScope}` !== ''
}

function mayIn(reach: TeamsReach): readonly (readonly [string, InTeam])[] {
  return [...reach.teams].filter(([, inIt]) => suffices(reach, inIt))
}

function suffices({ needs }: TeamsReach, { scope }: InTeam): boolean {
  return needs.length === 0 || needs.some((each) => scope.includes(each))
}

/** Whether the operation may touch what is of that team. `forbidden`: the caller sees it, and lacks the scope there. */
export function judgeTeam(reach: Reach, teamId: string | undefined): 'allowed' | 'forbidden' | 'absent' {
  if (reach.of === 'tenant') return 'allowed'
  const inIt = teamId === undefined ? undefined : reach.teams.get(teamId)
  if (inIt === undefined) return 'absent'
  return suffices(reach, inIt) ? 'allowed' : 'forbidden'
}

/** The scope that counts for an object of the team. Without a team: what is held in all in which the operation may be done. */
export function heldWithin(reach: Reach, held: Scope, teamId?: string): Scope {
  if (reach.of === 'tenant') return held
  if (teamId !== undefined) return intersectScope(held, reach.teams.get(teamId)?.scope ?? [])
  const scopes = mayIn(reach).map(([, { scope }]) => scope)
  return scopes.length === 0 ? [] : scopes.reduce(intersectScope, held)
}

/**
 * The tenant's id, for what only those with reach over the tenant may see or do. For others 403: such a thing is of no team,
 * so that nobody learns what is there.
 */
export function wholeTenant(reach: Reach, what = 'This'): string {
  if (reach.of === 'tenant') return reach.tenant
  throw new ProblemError(403, 'forbidden', `${what} needs reach over the tenant, which members of a team do not have.`)
}
