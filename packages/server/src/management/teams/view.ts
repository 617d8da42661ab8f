import type { AuditAction, routes } from '@countersign/contract'
import { formatTime } from '@countersign/core'
import type { Member, Team } from '@countersign/store'
import { shownStatus } from '../../people/team_members.ts'
import type { ReadContext, WriteContext } from '../context.ts'
import { audienceOf } from '../find.ts'
import type { AnswerOf } from '../operation.ts'

/** A team as answered: disabled also while none of its members is active. */
export async function teamView(
  context: ReadContext | WriteContext,
  team: Team,
): Promise<AnswerOf<typeof routes.getTeam>> {
  const access = []
  for (const [apiId, scope] of Object.entries(team.access))
    access.push({ audience: await audienceOf(context, apiId), scope })
  return {
    id: team.id,
    name: team.name,
    externalId: team.externalId ?? null,
    metadata: team.metadata,
    status: shownStatus(team),
    access,
    createdAt: formatTime(team.createdAt),
    updatedAt: formatTime(team.updatedAt),
  }
}

export function memberView(member: Member): AnswerOf<typeof routes.updateTeamMember> {
  return {
    accountId: member.accountId,
    email: member.email ?? null,
    name: member.name,
    role: member.role,
    status: member.accountStatus,
    createdAt: formatTime(member.createdAt),
    updatedAt: formatTime(member.updatedAt),
  }
}

export function auditOf({ actor, requestId }: WriteContext, action: AuditAction, { id }: Team) {
  return { actor, action, objectType: 'team', objectId: id, teamId: id, requestId } as const
}
