import { z } from 'zod'
import { route } from './route.ts'
import { nameSchemas } from './schema_names.ts'
import * as v from './values.ts'

export const token = z.object({
  jti: v.id,
  format: v.tokenFormat.describe('The form of its text'),
  clientId: v.id,
  audience: v.audience,
  scope: v.scopeText,
  subject: z.string().describe('The party that it speaks for (RFC 7519 §4.1.2)'),
  name: z.string().describe('A name for people; empty for none'),
  status: v.status,
  expiresAt: v.time.describe('When it ends'),
  metadata: v.metadata,
  parent: z.string().nullable().describe('The credential that it was exchanged from; null for none'),
  ...v.stamps,
})

/** The state that an operator can give a JWT of ours that nothing lists. */
const unlistedToken = z.object({
  jti: v.id,
  clientId: v.id,
  scope: v.scopeText.nullable().describe('Intersected with the signed scope; null for all of it'),
  expiresAt: v.time.nullable().describe('Its end where that is before the signed one; null for the signed one'),
})

const changedToken = token.extend(v.inFeed)
const changedUnlistedToken = unlistedToken.extend(v.inFeed)
nameSchemas({ Token: token, ChangedToken: changedToken, ChangedUnlistedToken: changedUnlistedToken })

export const tokenRoutes = {
  createToken: route({
    operationId: 'createToken',
    method: 'POST',
    path: '/v1/tokens',
    tag: 'tokens',
    summary:
      'Mint a JWT to be used as an API key: registered, listed, changeable; or one that nothing lists, for minutes',
    scope: 'tokens:write',
    body: z.strictObject({
      clientId: v.id
        .optional()
        .describe('Its client; without `listed: false` required. Default: the client `explorer` of the caller’s team'),
      teamId: v.id
        .optional()
        .describe('The team whose client `explorer` it shall be of, where the caller has several; for `listed: false`'),
      listed: z
        .boolean()
        .optional()
        .describe('`false`: nothing is stored, and it ends with the session or key that mints it; default true'),
      audience: v.audience,
      scope: v.scope,
      ttlSeconds: z
        .int()
        .min(1)
        .max(86_400 * 366)
        .optional()
        .describe(
          'Its life, in seconds, at most tokenTtlSecondsMax of the API; with `listed: false` at most 900, which is its default',
        ),
      subject: v.subject.optional().describe('The party that it speaks for; default: the client'),
      name: v.name.optional(),
      metadata: v.metadata.optional(),
    }),
    answer: {
      status: 201,
      schema: token.extend({ token: z.string().describe('The JWT itself, shown once') }),
    },
    isIdempotent: true,
  }),
  listTokens: route({
    operationId: 'listTokens',
    method: 'GET',
    path: '/v1/tokens',
    tag: 'tokens',
    summary: 'List minted and opaque tokens',
    scope: 'tokens:read',
    query: z.strictObject({
      ...v.listQuery('createdAt', 'name', 'expiresAt'),
      clientId: v.id.optional().describe('Only tokens of this client'),
      subject: z.string().min(1).max(255).optional().describe('Only tokens that speak for this party'),
    }),
    answer: { status: 200, schema: v.page(token) },
  }),
  getToken: route({
    operationId: 'getToken',
    method: 'GET',
    path: '/v1/tokens/{jti}',
    tag: 'tokens',
    summary: 'Read a token',
    scope: 'tokens:read',
    answer: { status: 200, schema: token },
  }),
  updateToken: route({
    operationId: 'updateToken',
    method: 'PATCH',
    path: '/v1/tokens/{jti}',
    tag: 'tokens',
    summary: 'Narrow, widen (within the client’s access) or end earlier a token that is already out',
    scope: 'tokens:write',
    body: z.strictObject({
      scope: v.scope.optional(),
      expiresAt: v.time.optional().describe('Its new end: not after the one it was issued with'),
      clientId: v.id
        .optional()
        .describe('Names a JWT of ours that nothing lists, with the jti: its scope is intersected with the signed one'),
      force: v.force,
    }),
    answer: { status: 200, schema: z.union([changedToken, changedUnlistedToken]) },
  }),
  revokeToken: route({
    operationId: 'revokeToken',
    method: 'POST',
    path: '/v1/tokens/{jti}/revoke',
    tag: 'tokens',
    summary: 'End a token for good, and every token that came from it',
    scope: 'tokens:write',
    body: z.strictObject({ reason: v.reason, force: v.force }),
    answer: {
      status: 200,
      schema: z.object({ jti: v.id, status: v.status, ...v.inFeed }),
    },
  }),
}
