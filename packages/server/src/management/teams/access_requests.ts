/** A team asks for more than its ceiling has, and an operator decides. */
import { type AuditAction, routes } from '@countersign/contract'
import {
  formatScope,
  formatTime,
  missingScope,
  parseScope,
  parseTime,
  type Scope,
  type Seconds,
} from '@countersign/core'
import { type AccessRequest, type Api, isActiveTeam, newAccessRequest, type Team } from '@countersign/store'
import { wholeTenant } from '../../caller/reach.ts'
import { ProblemError } from '../../http/problem.ts'
import { serverLimits } from '../../limits.ts'
import { shownScope } from '../../oauth/shown_scope.ts'
import { giveAccess, isLive, requestsOfTeam } from '../../people/given_access.ts'
import { requireRegistered, scopeOf } from '../access.ts'
import type { ReadContext, WriteContext } from '../context.ts'
import { audienceOf, findApi, findApiByAudience, invalid } from '../find.ts'
import { pageAnswer, pageOf } from '../lists/cursor.ts'
import { type AnswerOf, type Operation, readOperation, writeOperation } from '../operation.ts'
import { findAccessRequest, findAccessRequests, findTeam, findTeamNamed } from './find.ts'

const createAccessRequest = writeOperation(routes.createAccessRequest, async (context) => {
  const { body, caller, now, services, tenant, transaction } = context
  const team = await findTeamNamed(context, body.teamId)
  if (!isActiveTeam(team)) throw new ProblemError(409, 'disabled', 'The team is disabled.')
  const api = await findApiByAudience(context, body.audience, '/audience')
  const scope = someScope(body.scope, api)
  const beyond = missingScope(scope, parseScope(api.onRequestScope))
  if (beyond.length > 0) throw invalid('/scope', `goes beyond what a team may ask for here: ${shownScope(beyond)}`)
  await makeRoom(context, team)
  const { kind, subject } = caller.grant
  const draft = {
    tenant: tenant.id,
    teamId: team.id,
    apiId: api.id,
    scope: formatScope(scope),
    reason: body.reason,
    ...(body.until === undefined ? {} : { wantedUntil: futureTime(body.until, now) }),
    ...(kind === 'session' ? { askedBy: subject } : {}),
  }
  const request = newAccessRequest(draft, { now, randomBytes: services.randomBytes })
  await transaction.accessRequests.insert(request)
  const view = await requestView(context, request)
  append(context, 'access_request.create', request, { after: view })
  return { status: 201, body: view }
})

function someScope(input: unknown, api: Api): Scope {
  const scope = scopeOf(input, api)
  if (scope.length === 0) throw invalid('/scope', 'names no scope')
  requireRegistered(api, scope, '/scope')
  return scope
}

function futureTime(text: string, now: Seconds): Seconds {
  const at = Math.floor(parseTime(text) as number)
  if (at <= now) throw invalid('/until', 'must be in the future')
  return at
}

/** The oldest decided ones make room; the audit log has them. */
async function makeRoom({ transaction }: WriteContext, team: Team): Promise<void> {
  const kept = await requestsOfTeam(transaction, team)
  const decided = kept.filter((request) => !isLive(request))
  const { accessRequestsLiveMax, accessRequestsMax } = serverLimits
  if (kept.length - decided.length >= accessRequestsLiveMax)
    throw new ProblemError(
      409,
      'conflict',
      `A team has at most ${accessRequestsLiveMax} requests that wait or that end.`,
    )
  for (const { id } of decided.slice(0, Math.max(0, kept.length - accessRequestsMax + 1)))
    await transaction.accessRequests.delete(team.tenant, id)
}

const listAccessRequests = readOperation(routes.listAccessRequests, async (context) => {
  const { limit, teamId, status } = context.query
  const requests = await findAccessRequests(context, { teamId, status }, pageOf(context, 'access requests'))
  const views = new Map<string, object>()
  for (const request of requests.slice(0, limit)) views.set(request.id, await requestView(context, request))
  return pageAnswer(
    context,
    'access requests',
    requests,
    ({ id }) => id,
    ({ id }) => views.get(id) as object,
  )
})

/** The ceiling is wider in the same transaction, and so is every client of the team that had more by itself. */
const approveAccessRequest = writeOperation(routes.approveAccessRequest, async (context) => {
  const { body, now, reach, transaction } = context
  wholeTenant(reach, 'Deciding a request for access')
  const request = await findPending(context)
  const team = await findTeam(context, request.teamId)
  const api = await findApi(context, request.apiId)
  const scope = someScope(body.scope ?? request.scope, api)
  const beyond = missingScope(scope, parseScope(request.scope))
  if (beyond.length > 0) throw invalid('/scope', `goes beyond what was asked for: ${shownScope(beyond)}`)
  const endsAt = endOf(body.until, request, now)
  const given = await giveAccess(transaction, request, team, { scope, endsAt }, now)
  const view = await requestView(context, given.request)
  const before = { access: team.access }
  const after = { ...view, access: given.team.access, clients: given.objects.length }
  append(context, 'access_request.approve', request, { before, after }, () => given.objects)
  return { status: 200, body: view }
})

function endOf(until: string | undefined, { wantedUntil }: AccessRequest, now: Seconds): Seconds | undefined {
  if (wantedUntil !== undefined && wantedUntil <= now)
    throw new ProblemError(409, 'expired', 'The time until which the team asked for it has passed.')
  if (until === undefined) return wantedUntil
  const at = futureTime(until, now)
  if (wantedUntil !== undefined && at > wantedUntil) throw invalid('/until', 'is later than was asked for')
  return at
}

const refuseAccessRequest = writeOperation(routes.refuseAccessRequest, async (context) => {
  wholeTenant(context.reach, 'Deciding a request for access')
  const request = await findPending(context)
  return decided(context, 'access_request.refuse', { ...request, status: 'refused', refusal: context.body.reason })
})

const withdrawAccessRequest = writeOperation(routes.withdrawAccessRequest, async (context) => {
  const request = await findPending(context)
  return decided(context, 'access_request.withdraw', { ...request, status: 'withdrawn' })
})

async function findPending(context: WriteContext): Promise<AccessRequest> {
  const request = await findAccessRequest(context, context.params.id as string)
  if (request.status === 'pending') return request
  throw new ProblemError(409, 'conflict', 'The request has been decided already.')
}

async function decided(context: WriteContext, action: AuditAction, request: AccessRequest) {
  const at = Math.floor(context.now)
  const after: AccessRequest = { ...request, decidedAt: at, version: request.version + 1, updatedAt: at }
  await context.transaction.accessRequests.update(after)
  const view = await requestView(context, after)
  append(context, action, request, { after: view })
  return { status: 200, body: view }
}

function append(
  { actor, requestId, transaction }: WriteContext,
  action: AuditAction,
  { tenant, id, teamId }: AccessRequest,
  change: { readonly before?: object; readonly after: object },
  objects: () => Awaited<ReturnType<typeof giveAccess>>['objects'] = () => [],
): void {
  const audit = { actor, action, objectType: 'access_request', objectId: id, teamId, ...change, requestId }
  transaction.append({ tenant, audit, objects })
}

async function requestView(
  context: ReadContext | WriteContext,
  request: AccessRequest,
): Promise<AnswerOf<typeof routes.withdrawAccessRequest>> {
  const { givenScope, refusal, askedBy } = request
  return {
    id: request.id,
    teamId: request.teamId,
    audience: await audienceOf(context, request.apiId),
    scope: request.scope,
    reason: request.reason,
    until: timeOrNull(request.wantedUntil),
    status: request.status,
    askedBy: askedBy ?? null,
    given: givenScope === undefined ? null : { scope: givenScope, until: timeOrNull(request.endsAt) },
    refusal: refusal ?? null,
    decidedAt: timeOrNull(request.decidedAt),
    createdAt: formatTime(request.createdAt),
    updatedAt: formatTime(request.updatedAt),
  }
}

function timeOrNull(at: Seconds | undefined): string | null {
  return at === undefined ? null : formatTime(at)
}

export const accessRequestOperations: readonly Operation[] = [
  createAccessRequest,
  listAccessRequests,
  approveAccessRequest,
  refuseAccessRequest,
  withdrawAccessRequest,
]
