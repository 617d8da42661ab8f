/** Credentials and public keys as a look-up finds them in a state of the modelled database. */
import type { CredentialRecord, PublicKeyRecord } from '@countersign/core'
import type { Key, Token } from '@countersign/store'
import type { LookupKind } from '@countersign/verifier/engine'
import type { State } from './database.ts'

export function credentialOf(
  state: State,
  tenant: string,
  digest: string,
  kind: LookupKind | undefined,
): CredentialRecord | undefined {
  if (kind === 'session') return undefined
  const isIt = (row: Key | Token): boolean => row.tenant === tenant && row.digest === digest
  const key = kind === 'token' ? undefined : [...state.keys.values()].find(isIt)
  const token = kind === 'key' || key !== undefined ? undefined : [...state.tokens.values()].find(isIt)
  const row = key ?? token
  if (row === undefined) return undefined
  const client = state.clients.get(`${tenant} ${row.clientId}`)
  const api = state.apis.get(`${tenant} ${row.apiId}`)
  if (client === undefined || api === undefined) return undefined
  const common = {
    version: row.version,
    prefix: row.prefix ?? '',
    clientId: row.clientId,
    apiId: row.apiId,
    status: row.status,
    metadata: row.metadata,
    audience: api.audience,
    clientStatus: client.status,
    access: client.access[row.apiId] ?? null,
    ...(row.rateLimit === undefined ? {} : { rateLimit: row.rateLimit }),
  }
  if (token !== undefined) {
    const { jti, subject, issuedScope, issuedExpiresAt, scope, expiresAt, lineage, inherited, limitId, position } =
      token
    return {
      ...common,
      kind: 'access_token',
      id: jti,
      subject,
      scope: scope ?? issuedScope,
      expiresAt: expiresAt ?? issuedExpiresAt,
      limitId,
      lineage,
      inherited,
      position,
    }
  }
  const { id, scope, environment, expiresAt } = row as Key
  return {
    ...common,
    kind: 'api_key',
    id,
    subject: row.clientId,
    scope,
    environment,
    ...(expiresAt === undefined ? {} : { expiresAt }),
    limitId: id,
    lineage: [],
    inherited: [],
  }
}

export function publicKeyOf(state: State, tenant: string, clientId: string, kid: string): PublicKeyRecord | undefined {
  const jwk = state.jwks.get(`${tenant} ${clientId} ${kid}`)
  const client = state.clients.get(`${tenant} ${clientId}`)
  if (jwk === undefined || client === undefined) return undefined
  const { thumbprint, alg, publicJwk } = jwk
  const { selfIssuedLifeSecondsMax: lifeSecondsMax, status: clientStatus, access, metadata } = client
  return { clientId, kid, thumbprint, alg, publicJwk, lifeSecondsMax, clientStatus, access, metadata }
}
