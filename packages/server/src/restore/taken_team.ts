/**
 * Takes from a restored team what a later state lacks: it may lose its ceiling, members and invitations, and gain none. Its clients
 * are compared by themselves.
 */
import type { Client, Membership, Team, TeamRole } from '@countersign/store'
import { clientObject } from '../feed/objects.ts'
import { isSame, takenAccess, worse } from './narrowed.ts'
import { append, type Taking } from './taken.ts'

/** The later state of a team: its row, the role of each account, and the invitations that nobody has taken. */
export interface LaterTeam {
  readonly team: Team
  readonly roles: ReadonlyMap<string, TeamRole>
  readonly invitations: ReadonlySet<string>
}

const rankOfRole: { readonly [Role in TeamRole]: number } = { viewer: 0, developer: 1, owner: 2 }
/** More than a team may have of either. */
const most = { limit: 1_000 }

/** Resolves to whether anything was changed. `undefined`: the team is not there any more. */
export async function takeTeam(taking: Taking, team: Team, later: LaterTeam | undefined): Promise<boolean> {
  const { it, now } = taking
  const { tenant, id } = team
  const isGone = later === undefined || later.team.status === 'revoked'
  const arePeopleTaken = await takePeople(taking, team, isGone ? undefined : later)
  if (isGone) await it.accessRequests.deleteByTeam(tenant, id)
  const changed = isGone ? tombstoneOf(team) : narrowed(team, later.team)
  const isChanged = !isSame(changed, team)
  if (isChanged) await it.teams.update({ ...changed, version: team.version + 1, updatedAt: Math.floor(now) })
  if (isChanged || arePeopleTaken) append(taking, tenant, 'team', id)
  return isChanged || arePeopleTaken
}

function tombstoneOf({ externalId: _, ...team }: Team): Team {
  return { ...team, name: '', metadata: {}, access: {}, status: 'revoked' }
}

/** The owner's own id is that of the later state, which says what it means. */
function narrowed({ externalId: _, ...team }: Team, later: Team): Team {
  return {
    ...team,
    ...(later.externalId === undefined ? {} : { externalId: later.externalId }),
    status: worse(team.status, later.status),
    isWithoutMember: team.isWithoutMember || later.isWithoutMember,
    access: takenAccess(team.access, later.access),
  }
}

/** The owner's own id is another team's by now, or none's. Before any team is given its later one: each is there once. */
export async function takeExternalId(
  { it, now, cause }: Taking,
  { tenant, id }: Pick<Team, 'tenant' | 'id'>,
  later: string | undefined,
): Promise<boolean> {
  const team = await it.teams.find(tenant, id)
  if (team?.externalId === undefined || team.externalId === later) return false
  const { externalId: _, ...rest } = team
  await it.teams.update({ ...rest, version: team.version + 1, updatedAt: Math.floor(now) })
  append({ it, now, cause }, tenant, 'team', id)
  return true
}

/** A member who left since is out, one who was lowered since is lowered, and an invitation that was taken is none. */
async function takePeople({ it, now }: Taking, { tenant, id }: Team, later: LaterTeam | undefined): Promise<boolean> {
  let isTaken = false
  for (const { email: _, name: __, accountStatus: ___, ...member } of await it.memberships.list(tenant, id, most)) {
    const role = later?.roles.get(member.accountId)
    if (role === undefined) await it.memberships.delete(tenant, id, member.accountId)
    else if (rankOfRole[role] < rankOfRole[member.role]) {
      const lowered: Membership = { ...member, role, version: member.version + 1, updatedAt: Math.floor(now) }
      await it.memberships.update(lowered)
    } else continue
    isTaken = true
  }
  for (const invitation of await it.invitations.list(tenant, id, 0, most)) {
    if (later?.invitations.has(invitation.id) === true) continue
    await it.invitations.delete(tenant, invitation.id)
    isTaken = true
  }
  return isTaken
}

/**
 * The client was in another team since, or in none: now it is of no team, with what its team had left of it. Nobody of the
 * former one touches it again. Gives it as it is then.
 */
export async function takeTeamOf(taking: Taking, client: Client): Promise<Client> {
  const { it, now } = taking
  const { teamId: _, own: __, ...rest } = client
  const next: Client = { ...rest, version: client.version + 1, updatedAt: Math.floor(now) }
  await it.clients.update(next)
  append(taking, client.tenant, 'client', client.id, clientObject(next, now))
  return next
}
