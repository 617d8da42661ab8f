import type { SigningPurpose } from '@countersign/core'
import type { Answer } from '../http/exchange.ts'
import { serverLimits } from '../limits.ts'
import type { Services, TenantContext } from '../services/services.ts'

/**
 * `GET /oauth/jwks` (RFC 7517), and `GET /v1/assertion-jwks` for upstreams. Public and cacheable; a verifier of ours learns
 * keys from the feed, and a foreign one is outside the bound by as much as it caches.
 */
export async function jwks(services: Services, tenant: TenantContext, purpose: SigningPurpose): Promise<Answer> {
  const keys = await services.signingKeys.published(tenant.id, purpose)
  return {
    status: 200,
    headers: {
      'Content-Type': 'application/jwk-set+json',
      'Cache-Control': `public, max-age=${serverLimits.jwksMaxAgeSeconds}`,
    },
    body: JSON.stringify({ keys }),
  }
}
