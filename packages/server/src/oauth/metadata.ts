import { issuingAlgorithms } from '@countersign/core'
import { Cache } from '@countersign/verifier/engine'
import type { TenantContext } from '../context.ts'
import type { Answer } from '../http/answer.ts'
import { answerKept, type KeptDocument, keepDocument } from '../http/kept_document.ts'
import type { HttpRequest } from '../http/request.ts'
import { serverLimits } from '../limits.ts'
import { grantTypes } from './grants/index.ts'

const clientAuthentication = ['client_secret_basic', 'client_secret_post', 'private_key_jwt']

/** RFC 8414, and the same where OpenID Connect Discovery looks. Made from the tenant, never from the request. */
export function createMetadata(): (tenant: TenantContext, request: HttpRequest) => Answer {
  const kept = new Cache<KeptDocument>(serverLimits.documentsKept)
  return ({ issuer }, request) => {
    const known = kept.get(issuer) ?? keepDocument(JSON.stringify(metadataOf(issuer)), cacheable)
    kept.set(issuer, known)
    return answerKept(request, known)
  }
}

const cacheable = { 'Content-Type': 'application/json', 'Cache-Control': 'public, max-age=300' }

function metadataOf(issuer: string): object {
  return {
    issuer,
    token_endpoint: `${issuer}/oauth/token`,
    introspection_endpoint: `${issuer}/oauth/introspect`,
    revocation_endpoint: `${issuer}/oauth/revoke`,
    jwks_uri: `${issuer}/oauth/jwks`,
    grant_types_supported: [...grantTypes.keys()],
    // RFC 8414 asks for this member even where there is no authorization endpoint.
    response_types_supported: [],
    token_endpoint_auth_methods_supported: clientAuthentication,
    token_endpoint_auth_signing_alg_values_supported: issuingAlgorithms,
    introspection_endpoint_auth_methods_supported: clientAuthentication,
    introspection_endpoint_auth_signing_alg_values_supported: issuingAlgorithms,
    revocation_endpoint_auth_methods_supported: clientAuthentication,
    revocation_endpoint_auth_signing_alg_values_supported: issuingAlgorithms,
  }
}
