/** The proofs of a client: a public key or a secret, with the client itself, as the hot path reads them. */
import { type Limited, type PublicKeyRecord, policiesOf, type RatePolicy } from '@countersign/core'
import type { Row } from '../columns.ts'
import { present } from '../columns.ts'
import type { Database } from '../database.ts'
import { decodeClient } from './client.ts'
import { decodeAccess } from './client_access.ts'
import { decodeClientJwk } from './client_jwk.ts'
import { decodeClientSecret } from './client_secret.ts'

export function selectPublicKey({ reader }: Database, by: 'kid' | 'alg') {
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
    .where(`client_jwks.${by}`, '=', '')
    .compile()
}

export function selectClientSecret({ reader }: Database) {
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

export function publicKeyRecord(rows: readonly Row[]): PublicKeyRecord | undefined {
  const [row] = rows
  if (row === undefined) return undefined
  const { clientId, kid, thumbprint, alg, publicJwk } = decodeClientJwk(row)
  const client = decodeClient(rows.map((each) => ({ ...each, id: clientId })))!
  return present({
    clientId,
    kid,
    thumbprint,
    alg,
    publicJwk,
    lifeSecondsMax: client.selfIssuedLifeSecondsMax,
    clientStatus: client.status,
    access: decodeAccess(rows),
    metadata: client.metadata,
    clientRateLimits: policiesOrNone(client),
  })
}

export function clientSecretRecord(rows: readonly Row[]) {
  const [row] = rows
  if (row === undefined) return undefined
  const secret = decodeClientSecret({ ...row, id: row.secret_id, created_at: row.secret_created_at })
  return { ...secret, client: decodeClient(rows)! }
}

export function policiesOrNone(limited: Limited): readonly RatePolicy[] | undefined {
  const policies = policiesOf(limited)
  return policies.length === 0 ? undefined : policies
}
