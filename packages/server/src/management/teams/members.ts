/** Members of a team, and invitations to it. */
import { routes } from '@countersign/contract'
import { formatTime } from '@countersign/core'
import { type Invitation, type Member, newInvitation, type Team } from '@countersign/store'
import { scopeOfRole } from '../../caller/team_roles.ts'
import type { Answer } from '../../http/answer.ts'
import { ProblemError } from '../../http/problem.ts'
import { serverLimits } from '../../limits.ts'
import { accept, findInvited, isInvited, mailedCode } from '../../people/invitations.ts'
import { takeMail } from '../../people/mail_codes/mail_code.ts'
import { invitationMail } from '../../people/mail_codes/mail_texts.ts'
import { addMember, settleTeam } from '../../people/team_members.ts'
import type { ReadContext, WriteContext } from '../context.ts'
import { notFound } from '../find.ts'
import { pageAnswer, pageOf } from '../lists/cursor.ts'
import { type Operation, preparedIssueOperation, readOperation, writeOperation } from '../operation.ts'
import { findAccountOrNone } from '../people/find.ts'
import { ownAccount } from '../people/sessions.ts'
import { findAccountByEmail, findInvitation, findInvitations, findMember, findMembers, findTeam } from './find.ts'
import { auditOf, memberView } from './view.ts'

const listTeamMembers = readOperation(routes.listTeamMembers, async (context) => {
  const team = await findTeam(context, context.params.id as string)
  const list = `members ${team.id}`
  const members = await findMembers(context, team, pageOf(context, list))
  return pageAnswer(context, list, members, ({ accountId }) => accountId, memberView)
})

/** Nobody gives a role that can do more than they can in this team (docs/security/invariants.md §11). */
const addTeamMember = preparedIssueOperation(
  routes.addTeamMember,
  withMailPlace,
  async (context, { moment }, place) => {
    const { body, tenant, transaction } = context
    const team = await findTeam(context, context.params.id as string)
    context.requireHeld(scopeOfRole[body.role], team.id)
    await transaction.invitations.deleteOf(tenant.id, team.id, { email: body.email })
    await requireRoom(context, team)
    const account = await findAccountByEmail(context, body.email)
    if (account === undefined) {
      const { invitation, code } = await invite(context, team, moment.position)
      const url = `${tenant.issuer}/invite#${code}`
      const isMailed = place !== undefined && (await mailInvitation(context, team, invitation, place))
      return { status: 201, body: { member: null, invitation: { ...invitationView(invitation), url, isMailed } } }
    }
    if (account.status !== 'active')
      throw new ProblemError(409, 'disabled', 'The account with this address is disabled.')
    const member = await addMember(context, team, account, body.role)
    append(context, team, 'team.member.add', undefined, member)
    await settleTeam(context, team)
    return { status: 201, body: { member: memberView(member), invitation: null } }
  },
)

type Place = Awaited<ReturnType<ReadContext['services']['mailer']['take']>>

/** Taken before the transaction, since the mail server is asked over the network whether it takes mail. */
async function withMailPlace(
  { caller, services, tenant }: ReadContext,
  work: (place: Place) => Promise<Answer>,
): Promise<Answer> {
  const place = await services.mailer.take({ tenant: tenant.id, credential: caller.grant.credentialId })
  try {
    return await work(place)
  } finally {
    place?.release()
  }
}

async function requireRoom({ now, transaction }: WriteContext, { tenant, id }: Team): Promise<void> {
  await transaction.invitations.deleteOf(tenant, id, { endedAt: now })
  const { all } = await transaction.memberships.count(tenant, id)
  const open = await transaction.invitations.list(tenant, id, now, { limit: serverLimits.teamMembersMax })
  if (all + open.length < serverLimits.teamMembersMax) return
  const most = `A team has at most ${serverLimits.teamMembersMax} members and invitations.`
  throw new ProblemError(409, 'conflict', most)
}

async function invite(
  context: WriteContext<typeof routes.addTeamMember>,
  team: Team,
  position: number,
): Promise<{ readonly invitation: Invitation; readonly code: string }> {
  const { body, caller, now, services, transaction } = context
  const { kind, subject } = caller.grant
  const draft = {
    tenant: team.tenant,
    teamId: team.id,
    email: body.email,
    role: body.role,
    ...(kind === 'session' ? { invitedBy: subject } : {}),
    position,
    expiresAt: Math.floor(now) + serverLimits.invitationSeconds,
  }
  const made = await newInvitation(draft, { now, randomBytes: services.randomBytes })
  await transaction.invitations.insert(made.invitation)
  const after = invitationView(made.invitation)
  transaction.append({
    tenant: team.tenant,
    audit: { ...auditOf(context, 'team.invitation.create', team), after },
  })
  return made
}

/**
 * Once the change is committed. The mail has a code of its own: its address is proven by it, as it could not be by a code that
 * somebody else was shown.
 */
async function mailInvitation(
  context: WriteContext,
  team: Team,
  invitation: Invitation,
  place: NonNullable<Place>,
): Promise<boolean> {
  const { now, services, tenant, transaction } = context
  const { email, expiresAt } = invitation
  if (!(await takeMail(transaction, tenant.id, email, now))) return false
  const name = (await transaction.tenants.find(tenant.id))?.name ?? ''
  const code = await mailedCode(transaction, invitation, services.randomBytes)
  const url = `${tenant.issuer}/invite#${code}`
  context.afterCommit(() => place.post(() => invitationMail({ email, name }, team.name, url, expiresAt)))
  return true
}

function invitationView(invitation: Invitation) {
  return {
    id: invitation.id,
    teamId: invitation.teamId,
    email: invitation.email,
    role: invitation.role,
    createdAt: formatTime(invitation.createdAt),
    expiresAt: formatTime(invitation.expiresAt),
  }
}

/** The caller must hold both roles: the one that it was and the one that it becomes. */
const updateTeamMember = writeOperation(routes.updateTeamMember, async (context) => {
  const { body, now, tenant, transaction } = context
  const team = await findTeam(context, context.params.id as string)
  const member = await findMember(context, team, context.params.accountId as string)
  context.requireHeld([...scopeOfRole[member.role], ...scopeOfRole[body.role]], team.id)
  const at = Math.floor(now)
  const changed: Member = { ...member, role: body.role, version: member.version + 1, updatedAt: at }
  await transaction.memberships.update(changed)
  if (body.role !== 'owner') await requireOwner(context, team, member)
  await transaction.invitations.deleteOf(tenant.id, team.id, { invitedBy: member.accountId })
  append(context, team, 'team.member.update', member, changed)
  return { status: 200, body: memberView(changed) }
})

/** Leaving needs no more than being there. */
const removeTeamMember = writeOperation(routes.removeTeamMember, async (context) => {
  const { caller, tenant, transaction } = context
  const team = await findTeam(context, context.params.id as string)
  const member = await findMember(context, team, context.params.accountId as string)
  const isOwn = caller.grant.kind === 'session' && caller.grant.subject === member.accountId
  if (!isOwn) context.requireHeld(['teams:write', ...scopeOfRole[member.role]], team.id)
  await transaction.memberships.delete(tenant.id, team.id, member.accountId)
  await requireOwner(context, team, member)
  await transaction.invitations.deleteOf(tenant.id, team.id, { invitedBy: member.accountId })
  append(context, team, 'team.member.remove', member, undefined)
  await settleTeam(context, team)
  return { status: 200, body: { teamId: team.id, accountId: member.accountId } }
})

/** After a change that took one away: somebody who can sign in is left to answer for the team. */
async function requireOwner({ transaction }: WriteContext, { tenant, id }: Team, changed: Member): Promise<void> {
  if (changed.role !== 'owner') return
  if ((await transaction.memberships.count(tenant, id)).activeOwners > 0) return
  throw new ProblemError(
    409,
    'conflict',
    'The last owner of a team stays its owner. Make somebody else an owner first.',
  )
}

const listInvitations = readOperation(routes.listInvitations, async (context) => {
  const team = await findTeam(context, context.params.id as string)
  const list = `invitations ${team.id}`
  const invitations = await findInvitations(context, team, pageOf(context, list))
  return pageAnswer(context, list, invitations, ({ id }) => id, invitationView)
})

const deleteInvitation = writeOperation(routes.deleteInvitation, async (context) => {
  const { tenant, transaction } = context
  const team = await findTeam(context, context.params.id as string)
  const invitation = await findInvitation(context, team, context.params.invitationId as string)
  await transaction.invitations.delete(tenant.id, invitation.id)
  const before = invitationView(invitation)
  transaction.append({ tenant: tenant.id, audit: { ...auditOf(context, 'team.invitation.delete', team), before } })
  return { status: 200, body: { id: invitation.id, teamId: team.id } }
})

/**
 * For the person who was invited alone, who did not come by a portal link: the account of the session has the address, and has proven it, here or by the code
 * that was mailed to it.
 */
const acceptInvitation = writeOperation(routes.acceptInvitation, async (context) => {
  const { body, caller, now, tenant, transaction } = context
  if (ownAccount(caller) === undefined)
    throw new ProblemError(403, 'forbidden', 'An invitation is accepted by the person who was invited, signed in.')
  const invited = await findInvited(transaction, tenant.id, body.code, now)
  if (invited === undefined) throw notFound('invitation')
  const account = await findAccountOrNone(context, caller.grant.subject)
  if (account === undefined || !isInvited(invited, account))
    throw new ProblemError(
      403,
      'forbidden',
      'The invitation is for another address than the verified one of this account.',
    )
  const { invitation, team } = invited
  await accept(context, invited, account)
  return { status: 200, body: { id: team.id, name: team.name, role: invitation.role } }
})

type Change = 'team.member.add' | 'team.member.update' | 'team.member.remove'

function append(
  context: WriteContext,
  team: Team,
  action: Change,
  before: Member | undefined,
  after: Member | undefined,
): void {
  const shown = (member: Member | undefined) => member && { accountId: member.accountId, role: member.role }
  const audit = { ...auditOf(context, action, team), before: shown(before), after: shown(after) }
  context.transaction.append({ tenant: team.tenant, audit })
}

export const memberOperations: readonly Operation[] = [
  listTeamMembers,
  addTeamMember,
  updateTeamMember,
  removeTeamMember,
  listInvitations,
  deleteInvitation,
  acceptInvitation,
]
