/**
 * The assertion for an upstream: who is calling, signed with a key used for nothing else (docs/protocol/gateway.md §5).
 */
import { type Grant, type Seconds, signJwt, upstreamMetadata } from '@countersign/core'
import type { Services, TenantContext } from '../context.ts'
import { serverLimits } from '../limits.ts'

export interface GatewayAssertion {
  readonly assertion: string
  readonly expiresAt: Seconds
  /** The same metadata as a value of `X-Countersign-Metadata`; `undefined` where it is left out because of its size. */
  readonly metadata: string | undefined
}

interface Kept extends GatewayAssertion {
  readonly renewAt: Seconds
}

/**
 * A grant is made anew with every change of the book, that of a signing key too: what was signed for it holds as long.
 */
const kept = new WeakMap<Grant, Kept>()

/**
 * 60 seconds, never past the credential's end; nothing of the single request. Signed once for a grant and again at half its
 * life, so that a proxy that asks about every request costs no signature for each.
 */
export async function signAssertion(
  services: Pick<Services, 'now' | 'signingKeys'>,
  tenant: TenantContext,
  grant: Grant,
  apiId: string,
): Promise<GatewayAssertion> {
  const now = services.now()
  const known = kept.get(grant)
  if (known !== undefined && now < known.renewAt) return known
  const endsAt = grant.expiresAt ?? Number.POSITIVE_INFINITY
  const expiresAt = Math.floor(Math.min(now + serverLimits.assertionLifeSeconds, endsAt))
  const key = await services.signingKeys.signer(tenant.id, 'ES256', 'gateway_assertion')
  const { header, claims: metadata } = upstreamMetadata(grant)
  const claims = {
    iss: tenant.issuer,
    aud: `urn:countersign:upstream:${apiId}`,
    sub: grant.subject,
    // Two issuers may give two people one name.
    ...(grant.subjectIssuer === undefined ? {} : { cs_subject_issuer: grant.subjectIssuer }),
    ...(grant.externalSubject === undefined ? {} : { cs_external_subject: grant.externalSubject }),
    client_id: grant.clientId,
    scope: grant.scope,
    cs_credential: grant.credentialId,
    cs_kind: grant.kind,
    ...metadata,
    iat: Math.floor(now),
    exp: expiresAt,
  }
  const assertion = await signJwt({ typ: 'countersign-assertion+jwt', claims, key })
  // One that lasts to the credential's end cannot be had any longer.
  const renewAt = expiresAt < Math.floor(endsAt) ? now + (expiresAt - now) / 2 : expiresAt
  const signed = { assertion, expiresAt, metadata: header, renewAt }
  kept.set(grant, signed)
  return signed
}
