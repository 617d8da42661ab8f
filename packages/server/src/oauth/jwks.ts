import type { SigningPurpose } from '@countersign/core'
import type { Services, TenantContext } from '../context.ts'
import type { Answer } from '../http/answer.ts'
import { answerKept, anyOrigin, type KeptDocument, keepDocument } from '../http/kept_document.ts'
import type { HttpRequest } from '../http/request.ts'
import { serverLimits } from '../limits.ts'

/**
 * `GET /oauth/jwks` and, for libraries that look there unasked, `/.well-known/jwks.json` (RFC 7517); `GET /v1/assertion-jwks` for upstreams. Public and cacheable; a verifier of ours learns
 * keys from the feed, and a foreign one is outside the bound by as much as it caches.
 */
export async function jwks(
  services: Pick<Services, 'signingKeys'>,
  tenant: TenantContext,
  request: HttpRequest,
  purpose: SigningPurpose,
): Promise<Answer> {
  const keys = await services.signingKeys.published(tenant.id, purpose)
  const document = kept.get(keys) ?? keepDocument(JSON.stringify({ keys }), cacheable)
  kept.set(keys, document)
  return answerKept(request, document)
}

/** By the list, which is the same until it changes. */
const kept = new WeakMap<object, KeptDocument>()

const cacheable = {
  'Content-Type': 'application/jwk-set+json',
  'Cache-Control': `public, max-age=${serverLimits.jwksMaxAgeSeconds}`,
  ...anyOrigin,
}
