import { claimsOfNobody, clientIdPrefix, saysSomething } from '@countersign/core'
import { z } from 'zod'
import { openText, rejectionCodes } from './codes.ts'
import { route } from './route.ts'
import { nameSchemas } from './schema_names.ts'
import * as v from './values.ts'

/** Verifiers keep the rules of every issuer in memory. */
const rulesBytesMax = 16_384

const issuerName = z
  .string()
  .min(1)
  .max(255)
  .regex(/^[!-~]+$/, 'must be printable ASCII without spaces, as URIs are')
  .refine((text) => !text.startsWith(clientIdPrefix), 'must not begin as the ids of clients do')
  .describe('The `iss` of its JWTs, compared byte for byte')

/** Text that databases and UTF-8 keep as it is. */
const plainText = z
  .string()
  .min(1)
  .max(255)
  .refine((text) => text.isWellFormed() && !text.includes('\0'), 'must be well-formed Unicode without NUL')

const claimName = plainText.refine(
  (name) => !claimsOfNobody.includes(name),
  `may not be one of ${claimsOfNobody.join(', ')}`,
)

const pattern = plainText.describe(
  'The text of the claim; `*` stands for one or more characters other than `/` and `:`',
)

const when = z
  .record(claimName, pattern)
  .refine((asked) => Object.keys(asked).length >= 1 && Object.keys(asked).length <= 10, 'must ask for 1 to 10 claims')
  .refine((asked) => Object.values(asked).some(saysSomething), 'must have a pattern with a character of its own')
  .describe(
    'Claims by name, or by JSON pointer where the name begins with `/`, that must all be so; of a list, any member',
  )

const forApi = v.audience
  .optional()
  .describe('The API that has the scope; default: the one whose audience is the issuer’s')

const ruleInput = z.strictObject({ when, scope: v.scope, audience: forApi })
const rule = z.object({ when, scope: v.scopeText, audience: forApi })

const rules = z
  .array(ruleInput)
  .max(50)
  .refine(
    (list) => new TextEncoder().encode(JSON.stringify(list)).length <= rulesBytesMax,
    `must have at most ${rulesBytesMax} bytes as JSON`,
  )
  .describe('For whom which scope; the scopes of all rules that hold add up')

const foreignAudience = plainText.describe(
  'The `aud` of its JWTs: the audience of an API, or a name that the issuer has for you',
)

const ceiling = v.scope.describe('The most that its rules give, together')

const jwksUri = z
  .string()
  .max(2_048)
  .refine((text) => /^https?:\/\//i.test(text) && URL.canParse(text), 'must be an absolute https URL')
  .describe('Where its keys are, as a JWK Set: fetched by the server alone, again when its cache headers say so')

const jwks = z
  .strictObject({ keys: z.array(v.jwk).min(1).max(32).describe('The public keys') })
  .describe('Its public keys, instead of `jwksUri`: they stay until you change them')

const shownKeys = z.object({ keys: z.array(v.jwk).describe('The public keys') })

const fetching = z.object({
  lastAt: v.time.nullable().describe('When its keys came last; null before the first time'),
  nextAt: v.time.describe('When they are fetched next'),
  failures: z.int().describe('Fetches that failed since; the keys of before go on'),
  fault: z.string().nullable().describe('Why the last one failed: docs/issuers.md lists the reasons; null for success'),
})

const issuer = z.object({
  id: v.id,
  issuer: issuerName,
  clientId: v.id.describe('The client that its JWTs act as'),
  audience: foreignAudience,
  scope: v.scopeText.describe('The most that its rules give, together'),
  rules: z.array(rule).describe('For whom which scope; the scopes of all rules that hold add up'),
  status: v.objectStatus,
  jwksUri: jwksUri.nullable().describe('Where its keys are; null where they were given'),
  jwks: shownKeys.describe('The keys that verifiers have now'),
  fetch: fetching.nullable().describe('How the fetches of its keys go; null where they were given'),
  ...v.stamps,
})

const oneIssuer = '/v1/issuers/{id}'

const judgedRule = z.object({
  holds: z.boolean().describe('Whether all that the rule asks for is so'),
  failing: z.array(z.string().describe('The name of a claim')).describe('The claims that are not as the rule asks'),
})

const given = z.object({ audience: v.audience, scope: v.scopeText })

nameSchemas({
  TrustedIssuer: issuer,
  IssuerRule: rule,
  IssuerRuleInput: ruleInput,
  IssuerFetch: fetching,
  IssuerKeys: jwks,
  JudgedRule: judgedRule,
  GivenScope: given,
})

export const issuerRoutes = {
  createIssuer: route({
    operationId: 'createIssuer',
    method: 'POST',
    path: '/v1/issuers',
    tag: 'issuers',
    summary: 'Trust the JWTs of another issuer, by rules from its claims to scopes',
    scope: 'issuers:write',
    body: z.strictObject({
      issuer: issuerName,
      jwksUri: jwksUri.optional(),
      jwks: jwks.optional(),
      clientId: v.id.describe('The client that its JWTs act as; they have no more access than it'),
      audience: foreignAudience,
      rules,
      scope: ceiling,
    }),
    answer: { status: 201, schema: issuer },
    isIdempotent: true,
  }),
  listIssuers: route({
    operationId: 'listIssuers',
    method: 'GET',
    path: '/v1/issuers',
    tag: 'issuers',
    summary: 'List trusted issuers',
    scope: 'issuers:read',
    query: z.strictObject(v.pageQuery),
    answer: { status: 200, schema: v.page(issuer) },
  }),
  getIssuer: route({
    operationId: 'getIssuer',
    method: 'GET',
    path: oneIssuer,
    tag: 'issuers',
    summary: 'Read a trusted issuer, with the keys that verifiers have',
    scope: 'issuers:read',
    answer: { status: 200, schema: issuer },
  }),
  updateIssuer: route({
    operationId: 'updateIssuer',
    method: 'PATCH',
    path: oneIssuer,
    tag: 'issuers',
    summary: 'Change a trusted issuer; its live JWTs are judged by the change at once, everywhere',
    scope: 'issuers:write',
    body: z.strictObject({
      status: v.switchable.optional(),
      jwksUri: jwksUri.optional(),
      jwks: jwks.optional(),
      clientId: v.id.optional().describe('The client that its JWTs act as; they have no more access than it'),
      audience: foreignAudience.optional(),
      rules: rules.optional(),
      scope: ceiling.optional(),
    }),
    answer: { status: 200, schema: issuer },
  }),
  deleteIssuer: route({
    operationId: 'deleteIssuer',
    method: 'DELETE',
    path: oneIssuer,
    tag: 'issuers',
    summary: 'Trust an issuer no longer; its JWTs and what was made from them are refused',
    scope: 'issuers:write',
    answer: { status: 200, schema: z.object({ id: v.id, status: v.revoked, ...v.inFeed }) },
  }),
  testIssuer: route({
    operationId: 'testIssuer',
    method: 'POST',
    path: `${oneIssuer}/test`,
    tag: 'issuers',
    summary: 'Say what a JWT of the issuer would be given, rule by rule; it is used for nothing',
    scope: 'issuers:read',
    body: z.strictObject({
      token: z
        .string()
        .min(1)
        .max(16_384)
        .regex(/^[!-~]+$/, 'must be printable ASCII without spaces')
        .describe('A JWT of the issuer'),
    }),
    answer: {
      status: 200,
      schema: z.object({
        isVerified: z.boolean().describe('Whether the issuer has signed it, and its claims have the right form'),
        code: openText(rejectionCodes, 'Why it would be refused now; absent where it would not').optional(),
        detail: z.string().optional().describe('The same in a sentence'),
        subject: z.string().optional().describe('Its `sub`, where it is verified'),
        rules: z.array(judgedRule).describe('Each rule of the issuer, in its order; empty where it is not verified'),
        access: z.array(given).describe('The scopes that it has, for each API; empty where it is not verified'),
      }),
    },
  }),
}
