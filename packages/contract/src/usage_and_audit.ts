import { z } from 'zod'
import {
  type AuditAction,
  auditActions,
  auditObjectTypes,
  knownValues,
  openText,
  outcomeCodes,
  rejectionCodes,
} from './codes.ts'
import { route } from './route.ts'
import { nameSchemas } from './schema_names.ts'
import * as v from './values.ts'
import { check } from './verification.ts'

const outcome = z
  .string()
  .min(1)
  .max(64)
  .meta({
    description: '`verified`, `unavailable`, or the code of a rejection: docs/protocol/errors.md §1',
    ...knownValues(outcomeCodes),
  })
const usageScope = z
  .string()
  .max(255)
  .describe('The scope that requests required: tokens, with " | " between alternatives; empty for none')
const named = z.string().max(255).describe('Empty for credentials that nobody knows')

const usageInterval = z.enum(['minute', 'hour', 'day'])
const usageGroups = ['outcome', 'scope', 'keyId', 'clientId'] as const
const usageGroup = z.enum(usageGroups)
const oneGroup = `(${usageGroups.join('|')})`
/** One, or two different ones with a comma between; `outcome` by default. */
const usageGroupBy = z
  .string()
  .regex(new RegExp(`^${oneGroup}(,${oneGroup})?$`), {
    error: `must be one or two of ${usageGroups.join(', ')}, with a comma between`,
  })
  .default('outcome')
  .transform((text) => text.split(','))
  .pipe(z.array(usageGroup).refine(([first, second]) => first !== second, { error: 'must not name a member twice' }))

const usageCount = z.object({
  at: v.time.describe('The beginning of the interval'),
  outcome: openText<(typeof outcomeCodes)[number], string>(outcomeCodes, 'With groupBy=outcome').optional(),
  scope: usageScope.optional(),
  keyId: named.optional(),
  clientId: named.optional(),
  count: z.int().describe('Verifications'),
})

const visible = z.string().regex(/^[ -~]*$/, 'must be printable ASCII')

const reportedCount = z.strictObject({
  credentialId: v.id.optional().describe('Absent for credentials that nobody knows'),
  clientId: v.id.optional(),
  scope: usageScope.default(''),
  outcome,
  minuteAt: v.time.describe(
    'The minute. A time further away counts as the nearest that is taken: a day ago, a minute ahead',
  ),
  lastAt: v.time.optional().describe('When the last of them was; default minuteAt'),
  lastAddress: visible
    .max(64)
    .optional()
    .describe('The address that the last of them came from. What is no address is left out'),
  count: z.int().min(1).max(1_000_000_000).describe('Verifications in that minute'),
})

const reportedRefusal = z.strictObject({
  at: v.time.describe('When it was'),
  requestId: visible.min(1).max(128).describe('The id of the request, as its answer has it'),
  credentialId: v.id.optional().describe('Absent where nobody knows the credential'),
  clientId: v.id.optional().describe('Absent where nobody knows it'),
  method: visible.max(32).optional().describe('The HTTP method'),
  route: z
    .string()
    .max(255)
    .optional()
    .describe('The path of the operation as a template, never the path of the request'),
  code: visible
    .min(1)
    .max(64)
    .meta({ description: 'The code of the rejection: docs/protocol/errors.md §1', ...knownValues(rejectionCodes) }),
  missingScope: v.scopeText.regex(v.scopeTextPattern).default('').describe('The scope tokens that it lacked'),
  scope: usageScope.default(''),
  address: visible.max(64).optional().describe('The address that it came from'),
})

const reportedOperation = z.strictObject({
  audience: v.audience,
  method: visible.max(32).describe('The HTTP method; empty for operations that were too many to be told apart'),
  route: z
    .string()
    .min(1)
    .max(255)
    .describe('The path of the operation as a template; `(other)` for operations that were too many to be told apart'),
  outcome,
  dayAt: v.time.describe('The day. A time further away counts as the nearest that is taken: a day ago, a minute ahead'),
  count: z.int().min(1).max(1_000_000_000).describe('Verifications on that day'),
})

const operationCount = z.object({
  method: z.string().describe('The HTTP method; empty for operations that were too many to be told apart'),
  route: z
    .string()
    .describe('The path of the operation as a template; `(other)` for operations that were too many to be told apart'),
  outcome: openText<(typeof outcomeCodes)[number], string>(outcomeCodes, 'The outcome'),
  count: z.int().describe('Verifications'),
})

const refusal = z.object({
  at: v.time.describe('When it was'),
  requestId: z.string().describe('The id of the request, as its answer had it'),
  keyId: named,
  clientId: named,
  method: z.string().optional().describe('The HTTP method; absent where nobody said'),
  route: z.string().optional().describe('The path of the operation as a template; absent where nobody said'),
  code: openText<(typeof rejectionCodes)[number], string>(rejectionCodes, 'The reason: docs/protocol/errors.md §1'),
  missingScope: z.string().describe('The scope tokens that it lacked'),
  scope: usageScope,
  address: z.string().optional().describe('The address that it came from; absent where nobody said'),
  checks: z.array(check).describe('Why: the checks in the order in which they were made, as far as the code tells'),
})

const auditEvent = z.object({
  sequence: z.int().describe('Its place in the log of the tenant, from 1'),
  at: v.time.describe('When it was committed'),
  actor: v.json.describe('The credential that did it, with its client, or the system'),
  action: openText<AuditAction, string>(auditActions, 'The kind of change'),
  objectType: openText<string, string>(auditObjectTypes, 'The kind of object that was changed'),
  objectId: z.string().describe('The object that was changed'),
  before: v.json.describe('The object before, as an answer shows it; null for none'),
  after: v.json.describe('The object after, as an answer shows it; null for none'),
  requestId: z.string().describe('The X-Request-Id of the request that did it'),
  callerRequestId: z.string().nullable().describe('The X-Request-Id that its caller sent; null for none'),
  link: z.string().describe('The HMAC that links this event to the one before'),
})

export const usageAndAuditRoutes = {
  getUsage: route({
    operationId: 'getUsage',
    method: 'GET',
    path: '/v1/usage',
    tag: 'usage',
    summary: 'Read counts of verifications over time, by outcome, scope, key or client',
    scope: 'usage:read',
    query: z.strictObject({
      keyId: v.id.optional().describe('Only this key, or token minted as a key'),
      clientId: v.id.optional().describe('Only credentials of this client'),
      from: v.time.optional().describe('The beginning; default: 24 intervals before `to`'),
      to: v.time.optional().describe('The end, exclusive; default: now'),
      interval: usageInterval
        .default('hour')
        .describe('The interval of one count, in UTC; docs/usage.md says how long each is kept'),
      scope: usageScope.min(1).optional().describe('Only requests that required this, as an answer by scope names it'),
      groupBy: usageGroupBy.describe('The members that tell the counts apart: one, or two with a comma between'),
    }),
    answer: {
      status: 200,
      schema: z.object({
        data: z.array(usageCount).describe('A count for each interval and group that has any'),
      }),
    },
  }),
  reportUsage: route({
    operationId: 'reportUsage',
    method: 'POST',
    path: '/v1/usage',
    tag: 'usage',
    summary:
      'Report a batch of counts; a batch that is sent again within 6 hours counts once. With credentials:verify alone, counts about audiences that the client does not guard name no credential',
    scope: 'usage:write',
    orScope: 'credentials:verify',
    body: z.strictObject({
      batchId: z.string().min(8).max(100).describe('The same for each attempt to send this batch'),
      counts: z.array(reportedCount).max(10_000).describe('The counts'),
      refusals: z
        .array(reportedRefusal)
        .max(20)
        .default([])
        .describe('A few examples of refusals, spread over codes and credentials'),
      operations: z
        .array(reportedOperation)
        .max(10_000)
        .default([])
        .describe('The same counts by operation. Those of audiences that the caller does not guard are left out'),
    }),
    answer: {
      status: 200,
      schema: z.object({ accepted: z.boolean().describe('False when this batch was counted before') }),
    },
  }),
  getApiUsage: route({
    operationId: 'getApiUsage',
    method: 'GET',
    path: '/v1/apis/{id}/usage',
    tag: 'usage',
    summary: 'Read counts of verifications of an API by operation and outcome, for whoever reaches the whole tenant',
    scope: 'usage:read',
    query: z.strictObject({
      from: v.time.optional().describe('The beginning; default: 30 days before `to`'),
      to: v.time.optional().describe('The end, exclusive; default: now'),
    }),
    answer: {
      status: 200,
      schema: z.object({
        data: z
          .array(operationCount)
          .describe(
            'A count for each operation and outcome that was counted, over the whole days of UTC; the highest first',
          ),
      }),
    },
  }),
  listRefusals: route({
    operationId: 'listRefusals',
    method: 'GET',
    path: '/v1/refusals',
    tag: 'usage',
    summary: 'List examples of refused requests, the latest first, and why: at most 1,000 of the last 24 hours',
    scope: 'usage:read',
    query: z.strictObject({
      ...v.pageQuery,
      keyId: v.id.optional().describe('Only of this key, or token minted as a key'),
      requestId: z.string().min(1).max(128).optional().describe('Only the request of this id'),
    }),
    answer: { status: 200, schema: v.page(refusal) },
  }),
  listAudit: route({
    operationId: 'listAudit',
    method: 'GET',
    path: '/v1/audit',
    tag: 'audit',
    summary: 'List the changes of a tenant, the latest first: who made each, when, and the object before and after',
    scope: 'audit:read',
    query: z.strictObject({
      ...v.pageQuery,
      objectId: v.id.optional().describe('Only events about this object'),
      action: z
        .string()
        .min(1)
        .max(64)
        .optional()
        .meta({ description: 'Only events of this kind', ...knownValues(auditActions) }),
    }),
    answer: {
      status: 200,
      schema: v.page(auditEvent),
    },
  }),
}

nameSchemas({
  UsageSeries: usageAndAuditRoutes.getUsage.answer.schema,
  UsageCount: usageCount,
  UsageGroup: usageGroup,
  UsageInterval: usageInterval,
  UsageReport: usageAndAuditRoutes.reportUsage.body,
  OperationUsage: usageAndAuditRoutes.getApiUsage.answer.schema,
  OperationCount: operationCount,
  ReportedCount: reportedCount,
  ReportedOperation: reportedOperation,
  Refusal: refusal,
  ReportedRefusal: reportedRefusal,
  UsageAcceptance: usageAndAuditRoutes.reportUsage.answer.schema,
  AuditEvent: auditEvent,
})
