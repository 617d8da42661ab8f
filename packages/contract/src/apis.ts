import { limits } from '@countersign/core'
import { z } from 'zod'
import { documentProblemCodes, openText, signingPurposes } from './codes.ts'
import { route } from './route.ts'
import { nameSchemas } from './schema_names.ts'
import * as v from './values.ts'

const scopeName = v.scopeToken.describe('The scope token')
const scopeDescription = z.string().describe('A description for people')
const apiScope = z.strictObject({ name: scopeName, description: scopeDescription.max(1_000).default('') })
const shownScope = z.object({ name: scopeName, description: scopeDescription })
const scopesText = 'The scopes that the API knows'

const most = 'The most that an account without access of its own may give'
const offered = 'What a team of one’s own gets here when it is made; every team sees the API then'
const onRequest = 'What a team may ask for here, and gets when somebody says yes; every team sees the API then'
const callUrl = v.httpUrl.describe(
  'The URL of the API, for calls that this server makes: absolute, without user, query and fragment. The basePath of the document follows it',
)

const resources = z
  .array(v.audience.describe('An absolute URI without a fragment'))
  .max(limits.apiResourcesMax)
  .describe(
    'Further names of the API (RFC 8707): the token and authorization endpoints take each as `resource` and `audience`. ' +
      '`aud` of its tokens stays the audience; default none',
  )

const settings = {
  tokenTtlSeconds: z
    .int()
    .min(1)
    .max(86_400 * 90)
    .describe('The life of an access token, in seconds; default 3600'),
  tokenTtlSecondsMax: z
    .int()
    .min(1)
    .max(86_400 * 366)
    .describe('The longest life of any JWT for it, in seconds; default 90 days'),
  tokenFormat: v.tokenFormat.describe('The format of its access tokens; default jwt (RFC 9068)'),
  signingAlg: z
    .enum(['ES256', 'EdDSA', 'RS256', 'PS256'])
    .describe(
      'The algorithm of its access tokens (RFC 7518); default ES256. Many libraries have no EdDSA: docs/clients',
    ),
  scopeClaim: z
    .enum(['string', 'array', 'structured'])
    .describe('The form of a claim `scopes` beside `scope` in its access tokens; default string: no such claim'),
  maxStalenessSeconds: z
    .int()
    .min(1)
    .max(300)
    .describe('The highest maxStalenessSeconds that a verifier of it may choose; default 300'),
  accountScope: v.scopeText.describe(
    'The most that an account may give to applications here, where it has no access of its own; default nothing',
  ),
  selfServiceScope: v.scopeText.describe(`${offered}; default nothing`),
  onRequestScope: v.scopeText.describe(`${onRequest}; default nothing`),
  credentialHeaders: z
    .array(z.string().min(1).max(64).describe('The name of a header, in any case'))
    .max(limits.credentialHeadersMax)
    .describe(
      'Headers in which its callers may present a key or JWT besides `Authorization: Bearer` and `X-API-Key`; default none. ' +
        'With `Authorization`, one without a scheme is read there too',
    ),
}

export const api = z.object({
  id: v.id,
  audience: v.audience,
  name: v.name,
  status: v.objectStatus,
  scopes: z.array(shownScope).describe(scopesText),
  retiredScopes: z.array(z.string()).describe('Scopes that it had: no credential is worth them any more'),
  ...settings,
  callUrl: callUrl.nullable(),
  resources,
  ...v.limited,
  builtIn: z.boolean().describe('Whether the server made it: the management API of the tenant'),
  ...v.stamps,
})

const method = z.string().describe('The HTTP method, in upper case')
const path = z.string().describe('The path template of the document')

const operation = z.object({
  method,
  basePath: z.string().describe('The path of the first server URL of the document'),
  path,
  operationId: z.string().optional().describe('The name that the document gives it'),
  summary: z.string().optional().describe('One line of the document about it'),
  tags: z.array(z.string()).describe('Its tags in the document'),
  requires: z.array(z.array(z.string())).describe('Alternatives; each lists the scope tokens that it needs'),
  cost: z.int().optional().describe('The cost of a call, spent from every limit; absent for 1'),
  public: z.boolean().describe('Whether it needs no credential'),
})

const operationName = z.object({ method, path })

const signingKeyStatus = z.enum(['active', 'revoked'])

const signingKey = z.object({
  kid: z.string().describe('Its id in the JWK Set: the thumbprint (RFC 7638)'),
  alg: z.string().describe('Its algorithm (RFC 7518)'),
  purpose: openText(signingPurposes, 'The kind of token that it signs'),
  status: signingKeyStatus.describe('`revoked` after its removal; the times tell the rest'),
  publishedAt: v.time.describe('When it entered the JWK Set'),
  signsAt: v.time.describe('When it begins to sign'),
  retiredAt: v.time.nullable().describe('When it ceases to sign; null while no successor is known'),
  leavesAt: v.time.nullable().describe('When it leaves the JWK Set; null while that is not known'),
})

const documentProblem = z.object({
  code: openText(documentProblemCodes, 'The kind of flaw'),
  pointer: z.string().describe('Its place in the document (RFC 6901)'),
  detail: z.string().describe('One sentence that says what is wrong'),
})

const imported = z.object({
  operations: z.array(operation).describe('Every operation that was found'),
  scopes: z.array(shownScope).describe('The scopes that the operations need'),
  added: z.array(operationName).describe('Operations that the stored document did not have'),
  removed: z.array(operationName).describe('Operations that only the stored document has'),
  becamePublic: z.array(operationName).describe('Operations that needed a credential, and no longer do'),
  credentialHeaders: z
    .array(z.string().describe('The name of a header'))
    .describe(
      'Headers in which the document’s callers send keys, to be set as `credentialHeaders` of the API; an import sets none',
    ),
  problems: z
    .array(documentProblem)
    .describe('Flaws of the document; where it can be read in two ways, the stricter one holds'),
})

const operations = z.object({
  data: z.array(operation).describe('Every operation, in the order of the document'),
  importedAt: v.time.nullable().describe('When the document was imported; null where there is none'),
})

/** The API’s document itself, of which an import reads the operations. */
export const apiDescription = z
  .record(z.string(), v.json)
  .describe('An OpenAPI 3.0, 3.1 or 3.2 or Swagger 2.0 document')

nameSchemas({
  ApiDescription: apiDescription,
  Operations: operations,
  Api: api,
  ApiScope: shownScope,
  ApiScopeInput: apiScope,
  SigningAlg: settings.signingAlg,
  ScopeClaim: settings.scopeClaim,
  Operation: operation,
  OperationName: operationName,
  OpenapiImport: imported,
  DocumentProblem: documentProblem,
  SigningKey: signingKey,
  SigningKeyStatus: signingKeyStatus,
})

export const signingKeyRoutes = {
  listSigningKeys: route({
    operationId: 'listSigningKeys',
    method: 'GET',
    path: '/v1/signing-keys',
    tag: 'signing keys',
    summary: 'List the keys that this issuer signs with, and when each begins, retires and leaves the JWK Set',
    scope: 'apis:read',
    answer: { status: 200, schema: z.object({ data: z.array(signingKey).describe('All signing keys') }) },
  }),
  rotateSigningKeys: route({
    operationId: 'rotateSigningKeys',
    method: 'POST',
    path: '/v1/signing-keys/rotate',
    tag: 'signing keys',
    summary: 'Publish a new key for each algorithm in use; it signs after 600 seconds, when the old one retires',
    scope: 'apis:write',
    body: z.strictObject({}),
    answer: { status: 200, schema: z.object({ data: z.array(signingKey).describe('The new signing keys') }) },
  }),
  revokeSigningKey: route({
    operationId: 'revokeSigningKey',
    method: 'POST',
    path: '/v1/signing-keys/{kid}/revoke',
    tag: 'signing keys',
    summary: 'Remove a key in an emergency: all that it signed is refused within the bound, and another signs at once',
    scope: 'apis:write',
    body: z.strictObject({ reason: v.reason, force: v.force }),
    answer: {
      status: 200,
      schema: z.object({ kid: signingKey.shape.kid, status: v.revoked, ...v.inFeed }),
    },
  }),
}

export const apiRoutes = {
  createApi: route({
    operationId: 'createApi',
    method: 'POST',
    path: '/v1/apis',
    tag: 'apis',
    summary: 'Register an API: a resource server with its audience and scopes',
    scope: 'apis:write',
    body: z.strictObject({
      audience: v.audience,
      name: v.name,
      scopes: z.array(apiScope).max(4_096).optional().describe(scopesText),
      tokenTtlSeconds: settings.tokenTtlSeconds.optional(),
      tokenTtlSecondsMax: settings.tokenTtlSecondsMax.optional(),
      tokenFormat: settings.tokenFormat.optional(),
      signingAlg: settings.signingAlg.optional(),
      scopeClaim: settings.scopeClaim.optional(),
      maxStalenessSeconds: settings.maxStalenessSeconds.optional(),
      accountScope: v.scope.optional().describe(most),
      selfServiceScope: v.scope.optional().describe(offered),
      onRequestScope: v.scope.optional().describe(onRequest),
      callUrl: callUrl.optional(),
      resources: resources.optional(),
      credentialHeaders: settings.credentialHeaders.optional(),
      ...v.limiting,
    }),
    answer: { status: 201, schema: api },
    isIdempotent: true,
  }),
  listApis: route({
    operationId: 'listApis',
    method: 'GET',
    path: '/v1/apis',
    tag: 'apis',
    summary: 'List APIs',
    scope: 'apis:read',
    query: z.strictObject(v.listQuery('createdAt', 'name')),
    answer: { status: 200, schema: v.page(api) },
  }),
  getApi: route({
    operationId: 'getApi',
    method: 'GET',
    path: '/v1/apis/{id}',
    tag: 'apis',
    summary: 'Read an API',
    scope: 'apis:read',
    answer: { status: 200, schema: api },
  }),
  updateApi: route({
    operationId: 'updateApi',
    method: 'PATCH',
    path: '/v1/apis/{id}',
    tag: 'apis',
    summary: 'Change an API; while it is disabled, every credential for it is refused',
    scope: 'apis:write',
    body: z.strictObject({
      name: v.name.optional(),
      status: v.switchable.optional(),
      scopes: z.array(apiScope).max(4_096).optional().describe(scopesText),
      tokenTtlSeconds: settings.tokenTtlSeconds.optional(),
      tokenTtlSecondsMax: settings.tokenTtlSecondsMax.optional(),
      tokenFormat: settings.tokenFormat.optional(),
      signingAlg: settings.signingAlg.optional(),
      scopeClaim: settings.scopeClaim.optional(),
      maxStalenessSeconds: settings.maxStalenessSeconds.optional(),
      accountScope: v.scope.optional().describe(most),
      selfServiceScope: v.scope.optional().describe(offered),
      onRequestScope: v.scope.optional().describe(onRequest),
      callUrl: callUrl.nullable().optional().describe('The same; null ends it'),
      resources: resources.optional(),
      credentialHeaders: settings.credentialHeaders.optional(),
      force: z.boolean().optional().describe('Retire scopes that somebody has: every decision takes them away then'),
      ...v.limiting,
    }),
    answer: { status: 200, schema: api },
  }),
  deleteApi: route({
    operationId: 'deleteApi',
    method: 'DELETE',
    path: '/v1/apis/{id}',
    tag: 'apis',
    summary: 'Delete an API; its keys and tokens are revoked and every client loses its access to it',
    scope: 'apis:write',
    answer: {
      status: 200,
      schema: z.object({ id: v.id, status: v.revoked, ...v.inFeed }),
    },
  }),
  getOpenapi: route({
    operationId: 'getOpenapi',
    method: 'GET',
    path: '/v1/apis/{id}/openapi',
    tag: 'apis',
    summary: 'Read the document that was imported last, as JSON; 404 where none was',
    scope: 'apis:read',
    answer: { status: 200, schema: apiDescription },
  }),
  importOpenapi: route({
    operationId: 'importOpenapi',
    method: 'POST',
    path: '/v1/apis/{id}/openapi',
    tag: 'apis',
    summary: 'Import an OpenAPI 3.x or Swagger 2.0 document, and read its operations and their differences',
    scope: 'apis:write',
    query: z.strictObject({
      dryRun: v.flag.default('false').describe('`true` answers the same and stores nothing'),
      force: v.flag.optional().describe('`true` retires scopes that somebody has'),
    }),
    answer: { status: 200, schema: imported },
    takesDocument: true,
  }),
  listOperations: route({
    operationId: 'listOperations',
    method: 'GET',
    path: '/v1/apis/{id}/operations',
    tag: 'apis',
    summary: 'List the operations of the imported document, all at once, with what each needs',
    scope: 'apis:read',
    answer: { status: 200, schema: operations },
  }),
}
