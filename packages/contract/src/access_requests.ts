import { z } from 'zod'
import { route } from './route.ts'
import { nameSchemas } from './schema_names.ts'
import * as v from './values.ts'

const status = z
  .enum(['pending', 'approved', 'refused', 'withdrawn', 'ended'])
  .describe('Its state; `ended` once the time until which it was approved has come')
const askedReason = z.string().min(1).max(1_000).describe('What the team needs it for, for whoever decides')
const refusal = z.string().min(1).max(1_000).describe('The reason of the refusal, for the team')
const untilText = 'The time until which the team needs it; it falls back by itself then'

const given = z
  .object({
    scope: v.scopeText.describe('The scope that was approved'),
    until: v.time.nullable().describe('The time at which it ends by itself; null for never'),
  })
  .describe('What was approved: all that was asked for, or less')

/** A team asks for more than its ceiling has. */
export const accessRequest = z.object({
  id: v.id,
  teamId: v.id,
  audience: v.audience,
  scope: v.scopeText.describe('The scope that the team asks for'),
  reason: askedReason,
  until: v.time.nullable().describe(`${untilText}; null for good`),
  status,
  askedBy: v.id.nullable().describe('The account that asked; null where it was a client'),
  given: given.nullable(),
  refusal: refusal.nullable(),
  decidedAt: v.time.nullable().describe('When it was approved, refused or withdrawn'),
  ...v.stamps,
})

nameSchemas({ AccessRequest: accessRequest, AccessRequestStatus: status, AccessGiven: given })

const oneRequest = '/v1/access-requests/{id}'

export const accessRequestRoutes = {
  createAccessRequest: route({
    operationId: 'createAccessRequest',
    method: 'POST',
    path: '/v1/access-requests',
    tag: 'access requests',
    summary: 'Ask for more than the ceiling of a team has: scopes that the API has on request',
    scope: 'clients:write',
    body: z.strictObject({
      teamId: v.id,
      audience: v.audience,
      scope: v.scope,
      reason: askedReason,
      until: v.time.optional().describe(`${untilText}; default for good`),
    }),
    answer: { status: 201, schema: accessRequest },
    isIdempotent: true,
  }),
  listAccessRequests: route({
    operationId: 'listAccessRequests',
    method: 'GET',
    path: '/v1/access-requests',
    tag: 'access requests',
    summary: 'List requests for access; a person without reach over the tenant sees those of their teams',
    scope: 'teams:read',
    query: z.strictObject({
      ...v.pageQuery,
      teamId: v.id.optional().describe('Only those of this team'),
      status: status.optional(),
    }),
    answer: { status: 200, schema: v.page(accessRequest) },
  }),
  approveAccessRequest: route({
    operationId: 'approveAccessRequest',
    method: 'POST',
    path: `${oneRequest}/approve`,
    tag: 'access requests',
    summary: 'Approve a request, or less than it asks for: the ceiling of the team has it at once, until that time',
    scope: 'teams:write',
    body: z.strictObject({
      scope: v.scope.optional().describe('The scope to give, within what was asked for; default all of it'),
      until: v.time.optional().describe('The time until which it is given, no later than asked for; default as asked'),
    }),
    answer: { status: 200, schema: accessRequest },
  }),
  refuseAccessRequest: route({
    operationId: 'refuseAccessRequest',
    method: 'POST',
    path: `${oneRequest}/refuse`,
    tag: 'access requests',
    summary: 'Refuse a request, with a reason that the team reads',
    scope: 'teams:write',
    body: z.strictObject({ reason: refusal }),
    answer: { status: 200, schema: accessRequest },
  }),
  withdrawAccessRequest: route({
    operationId: 'withdrawAccessRequest',
    method: 'POST',
    path: `${oneRequest}/withdraw`,
    tag: 'access requests',
    summary: 'Withdraw a request that nobody has decided',
    scope: 'clients:write',
    body: z.strictObject({}),
    answer: { status: 200, schema: accessRequest },
  }),
}
