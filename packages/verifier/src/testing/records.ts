import type { CredentialRecord, PublicKeyRecord } from '@countersign/core'

export const tenant = 'ten_1'
export const apiId = 'api_1'
export const clientId = 'client_1'

/** A record's members; one that is `undefined` is taken away. */
export type RecordChanges = { -readonly [K in keyof CredentialRecord]?: CredentialRecord[K] | undefined }

/** The record that a look-up of a live key finds. */
export function exampleRecord(id: string, audience: string): CredentialRecord {
  return {
    kind: 'api_key',
    id,
    version: 1,
    prefix: 'cs',
    clientId,
    subject: clientId,
    apiId,
    audience,
    scope: 'orders:read orders:write',
    status: 'active',
    environment: 'live',
    metadata: {},
    limitId: id,
    lineage: [],
    inherited: [],
    clientStatus: 'active',
    access: 'orders:read orders:write',
  }
}

/** The record of the client's own key, which signs self-issued JWTs. */
export function examplePublicKey(thumbprint: string, publicJwk: PublicKeyRecord['publicJwk']): PublicKeyRecord {
  return {
    clientId,
    kid: 'c1',
    thumbprint,
    alg: 'ES256',
    publicJwk,
    lifeSecondsMax: 3_600,
    clientStatus: 'active',
    access: { [apiId]: 'orders:read orders:write' },
    metadata: {},
  }
}

export function withChanges(record: CredentialRecord, changes: RecordChanges): CredentialRecord {
  const merged = Object.entries({ ...record, ...changes }).filter(([, value]) => value !== undefined)
  return Object.fromEntries(merged) as unknown as CredentialRecord
}
