/** The hot path (architecture.md §6 A): kept statements, one indexed read each, beginning with the tenant. */
import type { CredentialRecord, PublicKeyRecord } from '@countersign/core'
import type { Row } from './columns.ts'
import { Columns, present } from './columns.ts'
import type { Database } from './database.ts'
import { thenMaybe } from './database.ts'
import { decodeAccess, decodeClient, selectClient } from './repositories/client.ts'
import { decodeClientJwk } from './repositories/client_jwk.ts'
import { decodeClientSecret } from './repositories/client_secret.ts'
import { decodeKey } from './repositories/key.ts'
import { decodeToken } from './repositories/token.ts'
import type { Store } from './store.ts'
import { isStatus } from './stored_json.ts'

export function keepLookups(database: Database): Store['lookup'] {
  const key = database.keep(selectCredential(database, 'keys'))
  const token = database.keep(selectCredential(database, 'tokens'))
  const publicKey = database.keep(selectPublicKey(database))
  const clientSecret = database.keep(selectClientSecret(database))
  const client = database.keep(selectClient(database.reader, '', '').compile())
  return {
    credential: (tenant, digest) =>
      thenMaybe(key([tenant, digest]), ([row]) => {
        if (row !== undefined) return keyRecord(row)
        return thenMaybe(token([tenant, digest]), ([other]) => other && tokenRecord(other))
      }),
    publicKey: (tenant, clientId, kid) => thenMaybe(publicKey([tenant, clientId, kid]), publicKeyRecord),
    clientSecret: (tenant, digest) => thenMaybe(clientSecret([tenant, digest]), clientSecretRecord),
    client: (tenant, clientId) => thenMaybe(client([tenant, clientId]), decodeClient),
  }
}

/** The credential with its API, its client's status and its client's access to that API. */
function selectCredential({ reader }: Database, table: 'keys' | 'tokens') {
  // The same query for both tables; Kysely's types take one of them.
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
    .selectAll('it')
    .select(['clients.status as client_status', 'apis.audience', 'client_access.scope as access_scope'])
    .where('it.tenant', '=', '')
    .where('it.digest', '=', '')
    .compile()
}

function selectPublicKey({ reader }: Database) {
  return reader
    .selectFrom('client_jwks')
    .innerJoin('clients', (join) =>
      join.onRef('clients.tenant', '=', 'client_jwks.tenant').onRef('clients.id', '=', 'client_jwks.client_id'),
    )
    .leftJoin('client_access', (join) =>
      join.onRef('client_access.tenant', '=', 'clients.tenant').onRef('client_access.client_id', '=', 'clients.id'),
    )
    .selectAll('clients')
    .selectAll('client_jwks')
    .select(['client_access.api_id as access_api_id', 'client_access.scope as access_scope'])
    .where('client_jwks.tenant', '=', '')
    .where('client_jwks.client_id', '=', '')
    .where('client_jwks.kid', '=', '')
    .compile()
}

function selectClientSecret({ reader }: Database) {
  return reader
    .selectFrom('client_secrets as secret')
    .innerJoin('clients', (join) =>
      join.onRef('clients.tenant', '=', 'secret.tenant').onRef('clients.id', '=', 'secret.client_id'),
    )
    .leftJoin('client_access', (join) =>
      join.onRef('client_access.tenant', '=', 'clients.tenant').onRef('client_access.client_id', '=', 'clients.id'),
    )
    .selectAll('clients')
    .select([
      'secret.id as secret_id',
      'secret.client_id',
      'secret.digest',
      'secret.created_at as secret_created_at',
      'secret.expires_at',
      'client_access.api_id as access_api_id',
      'client_access.scope as access_scope',
    ])
    .where('secret.tenant', '=', '')
    .where('secret.digest', '=', '')
    .compile()
}

function keyRecord(row: Row): CredentialRecord {
  const key = decodeKey(row)
  return present({
    kind: 'api_key' as const,
    id: key.id,
    version: key.version,
    prefix: key.prefix,
    clientId: key.clientId,
    subject: key.clientId,
    apiId: key.apiId,
    scope: key.scope,
    status: key.status,
    expiresAt: key.expiresAt,
    environment: key.environment,
    metadata: key.metadata,
    rateLimit: key.rateLimit,
    ipAllow: key.ipAllow,
    originAllow: key.originAllow,
    limitId: key.id,
    lineage: [],
    inherited: [],
    ...joined('keys', key.id, row),
  })
}

/** What a change set since it was issued stands before what was recorded then. */
function tokenRecord(row: Row): CredentialRecord {
  const token = decodeToken(row)
  return present({
    kind: 'access_token' as const,
    id: token.jti,
    version: token.version,
    prefix: token.prefix ?? '',
    clientId: token.clientId,
    subject: token.subject,
    apiId: token.apiId,
    scope: token.scope ?? token.issuedScope,
    status: token.status,
    expiresAt: token.expiresAt ?? token.issuedExpiresAt,
    environment: token.environment,
    metadata: token.metadata,
    rateLimit: token.rateLimit,
    limitId: token.limitId,
    lineage: token.lineage,
    inherited: token.inherited,
    position: token.position,
    ...joined('tokens', token.jti, row),
  })
}

function joined(table: string, id: string, row: Row) {
  const columns = new Columns(table, id, row)
  return {
    audience: columns.text('audience'),
    clientStatus: columns.word('client_status', isStatus),
    access: columns.optionalText('access_scope') ?? '',
  }
}

function publicKeyRecord(rows: readonly Row[]): PublicKeyRecord | undefined {
  const [row] = rows
  if (row === undefined) return undefined
  const { clientId, kid, thumbprint, alg, publicJwk } = decodeClientJwk(row)
  const client = decodeClient(rows.map((each) => ({ ...each, id: clientId })))!
  return {
    clientId,
    kid,
    thumbprint,
    alg,
    publicJwk,
    lifeSecondsMax: client.selfIssuedLifeSecondsMax,
    clientStatus: client.status,
    access: decodeAccess(rows),
    metadata: client.metadata,
  }
}

function clientSecretRecord(rows: readonly Row[]) {
  const [row] = rows
  if (row === undefined) return undefined
  const secret = decodeClientSecret({ ...row, id: row.secret_id, created_at: row.secret_created_at })
  return { ...secret, client: decodeClient(rows)! }
}
