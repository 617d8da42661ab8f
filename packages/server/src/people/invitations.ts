/**
 * Invitations to a team. Each has two codes: one that its maker hands on, and one that goes out by mail alone. Whoever brings
 * the latter has shown that mail to the address reaches them.
 */
import { digest, randomBase62, type Seconds } from '@countersign/core'
import {
  type Account,
  emailKey,
  type Invitation,
  type Member,
  type ReadRepositories,
  type Team,
  type WriteTransaction,
} from '@countersign/store'
import { subjectCutOff } from '../caller/subject_cut_off.ts'
import { ProblemError } from '../http/problem.ts'
import { addMember, type Doing, settleTeam } from './team_members.ts'

const mailedKind = 'invitation_mail'

export interface Invited {
  readonly invitation: Invitation
  readonly team: Team
  /** The code came by mail. */
  readonly isMailed: boolean
}

/** The invitation of a code; `undefined` where it has ended, with its team, its maker or its time. */
export async function findInvited(
  transaction: WriteTransaction,
  tenant: string,
  code: string,
  now: Seconds,
): Promise<Invited | undefined> {
  const handed = await transaction.invitations.findByDigest(tenant, await digest(code))
  if (handed !== undefined) return readInvited(transaction, handed, false, now)
  const mailed = (await transaction.singleUse.find(mailedKind, tenant, code, now)) as
    | { readonly id: string }
    | undefined
  const invitation = mailed && (await transaction.invitations.find(tenant, mailed.id))
  return invitation && readInvited(transaction, invitation, true, now)
}

/** The same for one whose code was seen before. */
export async function readInvited(
  reads: Pick<ReadRepositories, 'statusEntries' | 'teams'>,
  invitation: Invitation,
  isMailed: boolean,
  now: Seconds,
): Promise<Invited | undefined> {
  const { invitedBy, position, tenant } = invitation
  const team = await reads.teams.find(tenant, invitation.teamId)
  if (team === undefined || team.status === 'revoked' || now >= invitation.expiresAt) return undefined
  const isOver = invitedBy !== undefined && position < (await subjectCutOff(reads, tenant, invitedBy))
  return isOver ? undefined : { invitation, team, isMailed }
}

/** The code that is mailed, and shown nowhere. */
export async function mailedCode(
  transaction: WriteTransaction,
  { tenant, id, expiresAt }: Invitation,
  randomBytes: (count: number) => Uint8Array,
): Promise<string> {
  const code = randomBase62(32, randomBytes)
  await transaction.singleUse.keep(mailedKind, tenant, code, { id }, expiresAt)
  return code
}

/** Whether the invitation is for this account: it has the address, and has proven it here or by the mailed code. */
export function isInvited({ invitation, isMailed }: Invited, account: Account): boolean {
  const isTheirs = emailKey(account.email ?? '') === emailKey(invitation.email)
  return isTheirs && (account.emailVerified || isMailed)
}

/**
 * For the invited alone. The invitation ends with it: of two that accept at once, one does. Throws `ProblemError` where the
 * team is disabled, or the account is a member already or in too many teams.
 */
export async function accept(it: Doing, { invitation, team }: Invited, account: Account): Promise<Member> {
  const { actor, requestId, transaction } = it
  const { id, tenant } = team
  if (team.status !== 'active') throw new ProblemError(409, 'disabled', 'The team is disabled.')
  await transaction.invitations.delete(tenant, invitation.id)
  const proven = account.emailVerified ? account : await prove(it, account)
  const member = await addMember(it, team, proven, invitation.role)
  const after = { accountId: account.id, role: invitation.role }
  const audit = {
    actor,
    action: 'team.invitation.accept',
    objectType: 'team',
    objectId: id,
    teamId: id,
    after,
    requestId,
  }
  transaction.append({ tenant, audit })
  await settleTeam(it, team)
  return member
}

/** The mailed code has shown it. Throws `ConflictError` where the address is somebody else's by now. */
async function prove({ actor, now, requestId, transaction }: Doing, account: Account): Promise<Account> {
  const proven = { ...account, emailVerified: true, version: account.version + 1, updatedAt: Math.floor(now) }
  await transaction.accounts.update(proven)
  const change = { before: { emailVerified: false }, after: { emailVerified: true } }
  const audit = { actor, action: 'account.update', objectType: 'account', objectId: account.id, ...change, requestId }
  transaction.append({ tenant: account.tenant, audit })
  return proven
}
