import type { Seconds, Status } from '@countersign/core'
import { type Kysely, sql } from 'kysely'
import { oneOf } from '../../check.ts'
import type { Row } from '../../columns.ts'
import { Columns, present } from '../../columns.ts'
import { assertTouched } from '../../errors.ts'
import { type Page, readPage } from '../../page.ts'
import { writeNextVersion } from '../../rows/next_version.ts'
import type { Schema } from '../../schema.ts'
import type { Session } from '../../session.ts'
import { isStatus } from '../../stored_json.ts'
import { decodeTeam, type Team } from './team.ts'

export type TeamRole = 'owner' | 'developer' | 'viewer'

/** An account in a team. */
export interface Membership {
  readonly tenant: string
  readonly teamId: string
  readonly accountId: string
  readonly role: TeamRole
  readonly version: number
  readonly createdAt: Seconds
  readonly updatedAt: Seconds
}

/** A membership with what its team is shown of the account. */
export interface Member extends Membership {
  readonly email?: string
  readonly name: string
  readonly accountStatus: Status
}

/** A team of an account, with its role there. */
export interface TeamOfAccount {
  readonly team: Team
  readonly role: TeamRole
}

export interface MembershipReads {
  find(tenant: string, teamId: string, accountId: string): Promise<Member | undefined>
  list(tenant: string, teamId: string, page: Page): Promise<readonly Member[]>
  /** The teams of the account that are not deleted, in the order of their ids. */
  ofAccount(tenant: string, accountId: string): Promise<readonly TeamOfAccount[]>
  /** How many members the team has: all, those whose account is active, and the owners among the latter. */
  count(tenant: string, teamId: string): Promise<MemberCounts>
}

export interface MemberCounts {
  readonly all: number
  readonly active: number
  readonly activeOwners: number
}

export interface MembershipWrites {
  insert(membership: Membership): Promise<void>
  update(membership: Membership): Promise<void>
  delete(tenant: string, teamId: string, accountId: string): Promise<void>
  deleteByTeam(tenant: string, teamId: string): Promise<void>
}

export const isTeamRole = oneOf<TeamRole>({ owner: true, developer: true, viewer: true })

export function selectTeamsOfAccount(db: Kysely<Schema>, tenant: string, accountId: string) {
  return db
    .selectFrom('memberships')
    .innerJoin('teams', (join) =>
      join.onRef('teams.tenant', '=', 'memberships.tenant').onRef('teams.id', '=', 'memberships.team_id'),
    )
    .selectAll('teams')
    .select('memberships.role as role')
    .where('memberships.tenant', '=', tenant)
    .where('memberships.account_id', '=', accountId)
    .where('teams.status', '!=', sql.lit('revoked'))
}

/** Sorted here: in the order of an index, SQLite would go through all teams of the tenant. */
export function decodeTeamsOfAccount(rows: readonly Row[]): readonly TeamOfAccount[] {
  const teams = rows.map((row) => ({
    team: decodeTeam(row),
    role: new Columns('memberships', row.id, row).word('role', isTeamRole),
  }))
  return teams.toSorted((one, other) => (one.team.id < other.team.id ? -1 : 1))
}

export function readMemberships(session: Session): MembershipReads {
  return {
    async find(tenant, teamId, accountId) {
      await session.enter(tenant)
      const row = await selectMembers(session, tenant, teamId)
        .where('memberships.account_id', '=', accountId)
        .executeTakeFirst()
      return row && decodeMember(row)
    },
    list: (tenant, teamId, page) => listMembers(session, tenant, teamId, page),
    async ofAccount(tenant, accountId) {
      await session.enter(tenant)
      return decodeTeamsOfAccount(await selectTeamsOfAccount(session.db, tenant, accountId).execute())
    },
    async count(tenant, teamId) {
      await session.enter(tenant)
      const rows = await selectMembers(session, tenant, teamId).execute()
      const active = rows.filter((row) => row.account_status === 'active')
      return {
        all: rows.length,
        active: active.length,
        activeOwners: active.filter((row) => row.role === 'owner').length,
      }
    },
  }
}

export function writeMemberships(session: Session): MembershipReads & MembershipWrites {
  return {
    ...readMemberships(session),
    async insert(membership) {
      await session.enter(membership.tenant)
      await session.db.insertInto('memberships').values(encodeMembership(membership)).execute()
    },
    update: (membership) =>
      writeNextVersion(session, 'memberships', encodeMembership(membership), ['team_id', 'account_id']),
    async delete(tenant, teamId, accountId) {
      await session.enter(tenant)
      const result = await session.db
        .deleteFrom('memberships')
        .where('tenant', '=', tenant)
        .where('team_id', '=', teamId)
        .where('account_id', '=', accountId)
        .executeTakeFirst()
      assertTouched('the end of a membership', 1, result.numDeletedRows)
    },
    async deleteByTeam(tenant, teamId) {
      await session.enter(tenant)
      await session.db.deleteFrom('memberships').where('tenant', '=', tenant).where('team_id', '=', teamId).execute()
    },
  }
}

function selectMembers(session: Session, tenant: string, teamId: string) {
  return session.db
    .selectFrom('memberships')
    .innerJoin('accounts', (join) =>
      join.onRef('accounts.tenant', '=', 'memberships.tenant').onRef('accounts.id', '=', 'memberships.account_id'),
    )
    .selectAll('memberships')
    .select(['accounts.email as email', 'accounts.name as name', 'accounts.status as account_status'])
    .where('memberships.tenant', '=', tenant)
    .where('memberships.team_id', '=', teamId)
}

async function listMembers(session: Session, tenant: string, teamId: string, page: Page) {
  await session.enter(tenant)
  return readPage(session, page, {
    table: 'memberships',
    of: { tenant, team_id: teamId },
    idColumn: 'account_id',
    // Named apart: both tables have a time of creation, and the page is ordered by one.
    query: session.db.selectFrom(selectMembers(session, tenant, teamId).as('members')).selectAll(),
    decode: decodeMember,
  })
}

function encodeMembership(membership: Membership) {
  return {
    tenant: membership.tenant,
    team_id: membership.teamId,
    account_id: membership.accountId,
    role: membership.role,
    version: membership.version,
    created_at: membership.createdAt,
    updated_at: membership.updatedAt,
  }
}

function decodeMember(row: Row): Member {
  const columns = new Columns('memberships', row.account_id, row)
  return present({
    tenant: columns.text('tenant'),
    teamId: columns.text('team_id'),
    accountId: columns.text('account_id'),
    role: columns.word('role', isTeamRole),
    email: columns.optionalText('email'),
    name: columns.text('name'),
    accountStatus: columns.word('account_status', isStatus),
    version: columns.version(),
    createdAt: columns.count('created_at'),
    updatedAt: columns.count('updated_at'),
  })
}
