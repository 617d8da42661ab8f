/** The teams of an account that is disabled, enabled or deleted. */
import { settleTeam } from '../../people/team_members.ts'
import type { WriteContext } from '../context.ts'
import { auditOf } from './view.ts'

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
