import { randomBase62, type Seconds } from '@countersign/core'
import { sql } from 'kysely'
import { oneOf } from '../../check.ts'
import type { Row } from '../../columns.ts'
import { Columns, present } from '../../columns.ts'
import { assertTouched } from '../../errors.ts'
import { decodeSound, type Page, readPage } from '../../page.ts'
import { isAmong } from '../../rows/among.ts'
import { writeNextVersion } from '../../rows/next_version.ts'
import type { Session } from '../../session.ts'

export type AccessRequestStatus = 'pending' | 'approved' | 'refused' | 'withdrawn' | 'ended'

/** A team asks for more than its ceiling has. */
export interface AccessRequest {
  readonly tenant: string
  readonly id: string
  readonly teamId: string
  readonly apiId: string
  readonly scope: string
  readonly reason: string
  /** When the team needs it no more; absent where it asks for good. */
  readonly wantedUntil?: Seconds
  /** `ended`: it was approved until a time that has come. */
  readonly status: AccessRequestStatus
  /** The account that asked; absent where it was a client. */
  readonly askedBy?: string
  /** When it was approved, refused or withdrawn. */
  readonly decidedAt?: Seconds
  readonly givenScope?: string
  /** When the approval ends; absent for never. */
  readonly endsAt?: Seconds
  /** The part of the ceiling that ends with the approval. Absent for an approval without an end. */
  readonly added?: string
  /** The reason of a refusal. */
  readonly refusal?: string
  readonly version: number
  readonly createdAt: Seconds
  readonly updatedAt: Seconds
}

export type AccessRequestDraft = Pick<
  AccessRequest,
  'tenant' | 'teamId' | 'apiId' | 'scope' | 'reason' | 'wantedUntil' | 'askedBy'
>

/** The record of a new request, with a random id. */
export function newAccessRequest(
  draft: AccessRequestDraft,
  { now, randomBytes }: { readonly now: Seconds; readonly randomBytes: (count: number) => Uint8Array },
): AccessRequest {
  const at = Math.floor(now)
  const id = `request_${randomBase62(20, randomBytes)}`
  return { ...draft, id, status: 'pending', version: 1, createdAt: at, updatedAt: at }
}

export interface AccessRequestFilter {
  readonly teamId?: string | undefined
  readonly status?: AccessRequestStatus | undefined
  /** Only those of teams with these ids. */
  readonly teamIds?: readonly string[]
}

export interface AccessRequestReads {
  find(tenant: string, id: string): Promise<AccessRequest | undefined>
  list(tenant: string, filter: AccessRequestFilter, page: Page): Promise<readonly AccessRequest[]>
  /** Lists the approvals of all tenants that have ended by now, the longest ended first. */
  listDue(now: Seconds, limit: number): Promise<readonly AccessRequest[]>
}

export interface AccessRequestWrites {
  insert(request: AccessRequest): Promise<void>
  update(request: AccessRequest): Promise<void>
  /** Throws `RowCountError` when it is not there. */
  delete(tenant: string, id: string): Promise<void>
  deleteByTeam(tenant: string, teamId: string): Promise<void>
}

const isAccessRequestStatus = oneOf<AccessRequestStatus>({
  pending: true,
  approved: true,
  refused: true,
  withdrawn: true,
  ended: true,
})

export function readAccessRequests(session: Session): AccessRequestReads {
  const select = (tenant: string) => session.db.selectFrom('access_requests').selectAll().where('tenant', '=', tenant)
  return {
    async find(tenant, id) {
      await session.enter(tenant)
      const row = await select(tenant).where('id', '=', id).executeTakeFirst()
      return row && decodeAccessRequest(row)
    },
    async list(tenant, { teamId, status, teamIds }, page) {
      await session.enter(tenant)
      let query = select(tenant)
      if (teamId !== undefined) query = query.where('team_id', '=', teamId)
      if (status !== undefined) query = query.where('status', '=', status)
      if (teamIds !== undefined) query = query.where(isAmong(session, 'team_id', teamIds))
      return readPage(session, page, {
        table: 'access_requests',
        of: { tenant },
        query,
        isNarrow: teamIds !== undefined,
        decode: decodeAccessRequest,
      })
    },
    async listDue(now, limit) {
      const rows = await session.db
        .selectFrom('access_requests')
        .selectAll()
        .where('status', '=', sql.lit('approved'))
        .where('ends_at', '<=', Math.floor(now))
        .orderBy('ends_at')
        .orderBy('tenant')
        .orderBy('id')
        .limit(limit)
        .execute()
      return decodeSound(session, rows, decodeAccessRequest)
    },
  }
}

export function writeAccessRequests(session: Session): AccessRequestReads & AccessRequestWrites {
  return {
    ...readAccessRequests(session),
    async insert(request) {
      await session.enter(request.tenant)
      await session.db.insertInto('access_requests').values(encodeAccessRequest(request)).execute()
    },
    update: (request) => writeNextVersion(session, 'access_requests', encodeAccessRequest(request)),
    async delete(tenant, id) {
      await session.enter(tenant)
      const result = await session.db
        .deleteFrom('access_requests')
        .where('tenant', '=', tenant)
        .where('id', '=', id)
        .executeTakeFirst()
      assertTouched('the end of a request for access', 1, result.numDeletedRows)
    },
    async deleteByTeam(tenant, teamId) {
      await session.enter(tenant)
      await session.db
        .deleteFrom('access_requests')
        .where('tenant', '=', tenant)
        .where('team_id', '=', teamId)
        .execute()
    },
  }
}

function encodeAccessRequest(request: AccessRequest) {
  return {
    tenant: request.tenant,
    id: request.id,
    team_id: request.teamId,
    api_id: request.apiId,
    scope: request.scope,
    reason: request.reason,
    wanted_until: request.wantedUntil ?? null,
    status: request.status,
    asked_by: request.askedBy ?? null,
    decided_at: request.decidedAt ?? null,
    given_scope: request.givenScope ?? null,
    ends_at: request.endsAt ?? null,
    added: request.added ?? null,
    refusal: request.refusal ?? null,
    version: request.version,
    created_at: request.createdAt,
    updated_at: request.updatedAt,
  }
}

function decodeAccessRequest(row: Row): AccessRequest {
  const columns = new Columns('access_requests', row.id, row)
  return present({
    tenant: columns.text('tenant'),
    id: columns.text('id'),
    teamId: columns.text('team_id'),
    apiId: columns.text('api_id'),
    scope: columns.text('scope'),
    reason: columns.text('reason'),
    wantedUntil: columns.optionalCount('wanted_until'),
    status: columns.word('status', isAccessRequestStatus),
    askedBy: columns.optionalText('asked_by'),
    decidedAt: columns.optionalCount('decided_at'),
    givenScope: columns.optionalText('given_scope'),
    endsAt: columns.optionalCount('ends_at'),
    added: columns.optionalText('added'),
    refusal: columns.optionalText('refusal'),
    version: columns.version(),
    createdAt: columns.count('created_at'),
    updatedAt: columns.count('updated_at'),
  })
}
