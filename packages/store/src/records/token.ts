import type {
  Ancestor,
  Constraints,
  Environment,
  Limited,
  Metadata,
  Seconds,
  Status,
  TokenFormat,
} from '@countersign/core'
import { sql } from 'kysely'
import type { Row } from '../columns.ts'
import { Columns, jsonOrNull, present } from '../columns.ts'
import { nameOrder, type Page, readPage } from '../page.ts'
import { writeNextVersion } from '../rows/next_version.ts'
import type { Schema } from '../schema.ts'
import type { Session } from '../session.ts'
import {
  isEnvironment,
  isInherited,
  isLineage,
  isMetadata,
  isRateLimit,
  isRateLimits,
  isStatus,
} from '../stored_json.ts'
import { isTokenFormat } from './api.ts'
import { clientsOfTeams } from './client.ts'

/** A stored access token: opaque ones, and JWTs that were minted as API keys. */
export interface Token extends Limited {
  readonly tenant: string
  readonly jti: string
  readonly format: TokenFormat
  /** Base64url SHA-256 of an opaque token's text. */
  readonly digest?: string
  readonly prefix?: string
  readonly clientId: string
  readonly apiId: string
  readonly subject: string
  /** The issuer that `subject` is a name of; absent where that is us. */
  readonly subjectIssuer?: string
  /** The id that the owner of the APIs had for the account of `subject` when it was issued. */
  readonly externalSubject?: string
  readonly name: string
  readonly metadata: Metadata
  /** The scope as signed, or as first recorded. */
  readonly issuedScope: string
  /** The end as signed, or as first recorded. */
  readonly issuedExpiresAt: Seconds
  /** The scope since the last change of it; absent when it was never changed. */
  readonly scope?: string
  /** The end since the last change of it; absent when it was never changed. */
  readonly expiresAt?: Seconds
  readonly status: Status
  readonly environment?: Environment
  readonly lineage: readonly Ancestor[]
  /** The constraint sets of the ancestors. */
  readonly inherited: readonly Constraints[]
  /** The id that its limits are counted under: the oldest ancestor's, or its own. */
  readonly limitId: string
  /** The feed sequence that its issuer had applied. */
  readonly position: number
  readonly version: number
  readonly createdAt: Seconds
  readonly updatedAt: Seconds
}

export interface TokenFilter {
  readonly clientId?: string
  readonly subject?: string
  /** Only tokens of clients of these teams. */
  readonly teamIds?: readonly string[]
}

export interface TokenReads {
  find(tenant: string, jti: string): Promise<Token | undefined>
  findByDigest(tenant: string, digest: string): Promise<Token | undefined>
  list(tenant: string, filter: TokenFilter, page: Page): Promise<readonly Token[]>
}

export interface TokenWrites {
  insert(token: Token): Promise<void>
  update(token: Token): Promise<void>
  /** Revokes the client's tokens with a position below `sequence`, default all. Gives the ids of those not yet revoked. */
  revokeByClient(tenant: string, clientId: string, now: Seconds, sequence?: number): Promise<readonly string[]>
  /**
   * Revokes the tokens that speak for the subject with a position below `sequence`, default all. Gives the client of each
   * that was not yet revoked.
   */
  revokeBySubject(tenant: string, subject: string, now: Seconds, sequence?: number): Promise<readonly string[]>
}

export function readTokens(session: Session): TokenReads {
  return {
    async find(tenant, jti) {
      await session.enter(tenant)
      const row = await selectTokens(session, tenant).where('jti', '=', jti).executeTakeFirst()
      return row && decodeToken(row)
    },
    async findByDigest(tenant, digest) {
      await session.enter(tenant)
      const row = await selectTokens(session, tenant).where('digest', '=', digest).executeTakeFirst()
      return row && decodeToken(row)
    },
    list: (tenant, filter, page) => listTokens(session, tenant, filter, page),
  }
}

export function writeTokens(session: Session): TokenReads & TokenWrites {
  return {
    ...readTokens(session),
    async insert(token) {
      await session.enter(token.tenant)
      await session.db.insertInto('tokens').values(encodeToken(token)).execute()
    },
    update: (token) => writeNextVersion(session, 'tokens', encodeToken(token), ['jti']),
    async revokeByClient(tenant, clientId, now, sequence) {
      const tokens = await revokeTokens(session, tenant, { column: 'client_id', value: clientId }, now, sequence)
      return tokens.map(({ jti }) => jti)
    },
    async revokeBySubject(tenant, subject, now, sequence) {
      const tokens = await revokeTokens(session, tenant, { column: 'subject', value: subject }, now, sequence)
      return tokens.map(({ client_id }) => client_id)
    },
  }
}

async function revokeTokens(
  session: Session,
  tenant: string,
  of: { readonly column: 'client_id' | 'subject'; readonly value: string },
  now: Seconds,
  sequence = Number.MAX_SAFE_INTEGER,
): Promise<readonly Pick<Schema['tokens'], 'jti' | 'client_id'>[]> {
  await session.enter(tenant)
  const rows = await session.db
    .updateTable('tokens')
    .set((eb) => ({ status: 'revoked', version: eb('version', '+', 1), updated_at: Math.floor(now) }))
    .where('tenant', '=', tenant)
    .where(of.column, '=', of.value)
    .where('status', '!=', 'revoked')
    .where('position', '<', sequence)
    .returning(['jti', 'client_id'])
    .execute()
  return rows.sort((one, other) => (one.jti < other.jti ? -1 : 1))
}

function selectTokens(session: Session, tenant: string) {
  return session.db.selectFrom('tokens').selectAll().where('tenant', '=', tenant)
}

async function listTokens(session: Session, tenant: string, { clientId, subject, teamIds }: TokenFilter, page: Page) {
  await session.enter(tenant)
  let query = selectTokens(session, tenant)
  if (clientId !== undefined) query = query.where('client_id', '=', clientId)
  if (subject !== undefined) query = query.where('subject', '=', subject)
  if (teamIds !== undefined) query = query.where('client_id', 'in', clientsOfTeams(session, tenant, teamIds))
  return readPage(session, page, {
    table: 'tokens',
    of: { tenant },
    idColumn: 'jti',
    query,
    isNarrow: teamIds !== undefined,
    sorts: { name: nameOrder, expiresAt: sql<number>`coalesce(expires_at, issued_expires_at)` },
    searched: ['name', 'jti', 'subject'],
    decode: decodeToken,
  })
}

export function encodeToken(token: Token) {
  return {
    tenant: token.tenant,
    jti: token.jti,
    format: token.format,
    digest: token.digest ?? null,
    prefix: token.prefix ?? null,
    client_id: token.clientId,
    api_id: token.apiId,
    subject: token.subject,
    subject_issuer: token.subjectIssuer ?? null,
    external_subject: token.externalSubject ?? null,
    name: token.name,
    metadata: JSON.stringify(token.metadata),
    issued_scope: token.issuedScope,
    issued_expires_at: token.issuedExpiresAt,
    scope: token.scope ?? null,
    expires_at: token.expiresAt ?? null,
    status: token.status,
    environment: token.environment ?? null,
    lineage: JSON.stringify(token.lineage),
    inherited: JSON.stringify(token.inherited),
    rate_limit: jsonOrNull(token.rateLimit),
    rate_limits: jsonOrNull(token.rateLimits),
    limit_id: token.limitId,
    position: token.position,
    version: token.version,
    created_at: token.createdAt,
    updated_at: token.updatedAt,
  }
}

export function decodeToken(row: Row): Token {
  const columns = new Columns('tokens', row.jti, row)
  return present({
    tenant: columns.text('tenant'),
    jti: columns.text('jti'),
    format: columns.word('format', isTokenFormat),
    digest: columns.optionalText('digest'),
    prefix: columns.optionalText('prefix'),
    clientId: columns.text('client_id'),
    apiId: columns.text('api_id'),
    subject: columns.text('subject'),
    subjectIssuer: columns.optionalText('subject_issuer'),
    externalSubject: columns.optionalText('external_subject'),
    name: columns.text('name'),
    metadata: columns.json('metadata', isMetadata),
    issuedScope: columns.text('issued_scope'),
    issuedExpiresAt: columns.count('issued_expires_at'),
    scope: columns.optionalText('scope'),
    expiresAt: columns.optionalCount('expires_at'),
    status: columns.word('status', isStatus),
    environment: columns.optionalWord('environment', isEnvironment),
    lineage: columns.json('lineage', isLineage),
    inherited: columns.json('inherited', isInherited),
    rateLimit: columns.optionalJson('rate_limit', isRateLimit),
    rateLimits: columns.optionalJson('rate_limits', isRateLimits),
    limitId: columns.text('limit_id'),
    position: columns.count('position'),
    version: columns.version(),
    createdAt: columns.count('created_at'),
    updatedAt: columns.count('updated_at'),
  })
}
