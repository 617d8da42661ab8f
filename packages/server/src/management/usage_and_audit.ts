import { routes } from '@countersign/contract'
import { formatTime, parseTime } from '@countersign/core'
import { ProblemError } from '../http/exchange.ts'
import { pageAnswer, pageOf } from './cursor.ts'
import { type Operation, readOperation, writeOperation } from './operation.ts'

const intervals = { minute: 60, hour: 3_600, day: 86_400 } as const

const getUsage = readOperation(routes.getUsage, async ({ query, services, tenant, now }) => {
  const intervalSeconds = intervals[query.interval]
  const to = query.to === undefined ? Math.ceil(now) : (parseTime(query.to) as number)
  const from = query.from === undefined ? to - 24 * intervalSeconds : (parseTime(query.from) as number)
  if (from >= to || (to - from) / intervalSeconds > 10_000) {
    throw new ProblemError(400, 'invalid_request', 'from must lie before to, at most 10000 intervals')
  }
  const series = await services.store.read.usage.series(tenant.id, {
    ...(query.keyId === undefined ? {} : { credentialId: query.keyId }),
    ...(query.clientId === undefined ? {} : { clientId: query.clientId }),
    from,
    to,
    intervalSeconds,
  })
  return { data: series.map(({ at, outcome, count }) => ({ at: formatTime(at), outcome, count })) }
})

const reportUsage = writeOperation(routes.reportUsage, async ({ body, tenant, transaction, now, caller }) => {
  const counts = body.counts.map(({ minuteAt, ...count }) => {
    const at = parseTime(minuteAt) as number
    return { ...count, tenant: tenant.id, minuteAt: at - (at % 60) }
  })
  const accepted = await transaction.usage.addBatch(tenant.id, `${caller.grant.clientId} ${body.batchId}`, counts, now)
  return { status: 200, body: { accepted } }
})

const listAudit = readOperation(routes.listAudit, async (context) => {
  const { query, services, tenant } = context
  const { limit, after } = pageOf(context, 'audit')
  const filter = {
    ...(query.objectId === undefined ? {} : { objectId: query.objectId }),
    ...(query.action === undefined ? {} : { action: query.action }),
  }
  const events = await services.store.read.audit.list(tenant.id, filter, {
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
      actor: event.actor,
      action: event.action,
      objectType: event.objectType,
      objectId: event.objectId,
      before: event.before ?? null,
      after: event.after ?? null,
      requestId: event.requestId,
      link: event.link,
    }),
  )
})

export const usageAndAuditOperations: readonly Operation[] = [getUsage, reportUsage, listAudit]
