import { endlessRevocation, limits } from '@countersign/core'
import { z } from 'zod'
import { credentialKinds, objectTypes, openText, rejectionCodes } from './codes.ts'
import { route } from './route.ts'
import * as v from './values.ts'

const grant = z.object({
  kind: openText(credentialKinds, 'The kind of credential'),
  credentialId: z.string(),
  tenant: z.string(),
  clientId: z.string(),
  subject: z.string(),
  audience: z.string(),
  scope: v.scopeText,
  expiresAt: v.time.nullable(),
  environment: v.environment.nullable(),
  metadata: v.metadata,
  parent: z.string().optional(),
})

/** A rate limit after a call. `retryAfterSeconds` is there where it refuses, and absent where waiting does not help. */
const rateLimit = z.object({
  name: z.string(),
  limit: z.int(),
  windowSeconds: z.int(),
  remaining: z.int(),
  resetSeconds: z.int(),
  retryAfterSeconds: z.int().optional(),
})

const mac = z.string().regex(/^[A-Za-z0-9_-]{22}$/, 'must be 16 bytes in base64url')

const digest = z.string().regex(/^[A-Za-z0-9_-]{43}$/, 'must be a SHA-256 in base64url')
const place = { epoch: z.string().max(64), sequence: z.int().min(0) }
const chain = z.string().max(64)

export const verificationRoutes = {
  verify: route({
    operationId: 'verify',
    method: 'POST',
    path: '/v1/verify',
    tag: 'verification',
    summary:
      'Judge a credential of any kind for an audience this client guards; 200 whenever the question was well-formed',
    scope: 'credentials:verify',
    body: z.strictObject({
      credential: z.string().min(1).max(16_384),
      audience: z.string().min(1).max(255),
      scope: v.scope.optional(),
      anyScope: v.scope.optional(),
      method: z.string().max(32).optional(),
      path: z.string().max(8_192).optional(),
      ip: z.string().max(64).optional(),
      origin: z.string().max(255).optional(),
      minSequence: z.int().min(0).optional(),
      cost: z
        .int()
        .min(0)
        .max(limits.costMax)
        .optional()
        .meta({ description: 'What the call spends from every limit; default: what the operation costs, else 1' }),
    }),
    answer: {
      status: 200,
      schema: z.union([
        z.object({
          active: z.literal(true),
          grant,
          rateLimit: rateLimit.optional(),
          rateLimits: z.array(rateLimit).optional(),
        }),
        z.object({
          active: z.literal(false),
          code: openText(rejectionCodes, 'The reason for the refusal: docs/protocol/errors.md §1'),
          detail: z.string(),
          missingScope: v.scopeText.optional(),
          rateLimit: rateLimit.optional(),
          rateLimits: z.array(rateLimit).optional(),
        }),
      ]),
    },
  }),
  lookup: route({
    operationId: 'lookup',
    method: 'POST',
    path: '/v1/lookup',
    tag: 'verification',
    summary: 'For verifiers: the record behind a digest, or a client’s public key',
    scope: 'credentials:verify',
    body: z.strictObject({
      digest: digest.optional(),
      clientId: v.id.optional(),
      kid: v.id.optional(),
      epoch: place.epoch.optional(),
      sequence: place.sequence.optional(),
    }),
    answer: {
      status: 200,
      schema: z.object({ record: v.json, place: z.object({ ...place, chain }), ageMs: z.number() }),
    },
  }),
  feedSnapshot: route({
    operationId: 'feedSnapshot',
    method: 'GET',
    path: '/v1/feed/snapshot',
    tag: 'verification',
    summary: 'For verifiers: the whole status book, one line of JSON an entry',
    scope: 'credentials:verify',
    answer: { status: 200, schema: z.string(), contentType: 'application/x-ndjson' },
  }),
  feed: route({
    operationId: 'feed',
    method: 'GET',
    path: '/v1/feed',
    tag: 'verification',
    summary: 'For verifiers: entries after a place; a stream of server-sent events when asked for',
    scope: 'credentials:verify',
    query: z.strictObject({
      after: v.wholeNumber(0, Number.MAX_SAFE_INTEGER),
      epoch: place.epoch.default(''),
      chain: chain.default(''),
    }),
    answer: {
      status: 200,
      schema: z.object({ entries: z.array(v.json).optional(), reload: z.literal(true).optional() }),
    },
  }),
  feedPosition: route({
    operationId: 'feedPosition',
    method: 'POST',
    path: '/v1/feed/position',
    tag: 'verification',
    summary: 'For verifiers: the head of the feed, which proves freshness; reports what has been applied',
    scope: 'credentials:verify',
    body: z.strictObject({
      verifierId: z.string().min(1).max(100),
      ...place,
      chain,
      nonce: z.string().min(1).max(100),
      maxStalenessSeconds: z.number().min(1).max(300).default(300),
      sealed: z
        .strictObject({ ...place, chain, seal: mac })
        .optional()
        .meta({ description: 'The highest place of all epochs that a server has sealed to this verifier' }),
    }),
    answer: {
      status: 200,
      schema: z.object({
        nonce: z.string(),
        epoch: z.string(),
        head: z.int(),
        ageMs: z.number(),
        now: z.number(),
        seal: z.string().meta({ description: 'Of the head: by it a database that went back is found out' }),
        dropTime: z.number().meta({ description: 'What ended before it may be forgotten; nothing else may' }),
        reload: z.literal(true).optional(),
      }),
    },
  }),
  handBackRevocations: route({
    operationId: 'handBackRevocations',
    method: 'POST',
    path: '/v1/feed/revocations',
    tag: 'verification',
    summary:
      'For verifiers: after a change of epoch, what this server once said was revoked and its snapshot lacks; 409 in another epoch',
    scope: 'credentials:verify',
    body: z.strictObject({
      epoch: place.epoch,
      revocations: z
        .array(
          z.strictObject({
            type: z.enum(objectTypes),
            id: z.string().min(1).max(limits.identityBytesMax),
            dropAt: z.int().min(0).max(endlessRevocation).meta({
              description: 'As the entry said it, in whole seconds; 4294967295 for what ends later or never',
            }),
            mac,
          }),
        )
        .max(limits.handedBackMax),
      cutOffs: z
        .array(
          z.strictObject({
            type: z.literal('client'),
            id: z.string().min(1).max(limits.identityBytesMax),
            what: z.enum(['tokens', 'everything']),
            sequence: z.int().min(1),
            at: z.int().min(0).meta({ description: 'As the entry said it, in whole seconds' }),
            mac,
          }),
        )
        .max(limits.handedBackCutOffsMax)
        .optional(),
    }),
    answer: {
      status: 200,
      schema: z.object({
        applied: z.int().meta({ description: 'Revoked by this request' }),
        known: z.int().meta({ description: 'Revoked already, or past their end' }),
        refused: z.int().meta({ description: 'Never said by this installation in these words; nothing was changed' }),
      }),
    },
  }),
  createAssertion: route({
    operationId: 'createAssertion',
    method: 'POST',
    path: '/v1/assertions',
    tag: 'verification',
    summary: 'For gateways: a signed statement for the upstream of who is calling',
    scope: 'credentials:verify',
    body: z.strictObject({
      credential: z.string().min(1).max(16_384),
      audience: z.string().min(1).max(255),
      ip: z.string().max(64).optional(),
      origin: z.string().max(255).optional(),
    }),
    answer: { status: 200, schema: z.object({ assertion: z.string(), expiresAt: v.time }) },
  }),
  getRevocation: route({
    operationId: 'getRevocation',
    method: 'GET',
    path: '/v1/revocations/{feedSequence}',
    tag: 'verification',
    summary: 'The receipt of a change: which verifiers have applied it, and since when',
    scope: 'keys:read',
    answer: {
      status: 200,
      schema: z.object({
        sequence: z.int(),
        at: v.time,
        verifiers: z.array(
          z.object({
            id: z.string(),
            appliedAt: v.time.nullable(),
            maxStalenessSeconds: z.number(),
            sequence: z.int().nullable().meta({ description: 'Where it stands; null in another epoch' }),
            askedAt: v.time.meta({ description: 'When it was last heard from' }),
          }),
        ),
        complete: z.boolean(),
      }),
    },
  }),
}
