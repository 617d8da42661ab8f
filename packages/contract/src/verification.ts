import { limits } from '@countersign/core'
import { z } from 'zod'
import { checkNames, credentialKinds, openText, rejectionCodes } from './codes.ts'
import {
  ageMs,
  chain,
  feedEntry,
  feedPlace,
  handedBack,
  handedBackCutOff,
  lines,
  place,
  receiptLine,
  reload,
  sealedPlace,
  snapshotLine,
  verifier,
} from './feed.ts'
import { route } from './route.ts'
import { nameSchemas } from './schema_names.ts'
import * as v from './values.ts'

export const grant = z.object({
  kind: openText(credentialKinds, 'The kind of credential'),
  credentialId: z.string().describe('The id of the key, or the jti of the token'),
  tenant: z.string().describe('The id of the tenant'),
  clientId: z.string().describe('The client that holds it'),
  subject: z.string().describe('The party that it speaks for; the client where there is no other'),
  subjectIssuer: z
    .string()
    .optional()
    .describe('The trusted issuer that `subject` is a name of; absent where it is a name of ours'),
  externalSubject: z
    .string()
    .optional()
    .describe('The id that you have for the account that `subject` is; absent where there is none'),
  audience: z.string().describe('The API that it is for'),
  scope: v.scopeText,
  expiresAt: v.expiresAt,
  environment: v.environment.nullable(),
  metadata: v.metadata,
  clientMetadata: v.metadata
    .optional()
    .describe('What the owner attached to the client; absent where it cannot be had'),
  parent: z.string().optional().describe('The credential that it was exchanged from'),
})

/** A rate limit after a call. */
const rateLimit = z.object({
  name: z
    .string()
    .describe(
      'Its name; where several have one name, the limit of the client is `client:<name>`, that of the API `api:<name>`',
    ),
  limit: z.int().describe('The calls of a window, or the sum of their costs'),
  windowSeconds: z.int().describe('The length of the window, in seconds'),
  remaining: z.int().describe('The rest of it after this call'),
  resetSeconds: z.int().describe('Seconds until all of it is available again'),
  retryAfterSeconds: z
    .int()
    .optional()
    .describe('Seconds to wait, where it refuses; absent where waiting does not help'),
})

const limitsAfter = {
  rateLimit: rateLimit.optional().describe('The tightest of `rateLimits`'),
  rateLimits: z.array(rateLimit).optional().describe('Every limit that the call was counted by'),
}

export const digest = z
  .string()
  .regex(/^[A-Za-z0-9_-]{43}$/, 'must be a SHA-256 in base64url')
  .describe('The SHA-256 of the whole key, in base64url')
/** A credential in hand, and where it was presented. */
const presented = {
  credential: z.string().min(1).max(16_384).describe('The text of the credential'),
  audience: z.string().min(1).max(255).describe('The API that it was presented to'),
  ip: z
    .string()
    .max(64)
    .optional()
    .describe('The address that it came from; without it, a credential with ipAllow is refused'),
  origin: z.string().max(255).optional().describe('The Origin header of the request'),
}

export const checkResult = z
  .enum(['passed', 'failed', 'skipped'])
  .describe('`skipped`: it was not made, since there was nothing to compare, or a check before it failed')

export const check = z.object({
  name: openText(checkNames, 'The subject of the check: docs/protocol/management.md §6'),
  result: checkResult,
  has: z.string().optional().describe('The value that the credential or the request has'),
  needs: z.string().optional().describe('The value that is needed'),
})

const explained = {
  checks: z
    .array(check)
    .optional()
    .describe('With `explain`: every check in the order in which they are made, for whoever may see the credential'),
}

const activeVerdict = z.object({
  active: z.literal(true).describe('The credential may be used'),
  grant: grant.describe('The caller, and all that it may do'),
  ...limitsAfter,
  ...explained,
})

const refusedVerdict = z.object({
  active: z.literal(false).describe('The credential is refused'),
  code: openText(rejectionCodes, 'The reason for the refusal: docs/protocol/errors.md §1'),
  detail: z.string().describe('One sentence for the owner of the credential'),
  missingScope: v.scopeText.optional().describe('The scope tokens that it lacks, with insufficient_scope'),
  requires: z
    .array(z.array(z.string().describe('A scope token')).describe('Tokens that are needed together'))
    .optional()
    .describe('Every alternative that would do, with insufficient_scope; empty where none would'),
  ...limitsAfter,
  ...explained,
})

export const verificationRoutes = {
  verify: route({
    operationId: 'verify',
    method: 'POST',
    path: '/v1/verify',
    tag: 'verification',
    summary:
      'Judge a credential of any kind for an audience that this client guards; 200 whenever the question is well-formed',
    scope: 'credentials:verify',
    body: z.strictObject({
      ...presented,
      scope: v.scope.optional().describe('The scope that the request needs, all of it'),
      anyScope: v.scope.optional().describe('Scope tokens of which the request needs one'),
      method: z.string().max(32).optional().describe('With `path`: the request needs what the imported document says'),
      path: z.string().max(8_192).optional().describe('The path of the request, with `method`'),
      minSequence: z.int().min(0).optional().describe('Answer by a book that has applied this entry of the feed'),
      cost: z
        .int()
        .min(0)
        .max(limits.costMax)
        .optional()
        .describe('The cost of the call, spent from every limit; default: that of the operation, else 1'),
      explain: z.boolean().optional().describe('`true` adds `checks`; default false'),
    }),
    answer: {
      status: 200,
      schema: z.union([activeVerdict, refusedVerdict]),
    },
  }),
  lookup: route({
    operationId: 'lookup',
    method: 'POST',
    path: '/v1/lookup',
    tag: 'verification',
    summary: 'For verifiers: look up the record behind a digest, a client’s public key, or a client’s metadata',
    scope: 'credentials:verify',
    body: z.strictObject({
      digest: digest.optional(),
      clientId: v.id.optional().describe('With `kid`: the client whose public key is asked for; alone: whose metadata'),
      kid: v.id.optional().describe('The kid of the public key'),
      epoch: place.epoch.optional().describe('With `sequence`: answer from a database that has this entry'),
      sequence: place.sequence.optional().describe('The number of that entry'),
    }),
    answer: {
      status: 200,
      schema: z.object({
        record: v.json.describe('The record: docs/protocol/feed.md §4'),
        place: feedPlace.describe('The place of the feed at which it was read'),
        ageMs,
      }),
    },
  }),
  feedSnapshot: route({
    operationId: 'feedSnapshot',
    method: 'GET',
    path: '/v1/feed/snapshot',
    tag: 'verification',
    summary: 'For verifiers: read the whole status book, one line of JSON an entry',
    scope: 'credentials:verify',
    answer: { status: 200, schema: lines, contentType: 'application/x-ndjson', line: snapshotLine },
  }),
  feed: route({
    operationId: 'feed',
    method: 'GET',
    path: '/v1/feed',
    tag: 'verification',
    summary: 'For verifiers: read the entries after a place, as a stream of server-sent events when asked for',
    scope: 'credentials:verify',
    query: z.strictObject({
      after: v.wholeNumber(0, Number.MAX_SAFE_INTEGER).describe('The number of the last entry that was applied'),
      epoch: place.epoch.default(''),
      chain: chain.default(''),
    }),
    answer: {
      status: 200,
      schema: z.object({
        entries: z.array(feedEntry).optional().describe('The entries that follow, in order: docs/protocol/feed.md §2'),
        reload,
      }),
      stream: {
        contentType: 'text/event-stream',
        event: feedEntry,
        description:
          'With `Accept: text/event-stream`. An event has the sequence of an entry as `id` and the entry as `data`',
      },
    },
  }),
  feedPosition: route({
    operationId: 'feedPosition',
    method: 'POST',
    path: '/v1/feed/position',
    tag: 'verification',
    summary:
      'For verifiers: ask for the head of the feed, which proves freshness, and report the place that was applied',
    scope: 'credentials:verify',
    body: z.strictObject({
      verifierId: z.string().min(1).max(100).describe('The name of this verifier in receipts'),
      ...place,
      chain,
      nonce: z.string().min(1).max(100).describe('A random text, which the answer repeats'),
      maxStalenessSeconds: z.number().min(1).max(300).default(300).describe('The bound of this verifier, in seconds'),
      sealed: sealedPlace
        .optional()
        .describe('The highest place of all epochs that a server has sealed to this verifier'),
    }),
    answer: {
      status: 200,
      schema: z.object({
        nonce: z.string().describe('The nonce of the question'),
        epoch: place.epoch,
        head: z.int().describe('The number of the last entry'),
        ageMs,
        now: z.number().describe('The time of the server, in seconds since 1970'),
        seal: z.string().describe('The seal of the head, by which a database that went back is found out'),
        dropTime: z.number().describe('Entries that ended before this time may be forgotten; no others may'),
        reload,
      }),
    },
  }),
  handBackRevocations: route({
    operationId: 'handBackRevocations',
    method: 'POST',
    path: '/v1/feed/revocations',
    tag: 'verification',
    summary:
      'For verifiers: after a change of epoch, hand back the revocations that the snapshot lacks; 409 in another epoch',
    scope: 'credentials:verify',
    body: z.strictObject({
      epoch: place.epoch,
      revocations: z.array(handedBack).max(limits.handedBackMax).describe('The revocations that the snapshot lacks'),
      cutOffs: z
        .array(handedBackCutOff)
        .max(limits.handedBackCutOffsMax)
        .optional()
        .describe('The revocations of whole clients and subjects that the snapshot lacks'),
    }),
    answer: {
      status: 200,
      schema: z.object({
        applied: z.int().describe('Revoked by this request'),
        known: z.int().describe('Revoked already, or past their end'),
        refused: z.int().describe('Not proven by their MAC, and ignored'),
      }),
    },
  }),
  createAssertion: route({
    operationId: 'createAssertion',
    method: 'POST',
    path: '/v1/assertions',
    tag: 'verification',
    summary: 'For gateways: sign a statement that tells the upstream who is calling',
    scope: 'credentials:verify',
    body: z.strictObject({
      ...presented,
      minSequence: z.int().min(0).optional().describe('Sign by a book that has applied this entry of the feed'),
    }),
    answer: {
      status: 200,
      schema: z.object({
        assertion: z.string().describe('A JWT for the upstream: docs/protocol/gateway.md'),
        expiresAt: v.time.describe('When it ends'),
      }),
    },
  }),
  listVerifiers: route({
    operationId: 'listVerifiers',
    method: 'GET',
    path: '/v1/verifiers',
    tag: 'verification',
    summary: 'List the verifiers and gateways that asked within the last hour, and how far each has come',
    scope: 'keys:read',
    answer: {
      status: 200,
      schema: z.object({
        data: z.array(verifier).describe('At most 10,000'),
      }),
    },
  }),
  getRevocation: route({
    operationId: 'getRevocation',
    method: 'GET',
    path: '/v1/revocations/{feedSequence}',
    tag: 'verification',
    summary: 'Read the receipt of a change: the verifiers that have applied it, and since when',
    scope: 'keys:read',
    answer: {
      status: 200,
      schema: z.object({
        sequence: z.int().describe('The number of the entry'),
        at: v.time.describe('When the change was made'),
        verifiers: z
          .array(receiptLine)
          .describe('Every verifier that was there when the change was made; none for members of a team'),
        applied: z.int().describe('The number of verifiers that have applied it'),
        total: z.int().describe('The number of verifiers that were there when the change was made'),
        complete: z.boolean().describe('Whether each has applied it, or refuses because its book is too old'),
      }),
    },
  }),
}

nameSchemas({
  Check: check,
  CheckResult: checkResult,
  Grant: grant,
  RateLimitState: rateLimit,
  VerifyQuestion: verificationRoutes.verify.body,
  Verdict: verificationRoutes.verify.answer.schema,
  ActiveVerdict: activeVerdict,
  RefusedVerdict: refusedVerdict,
  LookupQuestion: verificationRoutes.lookup.body,
  LookupAnswer: verificationRoutes.lookup.answer.schema,
  FeedPage: verificationRoutes.feed.answer.schema,
  PositionQuestion: verificationRoutes.feedPosition.body,
  PositionAnswer: verificationRoutes.feedPosition.answer.schema,
  HandBackQuestion: verificationRoutes.handBackRevocations.body,
  HandBackAnswer: verificationRoutes.handBackRevocations.answer.schema,
  Assertion: verificationRoutes.createAssertion.answer.schema,
  Receipt: verificationRoutes.getRevocation.answer.schema,
})
