import { z } from 'zod'
import { type AuditAction, auditActions, knownValues, objectTypes, openText, outcomeCodes } from './codes.ts'
import { route } from './route.ts'
import * as v from './values.ts'

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
  .meta({ description: 'What requests required: tokens, alternatives with " | "; empty when nothing was required' })
const whoever = z.string().max(255).meta({ description: 'Empty: credentials nobody knows' })

export const usageAndAuditRoutes = {
  getUsage: route({
    operationId: 'getUsage',
    method: 'GET',
    path: '/v1/usage',
    tag: 'usage',
    summary: 'Counts of verifications by outcome over time',
    scope: 'usage:read',
    query: z.strictObject({
      keyId: v.id.optional(),
      clientId: v.id.optional(),
      from: v.time.optional(),
      to: v.time.optional(),
      interval: z.enum(['minute', 'hour', 'day']).default('hour').meta({ description: 'Of UTC; each kept for a time' }),
      scope: usageScope.min(1).optional().meta({ description: 'What the request required, as in an answer by scope' }),
      groupBy: z.enum(['outcome', 'scope', 'keyId', 'clientId']).default('outcome'),
    }),
    answer: {
      status: 200,
      schema: z.object({
        data: z.array(
          z.object({
            at: v.time,
            outcome: openText<(typeof outcomeCodes)[number], string>(outcomeCodes, 'With groupBy=outcome').optional(),
            scope: usageScope.optional(),
            keyId: whoever.optional(),
            clientId: whoever.optional(),
            count: z.int(),
          }),
        ),
      }),
    },
  }),
  reportUsage: route({
    operationId: 'reportUsage',
    method: 'POST',
    path: '/v1/usage',
    tag: 'usage',
    summary:
      'A batch of counts from a verifier; sent again within 6 hours it counts once. With credentials:verify alone, what is not about an audience it guards is counted without naming a credential',
    scope: 'usage:write',
    orScope: 'credentials:verify',
    body: z.strictObject({
      batchId: z.string().min(8).max(100),
      counts: z
        .array(
          z.strictObject({
            credentialId: v.id.optional().meta({ description: 'Absent: of credentials nobody knows' }),
            clientId: v.id.optional(),
            scope: usageScope.default(''),
            outcome,
            minuteAt: v.time.meta({ description: 'Further than a day back or ahead counts as just so far' }),
            lastAt: v.time.optional().meta({ description: 'When the last of them was; default minuteAt' }),
            count: z.int().min(1).max(1_000_000_000),
          }),
        )
        .max(10_000),
    }),
    answer: { status: 200, schema: z.object({ accepted: z.boolean() }) },
  }),
  listAudit: route({
    operationId: 'listAudit',
    method: 'GET',
    path: '/v1/audit',
    tag: 'audit',
    summary: 'Who changed what, on which, from what to what, when',
    scope: 'audit:read',
    query: z.strictObject({
      ...v.pageQuery,
      objectId: v.id.optional(),
      action: z
        .string()
        .min(1)
        .max(64)
        .optional()
        .meta({ description: 'Only events of this kind', ...knownValues(auditActions) }),
    }),
    answer: {
      status: 200,
      schema: v.page(
        z.object({
          sequence: z.int(),
          at: v.time,
          actor: v.json,
          action: openText<AuditAction, string>(auditActions, 'The kind of change'),
          objectType: openText<string, string>([...objectTypes, 'feed'], 'The kind of object that was changed'),
          objectId: z.string(),
          before: v.json,
          after: v.json,
          requestId: z.string(),
          link: z.string(),
        }),
      ),
    },
  }),
}
