import type { Established } from './effective_grant.ts'
import type { CredentialRecord } from './feed/record.ts'
import { policiesOf } from './rate_limit/rate_policy.ts'
import { parseScope, type Scope } from './scope.ts'

/** Most clients have no limits: they share this list, which is frozen. */
const none: readonly never[] = Object.freeze([])

/** Makes a credential of a looked-up API key or opaque token. Its digest has matched; nothing else is known so far. */
export function establishRecord(record: CredentialRecord, tenant: string): Established {
  const { ipAllow, originAllow } = record
  const own = {
    ...(ipAllow === undefined ? {} : { ipAllow }),
    ...(originAllow === undefined ? {} : { originAllow }),
  }
  return {
    kind: record.kind,
    format: 'opaque',
    credentialId: record.id,
    tenant,
    clientId: record.clientId,
    subject: record.subject,
    ...(record.subjectIssuer === undefined ? {} : { subjectIssuer: record.subjectIssuer }),
    ...(record.externalSubject === undefined ? {} : { externalSubject: record.externalSubject }),
    apiId: record.apiId,
    audience: record.audience,
    scope: parseScope(record.scope),
    status: record.status,
    ...(record.expiresAt === undefined ? {} : { expiresAt: record.expiresAt }),
    leewaySeconds: 0,
    ...(record.environment === undefined ? {} : { environment: record.environment }),
    metadata: record.metadata,
    ...(record.clientMetadata === undefined ? {} : { clientMetadata: record.clientMetadata }),
    constraints: [own, ...record.inherited],
    rates: policiesOf(record),
    limitId: record.limitId,
    isListed: record.kind === 'api_key',
    clientRates: record.clientRateLimits ?? none,
    lineage: record.lineage,
    ...(record.position === undefined ? {} : { position: record.position }),
    client: { status: record.clientStatus, access: accessOf(record.access) },
  }
}

/** Access that a record does not name is none. Earlier servers said `""` for none. */
function accessOf(access: string | null | undefined): Scope | null {
  return access == null ? null : parseScope(access)
}
