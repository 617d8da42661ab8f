import {
  type Constraints,
  digest,
  type Environment,
  type Limited,
  type Metadata,
  parseKey,
  type Seconds,
  type Status,
} from '@countersign/core'
import { type ExpressionBuilder, sql } from 'kysely'
import type { Row } from '../columns.ts'
import { Columns, jsonOrNull, present, rowName } from '../columns.ts'
import { endOrder, nameOrder, type Page, readPage } from '../page.ts'
import type { Schema } from '../schema.ts'
import type { Session, WriteSession } from '../session.ts'
import { isEnvironment, isMetadata, isRateLimit, isRateLimits, isStatus, isTextList } from '../stored_json.ts'
import { clientsOfTeams } from './client.ts'

/** An API key as stored. Its text is not: only the digest is. */
export interface Key extends Constraints, Limited {
  readonly tenant: string
  readonly id: string
  /** Base64url SHA-256 of the whole text. */
  readonly digest: string
  readonly prefix: string
  readonly environment: Environment
  readonly clientId: string
  readonly apiId: string
  readonly scope: string
  readonly name: string
  /** The party that it speaks for, as its owner names it. Absent: its client. */
  readonly subject?: string
  readonly status: Status
  readonly expiresAt?: Seconds
  /** The life that the key was created with, in seconds. A rolled key gets the same again. */
  readonly lifeSeconds?: number
  readonly metadata: Metadata
  /** Id of the key that this one replaced. */
  readonly rolledFrom?: string
  readonly version: number
  readonly createdAt: Seconds
  readonly updatedAt: Seconds
}

/** The members of a new key that its maker chooses. */
export interface KeyDraft
  extends Constraints,
    Limited,
    Pick<Key, 'tenant' | 'clientId' | 'apiId' | 'scope' | 'name' | 'subject' | 'expiresAt' | 'rolledFrom'> {
  /** Default: none. */
  readonly metadata?: Metadata | undefined
}

/** The record of a key whose text was generated just now; the text itself is not kept. Throws `TypeError` for other texts. */
export async function newKey(
  { id, text }: { readonly id: string; readonly text: string },
  { metadata = {}, ...draft }: KeyDraft,
  now: Seconds,
): Promise<Key> {
  const { prefix, marker } = parseKey(text) ?? {}
  if (prefix === undefined || (marker !== 'live' && marker !== 'test'))
    throw new TypeError('the text is not an API key')
  const at = Math.floor(now)
  return {
    ...draft,
    id,
    digest: await digest(text),
    prefix,
    environment: marker,
    status: 'active',
    ...(draft.expiresAt === undefined ? {} : { lifeSeconds: draft.expiresAt - at }),
    metadata,
    version: 1,
    createdAt: at,
    updatedAt: at,
  }
}

export interface KeyFilter {
  readonly clientId?: string
  /** Only keys of clients of these teams. */
  readonly teamIds?: readonly string[]
  /** `expired` and `active` are judged at `now`. Default: every status. */
  readonly status?: Status | 'expired'
  /** Whether it is revoked or past its end at `now`, disabled or not. Default: both. */
  readonly isEnded?: boolean
  readonly now: Seconds
}

export interface KeyReads {
  find(tenant: string, id: string): Promise<Key | undefined>
  findByDigest(tenant: string, digest: string): Promise<Key | undefined>
  list(tenant: string, filter: KeyFilter, page: Page): Promise<readonly Key[]>
}

export interface KeyWrites {
  insert(key: Key): Promise<void>
  update(key: Key): Promise<void>
  /** Revokes the client's keys that were made at or before `madeBy`, default all. Gives the ids of those not yet revoked. */
  revokeByClient(tenant: string, clientId: string, now: Seconds, madeBy?: Seconds): Promise<readonly string[]>
  /** Revokes the keys that speak for the subject and were made at or before `madeBy`, default all. Gives those not yet revoked. */
  revokeBySubject(tenant: string, subject: string, now: Seconds, madeBy?: Seconds): Promise<readonly RevokedKey[]>
}

/** A key as it was just revoked, with the version that it then has. */
export type RevokedKey = Pick<Key, 'id' | 'clientId' | 'version'>

export function readKeys(session: Session): KeyReads {
  return {
    async find(tenant, id) {
      await session.enter(tenant)
      return session.recall('key', rowName(tenant, id), async () => {
        await session.flush()
        const row = await selectKeys(session, tenant).where('id', '=', id).executeTakeFirst()
        return row && decodeKey(row)
      })
    },
    async findByDigest(tenant, digest) {
      await session.enter(tenant)
      await session.flush()
      const row = await selectKeys(session, tenant).where('digest', '=', digest).executeTakeFirst()
      return row && decodeKey(row)
    },
    list: (tenant, filter, page) => listKeys(session, tenant, filter, page),
  }
}

export function writeKeys(session: WriteSession): KeyReads & KeyWrites {
  return {
    ...readKeys(session),
    async insert(key) {
      await session.enter(key.tenant)
      await session.laterKeys.insert(encodeKey(key))
    },
    async update(key) {
      await session.enter(key.tenant)
      await session.laterKeys.update(encodeKey(key))
      session.remember('key', rowName(key.tenant, key.id), key)
    },
    async revokeByClient(tenant, clientId, now, madeBy) {
      const keys = await revokeKeys(session, tenant, { column: 'client_id', value: clientId }, now, madeBy)
      return keys.map(({ id }) => id)
    },
    revokeBySubject: (tenant, subject, now, madeBy) =>
      revokeKeys(session, tenant, { column: 'subject', value: subject }, now, madeBy),
  }
}

/** Reads no more of a row than it answers: one that is damaged elsewhere is revoked like any other. */
async function revokeKeys(
  session: WriteSession,
  tenant: string,
  of: { readonly column: 'client_id' | 'subject'; readonly value: string },
  now: Seconds,
  madeBy = Number.MAX_SAFE_INTEGER,
): Promise<readonly RevokedKey[]> {
  await session.enter(tenant)
  await session.flush()
  session.forget('key')
  const rows = await session.db
    .updateTable('keys')
    .set((eb) => ({ status: 'revoked', version: eb('version', '+', 1), updated_at: Math.floor(now) }))
    .where('tenant', '=', tenant)
    .where(of.column, '=', of.value)
    .where('status', '!=', 'revoked')
    .where('created_at', '<=', madeBy)
    .returning(['id', 'client_id as clientId', 'version'])
    .execute()
  return rows.sort((one, other) => (one.id < other.id ? -1 : 1))
}

export function selectKeys(session: Session, tenant: string) {
  return session.db.selectFrom('keys').selectAll().where('tenant', '=', tenant)
}

/** By when it was last verified; what never was stands first. */
const lastUseOrder = sql<number>`(
  select coalesce(max(at), 0) from last_uses where last_uses.tenant = keys.tenant and last_uses.key_id = keys.id
)`

async function listKeys(session: Session, tenant: string, filter: KeyFilter, page: Page) {
  const { teamIds } = filter
  await session.enter(tenant)
  await session.flush()
  let query = filterKeys(selectKeys(session, tenant), filter)
  if (teamIds !== undefined) query = query.where('client_id', 'in', clientsOfTeams(session, tenant, teamIds))
  return readPage(session, page, {
    table: 'keys',
    of: { tenant },
    query,
    isNarrow: teamIds !== undefined,
    sorts: { name: nameOrder, expiresAt: endOrder, lastUsedAt: lastUseOrder },
    searched: ['name', 'id', 'subject'],
    decode: decodeKey,
  })
}

/** A key whose row is active but whose end has passed counts as `expired`, not as `active`. */
function filterKeys(query: ReturnType<typeof selectKeys>, filter: KeyFilter) {
  const { clientId, isEnded, status } = filter
  const now: Seconds = Math.floor(filter.now)
  let filtered = clientId === undefined ? query : query.where('client_id', '=', clientId)
  if (isEnded === true)
    filtered = filtered.where((eb) => eb.or([eb('status', '=', 'revoked'), eb('expires_at', '<=', now)]))
  if (isEnded === false) filtered = filtered.where('status', '!=', 'revoked').where((eb) => isBeforeEnd(eb, now))
  if (status === undefined) return filtered
  filtered = filtered.where('status', '=', status === 'expired' ? 'active' : status)
  if (status === 'expired') return filtered.where('expires_at', '<=', now)
  if (status !== 'active') return filtered
  return filtered.where((eb) => isBeforeEnd(eb, now))
}

function isBeforeEnd(eb: ExpressionBuilder<Schema, 'keys'>, now: Seconds) {
  return eb.or([eb('expires_at', 'is', null), eb('expires_at', '>', now)])
}

function encodeKey(key: Key) {
  return {
    tenant: key.tenant,
    id: key.id,
    digest: key.digest,
    prefix: key.prefix,
    environment: key.environment,
    client_id: key.clientId,
    api_id: key.apiId,
    scope: key.scope,
    name: key.name,
    subject: key.subject ?? null,
    status: key.status,
    expires_at: key.expiresAt ?? null,
    life_seconds: key.lifeSeconds ?? null,
    metadata: JSON.stringify(key.metadata),
    ip_allow: jsonOrNull(key.ipAllow),
    origin_allow: jsonOrNull(key.originAllow),
    rate_limit: jsonOrNull(key.rateLimit),
    rate_limits: jsonOrNull(key.rateLimits),
    rolled_from: key.rolledFrom ?? null,
    version: key.version,
    created_at: key.createdAt,
    updated_at: key.updatedAt,
  }
}

export function decodeKey(row: Row): Key {
  const columns = new Columns('keys', row.id, row)
  return present({
    tenant: columns.text('tenant'),
    id: columns.text('id'),
    digest: columns.text('digest'),
    prefix: columns.text('prefix'),
    environment: columns.word('environment', isEnvironment),
    clientId: columns.text('client_id'),
    apiId: columns.text('api_id'),
    scope: columns.text('scope'),
    name: columns.text('name'),
    subject: columns.optionalText('subject'),
    status: columns.word('status', isStatus),
    expiresAt: columns.optionalCount('expires_at'),
    lifeSeconds: columns.optionalCount('life_seconds'),
    metadata: columns.json('metadata', isMetadata),
    ipAllow: columns.optionalJson('ip_allow', isTextList),
    originAllow: columns.optionalJson('origin_allow', isTextList),
    rateLimit: columns.optionalJson('rate_limit', isRateLimit),
    rateLimits: columns.optionalJson('rate_limits', isRateLimits),
    rolledFrom: columns.optionalText('rolled_from'),
    version: columns.version(),
    createdAt: columns.count('created_at'),
    updatedAt: columns.count('updated_at'),
  })
}
