import { z } from 'zod'
import { documentProblemCodes, openText, signingPurposes } from './codes.ts'
import { route } from './route.ts'
import * as v from './values.ts'

const apiScope = z.strictObject({ name: v.scopeToken, description: z.string().max(1_000).default('') })

const settings = {
  tokenTtlSeconds: z
    .int()
    .min(1)
    .max(86_400 * 90)
    .meta({ description: 'Life of an access token; default 3600' }),
  tokenTtlSecondsMax: z
    .int()
    .min(1)
    .max(86_400 * 366)
    .meta({ description: 'Longest life of any JWT; default 90 days' }),
  tokenFormat: z.enum(['jwt', 'opaque']),
  signingAlg: z.enum(['ES256', 'EdDSA', 'RS256', 'PS256']),
  maxStalenessSeconds: z
    .int()
    .min(1)
    .max(300)
    .meta({ description: 'Ceiling for the bound of every verifier; default 300' }),
}

export const api = z.object({
  id: v.id,
  audience: v.audience,
  name: v.name,
  status: z.enum(['active', 'disabled', 'revoked']),
  scopes: z.array(z.object({ name: v.scopeToken, description: z.string() })),
  ...settings,
  ...v.limited,
  builtIn: z.boolean(),
  createdAt: v.time,
  updatedAt: v.time,
})

const operation = z.object({
  method: z.string(),
  basePath: z.string(),
  path: z.string(),
  operationId: z.string().optional(),
  requires: z.array(z.array(z.string())),
  cost: z.int().optional(),
  public: z.boolean(),
})

const operationName = z.object({ method: z.string(), path: z.string() })

const signingKey = z.object({
  kid: z.string(),
  alg: z.string(),
  purpose: openText(signingPurposes, 'What it signs'),
  status: z.enum(['active', 'revoked']),
  publishedAt: v.time,
  signsAt: v.time,
  retiredAt: v.time.nullable(),
  leavesAt: v.time.nullable(),
})

export const signingKeyRoutes = {
  listSigningKeys: route({
    operationId: 'listSigningKeys',
    method: 'GET',
    path: '/v1/signing-keys',
    tag: 'signing keys',
    summary: 'The keys this issuer signs with, and when each begins, retires and leaves the JWK Set',
    scope: 'apis:read',
    answer: { status: 200, schema: z.object({ data: z.array(signingKey) }) },
  }),
  rotateSigningKeys: route({
    operationId: 'rotateSigningKeys',
    method: 'POST',
    path: '/v1/signing-keys/rotate',
    tag: 'signing keys',
    summary: 'Publish a new key for each algorithm in use; it signs after 600 seconds, when the old one retires',
    scope: 'apis:write',
    body: z.strictObject({}),
    answer: { status: 200, schema: z.object({ data: z.array(signingKey) }) },
  }),
  revokeSigningKey: route({
    operationId: 'revokeSigningKey',
    method: 'POST',
    path: '/v1/signing-keys/{kid}/revoke',
    tag: 'signing keys',
    summary: 'Emergency removal: everything this key signed is refused within the bound; another signs at once',
    scope: 'apis:write',
    body: z.strictObject({ reason: v.reason, force: v.force }),
    answer: {
      status: 200,
      schema: z.object({ kid: z.string(), status: z.literal('revoked'), ...v.inFeed }),
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
      scopes: z.array(apiScope).max(4_096).optional(),
      tokenTtlSeconds: settings.tokenTtlSeconds.optional(),
      tokenTtlSecondsMax: settings.tokenTtlSecondsMax.optional(),
      tokenFormat: settings.tokenFormat.optional(),
      signingAlg: settings.signingAlg.optional(),
      maxStalenessSeconds: settings.maxStalenessSeconds.optional(),
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
    query: z.strictObject(v.pageQuery),
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
    summary: 'Change an API; disabled, it refuses every credential for it',
    scope: 'apis:write',
    body: z.strictObject({
      name: v.name.optional(),
      status: v.switchable.optional(),
      scopes: z.array(apiScope).max(4_096).optional(),
      tokenTtlSeconds: settings.tokenTtlSeconds.optional(),
      tokenTtlSecondsMax: settings.tokenTtlSecondsMax.optional(),
      tokenFormat: settings.tokenFormat.optional(),
      signingAlg: settings.signingAlg.optional(),
      maxStalenessSeconds: settings.maxStalenessSeconds.optional(),
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
      schema: z.object({ id: v.id, status: z.literal('revoked'), ...v.inFeed }),
    },
  }),
  importOpenapi: route({
    operationId: 'importOpenapi',
    method: 'POST',
    path: '/v1/apis/{id}/openapi',
    tag: 'apis',
    summary: 'Import an OpenAPI 3.x or Swagger 2.0 document: operations, what each requires, what changed',
    scope: 'apis:write',
    query: z.strictObject({ dryRun: z.enum(['true', 'false']).default('false') }),
    answer: {
      status: 200,
      schema: z.object({
        operations: z.array(operation),
        scopes: z.array(z.object({ name: z.string(), description: z.string() })),
        added: z.array(operationName),
        removed: z.array(operationName),
        becamePublic: z.array(operationName),
        problems: z.array(
          z.object({
            code: openText(documentProblemCodes, 'The kind of flaw'),
            pointer: z.string(),
            detail: z.string(),
          }),
        ),
      }),
    },
    takesDocument: true,
  }),
}
