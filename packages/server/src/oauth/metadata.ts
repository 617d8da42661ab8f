import { issuingAlgorithms } from '@countersign/core'
import { Cache } from '@countersign/verifier/engine'
import type { TenantContext } from '../context.ts'
import type { Answer } from '../http/answer.ts'
import { answerKept, anyOrigin, type KeptDocument, keepDocument } from '../http/kept_document.ts'
import type { HttpRequest } from '../http/request.ts'
import { serverLimits } from '../limits.ts'
import { grantTypes } from './grants/index.ts'
import { identityScopes } from './person/identity_scope.ts'

const clientAuthentication = ['client_secret_basic', 'client_secret_post', 'private_key_jwt']

/** RFC 8414 and OpenID Connect Discovery §3: one document that clients of either load. Made from the tenant, never from the request. */
export function createMetadata(): (tenant: TenantContext, request: HttpRequest) => Answer {
  const kept = new Cache<KeptDocument>(serverLimits.documentsKept)
  return ({ issuer }, request) => {
    const known = kept.get(issuer) ?? keepDocument(JSON.stringify(metadataOf(issuer)), cacheable)
    kept.set(issuer, known)
    return answerKept(request, known)
  }
}

const cacheable = { 'Content-Type': 'application/json', 'Cache-Control': 'public, max-age=300', ...anyOrigin }

/** `EdDSA` goes by a second name in newer clients, which look for that one (RFC 9864). */
const assertionAlgorithms = [...issuingAlgorithms, 'Ed25519']

/**
 * RS256 must be among them. Libraries of APIs take no access token whose algorithm is not listed here, so all that sign one
 * are.
 */
const identityAlgorithms = ['RS256', ...issuingAlgorithms.filter((alg) => alg !== 'RS256')]

/** The claims of ID tokens, and those of userinfo. */
const claims = [
  ...['iss', 'sub', 'aud', 'exp', 'iat', 'auth_time', 'acr', 'amr', 'sid', 'at_hash', 'nonce'],
  ...['name', 'updated_at', 'email', 'email_verified'],
]

function metadataOf(issuer: string): object {
  return {
    issuer,
    authorization_endpoint: `${issuer}/oauth/authorize`,
    token_endpoint: `${issuer}/oauth/token`,
    introspection_endpoint: `${issuer}/oauth/introspect`,
    revocation_endpoint: `${issuer}/oauth/revoke`,
    userinfo_endpoint: `${issuer}/oauth/userinfo`,
    end_session_endpoint: `${issuer}/oauth/logout`,
    jwks_uri: `${issuer}/oauth/jwks`,
    grant_types_supported: [...grantTypes.keys()],
    response_types_supported: ['code'],
    response_modes_supported: ['query', 'form_post'],
    code_challenge_methods_supported: ['S256'],
    scopes_supported: [...identityScopes],
    claims_supported: claims,
    acr_values_supported: ['urn:countersign:acr:1', 'urn:countersign:acr:2'],
    prompt_values_supported: ['none', 'login', 'consent', 'select_account'],
    claims_parameter_supported: false,
    request_parameter_supported: false,
    request_uri_parameter_supported: false,
    authorization_response_iss_parameter_supported: true,
    // OpenID Connect Discovery §3 requires these two.
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: identityAlgorithms,
    token_endpoint_auth_methods_supported: [...clientAuthentication, 'none'],
    token_endpoint_auth_signing_alg_values_supported: assertionAlgorithms,
    introspection_endpoint_auth_methods_supported: clientAuthentication,
    introspection_endpoint_auth_signing_alg_values_supported: assertionAlgorithms,
    revocation_endpoint_auth_methods_supported: [...clientAuthentication, 'none'],
    revocation_endpoint_auth_signing_alg_values_supported: assertionAlgorithms,
  }
}
