/**
 * `X-Countersign-View-As: team_…`: whoever reaches the whole tenant reads as a viewer of one team (docs/people/teams.md). An
 * operation of another kind, or that a viewer lacks the scope for, is refused. The team is told, once an hour.
 */
import type { Route } from '@countersign/contract'
import { intersectScope, parseScope, scopeView } from '@countersign/core'
import type { Team } from '@countersign/store'
import type { Services, TenantContext } from '../context.ts'
import { header } from '../http/header.ts'
import { ProblemError } from '../http/problem.ts'
import type { HttpRequest } from '../http/request.ts'
import { actorOf, type Caller } from './caller.ts'
import { viewerReach, wholeTenant } from './reach.ts'
import { scopeOfRole } from './team_roles.ts'

export type ViewAsServices = Pick<Services, 'now' | 'store'>

const name = 'x-countersign-view-as'
const toldSeconds = 3_600
/** A clock that is behind the database’s by less than this leaves no view untold. */
const keptHours = 24

/** The caller as it reads: itself without the header. Throws 400, 403 and 404. */
export async function viewAs(
  services: ViewAsServices,
  tenant: TenantContext,
  request: HttpRequest,
  { method, scope, orScope }: Pick<Route, 'method' | 'scope' | 'orScope'>,
  caller: Caller,
): Promise<Caller> {
  const teamId = header(request, name)
  if (teamId === undefined) return caller
  if (method !== 'GET') throw forbidden('X-Countersign-View-As is for reading. Send a change without it.')
  wholeTenant(caller.reach, 'X-Countersign-View-As')
  const held = intersectScope(parseScope(caller.grant.scope), scopeOfRole.viewer)
  const asked = [scope, orScope].filter((each) => each !== undefined)
  if (!held.includes('teams:read')) throw forbidden('X-Countersign-View-As needs the scope teams:read.')
  if (asked.length > 0 && !asked.some((each) => held.includes(each)))
    throw forbidden(`A viewer of a team does not have the scope ${asked.join(' or ')}.`)
  const team = await services.store.read.teams.find(tenant.id, teamId)
  if (team === undefined || team.status === 'revoked')
    throw new ProblemError(404, 'not_found', 'There is no such team.')
  await tellTeam(services, team, caller)
  const { text, has } = scopeView(held)
  const { account: _, session: __, ...rest } = caller
  return { ...rest, grant: { ...caller.grant, scope: text, has }, reach: viewerReach(team, held), viewed: team }
}

/** An audit event of the team: it finds there who looked. */
async function tellTeam({ store, now }: ViewAsServices, { id, tenant }: Team, caller: Caller): Promise<void> {
  const hour = Math.floor(now() / toldSeconds)
  const { subject, credentialId } = caller.grant
  const value = `${hour} ${caller.account === undefined ? credentialId : subject} ${id}`
  await store.write(async (transaction) => {
    if (!(await transaction.singleUse.take('view_as', tenant, value, (hour + keptHours) * toldSeconds))) return
    const { requestId } = caller.request
    const audit = { action: 'team.view', objectType: 'team', objectId: id, teamId: id, requestId }
    transaction.append({ tenant, audit: { ...audit, actor: actorOf(caller) } })
  })
}

function forbidden(detail: string): ProblemError {
  return new ProblemError(403, 'forbidden', detail)
}
