import { z } from 'zod'
import { openText, rejectionCodes } from './codes.ts'
import { route } from './route.ts'
import { nameSchemas } from './schema_names.ts'
import * as v from './values.ts'
import { check, digest, grant } from './verification.ts'

const question = z.strictObject({
  digest: digest.optional().describe('The SHA-256 of a whole key or opaque token, in base64url; else `jwt`'),
  jwt: z
    .string()
    .min(1)
    .max(16_384)
    .regex(/^[!-~]+$/, 'must be printable ASCII without spaces')
    .optional()
    .describe('The text of a JWT; else `digest`'),
  audience: v.audience.optional().describe('The API that it is judged for; default: the one that it is for'),
  method: z.string().max(32).optional().describe('With `path`: judged for what the imported document says of it'),
  path: z.string().max(8_192).optional().describe('The path of a request, with `method`'),
  ip: z.string().max(64).optional().describe('The address of a request; default: addresses are not judged'),
  origin: z.string().max(255).optional().describe('The Origin header of a request; default: origins are not judged'),
})

const issued = z.object({
  scope: v.scopeText,
  expiresAt: v.expiresAt,
  issuedAt: v.time.nullable().describe('When it was issued; null where it does not say'),
})

const ancestor = z.object({
  type: z.string().describe('The type of object'),
  id: z.string().describe('Its id'),
})

const givenAnswer = z.object({
  status: z.int().describe('The HTTP status'),
  headers: z.record(z.string(), z.string()).describe('The header fields that say why'),
})

const inspection = z.object({
  active: z.boolean().describe('Whether it would be let in'),
  code: openText(rejectionCodes, 'The reason why it would be refused: docs/protocol/errors.md §1').optional(),
  detail: z.string().optional().describe('The same in a sentence'),
  missingScope: v.scopeText.optional().describe('The scope tokens that it lacks, with insufficient_scope'),
  requires: z
    .array(z.array(z.string()))
    .optional()
    .describe('With `insufficient_scope`: every alternative, each a list of scope tokens needed together'),
  grant: grant.optional().describe('The credential as it is now; absent where it is unknown'),
  issued: issued.optional().describe('The credential as it was issued; absent where it is unknown'),
  lineage: z.array(ancestor).optional().describe('The credentials that it was made from, the nearest first'),
  checks: z.array(check).describe('Every check in the order in which they are made'),
  answer: givenAnswer
    .optional()
    .describe(
      'The refusal of a protected API, as a gateway gives it; absent where it would be let in, and for what is unknown',
    ),
})

export const inspectionRoutes = {
  inspect: route({
    operationId: 'inspect',
    method: 'POST',
    path: '/v1/inspections',
    tag: 'verification',
    summary:
      'Explain how a credential of a client in reach would be judged, by its digest or as a JWT; nothing is spent, counted or authenticated',
    scope: 'keys:read',
    orScope: 'tokens:read',
    body: question,
    answer: { status: 200, schema: inspection },
  }),
}

nameSchemas({
  Ancestor: ancestor,
  Inspection: inspection,
  InspectionQuestion: question,
  IssuedCredential: issued,
  GivenAnswer: givenAnswer,
})
