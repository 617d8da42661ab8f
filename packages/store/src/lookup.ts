/** The hot path (docs/protocol/feed.md §4): kept statements, one indexed read each, that begin with the tenant. */
import type { CredentialRecord, MaybePromise, PublicKeyRecord } from '@countersign/core'
import { sql } from 'kysely'
import type { Row } from './columns.ts'
import { Columns, present } from './columns.ts'
import type { Database } from './database.ts'
import { thenMaybe } from './database.ts'
import type { Cursor } from './page.ts'
import { type Client, decodeClient, selectClient } from './records/client.ts'
import { selectOrigin } from './records/client_origin.ts'
import {
  clientSecretRecord,
  policiesOrNone,
  publicKeyRecord,
  selectClientSecret,
  selectPublicKey,
} from './records/client_proof.ts'
import type { ClientSecret } from './records/client_secret.ts'
import { decodeAccountSession } from './records/people/account_session.ts'
import { decodeToken } from './records/token.ts'
import { isEnvironment, isMetadata, isRateLimit, isRateLimits, isStatus, isTextList } from './stored_json.ts'

/** A page of keys, the newest first, with their digests. */
export interface KeyPage {
  readonly keys: readonly { readonly digest: string; readonly record: CredentialRecord }[]
  /** Where the next page begins; `undefined` at the end. */
  readonly last: Cursor | undefined
}

export interface Lookup {
  /** `kind`: look among keys, opaque tokens or sessions alone. Default: all of them. */
  credential(
    tenant: string,
    digest: string,
    kind?: 'key' | 'token' | 'session',
  ): MaybePromise<CredentialRecord | undefined>
  /** Up to `limit` keys that are not revoked, newest first: a server that starts need not ask for each of them later. */
  newestKeys(tenant: string, before: Cursor | undefined, limit: number): MaybePromise<KeyPage>
  publicKey(tenant: string, clientId: string, kid: string): MaybePromise<PublicKeyRecord | undefined>
  /** The client's key of this algorithm; `undefined` where it has none or several. */
  onlyPublicKey(tenant: string, clientId: string, alg: string): MaybePromise<PublicKeyRecord | undefined>
  /** A client secret with its client, for the token endpoint. */
  clientSecret(tenant: string, digest: string): MaybePromise<(ClientSecret & { readonly client: Client }) | undefined>
  client(tenant: string, clientId: string): MaybePromise<Client | undefined>
  /** Whether an active client of the tenant runs in pages of this origin. */
  isClientOrigin(tenant: string, origin: string): MaybePromise<boolean>
}

export function keepLookups(database: Database): Lookup {
  const key = database.keep(selectKey(database))
  const token = database.keep(selectToken(database))
  const session = database.keep(selectSession(database, 'digest'))
  const formerSession = database.keep(selectSession(database, 'former_digest'))
  const publicKey = database.keep(selectPublicKey(database, 'kid'))
  const onlyPublicKey = database.keep(selectPublicKey(database, 'alg'))
  const newest = database.keep(selectNewestKeys(database))
  const clientSecret = database.keep(selectClientSecret(database))
  const client = database.keep(selectClient(database.reader, '', '').compile())
  const origin = database.keep(selectOrigin(database))
  return {
    credential(tenant, digest, kind) {
      const findSession = () =>
        thenMaybe(session([tenant, digest]), ([row]) => {
          if (row !== undefined || kind !== 'session') return row && sessionRecord(row)
          return thenMaybe(formerSession([tenant, digest]), ([it]) => it && sessionRecord(it, true))
        })
      if (kind === 'session') return findSession()
      const findToken = () =>
        thenMaybe(token([tenant, digest]), ([row]) => {
          if (row !== undefined) return tokenRecord(row)
          return kind === 'token' ? undefined : findSession()
        })
      if (kind === 'token') return findToken()
      return thenMaybe(key([tenant, digest]), ([row]) => {
        if (row !== undefined) return keyRecord(row)
        return kind === 'key' ? undefined : findToken()
      })
    },
    newestKeys: (tenant, before, limit) =>
      thenMaybe(newest([tenant, before?.createdAt ?? Number.MAX_SAFE_INTEGER, before?.id ?? '', limit]), pageOfKeys),
    publicKey: (tenant, clientId, kid) => thenMaybe(publicKey([tenant, clientId, kid]), publicKeyRecord),
    onlyPublicKey: (tenant, clientId, alg) =>
      thenMaybe(onlyPublicKey([tenant, clientId, alg]), (rows) =>
        rows.every(({ kid }) => kid === rows[0]?.kid) ? publicKeyRecord(rows) : undefined,
      ),
    clientSecret: (tenant, digest) => thenMaybe(clientSecret([tenant, digest]), clientSecretRecord),
    client: (tenant, clientId) => thenMaybe(client([tenant, clientId]), decodeClient),
    isClientOrigin: (tenant, text) => thenMaybe(origin([tenant, text]), ([row]) => row !== undefined),
  }
}

const keyColumns = [
  'it.id',
  'it.version',
  'it.prefix',
  'it.client_id',
  'it.api_id',
  'it.scope',
  'it.subject',
  'it.status',
  'it.expires_at',
  'it.environment',
  'it.metadata',
  'it.rate_limit',
  'it.rate_limits',
  'it.ip_allow',
  'it.origin_allow',
] as const

function selectKey(database: Database) {
  return joinCredentials(database, 'keys')
    .select(keyColumns)
    .where('it.tenant', '=', '')
    .where('it.digest', '=', '')
    .compile()
}

function selectToken(database: Database) {
  return joinCredentials(database, 'tokens')
    .selectAll('it')
    .where('it.tenant', '=', '')
    .where('it.digest', '=', '')
    .compile()
}

function selectSession(database: Database, column: 'digest' | 'former_digest') {
  return joinCredentials(database, 'sessions')
    .selectAll('it')
    .where('it.tenant', '=', '')
    .where(sql.ref<string>(`it.${column}`), '=', '')
    .compile()
}

/** Newest first, by an index whose order is the order in which the rows were written. */
function selectNewestKeys(database: Database) {
  return joinCredentials(database, 'keys')
    .select([...keyColumns, 'it.digest', 'it.created_at'])
    .where('it.tenant', '=', '')
    .where(sql<boolean>`(it.created_at, it.id) < (${0}, ${''})`)
    .orderBy('it.created_at', 'desc')
    .orderBy('it.id', 'desc')
    .limit(1)
    .compile()
}

/** The credential with its API, its client's status and its client's access to that API. */
function joinCredentials({ reader }: Database, table: 'keys' | 'tokens' | 'sessions') {
  // The same joins for all three tables; Kysely's types take one of them.
  return reader
    .selectFrom(`${table as 'keys'} as it`)
    .innerJoin('clients', (join) =>
      join.onRef('clients.tenant', '=', 'it.tenant').onRef('clients.id', '=', 'it.client_id'),
    )
    .innerJoin('apis', (join) => join.onRef('apis.tenant', '=', 'it.tenant').onRef('apis.id', '=', 'it.api_id'))
    .leftJoin('client_access', (join) =>
      join
        .onRef('client_access.tenant', '=', 'it.tenant')
        .onRef('client_access.client_id', '=', 'it.client_id')
        .onRef('client_access.api_id', '=', 'it.api_id'),
    )
    .select([
      'clients.status as client_status',
      'clients.rate_limit as client_rate_limit',
      'clients.rate_limits as client_rate_limits',
      'apis.audience',
      'client_access.scope as access_scope',
    ])
}

/** Leaves unreadable rows out; a later look-up of such a key reports it. */
function pageOfKeys(rows: readonly Row[]): KeyPage {
  const keys = rows.flatMap((row) => {
    try {
      return row.status === 'revoked' ? [] : [{ digest: String(row.digest), record: keyRecord(row) }]
    } catch {
      return []
    }
  })
  const last = rows.at(-1)
  return { keys, last: last && { createdAt: Number(last.created_at), id: String(last.id) } }
}

/** Reads only the columns that a verifier needs: this runs at every first use, and for every key when a server starts. */
function keyRecord(row: Row): CredentialRecord {
  const columns = new Columns('keys', row.id, row)
  const id = columns.text('id')
  const clientId = columns.text('client_id')
  return present({
    kind: 'api_key' as const,
    id,
    version: columns.version(),
    prefix: columns.text('prefix'),
    clientId,
    subject: columns.optionalText('subject') ?? clientId,
    apiId: columns.text('api_id'),
    scope: columns.text('scope'),
    status: columns.word('status', isStatus),
    expiresAt: columns.optionalCount('expires_at'),
    environment: columns.word('environment', isEnvironment),
    metadata: columns.json('metadata', isMetadata),
    rateLimit: columns.optionalJson('rate_limit', isRateLimit),
    rateLimits: columns.optionalJson('rate_limits', isRateLimits),
    ipAllow: columns.optionalJson('ip_allow', isTextList),
    originAllow: columns.optionalJson('origin_allow', isTextList),
    limitId: id,
    lineage: [],
    inherited: [],
    ...joined(columns),
  })
}

/** Values that a change set since the token was issued go before the issued ones. */
function tokenRecord(row: Row): CredentialRecord {
  const token = decodeToken(row)
  return present({
    kind: 'access_token' as const,
    id: token.jti,
    version: token.version,
    prefix: token.prefix ?? '',
    clientId: token.clientId,
    subject: token.subject,
    subjectIssuer: token.subjectIssuer,
    externalSubject: token.externalSubject,
    apiId: token.apiId,
    scope: token.scope ?? token.issuedScope,
    status: token.status,
    expiresAt: token.expiresAt ?? token.issuedExpiresAt,
    environment: token.environment,
    metadata: token.metadata,
    rateLimit: token.rateLimit,
    rateLimits: token.rateLimits,
    limitId: token.limitId,
    lineage: token.lineage,
    inherited: token.inherited,
    position: token.position,
    ...joined(new Columns('tokens', token.jti, row)),
  })
}

/**
 * A session for the management API. What it may do is decided by the reach that its account has at each request
 * (server/src/caller/reach.ts), so its own scope is all that its client may have. `isFormer`: found by its text of before.
 */
function sessionRecord(row: Row, isFormer = false): CredentialRecord {
  const session = decodeAccountSession(row)
  const { id, version, prefix, clientId, accountId, apiId, status, position } = session
  const expiresAt = isFormer ? Math.min(session.expiresAt, session.former?.until ?? 0) : session.expiresAt
  const rest = joined(new Columns('sessions', id, row))
  return present({
    kind: 'session' as const,
    id,
    version,
    prefix,
    clientId,
    subject: accountId,
    apiId,
    scope: rest.access ?? '',
    status,
    expiresAt,
    metadata: {},
    limitId: id,
    lineage: [],
    inherited: [],
    position,
    ...rest,
  })
}

function joined(columns: Columns) {
  return {
    audience: columns.text('audience'),
    clientStatus: columns.word('client_status', isStatus),
    // A missing row is no access; an empty scope is access without scopes.
    access: columns.optionalText('access_scope') ?? null,
    clientRateLimits: policiesOrNone({
      rateLimit: columns.optionalJson('client_rate_limit', isRateLimit),
      rateLimits: columns.optionalJson('client_rate_limits', isRateLimits),
    }),
  }
}
