/**
 * The feed for verifiers (docs/protocol/feed.md §3): snapshot, entries, stream, and the question that proves freshness.
 */

import { routes } from '@countersign/contract'
import { type Place, unavailableAnswer } from '@countersign/core'
import { guardedQuestion, type QuestionServices } from '../caller/guarded.ts'
import type { Services, TenantContext } from '../context.ts'
import { formatEvent } from '../feed/broadcast.ts'
import { answerPosition, isInLog, readPage, readSnapshot } from '../feed/feed_answers.ts'
import type { SharedSnapshot } from '../feed/snapshots.ts'
import { type Answer, json } from '../http/answer.ts'
import { readJson } from '../http/body.ts'
import { holderOf } from '../http/client_address.ts'
import { headerValues } from '../http/header.ts'
import { parseInput } from '../http/input.ts'
import { problem } from '../http/problem.ts'
import type { HttpRequest } from '../http/request.ts'
import { serverLimits } from '../limits.ts'

/** `GET /v1/feed/snapshot`: the place, every live entry, and how many there were: one line of JSON each. */
export function feedSnapshot(
  services: QuestionServices & Pick<Services, 'now' | 'seals' | 'snapshots'>,
  tenant: TenantContext,
  request: HttpRequest,
): Promise<Answer> {
  return guardedQuestion(services, tenant, request, routes.feedSnapshot, async () => {
    const { head, snapshot } = await readSnapshot(services, tenant)
    return {
      status: 200,
      headers: { 'Content-Type': 'application/x-ndjson', 'Cache-Control': 'no-store' },
      body: snapshotLines(head, snapshot),
    }
  })
}

async function* snapshotLines(head: object, { pieces, count }: SharedSnapshot): AsyncGenerator<string> {
  yield `${JSON.stringify(head)}\n`
  for (const piece of pieces) if (piece !== '') yield piece
  yield `${JSON.stringify({ end: count })}\n`
}

/** `GET /v1/feed?after=`: a page of entries, or a stream of them when `text/event-stream` is asked for. */
export function feed(
  services: QuestionServices & Pick<Services, 'books' | 'macs' | 'now' | 'seals' | 'store' | 'streams'>,
  tenant: TenantContext,
  request: HttpRequest,
): Promise<Answer> {
  return guardedQuestion(services, tenant, request, routes.feed, async (caller, { after, epoch, chain }) => {
    const place: Place = { epoch, sequence: after, chain }
    if (!(await isInLog(services, tenant.id, place))) return json(200, { reload: true })
    if (!headerValues(request, 'accept').some((value) => value.includes('text/event-stream'))) {
      return json(200, { entries: await readPage(services, tenant.id, place) })
    }
    const stream = services.streams.open(tenant.id, holderOf(request, services.trustedProxies))
    if (stream === undefined) return problem(request, unavailableAnswer(1))
    // At once, and whether or not anybody reads it: streams that are gone must not count.
    request.signal.addEventListener('abort', stream.close, { once: true })
    const isStillAllowed = async (): Promise<boolean> => {
      const inspection = await tenant.engine.inspect(caller.credential)
      return (
        !('outcome' in inspection) &&
        inspection.effective.fault === undefined &&
        services.now() < inspection.effective.endsAt
      )
    }
    return {
      status: 200,
      headers: { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store', 'X-Accel-Buffering': 'no' },
      body: streamEntries(
        services,
        tenant,
        place,
        { ...stream, signal: request.signal },
        {
          ids: [caller.grant.credentialId, caller.grant.clientId],
          isStillAllowed,
        },
      ),
    }
  })
}

type OpenStream = NonNullable<ReturnType<Services['streams']['open']>> & { readonly signal: AbortSignal }

/** First the entries that exist, then those that come. The follower asks for any it missed in between. */
async function* streamEntries(
  services: Pick<Services, 'macs' | 'seals' | 'store'>,
  tenant: TenantContext,
  place: Place,
  { broadcast, close, signal }: OpenStream,
  caller: { readonly ids: readonly string[]; isStillAllowed(): Promise<boolean> },
): AsyncGenerator<string> {
  try {
    yield ': countersign\n\n'
    let turn = broadcast.next()
    let sent = place.sequence
    for (const entry of await readPage(services, tenant.id, place)) {
      yield formatEvent(entry)
      sent = entry.sequence
    }
    let checkedAt = performance.now()
    for (;;) {
      const batch = await turn
      if (batch === undefined || signal.aborted) return
      turn = broadcast.next()
      const isDue = performance.now() - checkedAt >= serverLimits.streamCheckEveryMs
      if (isDue || batch.entries.some(({ id, type }) => type === 'tenant' || caller.ids.includes(id))) {
        checkedAt = performance.now()
        if (!(await caller.isStillAllowed())) return
      }
      const [first] = batch.entries
      const last = batch.entries.at(-1)
      if (first === undefined || last === undefined) yield batch.text
      else if (last.sequence > sent) {
        // It was busy while others were told: it is not kept waiting for, it asks.
        if (first.sequence > sent + 1) return
        const after = sent
        sent = last.sequence
        const isWhole = first.sequence > after
        yield isWhole
          ? batch.text
          : batch.entries
              .filter(({ sequence }) => sequence > after)
              .map(formatEvent)
              .join('')
      }
    }
  } finally {
    close()
  }
}

/** `POST /v1/feed/position`: the question that proves freshness, and reports how far the asker has come. */
export function feedPosition(
  services: QuestionServices & Pick<Services, 'books' | 'now' | 'positions' | 'seals' | 'store'>,
  tenant: TenantContext,
  request: HttpRequest,
): Promise<Answer> {
  return guardedQuestion(services, tenant, request, routes.feedPosition, async (caller) => {
    const body = parseInput(routes.feedPosition.body, await readJson(request), 'body')
    const answer = await answerPosition(services, tenant.id, body)
    if (answer === undefined) return problem(request, unavailableAnswer(1))
    if (answer.reload === undefined) {
      services.positions.report(tenant.id, {
        credentialId: caller.grant.credentialId,
        instance: body.verifierId,
        epoch: body.epoch,
        sequence: body.sequence,
        // Whole seconds are kept; rounded down, a receipt would be complete too early.
        maxStalenessSeconds: Math.ceil(body.maxStalenessSeconds),
      })
    }
    return json(200, answer)
  })
}
