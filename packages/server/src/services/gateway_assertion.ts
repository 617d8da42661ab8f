/** What an upstream is told: who is calling, signed with a key used for nothing else (contract.md §7). */
import { type Grant, type Seconds, signJwt } from '@countersign/core'
import { serverLimits } from '../limits.ts'
import type { Services, TenantContext } from './services.ts'

export interface GatewayAssertion {
  readonly assertion: string
  readonly expiresAt: Seconds
}

/** 60 seconds, never past the credential's end; nothing of the single request. */
export async function signAssertion(
  services: Services,
  tenant: TenantContext,
  grant: Grant,
  apiId: string,
): Promise<GatewayAssertion> {
  const now = services.now()
  const expiresAt = Math.floor(
    Math.min(now + serverLimits.assertionLifeSeconds, grant.expiresAt ?? Number.POSITIVE_INFINITY),
  )
  const key = await services.signingKeys.signer(tenant.id, 'ES256', 'gateway_assertion')
  const claims = {
    iss: tenant.issuer,
    aud: `urn:countersign:upstream:${apiId}`,
    sub: grant.subject,
    client_id: grant.clientId,
    scope: grant.scope,
    cs_credential: grant.credentialId,
    cs_kind: grant.kind,
    iat: Math.floor(now),
    exp: expiresAt,
  }
  return { assertion: await signJwt({ typ: 'countersign-assertion+jwt', claims, key }), expiresAt }
}
