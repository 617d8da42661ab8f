import { digest, randomBase62, type Seconds } from '@countersign/core'
import type { Row } from '../../columns.ts'
import { Columns, present } from '../../columns.ts'
import { assertTouched } from '../../errors.ts'
import { type Page, readPage } from '../../page.ts'
import type { Session } from '../../session.ts'
import { emailKey } from '../people/account.ts'
import { isTeamRole, type TeamRole } from './membership.ts'

/** Somebody at this address may become a member, once. Its code is not stored: only the digest is. */
export interface Invitation {
  readonly tenant: string
  readonly id: string
  readonly teamId: string
  /** As it was given. */
  readonly email: string
  readonly role: TeamRole
  /** Base64url SHA-256 of the code. */
  readonly digest: string
  /** The account that invited; absent where it was a client. */
  readonly invitedBy?: string
  /** The feed sequence at which it was made: what ends its maker by a higher one ends it too. */
  readonly position: number
  readonly createdAt: Seconds
  readonly expiresAt: Seconds
}

/** The record of a new invitation, and the code that is shown once. */
export async function newInvitation(
  draft: Omit<Invitation, 'id' | 'digest' | 'createdAt'>,
  { now, randomBytes }: { readonly now: Seconds; readonly randomBytes: (count: number) => Uint8Array },
): Promise<{ readonly invitation: Invitation; readonly code: string }> {
  const code = randomBase62(32, randomBytes)
  const id = `invite_${randomBase62(20, randomBytes)}`
  return { invitation: { ...draft, id, digest: await digest(code), createdAt: Math.floor(now) }, code }
}

export interface InvitationReads {
  find(tenant: string, id: string): Promise<Invitation | undefined>
  findByDigest(tenant: string, digest: string): Promise<Invitation | undefined>
  /** Lists those of the team that have not ended. */
  list(tenant: string, teamId: string, now: Seconds, page: Page): Promise<readonly Invitation[]>
}

export interface InvitationWrites {
  insert(invitation: Invitation): Promise<void>
  /** Throws `RowCountError` when it is not there: of two that take it, one does. */
  delete(tenant: string, id: string): Promise<void>
  /** Deletes those of the team that have ended, are for the address, or were made by the account. Without any of these: all. */
  deleteOf(tenant: string, teamId: string, of: InvitationsOf): Promise<void>
}

export interface InvitationsOf {
  readonly endedAt?: Seconds
  readonly email?: string
  readonly invitedBy?: string
}

export function readInvitations(session: Session): InvitationReads {
  const select = (tenant: string) => session.db.selectFrom('invitations').selectAll().where('tenant', '=', tenant)
  return {
    async find(tenant, id) {
      await session.enter(tenant)
      const row = await select(tenant).where('id', '=', id).executeTakeFirst()
      return row && decodeInvitation(row)
    },
    async findByDigest(tenant, text) {
      await session.enter(tenant)
      const row = await select(tenant).where('digest', '=', text).executeTakeFirst()
      return row && decodeInvitation(row)
    },
    async list(tenant, teamId, now, page) {
      await session.enter(tenant)
      return readPage(session, page, {
        table: 'invitations',
        of: { tenant },
        query: select(tenant).where('team_id', '=', teamId).where('expires_at', '>', Math.floor(now)),
        decode: decodeInvitation,
      })
    },
  }
}

export function writeInvitations(session: Session): InvitationReads & InvitationWrites {
  return {
    ...readInvitations(session),
    async insert(invitation) {
      await session.enter(invitation.tenant)
      await session.db.insertInto('invitations').values(encodeInvitation(invitation)).execute()
    },
    async delete(tenant, id) {
      await session.enter(tenant)
      const result = await session.db
        .deleteFrom('invitations')
        .where('tenant', '=', tenant)
        .where('id', '=', id)
        .executeTakeFirst()
      assertTouched('the end of an invitation', 1, result.numDeletedRows)
    },
    async deleteOf(tenant, teamId, { endedAt, email, invitedBy }) {
      await session.enter(tenant)
      let query = session.db.deleteFrom('invitations').where('tenant', '=', tenant).where('team_id', '=', teamId)
      if (endedAt !== undefined) query = query.where('expires_at', '<=', Math.floor(endedAt))
      if (email !== undefined) query = query.where('email_key', '=', emailKey(email))
      if (invitedBy !== undefined) query = query.where('invited_by', '=', invitedBy)
      await query.execute()
    },
  }
}

function encodeInvitation(invitation: Invitation) {
  return {
    tenant: invitation.tenant,
    id: invitation.id,
    team_id: invitation.teamId,
    email: invitation.email,
    email_key: emailKey(invitation.email),
    role: invitation.role,
    digest: invitation.digest,
    invited_by: invitation.invitedBy ?? null,
    position: invitation.position,
    created_at: invitation.createdAt,
    expires_at: invitation.expiresAt,
  }
}

function decodeInvitation(row: Row): Invitation {
  const columns = new Columns('invitations', row.id, row)
  return present({
    tenant: columns.text('tenant'),
    id: columns.text('id'),
    teamId: columns.text('team_id'),
    email: columns.text('email'),
    role: columns.word('role', isTeamRole),
    digest: columns.text('digest'),
    invitedBy: columns.optionalText('invited_by'),
    position: columns.count('position'),
    createdAt: columns.count('created_at'),
    expiresAt: columns.count('expires_at'),
  })
}
