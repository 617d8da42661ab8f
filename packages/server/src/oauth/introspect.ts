/** `POST /oauth/introspect`, RFC 7662: API keys, access tokens and self-issued JWTs alike. Begins with `active: false`. */
import { findRejection, type Grant, type ProblemAnswer, parseScope } from '@countersign/core'
import { countedId, type Inspection, type OutcomeCode } from '@countersign/verifier/engine'
import { authenticateCaller, type CallerServices } from '../caller/caller.ts'
import { isGuarded } from '../caller/client_facts.ts'
import type { Services, TenantContext } from '../context.ts'
import { type Answer, json } from '../http/answer.ts'
import { clientAddress } from '../http/client_address.ts'
import { headerValues } from '../http/header.ts'
import type { HttpRequest } from '../http/request.ts'
import { managementApiId } from '../tenants/tenant_setup.ts'
import { type AuthenticatorServices, authenticateClient } from './client_authenticator.ts'
import { type Form, readForm } from './form.ts'
import { answerOauth } from './oauth_endpoint.ts'
import { OauthError, type OauthErrorCode } from './oauth_error.ts'
import { readPresentedClient } from './presented_client.ts'

/** Whether the asker may know of this grant: its own, or one for an audience it guards. */
type MayKnow = (grant: Grant) => boolean

export type IntrospectServices = AuthenticatorServices & CallerServices & Pick<Services, 'log'>

export function introspect(services: IntrospectServices, tenant: TenantContext, request: HttpRequest): Promise<Answer> {
  return answerOauth(services.log, request.requestId, async () => {
    const form = await readForm(request)
    const mayKnow = await authenticateAsker(services, tenant, request, form)
    if ('status' in mayKnow) return mayKnow
    const text = form.get('token')
    if (text === undefined) throw new OauthError('invalid_request', 'token is missing')
    const inspection = await tenant.engine.inspect(text)
    if ('outcome' in inspection && inspection.outcome === 'unavailable') {
      throw new OauthError('temporarily_unavailable', 'try again', 503, { 'Retry-After': '1' })
    }
    const now = services.now()
    const code = codeOf(inspection, mayKnow, now)
    const of = code === 'unknown' || 'outcome' in inspection ? undefined : inspection.established
    tenant.usage.count(now, countedId(of), of?.clientId ?? '', [], code)
    return json(200, answerOf(tenant, inspection, code), { Pragma: 'no-cache' })
  })
}

/** `verified`, or the reason for a refusal; a credential that is none of the asker's business is unknown. */
function codeOf(inspection: Inspection, mayKnow: MayKnow, now: number): OutcomeCode {
  if ('outcome' in inspection) return inspection.outcome === 'rejected' ? inspection.rejection.code : inspection.outcome
  const { effective } = inspection
  const { grant } = effective
  // A session is its browser's alone: what it may do stands in no record.
  if (grant.kind === 'session' || !mayKnow(grant)) return 'unknown'
  const expected = { audience: grant.audience, requires: [[]], address: undefined, origin: undefined }
  return findRejection(effective, expected, now)?.code ?? 'verified'
}

/** Nothing but `{active: false}` for whatever does not hold or is none of the asker's business (CVE-2026-37979). */
function answerOf(tenant: TenantContext, inspection: Inspection, code: OutcomeCode): object {
  if ('outcome' in inspection || code !== 'verified') return { active: false }
  const { effective, established } = inspection
  const { grant } = effective
  return {
    active: true,
    scope: grant.scope,
    client_id: grant.clientId,
    token_type: 'Bearer',
    sub: grant.subject,
    aud: grant.audience,
    // A JWT of another issuer is shown as what it is; all else is ours.
    iss: grant.kind === 'external_jwt' ? grant.subjectIssuer : tenant.issuer,
    jti: grant.credentialId,
    ...(grant.expiresAt === undefined ? {} : { exp: Math.floor(grant.expiresAt) }),
    ...(established.notBefore === undefined || established.notBefore === 0 ? {} : { iat: established.notBefore }),
    cs_kind: grant.kind,
    ...(grant.externalSubject === undefined ? {} : { external_subject: grant.externalSubject }),
    metadata: grant.metadata,
    client_metadata: grant.clientMetadata,
  }
}

/** A bearer's refusal in the codes of RFC 6749 and RFC 6750 §3.1, and no other. */
function oauthRefusal({ status, headers, body }: ProblemAnswer): Answer {
  return json(
    status,
    { error: oauthCodes[body.code] ?? oauthCodes[status] ?? body.code, error_description: body.detail },
    { ...headers, Pragma: 'no-cache', 'Content-Type': 'application/json' },
  )
}

const oauthCodes: Readonly<Record<string, OauthErrorCode>> = {
  address_not_allowed: 'access_denied',
  origin_not_allowed: 'access_denied',
  429: 'slow_down',
  503: 'temporarily_unavailable',
}

/**
 * A client by its own authentication, or a bearer of `credentials:verify`. A client that has that scope knows of what it
 * guards too, as a bearer of its keys does.
 */
async function authenticateAsker(
  services: AuthenticatorServices & CallerServices,
  tenant: TenantContext,
  request: HttpRequest,
  form: Form,
): Promise<MayKnow | Answer> {
  const isBearer = headerValues(request, 'authorization').some((value) => /^bearer\b/i.test(value))
  if (isBearer || headerValues(request, 'x-api-key').length > 0) {
    const authenticated = await authenticateCaller(services, tenant, request, 'credentials:verify', undefined, false)
    if ('refusal' in authenticated) return oauthRefusal(authenticated.refusal)
    const guards = await authenticated.caller.guards()
    return (grant) => isGuarded(guards, grant.audience)
  }
  const address = clientAddress(request, services.trustedProxies)
  const { requestId } = request
  const client = await authenticateClient(services, tenant, readPresentedClient(request, form), { requestId, address })
  const isVerifier = parseScope(client.access[managementApiId] ?? '').includes('credentials:verify')
  return (grant) => grant.clientId === client.id || (isVerifier && isGuarded(client.guards, grant.audience))
}
