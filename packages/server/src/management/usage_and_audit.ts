import { outcomeCodes, routes } from '@countersign/contract'
import { formatTime, parseTime } from '@countersign/core'
import { type AuditActor, newRefusal, type OperationUse, type Refusal, type UsageCount } from '@countersign/store'
import { overflowScope } from '@countersign/verifier/engine'
import { isGuarded } from '../caller/client_facts.ts'
import { ProblemError } from '../http/problem.ts'
import type { ReadContext, WriteContext } from './context.ts'
import { findApi, findAuditEvents, operationSums, usageSeries } from './find.ts'
import { pageAnswer, plainPageOf } from './lists/cursor.ts'
import { type Operation, readOperation, writeOperation } from './operation.ts'

const intervals = { minute: 60, hour: 3_600, day: 86_400 } as const
/** Sums in one answer: more is a question for a shorter span, or for fewer at a time. */
const sumsMax = 10_000
const groups = { outcome: 'outcome', scope: 'scope', keyId: 'credentialId', clientId: 'clientId' } as const

const getUsage = readOperation(routes.getUsage, async (context) => {
  const { query, now } = context
  const intervalSeconds = intervals[query.interval]
  const to = query.to === undefined ? Math.ceil(now) : (parseTime(query.to) as number)
  const from = query.from === undefined ? to - 24 * intervalSeconds : (parseTime(query.from) as number)
  if (from >= to || (to - from) / intervalSeconds > 10_000) {
    throw new ProblemError(400, 'invalid_request', 'from must be before to, with at most 10000 intervals between them.')
  }
  const series = await usageSeries(context, {
    ...(query.keyId === undefined ? {} : { credentialId: query.keyId }),
    ...(query.clientId === undefined ? {} : { clientId: query.clientId }),
    ...(query.scope === undefined ? {} : { scope: query.scope }),
    groupBy: query.groupBy.map((name) => groups[name]),
    from,
    to,
    intervalSeconds,
    limit: sumsMax + 1,
  })
  if (series.length > sumsMax) {
    throw tooManySums()
  }
  const data = series.map(({ at, groups: values, count }) => ({
    at: formatTime(at),
    ...Object.fromEntries(query.groupBy.map((name, index) => [name, values[index]])),
    count,
  }))
  return { data }
})

const reportUsage = writeOperation(routes.reportUsage, async (context) => {
  const { body, tenant, services, now, caller } = context
  const { nameOf, outcomeOf, scopeOf } = await namingOf(context, [...body.counts, ...body.refusals])
  const counts = body.counts.map((count): UsageCount => {
    const { credentialId = '', clientId = '', count: number } = count
    const outcome = outcomeOf(count.outcome)
    const who = nameOf({ credentialId, clientId })
    const scope = scopeOf(count.scope)
    const at = withinDay(parseTime(count.minuteAt) as number, now)
    const lastAt =
      count.lastAt === undefined ? at : Math.min(withinDay(parseTime(count.lastAt) as number, now), Math.floor(now))
    const lastAddress = services.lastUsedFrom(count.lastAddress)
    const counted = { tenant: tenant.id, ...who, scope, outcome, minuteAt: at - (at % 60), lastAt, count: number }
    return lastAddress === undefined ? counted : { ...counted, lastAddress }
  })
  const refusals = body.refusals.flatMap((given): Refusal[] => {
    if (!services.refusalRoom.admits(tenant.id, caller.grant.credentialId, now)) return []
    const { credentialId = '', clientId = '', at, scope, ...refusal } = given
    const who = nameOf({ credentialId, clientId })
    const time = withinDay(parseTime(at) as number, now)
    const draft = { tenant: tenant.id, ...refusal, ...who, scope: scopeOf(scope), at: Math.min(time, now) }
    return [newRefusal(draft, services.randomBytes)]
  })
  const operations = operationsOf(context, outcomeOf)
  const batch = { id: `${caller.grant.clientId} ${body.batchId}`, counts, refusals, operations, now }
  return { status: 200, afterwards: async () => ({ accepted: await services.store.countUsage(batch) }) }
})

const defaultDays = 30

const getApiUsage = readOperation(routes.getApiUsage, async (context) => {
  const { params, query, now } = context
  const { audience } = await findApi(context, params.id as string)
  const to = query.to === undefined ? Math.ceil(now) : (parseTime(query.to) as number)
  const from = query.from === undefined ? to - defaultDays * intervals.day : (parseTime(query.from) as number)
  if (from >= to) throw new ProblemError(400, 'invalid_request', 'from must be before to.')
  const data = await operationSums(context, { audience, from, to, limit: sumsMax + 1 })
  if (data.length > sumsMax) throw tooManySums()
  return { data }
})

/** Only of what the caller guards: an operation of another API has no name that could be left out. */
function operationsOf(
  { body, tenant, services, held, guards, now }: WriteContext<typeof routes.reportUsage>,
  outcomeOf: (outcome: string) => string,
): readonly OperationUse[] {
  const isOfAll = held.includes('usage:write')
  const book = services.books.book(tenant.id)
  const taken = body.operations.filter(
    ({ audience }) => (isOfAll || isGuarded(guards, audience)) && book?.apiByAudience(audience) !== undefined,
  )
  return taken.map(({ dayAt, outcome, ...each }) => {
    const at = withinDay(parseTime(dayAt) as number, now)
    return { tenant: tenant.id, ...each, outcome: outcomeOf(outcome), dayAt: at - (at % intervals.day) }
  })
}

function tooManySums(): ProblemError {
  const detail = `This is more than ${sumsMax} sums: ask for a shorter span, or filter.`
  return new ProblemError(400, 'invalid_request', detail)
}

/** A verifier's clock may be wrong: what it counts must not lie beyond what is kept, nor ahead of all clean-up. */
function withinDay(at: number, now: number): number {
  return Math.floor(Math.min(Math.max(at, now - 86_400), now + 60))
}

interface Naming {
  nameOf(who: Who): Who
  outcomeOf(outcome: string): string
  scopeOf(scope: string): string
}

const knownOutcomes: ReadonlySet<string> = new Set(outcomeCodes)

interface Who {
  readonly credentialId: string
  readonly clientId: string
}

/**
 * About whom the caller may say anything: with `usage:write` about everybody, else about keys for the audiences it guards,
 * of the client named, and about tokens of clients that have access there. The rest counts, but under nobody's name. What
 * nothing here knows, scopes as well, is told apart up to a number.
 */
async function namingOf(
  { caller, held, guards, now, services, tenant, transaction }: WriteContext,
  counts: readonly { readonly credentialId?: string | undefined; readonly clientId?: string | undefined }[],
): Promise<Naming> {
  const isOfAll = held.includes('usage:write') || guards.includes('*')
  const admits = (text: string): boolean =>
    text === '' || services.usageNames.admits(tenant.id, caller.grant.credentialId, text, now)
  const book = services.books.book(tenant.id)
  const guarded = new Set(guards.map((audience) => book?.apiByAudience(audience)?.apiId))
  const { byKey, byClient } = await transaction.usage.apisOf(tenant.id, {
    keyIds: namesOf(counts.map(({ credentialId }) => credentialId)),
    clientIds: namesOf(counts.map(({ clientId }) => clientId)),
  })
  const mayName = ({ credentialId, clientId }: Who): boolean => {
    const key = byKey.get(credentialId)
    if (key !== undefined) return key.clientId === clientId && guarded.has(key.apiId)
    return [...(byClient.get(clientId) ?? [])].some((apiId) => guarded.has(apiId))
  }
  return {
    nameOf(who) {
      if (!isOfAll && !mayName(who)) return nobody
      const isKnown = (who.credentialId === '' || byKey.has(who.credentialId)) && byClient.has(who.clientId)
      return isKnown || admits(JSON.stringify([who.credentialId, who.clientId])) ? who : nobody
    },
    scopeOf: (scope) => (admits(scope) ? scope : overflowScope),
    // A newer verifier may have outcomes that this server does not know.
    outcomeOf: (outcome) => (knownOutcomes.has(outcome) || admits(`outcome ${outcome}`) ? outcome : overflowScope),
  }
}

const nobody: Who = { credentialId: '', clientId: '' }

function namesOf(ids: readonly (string | undefined)[]): readonly string[] {
  return [...new Set(ids)].filter((id) => id !== undefined)
}

const listAudit = readOperation(routes.listAudit, async (context) => {
  const { query } = context
  const { limit, after } = plainPageOf(context, 'audit')
  const filter = {
    ...(query.objectId === undefined ? {} : { objectId: query.objectId }),
    ...(query.action === undefined ? {} : { action: query.action }),
  }
  const events = await findAuditEvents(context, filter, {
    limit,
    ...(after === undefined ? {} : { after: Number(after) }),
  })
  return pageAnswer(
    context,
    'audit',
    events,
    (event) => String(event.sequence),
    (event) => ({
      sequence: event.sequence,
      at: formatTime(event.at),
      actor: shownActor(context, event.actor),
      action: event.action,
      objectType: event.objectType,
      objectId: event.objectId,
      before: event.before ?? null,
      after: event.after ?? null,
      requestId: event.requestId,
      callerRequestId: callerRequestIdOf(context, event.actor) ?? null,
      link: event.link,
    }),
  )
})

/** A member of a team is not told from where others did it, and with which credential. */
function shownActor({ reach }: ReadContext, actor: AuditActor): object {
  if (reach.of === 'tenant' || actor.kind === 'system') return withoutRequest(actor)
  const accountId = 'accountId' in actor ? actor.accountId : undefined
  if (accountId === reach.accountId) return withoutRequest(actor)
  return { kind: actor.kind, ...(accountId === undefined ? {} : { accountId }) }
}

function callerRequestIdOf({ reach }: ReadContext, actor: AuditActor): string | undefined {
  const isShown = reach.of === 'tenant' || ('accountId' in actor && actor.accountId === reach.accountId)
  return isShown && 'callerRequestId' in actor ? actor.callerRequestId : undefined
}

/** Stored with the actor, which the link covers, and shown beside our own id. */
function withoutRequest(actor: AuditActor): AuditActor {
  if (!('callerRequestId' in actor)) return actor
  const { callerRequestId: _, ...rest } = actor
  return rest
}

export const usageAndAuditOperations: readonly Operation[] = [getUsage, getApiUsage, reportUsage, listAudit]
