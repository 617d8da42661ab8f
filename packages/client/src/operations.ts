import type { OperationId, Routes } from '@countersign/contract'

/**
 * The method and path of each operation of the management API. This is a value apart, so that no schema reaches a
 * caller's bundle. It is typed by the contract's routes, so that a different path or method does not compile.
 */
export const operations = {
  createApi: ['POST', '/v1/apis', 'creates'],
  listApis: ['GET', '/v1/apis'],
  getApi: ['GET', '/v1/apis/{id}'],
  updateApi: ['PATCH', '/v1/apis/{id}'],
  deleteApi: ['DELETE', '/v1/apis/{id}'],
  importOpenapi: ['POST', '/v1/apis/{id}/openapi'],
  listSigningKeys: ['GET', '/v1/signing-keys'],
  rotateSigningKeys: ['POST', '/v1/signing-keys/rotate'],
  revokeSigningKey: ['POST', '/v1/signing-keys/{kid}/revoke'],
  createClient: ['POST', '/v1/clients', 'creates'],
  listClients: ['GET', '/v1/clients'],
  getClient: ['GET', '/v1/clients/{clientId}'],
  updateClient: ['PATCH', '/v1/clients/{clientId}'],
  deleteClient: ['DELETE', '/v1/clients/{clientId}'],
  listClientSecrets: ['GET', '/v1/clients/{clientId}/secrets'],
  revokeClientSecret: ['POST', '/v1/clients/{clientId}/secrets/{id}/revoke'],
  createClientSecret: ['POST', '/v1/clients/{clientId}/secrets', 'creates'],
  revokeClient: ['POST', '/v1/clients/{clientId}/revoke'],
  createKey: ['POST', '/v1/keys', 'creates'],
  listKeys: ['GET', '/v1/keys'],
  getKey: ['GET', '/v1/keys/{id}'],
  updateKey: ['PATCH', '/v1/keys/{id}'],
  rollKey: ['POST', '/v1/keys/{id}/roll', 'creates'],
  disableKey: ['POST', '/v1/keys/{id}/disable'],
  enableKey: ['POST', '/v1/keys/{id}/enable'],
  revokeKey: ['POST', '/v1/keys/{id}/revoke'],
  createToken: ['POST', '/v1/tokens', 'creates'],
  listTokens: ['GET', '/v1/tokens'],
  getToken: ['GET', '/v1/tokens/{jti}'],
  updateToken: ['PATCH', '/v1/tokens/{jti}'],
  createRevocation: ['POST', '/v1/revocations'],
  revokeToken: ['POST', '/v1/tokens/{jti}/revoke'],
  verify: ['POST', '/v1/verify'],
  lookup: ['POST', '/v1/lookup'],
  feedSnapshot: ['GET', '/v1/feed/snapshot'],
  feed: ['GET', '/v1/feed'],
  feedPosition: ['POST', '/v1/feed/position'],
  handBackRevocations: ['POST', '/v1/feed/revocations'],
  createAssertion: ['POST', '/v1/assertions'],
  listVerifiers: ['GET', '/v1/verifiers'],
  getRevocation: ['GET', '/v1/revocations/{feedSequence}'],
  getUsage: ['GET', '/v1/usage'],
  reportUsage: ['POST', '/v1/usage'],
  listAudit: ['GET', '/v1/audit'],
  createTenant: ['POST', '/v1/tenants', 'creates'],
  listTenants: ['GET', '/v1/tenants'],
  getTenant: ['GET', '/v1/tenants/{id}'],
  updateTenant: ['PATCH', '/v1/tenants/{id}'],
  deleteTenant: ['DELETE', '/v1/tenants/{id}'],
  getMe: ['GET', '/v1/me'],
  createAccount: ['POST', '/v1/accounts', 'creates'],
  listAccounts: ['GET', '/v1/accounts'],
  getAccount: ['GET', '/v1/accounts/{id}'],
  updateAccount: ['PATCH', '/v1/accounts/{id}'],
  deleteAccount: ['DELETE', '/v1/accounts/{id}'],
  revokeAccount: ['POST', '/v1/accounts/{id}/revoke'],
  createAccountLink: ['POST', '/v1/accounts/{id}/links', 'creates'],
  listSessions: ['GET', '/v1/sessions'],
  revokeSession: ['POST', '/v1/sessions/{id}/revoke'],
} as const satisfies { readonly [O in OperationId]: Place<Routes[O]> }

type Place<R> = R extends { readonly method: infer M; readonly path: infer P }
  ? R extends { readonly isIdempotent: true }
    ? readonly [M, P, 'creates']
    : readonly [M, P]
  : never
