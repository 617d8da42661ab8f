import { z } from 'zod'
import { route } from './route.ts'
import { nameSchemas } from './schema_names.ts'
import * as v from './values.ts'

export const revocationRoutes = {
  createRevocation: route({
    operationId: 'createRevocation',
    method: 'POST',
    path: '/v1/revocations',
    tag: 'tokens',
    summary: 'End credentials for good: one by its text, a JWT by its client and jti, or all that speak for a subject',
    scope: 'tokens:write',
    orScope: 'keys:write',
    body: z.strictObject({
      credential: z
        .string()
        .min(1)
        .max(16_384)
        .optional()
        .describe('The text of the credential. A key needs keys:write, anything else tokens:write'),
      jti: z.string().min(1).max(200).optional().describe('The jti of a JWT; with clientId'),
      clientId: v.id.optional().describe('The client that the JWT was issued to, or that signed it; with jti'),
      subject: v.subject
        .optional()
        .describe(
          'Ends every key and token issued until now that speaks for this party. Needs keys:write and tokens:write',
        ),
      selfIssued: z
        .boolean()
        .optional()
        .describe('Whether the client itself signed the JWT. Default: it is one of ours'),
      external: z
        .boolean()
        .optional()
        .describe(
          'Whether another issuer signed the JWT: `jti` is then its `credentialId`. Default: it is one of ours',
        ),
      reason: v.reason,
      force: v.force,
    }),
    answer: {
      status: 200,
      schema: z.object({
        matched: z
          .int()
          .nullable()
          .describe('The number of listed credentials that it ended; null where nothing lists them'),
        ...v.inFeed,
      }),
    },
  }),
}

nameSchemas({ Revocation: revocationRoutes.createRevocation.answer.schema })
