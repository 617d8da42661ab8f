/** A team without an active member is disabled, and returns with one. */
import type { Team } from '@countersign/store'
import { changeTeam, withMembers } from '../../people/team_clients.ts'
import type { WriteContext } from '../context.ts'
import { auditOf, teamView } from './view.ts'

/** After a change of its members, in the same transaction. Gives the team as it is then. */
export async function settleTeam(context: WriteContext, team: Team): Promise<Team> {
  const { now, tenant, transaction } = context
  const settled = await withMembers(transaction, team, now)
  if (settled === undefined) return team
  const before = { status: (await teamView(context, team)).status }
  const objects = await changeTeam(transaction, settled, now)
  // Nobody answers for the team any more, so nobody comes in by what it said before.
  if (settled.isWithoutMember) await transaction.invitations.deleteOf(tenant.id, team.id, {})
  const after = { status: (await teamView(context, settled)).status, clients: objects.length }
  const audit = { ...auditOf(context, 'team.update', team), before, after }
  transaction.append({ tenant: tenant.id, audit, objects: () => objects })
  return settled
}

/** The account was disabled or enabled. */
export async function settleTeamsOf(context: WriteContext, accountId: string): Promise<void> {
  const { tenant, transaction } = context
  for (const { team } of await transaction.memberships.ofAccount(tenant.id, accountId)) await settleTeam(context, team)
}

/** The account was deleted: its teams are judged while it still is a member, and then lose it. */
export async function leaveTeams(context: WriteContext, accountId: string): Promise<void> {
  const { tenant, transaction } = context
  for (const { team } of await transaction.memberships.ofAccount(tenant.id, accountId)) {
    await settleTeam(context, team)
    await transaction.memberships.delete(tenant.id, team.id, accountId)
    await transaction.invitations.deleteOf(tenant.id, team.id, { invitedBy: accountId })
    transaction.append({
      tenant: tenant.id,
      audit: { ...auditOf(context, 'team.member.remove', team), before: { accountId } },
    })
  }
}
