/** The look-ups of teams, their members and invitations, by the caller's reach as all of them. */
import { parseScope } from '@countersign/core'
import type {
  AccessRequest,
  AccessRequestFilter,
  Account,
  Invitation,
  Member,
  Page,
  SessionPortal,
  Team,
  TeamOfAccount,
} from '@countersign/store'
import { judgeTeam, teamIdsOf, wholeTenant } from '../../caller/reach.ts'
import { roleOfScope } from '../../caller/team_roles.ts'
import type { ReadContext, WriteContext } from '../context.ts'
import { invalid, notFound, reads, requireTeam } from '../find.ts'
import { inSearchRoom } from '../lists/searches.ts'

/** A deleted team leaves a tombstone, which nobody finds. */
export async function findTeam(context: ReadContext | WriteContext, id: string): Promise<Team> {
  const team = await reads(context).teams.find(context.reach.tenant, id)
  if (team === undefined || team.status === 'revoked') throw notFound('team')
  requireTeam(context, id, 'team')
  return team
}

/** A team named in a body. Unknown is 400 with a pointer to it. */
export async function findTeamNamed(context: WriteContext, id: string): Promise<Team> {
  const team = await context.transaction.teams.find(context.reach.tenant, id)
  if (team === undefined || team.status === 'revoked' || judgeTeam(context.reach, id) === 'absent')
    throw invalid('/teamId', 'is not the id of a team')
  requireTeam(context, id, 'team')
  return team
}

export function findTeams(context: ReadContext, page: Page): Promise<readonly Team[]> {
  const among = teamIdsOf(context.reach)
  const filter = among === undefined ? {} : { among }
  const { reach, services } = context
  return inSearchRoom(context, page, () => services.store.read.teams.list(reach.tenant, filter, page))
}

/** The teams of the person who asks; by a portal link, the one that it named, with the role that its scope comes to. */
export async function findOwnTeams(
  { caller, reach, services }: ReadContext,
  portal: SessionPortal | undefined,
): Promise<readonly TeamOfAccount[]> {
  const { memberships, teams } = services.store.read
  if (portal === undefined) return memberships.ofAccount(reach.tenant, caller.grant.subject)
  const team = await teams.find(reach.tenant, portal.teamId)
  return team === undefined || team.status === 'revoked' ? [] : [{ team, role: roleOfScope(parseScope(portal.scope)) }]
}

export async function findMember(context: WriteContext, team: Team, accountId: string): Promise<Member> {
  const member = await context.transaction.memberships.find(team.tenant, team.id, accountId)
  if (member === undefined) throw notFound('member')
  return member
}

export function findMembers({ services }: ReadContext, { tenant, id }: Team, page: Page): Promise<readonly Member[]> {
  return services.store.read.memberships.list(tenant, id, page)
}

/** The account whose verified address this is: whoever may add members to a team learns whether there is one. */
export function findAccountByEmail({ reach, transaction }: WriteContext, email: string): Promise<Account | undefined> {
  return transaction.accounts.findByEmail(reach.tenant, email)
}

export function findInvitations(
  { now, services }: ReadContext,
  { tenant, id }: Team,
  page: Page,
): Promise<readonly Invitation[]> {
  return services.store.read.invitations.list(tenant, id, now, page)
}

export async function findInvitation(context: WriteContext, team: Team, id: string): Promise<Invitation> {
  const invitation = await context.transaction.invitations.find(team.tenant, id)
  if (invitation?.teamId !== team.id) throw notFound('invitation')
  return invitation
}

export async function findAccessRequest(context: WriteContext, id: string): Promise<AccessRequest> {
  const request = await context.transaction.accessRequests.find(context.reach.tenant, id)
  if (request === undefined) throw notFound('request for access')
  requireTeam(context, request.teamId, 'request for access')
  return request
}

export function findAccessRequests(
  context: ReadContext,
  filter: AccessRequestFilter,
  page: Page,
): Promise<readonly AccessRequest[]> {
  const teamIds = teamIdsOf(context.reach)
  const ofTeams = teamIds === undefined ? {} : { teamIds }
  return context.services.store.read.accessRequests.list(context.reach.tenant, { ...filter, ...ofTeams }, page)
}

export function findTeamOfExternalId(context: WriteContext, externalId: string): Promise<Team | undefined> {
  return context.transaction.teams.findByExternalId(wholeTenant(context.reach), externalId)
}
