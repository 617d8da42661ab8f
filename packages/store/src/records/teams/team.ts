import { type Metadata, randomBase62, type Seconds, type Status } from '@countersign/core'
import { isText, recordOf } from '../../check.ts'
import type { Row } from '../../columns.ts'
import { Columns, present } from '../../columns.ts'
import { nameOrder, type Page, readPage } from '../../page.ts'
import { isAmong } from '../../rows/among.ts'
import { writeNextVersion } from '../../rows/next_version.ts'
import type { Session } from '../../session.ts'
import { isMetadata, isStatus } from '../../stored_json.ts'

/** People who share clients, and through them keys, tokens and usage. */
export interface Team {
  readonly tenant: string
  readonly id: string
  readonly name: string
  /** The id that the owner of the APIs has for it, unique in the tenant. */
  readonly externalId?: string
  readonly metadata: Metadata
  /** As an operator set it. `revoked` is the tombstone of a deleted team: its id is never given again. */
  readonly status: Status
  /** It has members, or had, and nobody of them is active: it is disabled until somebody is. */
  readonly isWithoutMember: boolean
  /** The ceiling, scope text by API id: the most that a client of it can have. An API that is not here is no access. */
  readonly access: { readonly [apiId: string]: string }
  readonly version: number
  readonly createdAt: Seconds
  readonly updatedAt: Seconds
}

/** The members of a new team that its maker chooses. */
export type TeamDraft = Pick<Team, 'tenant' | 'name' | 'externalId' | 'metadata' | 'status' | 'access'>

/** The record of a new team, with a random id. */
export function newTeam(
  draft: TeamDraft,
  { now, randomBytes }: { readonly now: Seconds; readonly randomBytes: (count: number) => Uint8Array },
): Team {
  const at = Math.floor(now)
  const id = `team_${randomBase62(20, randomBytes)}`
  return { ...draft, id, isWithoutMember: false, version: 1, createdAt: at, updatedAt: at }
}

/** Whether the credentials of its clients are good, as far as it goes. */
export function isActiveTeam({ status, isWithoutMember }: Pick<Team, 'status' | 'isWithoutMember'>): boolean {
  return status === 'active' && !isWithoutMember
}

export interface TeamReads {
  find(tenant: string, id: string): Promise<Team | undefined>
  /** By the id that the owner of the APIs has for it. */
  findByExternalId(tenant: string, externalId: string): Promise<Team | undefined>
  /** Deleted ones are in no list. `among`: only teams of these ids. */
  list(tenant: string, filter: { readonly among?: readonly string[] }, page: Page): Promise<readonly Team[]>
}

export interface TeamWrites {
  insert(team: Team): Promise<void>
  update(team: Team): Promise<void>
}

const isAccess = recordOf(isText)

export function readTeams(session: Session): TeamReads {
  const select = (tenant: string) => session.db.selectFrom('teams').selectAll().where('tenant', '=', tenant)
  return {
    async find(tenant, id) {
      await session.enter(tenant)
      const row = await select(tenant).where('id', '=', id).executeTakeFirst()
      return row && decodeTeam(row)
    },
    async findByExternalId(tenant, externalId) {
      await session.enter(tenant)
      const row = await select(tenant).where('external_id', '=', externalId).executeTakeFirst()
      return row && decodeTeam(row)
    },
    async list(tenant, { among }, page) {
      await session.enter(tenant)
      let query = select(tenant).where('status', '!=', 'revoked')
      if (among !== undefined) query = query.where(isAmong(session, 'id', among))
      return readPage(session, page, {
        table: 'teams',
        of: { tenant },
        query,
        isNarrow: among !== undefined,
        sorts: { name: nameOrder },
        searched: ['name', 'id', 'external_id'],
        decode: decodeTeam,
      })
    },
  }
}

export function writeTeams(session: Session): TeamReads & TeamWrites {
  return {
    ...readTeams(session),
    async insert(team) {
      await session.enter(team.tenant)
      await session.db.insertInto('teams').values(encodeTeam(team)).execute()
    },
    update: (team) => writeNextVersion(session, 'teams', encodeTeam(team)),
  }
}

function encodeTeam(team: Team) {
  return {
    tenant: team.tenant,
    id: team.id,
    name: team.name,
    external_id: team.externalId ?? null,
    metadata: JSON.stringify(team.metadata),
    status: team.status,
    is_without_member: team.isWithoutMember ? 1 : 0,
    access: JSON.stringify(team.access),
    version: team.version,
    created_at: team.createdAt,
    updated_at: team.updatedAt,
  }
}

export function decodeTeam(row: Row): Team {
  const columns = new Columns('teams', row.id, row)
  return present({
    tenant: columns.text('tenant'),
    id: columns.text('id'),
    name: columns.text('name'),
    externalId: columns.optionalText('external_id'),
    metadata: columns.json('metadata', isMetadata),
    status: columns.word('status', isStatus),
    isWithoutMember: columns.flag('is_without_member'),
    access: columns.json('access', isAccess),
    version: columns.version(),
    createdAt: columns.count('created_at'),
    updatedAt: columns.count('updated_at'),
  })
}
