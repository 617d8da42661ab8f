import type { Seconds, Status } from '@countersign/core'
import { type Kysely, sql } from 'kysely'
import { isText, optional, shape } from '../../check.ts'
import type { Row } from '../../columns.ts'
import { Columns, jsonOrNull, present } from '../../columns.ts'
import { type Page, readPage } from '../../page.ts'
import { writeNextVersion } from '../../rows/next_version.ts'
import type { Schema } from '../../schema.ts'
import type { Session } from '../../session.ts'
import { isStatus, isTextList } from '../../stored_json.ts'

/** A browser's session: a credential of an account for the management API. Its text is not stored, only the digest is. */
export interface AccountSession {
  readonly tenant: string
  readonly id: string
  /** Base64url SHA-256 of the text in the cookie. */
  readonly digest: string
  readonly prefix: string
  readonly clientId: string
  readonly apiId: string
  readonly accountId: string
  readonly status: Status
  /** The feed sequence that its server had applied before it read what let the person in. */
  readonly position: number
  /** How the person signed in, and has proven since to be it (RFC 8176). */
  readonly amr: readonly string[]
  readonly authenticatedAt: Seconds
  /** When the person last proved once more to be it. Absent: never since the sign-in. */
  readonly steppedUpAt?: Seconds
  /** The text that the session had before, which is good for a moment more. */
  readonly former?: { readonly digest: string; readonly until: Seconds }
  readonly lastSeenAt: Seconds
  readonly expiresAt: Seconds
  /** `User-Agent` at the sign-in; empty where there was none. */
  readonly userAgent: string
  readonly address?: string
  /** A portal link began it: it reaches this team with this scope, whatever else the account reaches. */
  readonly portal?: SessionPortal
  readonly version: number
  readonly createdAt: Seconds
  readonly updatedAt: Seconds
}

export interface SessionPortal {
  readonly teamId: string
  /** Management scope within the team. */
  readonly scope: string
  /** The page of the owner to which the person goes back. */
  readonly returnUrl?: string
}

/** A session that was just revoked. */
export type EndedSession = Pick<AccountSession, 'id' | 'version' | 'expiresAt'>

export interface SessionFilter {
  readonly accountId?: string
  /** Only sessions that are active at that time. Default: all that are kept. */
  readonly activeAt?: Seconds
}

export interface AccountSessionReads {
  find(tenant: string, id: string): Promise<AccountSession | undefined>
  /** By its present text, or by the former one, whatever its end. */
  findByDigest(tenant: string, digest: string): Promise<AccountSession | undefined>
  list(tenant: string, filter: SessionFilter, page: Page): Promise<readonly AccountSession[]>
}

export interface AccountSessionWrites {
  insert(session: AccountSession): Promise<void>
  update(session: AccountSession): Promise<void>
  /** Revokes the account's sessions with a position below `sequence`, default all. Gives those that were not yet revoked, by id. */
  revokeByAccount(tenant: string, accountId: string, now: Seconds, sequence?: number): Promise<readonly EndedSession[]>
}

const isPortal = shape<SessionPortal>({ teamId: isText, scope: isText, returnUrl: optional(isText) })

export function selectAccountSession(db: Kysely<Schema>, tenant: string, id: string) {
  return db.selectFrom('sessions').selectAll().where('tenant', '=', tenant).where('id', '=', id)
}

export function readAccountSessions(session: Session): AccountSessionReads {
  const select = (tenant: string) => session.db.selectFrom('sessions').selectAll().where('tenant', '=', tenant)
  return {
    async find(tenant, id) {
      await session.enter(tenant)
      const row = await selectAccountSession(session.db, tenant, id).executeTakeFirst()
      return row && decodeAccountSession(row)
    },
    async findByDigest(tenant, digest) {
      await session.enter(tenant)
      const row =
        (await select(tenant).where('digest', '=', digest).executeTakeFirst()) ??
        (await select(tenant).where('former_digest', '=', digest).executeTakeFirst())
      return row && decodeAccountSession(row)
    },
    async list(tenant, { accountId, activeAt }, page) {
      await session.enter(tenant)
      let query = select(tenant)
      if (accountId !== undefined) query = query.where('account_id', '=', accountId)
      if (activeAt !== undefined)
        query = query.where('status', '=', 'active').where('expires_at', '>', Math.floor(activeAt))
      return readPage(session, page, { table: 'sessions', of: { tenant }, query, decode: decodeAccountSession })
    },
  }
}

export function writeAccountSessions(session: Session): AccountSessionReads & AccountSessionWrites {
  return {
    ...readAccountSessions(session),
    async insert(record) {
      await session.enter(record.tenant)
      await session.db.insertInto('sessions').values(encodeAccountSession(record)).execute()
    },
    update: (record) => writeNextVersion(session, 'sessions', encodeAccountSession(record)),
    async revokeByAccount(tenant, accountId, now, sequence = Number.MAX_SAFE_INTEGER) {
      await session.enter(tenant)
      const rows = await session.db
        .updateTable('sessions')
        .set({ status: 'revoked', version: sql<number>`version + 1`, updated_at: Math.floor(now) })
        .where('tenant', '=', tenant)
        .where('account_id', '=', accountId)
        .where('status', '!=', 'revoked')
        .where('position', '<', sequence)
        .returning(['id', 'version', 'expires_at as expiresAt'])
        .execute()
      return rows.sort((one, other) => (one.id < other.id ? -1 : 1))
    },
  }
}

function encodeAccountSession(record: AccountSession) {
  return {
    tenant: record.tenant,
    id: record.id,
    digest: record.digest,
    prefix: record.prefix,
    client_id: record.clientId,
    api_id: record.apiId,
    account_id: record.accountId,
    status: record.status,
    position: record.position,
    amr: JSON.stringify(record.amr),
    authenticated_at: record.authenticatedAt,
    last_seen_at: record.lastSeenAt,
    expires_at: record.expiresAt,
    user_agent: record.userAgent,
    address: record.address ?? null,
    stepped_up_at: record.steppedUpAt ?? null,
    former_digest: record.former?.digest ?? null,
    former_until: record.former?.until ?? null,
    portal: jsonOrNull(record.portal),
    version: record.version,
    created_at: record.createdAt,
    updated_at: record.updatedAt,
  }
}

export function decodeAccountSession(row: Row): AccountSession {
  const columns = new Columns('sessions', row.id, row)
  return present({
    tenant: columns.text('tenant'),
    id: columns.text('id'),
    digest: columns.text('digest'),
    prefix: columns.text('prefix'),
    clientId: columns.text('client_id'),
    apiId: columns.text('api_id'),
    accountId: columns.text('account_id'),
    status: columns.word('status', isStatus),
    position: columns.count('position'),
    amr: columns.json('amr', isTextList),
    authenticatedAt: columns.count('authenticated_at'),
    lastSeenAt: columns.count('last_seen_at'),
    expiresAt: columns.count('expires_at'),
    userAgent: columns.text('user_agent'),
    address: columns.optionalText('address'),
    steppedUpAt: columns.optionalCount('stepped_up_at'),
    former: formerText(columns),
    portal: columns.optionalJson('portal', isPortal),
    version: columns.version(),
    createdAt: columns.count('created_at'),
    updatedAt: columns.count('updated_at'),
  })
}

function formerText(columns: Columns): AccountSession['former'] {
  const digest = columns.optionalText('former_digest')
  const until = columns.optionalCount('former_until')
  return digest === undefined || until === undefined ? undefined : { digest, until }
}
