/** Valid records of each kind but people and teams, and the change that goes with them. */
import { hash } from 'node:crypto'
import type { FeedObject } from '@countersign/core'
import { neverDropAt } from '@countersign/core'
import type { Append } from '../feed/append.ts'
import type { Api } from '../records/api.ts'
import type { AuditDraft } from '../records/audit_event.ts'
import type { Client } from '../records/client.ts'
import type { ClientJwk } from '../records/client_jwk.ts'
import type { ClientSecret } from '../records/client_secret.ts'
import type { IdempotencyRecord } from '../records/idempotency.ts'
import type { Issuer } from '../records/issuer.ts'
import type { Key } from '../records/key.ts'
import type { SigningKey } from '../records/signing_key.ts'
import type { Tenant } from '../records/tenant.ts'
import type { Token } from '../records/token.ts'
import type { VerifierPosition } from '../records/verifier_position.ts'
import type { Store } from '../store.ts'
import type { UsageCount } from '../usage/count.ts'
import type { OperationUse } from '../usage/operation_use.ts'
import { newRefusal, type Refusal } from '../usage/refusal.ts'
import { startAt } from './test_database.ts'

export const fresh = { version: 1, createdAt: startAt, updatedAt: startAt }

export function digestOf(text: string): string {
  return hash('sha256', text, 'base64url')
}

export function exampleTenant(id: string, members: Partial<Tenant> = {}): Tenant {
  return { id, slug: `slug-${id}`, name: `Tenant ${id}`, status: 'active', ...fresh, ...members }
}

export function exampleApi(tenant: string, id: string, members: Partial<Api> = {}): Api {
  return {
    tenant,
    id,
    audience: `https://${id}.example`,
    name: 'Orders',
    status: 'active',
    tokenTtlSeconds: 3600,
    tokenTtlSecondsMax: 86_400,
    tokenFormat: 'jwt',
    signingAlg: 'ES256',
    scopeClaim: 'string',
    accountScope: '',
    selfServiceScope: '',
    onRequestScope: '',
    maxStalenessSeconds: 10,
    isBuiltIn: false,
    createdSequence: 0,
    scopes: [{ name: 'orders:read', description: 'See orders', source: 'declared' }],
    ...fresh,
    ...members,
  }
}

export function exampleClient(tenant: string, id: string, members: Partial<Client> = {}): Client {
  return {
    tenant,
    id,
    name: 'Mobile',
    type: 'service',
    status: 'active',
    access: { api_1: 'orders:read orders:write' },
    guards: [],
    authority: { scope: '', guards: [] },
    metadata: { team: 'blue' },
    selfIssuedLifeSecondsMax: 3600,
    cutOff: 0,
    ...fresh,
    ...members,
  }
}

export function exampleSecret(tenant: string, clientId: string, id: string): ClientSecret {
  return { tenant, id, clientId, digest: digestOf(`secret ${tenant} ${id}`), createdAt: startAt }
}

export function exampleJwk(tenant: string, clientId: string, kid: string): ClientJwk {
  return {
    tenant,
    clientId,
    kid,
    thumbprint: digestOf(kid),
    alg: 'ES256',
    publicJwk: { kty: 'EC', crv: 'P-256', x: 'x', y: 'y' },
    createdAt: startAt,
  }
}

export function exampleIssuer(tenant: string, id: string, members: Partial<Issuer> = {}): Issuer {
  return {
    tenant,
    id,
    issuer: 'https://ci.example',
    clientId: 'client_1',
    audience: 'https://api_1.example',
    scope: 'orders:read',
    rules: [{ when: { sub: 'repo:acme/*' }, scope: 'orders:read', apiId: 'api_1' }],
    status: 'active',
    jwksUri: 'https://ci.example/jwks',
    keys: [{ kid: 'k1', thumbprint: digestOf('k1'), alg: 'ES256', publicJwk: { kty: 'EC' } }],
    askedAt: startAt,
    fetchedAt: startAt,
    fetchAt: startAt + 900,
    failures: 0,
    ...fresh,
    ...members,
  }
}

export function exampleKey(tenant: string, id: string, members: Partial<Key> = {}): Key {
  return {
    tenant,
    id,
    digest: digestOf(`key ${tenant} ${id}`),
    prefix: 'cs',
    environment: 'live',
    clientId: 'client_1',
    apiId: 'api_1',
    scope: 'orders:read',
    name: 'Key',
    status: 'active',
    metadata: {},
    ...fresh,
    ...members,
  }
}

export function exampleToken(tenant: string, jti: string, members: Partial<Token> = {}): Token {
  return {
    tenant,
    jti,
    format: 'opaque',
    digest: digestOf(`token ${tenant} ${jti}`),
    prefix: 'cs',
    clientId: 'client_1',
    apiId: 'api_1',
    subject: 'client_1',
    name: '',
    metadata: {},
    issuedScope: 'orders:read',
    issuedExpiresAt: startAt + 3600,
    status: 'active',
    lineage: [{ type: 'key', id: 'key_1' }],
    inherited: [{ ipAllow: ['192.0.2.0/24'] }],
    limitId: 'key_1',
    position: 7,
    ...fresh,
    ...members,
  }
}

export function exampleSigningKey(tenant: string, kid: string, members: Partial<SigningKey> = {}): SigningKey {
  return {
    tenant,
    kid,
    alg: 'ES256',
    purpose: 'access_token',
    publicJwk: { kty: 'EC' },
    sealedPrivateJwk: new Uint8Array([0, 1, 2, 255]),
    publishedAt: startAt,
    signsAt: startAt + 600,
    status: 'active',
    version: 1,
    ...members,
  }
}

export function exampleIdempotency(tenant: string, members: Partial<IdempotencyRecord> = {}): IdempotencyRecord {
  return {
    tenant,
    caller: 'client_1 key_1',
    method: 'POST',
    path: '/v1/keys',
    keyDigest: digestOf('an idempotency key'),
    bodyDigest: digestOf('{}'),
    status: 201,
    sealedAnswer: new Uint8Array([9, 8, 7]),
    createdAt: startAt,
    expiresAt: startAt + 86_400,
    ...members,
  }
}

export function exampleCount(tenant: string, credentialId: string): UsageCount {
  const minuteAt = startAt - (startAt % 60)
  return { tenant, credentialId, clientId: 'client_1', scope: '', outcome: 'verified', minuteAt, count: 1 }
}

export function examplePosition(tenant: string, verifierId: string, sequence = 1): VerifierPosition {
  return {
    tenant,
    verifierId,
    epoch: 'epoch',
    sequence,
    maxStalenessSeconds: 10,
    askedAt: startAt,
    reachedAt: startAt,
  }
}

export function exampleAudit(objectId: string, members: Partial<AuditDraft> = {}): AuditDraft {
  return {
    actor: { kind: 'credential', clientId: 'client_1', credentialId: 'key_1', address: '192.0.2.1' },
    action: 'key.update',
    objectType: 'key',
    objectId,
    before: { scope: 'orders:read orders:write', nested: { b: 1, a: [2, { d: 1, c: null }] } },
    after: { scope: 'orders:read' },
    requestId: 'request_1',
    ...members,
  }
}

export function keyObject(id: string, version = 1, status: 'active' | 'disabled' | 'revoked' = 'active'): FeedObject {
  return { type: 'key', id, version, state: { status, scope: 'orders:read' }, dropAt: neverDropAt }
}

/** A change of one key: its entry and its audit event. */
export function keyChange(tenant: string, id: string, version = 1, status: 'active' | 'revoked' = 'active'): Append {
  return { tenant, audit: exampleAudit(id), objects: () => [keyObject(id, version, status)] }
}

/** `api_1`, `client_1` and `key_1` in each tenant, without entries. */
export async function seed(store: Store, ...tenants: readonly string[]): Promise<void> {
  for (const tenant of tenants) {
    await store.write(async (transaction) => {
      await transaction.tenants.insert(exampleTenant(tenant))
      await transaction.apis.insert(exampleApi(tenant, 'api_1'))
      await transaction.clients.insert(exampleClient(tenant, 'client_1'))
      await transaction.keys.insert(exampleKey(tenant, 'key_1'))
    })
  }
}

export function exampleOperationUse(tenant: string, changes: Partial<OperationUse> = {}): OperationUse {
  const dayAt = startAt - (startAt % 86_400)
  const operation = { audience: 'https://api.example', method: 'GET', route: '/orders' }
  return { tenant, ...operation, outcome: 'verified', dayAt, count: 1, ...changes }
}

export function exampleRefusal(tenant: string, changes: Partial<Refusal> = {}): Refusal {
  const draft = { tenant, at: startAt, requestId: 'request_1', credentialId: '', clientId: '', code: 'expired' }
  return newRefusal({ ...draft, missingScope: '', scope: '', ...changes }, (count) => new Uint8Array(count).fill(7))
}
