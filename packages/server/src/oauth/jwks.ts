import type { SigningPurpose } from '@countersign/core'
import type { Services, TenantContext } from '../context.ts'
import type { Answer } from '../http/answer.ts'
import { answerKept, anyOrigin, type KeptDocument, keepDocument } from '../http/kept_document.ts'
import type { HttpRequest } from '../http/request.ts'
import { serverLimits } from '../limits.ts'

/**
 * `GET /oauth/jwks` and, for libraries that look there unasked, `/.well-known/jwks.json` (RFC 7517);
 * `GET /v1/assertion-jwks` for upstreams. Public and cacheable; a verifier of ours learns keys from the feed, and a foreign one is outside the bound by as much as it caches.
 */
export async function jwks(
  services: Pick<Services, 'signingKeys'>,
  tenant: TenantContext,
  request: HttpRequest,
  ...purposes: readonly [SigningPurpose, ...SigningPurpose[]]
): Promise<Answer> {
  const lists = await Promise.all(purposes.map((purpose) => services.signingKeys.published(tenant.id, purpose)))
  const first = lists[0] as object
  const known = kept.get(first)
  const isSame = known?.lists.every((list, index) => list === lists[index]) === true
  const document = isSame ? known.document : keepDocument(JSON.stringify({ keys: lists.flat() }), cacheable)
  kept.set(first, { lists, document })
  return answerKept(request, document)
}

/** By the first list. Each list is the same until it changes. */
const kept = new WeakMap<object, { readonly lists: readonly object[]; readonly document: KeptDocument }>()

const cacheable = {
  'Content-Type': 'application/jwk-set+json',
  'Cache-Control': `public, max-age=${serverLimits.jwksMaxAgeSeconds}`,
  ...anyOrigin,
}
