/** Who is in a team, and what that does to the team. */
import type { Seconds } from '@countersign/core'
import {
  type Account,
  type AuditActor,
  isActiveTeam,
  type Member,
  type Membership,
  type Team,
  type TeamRole,
  type WriteTransaction,
} from '@countersign/store'
import { ProblemError } from '../http/problem.ts'
import { serverLimits } from '../limits.ts'
import { changeTeam, withMembers } from './team_clients.ts'

/** The change under way, and who makes it. */
export interface Doing {
  readonly transaction: WriteTransaction
  readonly now: Seconds
  readonly actor: AuditActor
  readonly requestId: string
}

export async function addMember(
  { now, transaction }: Pick<Doing, 'now' | 'transaction'>,
  { tenant, id: teamId }: Team,
  account: Account,
  role: TeamRole,
): Promise<Member> {
  const { memberships } = transaction
  if ((await memberships.find(tenant, teamId, account.id)) !== undefined)
    throw new ProblemError(409, 'conflict', 'The account is a member of this team already.')
  if ((await memberships.ofAccount(tenant, account.id)).length >= serverLimits.accountTeamsMax)
    throw new ProblemError(409, 'conflict', `An account is in at most ${serverLimits.accountTeamsMax} teams.`)
  const at = Math.floor(now)
  const membership: Membership = {
    tenant,
    teamId,
    accountId: account.id,
    role,
    version: 1,
    createdAt: at,
    updatedAt: at,
  }
  await memberships.insert(membership)
  const { email, name, status: accountStatus } = account
  return { ...membership, ...(email === undefined ? {} : { email }), name, accountStatus }
}

/**
 * After a change of its members, in the same transaction: a team without an active member is disabled, and returns with one.
 * Gives the team as it is then.
 */
export async function settleTeam({ actor, now, requestId, transaction }: Doing, team: Team): Promise<Team> {
  const settled = await withMembers(transaction, team, now)
  if (settled === undefined) return team
  const { id, tenant } = team
  const objects = await changeTeam(transaction, settled, now)
  // Nobody answers for the team any more, so nobody comes in by what it said before.
  if (settled.isWithoutMember) await transaction.invitations.deleteOf(tenant, id, {})
  transaction.append({
    tenant,
    audit: {
      actor,
      action: 'team.update',
      objectType: 'team',
      objectId: id,
      teamId: id,
      before: { status: shownStatus(team) },
      after: { status: shownStatus(settled), clients: objects.length },
      requestId,
    },
    objects: () => objects,
  })
  return settled
}

/** As people see it: disabled also while none of its members is active. */
export function shownStatus(team: Team): Team['status'] {
  return isActiveTeam(team) || team.status === 'revoked' ? team.status : 'disabled'
}
