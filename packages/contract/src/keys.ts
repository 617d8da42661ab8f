import { z } from 'zod'
import { route } from './route.ts'
import { nameSchemas } from './schema_names.ts'
import * as v from './values.ts'

export const key = z.object({
  id: v.id,
  clientId: v.id,
  audience: v.audience,
  scope: v.scopeText,
  name: v.name,
  subject: z.string().describe('The party that it speaks for (RFC 7519 §4.1.2); the client where none was given'),
  environment: v.environment,
  status: v.status,
  expiresAt: v.expiresAt,
  metadata: v.metadata,
  ipAllow: z.array(z.string()).nullable().describe('The only addresses that may use it; null for all'),
  originAllow: z.array(z.string()).nullable().describe('The only web origins that may use it; null for all'),
  ...v.limited,
  rolledFrom: v.id.nullable().describe('The key that this one was rolled from'),
  ...v.stamps,
})

const lastUse = z.object({
  at: v.time.describe('When it was last verified'),
  scope: z.string().describe('The scope that the request required'),
  address: z
    .string()
    .nullable()
    .describe('The network that the request came from, /24 or /48; null where it is not known, and after 30 days'),
})

/** As in a list: the latest use of all. */
const listedKey = key.extend({
  lastUsedAt: v.time.nullable().describe('When it was last verified; null for never'),
  lastUsed: lastUse.nullable().describe('The last use; null for none'),
})

const scopeUse = z.object({
  scope: z.string().describe('The scope that the request required'),
  at: v.time.describe('When a request last required it'),
})

const shownKey = listedKey.extend({
  lastUsedScopes: z
    .array(scopeUse)
    .describe('When it was last verified for each scope that was required, the latest first'),
})

const createdKey = key.extend({ key: z.string().describe('The key itself, shown once') })
const rolledKey = createdKey.extend({
  rolledFromExpiresAt: v.time.describe('When the key that it was rolled from ends'),
  earlierGraceUntil: v.time
    .nullable()
    .describe('When that key would have ended by an earlier roll, whose grace this one may have cut; null for none'),
})
const changed = z.object({ id: v.id, status: v.status, ...v.inFeed })
nameSchemas({
  Key: key,
  LastUse: lastUse,
  ScopeUse: scopeUse,
  ListedKey: listedKey,
  ShownKey: shownKey,
  CreatedKey: createdKey,
  KeyChange: changed,
})
const oneKey = '/v1/keys/{id}'

export const keyRoutes = {
  createKey: route({
    operationId: 'createKey',
    method: 'POST',
    path: '/v1/keys',
    tag: 'keys',
    summary: 'Create an API key: a subset of its client’s access',
    scope: 'keys:write',
    body: z.strictObject({
      clientId: v.id,
      audience: v.audience,
      scope: v.scope,
      name: v.name,
      subject: v.subject.optional().describe('The party that it speaks for; default: the client'),
      environment: v.environment.default('live'),
      expiresAt: v.expiresAt.optional(),
      metadata: v.metadata.optional(),
      ipAllow: v.ipAllow.nullable().optional(),
      originAllow: v.originAllow.nullable().optional(),
      ...v.limiting,
    }),
    answer: { status: 201, schema: createdKey },
    isIdempotent: true,
  }),
  listKeys: route({
    operationId: 'listKeys',
    method: 'GET',
    path: '/v1/keys',
    tag: 'keys',
    summary: 'List keys',
    scope: 'keys:read',
    query: z.strictObject({
      ...v.listQuery('createdAt', 'name', 'expiresAt', 'lastUsedAt'),
      clientId: v.id.optional().describe('Only keys of this client'),
      status: v.status.optional().describe('Only keys in this state'),
      ended: v.flag
        .optional()
        .describe('`false`: only keys that are neither revoked nor past their end; `true`: only the others'),
    }),
    answer: { status: 200, schema: v.page(listedKey) },
  }),
  getKey: route({
    operationId: 'getKey',
    method: 'GET',
    path: oneKey,
    tag: 'keys',
    summary: 'Read a key',
    scope: 'keys:read',
    answer: { status: 200, schema: shownKey },
  }),
  updateKey: route({
    operationId: 'updateKey',
    method: 'PATCH',
    path: oneKey,
    tag: 'keys',
    summary: 'Change a key; null takes an end, a limit or a constraint away',
    scope: 'keys:write',
    body: z.strictObject({
      scope: v.scope.optional(),
      expiresAt: v.expiresAt.optional(),
      name: v.name.optional(),
      subject: v.subject.nullable().optional().describe('The party that it speaks for; null: the client'),
      metadata: v.metadata.optional(),
      ipAllow: v.ipAllow.nullable().optional(),
      originAllow: v.originAllow.nullable().optional(),
      force: v.force,
      ...v.limiting,
    }),
    answer: { status: 200, schema: key.extend(v.inFeed) },
  }),
  rollKey: route({
    operationId: 'rollKey',
    method: 'POST',
    path: `${oneKey}/roll`,
    tag: 'keys',
    summary: 'Create a new key like this one; this one ends after graceSeconds, never later than its own end',
    scope: 'keys:write',
    body: z.strictObject({ graceSeconds: v.graceSeconds.default(0), force: v.force }),
    answer: { status: 201, schema: rolledKey },
    isIdempotent: true,
  }),
  disableKey: route({
    operationId: 'disableKey',
    method: 'POST',
    path: `${oneKey}/disable`,
    tag: 'keys',
    summary: 'Suspend a key',
    scope: 'keys:write',
    body: z.strictObject({ reason: v.reason, force: v.force }),
    answer: { status: 200, schema: changed },
  }),
  enableKey: route({
    operationId: 'enableKey',
    method: 'POST',
    path: `${oneKey}/enable`,
    tag: 'keys',
    summary: 'End a suspension',
    scope: 'keys:write',
    body: z.strictObject({ reason: v.reason }),
    answer: { status: 200, schema: changed },
  }),
  revokeKey: route({
    operationId: 'revokeKey',
    method: 'POST',
    path: `${oneKey}/revoke`,
    tag: 'keys',
    summary: 'End a key for good, and every token that came from it',
    scope: 'keys:write',
    body: z.strictObject({ reason: v.reason, force: v.force }),
    answer: { status: 200, schema: changed },
  }),
}
