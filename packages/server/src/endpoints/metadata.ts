import { issuingAlgorithms } from '@countersign/core'
import { grantTypes } from '../grants/index.ts'
import type { Answer } from '../http/exchange.ts'
import type { TenantContext } from '../services/services.ts'

const clientAuthentication = ['client_secret_basic', 'client_secret_post', 'private_key_jwt']

/** RFC 8414, and the same where OpenID Connect Discovery looks. Made from the tenant, never from the request. */
export function metadata(tenant: TenantContext): Answer {
  const { issuer } = tenant
  return {
    status: 200,
    headers: { 'Content-Type': 'application/json', 'Cache-Control': 'public, max-age=300' },
    body: JSON.stringify({
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
    }),
  }
}
