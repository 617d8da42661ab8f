/** The feed for verifiers (feed.md §3): snapshot, entries, stream, and the question that proves freshness. */

import { routes } from '@countersign/contract'
import { type FeedEntry, type Place, type SealedPlace, unavailableAnswer } from '@countersign/core'
import { formatEvent } from '../feed/broadcast.ts'
import { readJson } from '../http/body.ts'
import { holderOf } from '../http/client_address.ts'
import { type Answer, type Exchange, headerValues } from '../http/exchange.ts'
import { parseInput } from '../http/input.ts'
import { json, problem } from '../http/respond.ts'
import { serverLimits } from '../limits.ts'
import type { Services, TenantContext } from '../services/services.ts'
import type { SharedSnapshot } from '../services/snapshots.ts'
import { guardedQuestion } from './guarded.ts'

/** `GET /v1/feed/snapshot`: the place, every live entry, and how many there were: one line of JSON each. */
export function feedSnapshot(services: Services, tenant: TenantContext, exchange: Exchange): Promise<Answer> {
  return guardedQuestion(services, tenant, exchange, routes.feedSnapshot, async () => {
    const snapshot = await services.snapshots.read(tenant.id)
    const { place, dropTime } = snapshot
    const seal = services.seals.seal(tenant.id, place)
    const head = { tenant: tenant.id, issuer: tenant.issuer, place, seal, now: services.now(), dropTime }
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
export function feed(services: Services, tenant: TenantContext, exchange: Exchange): Promise<Answer> {
  return guardedQuestion(services, tenant, exchange, routes.feed, async (caller, { after, epoch, chain }) => {
    const place: Place = { epoch, sequence: after, chain }
    if (!(await isInLog(services, tenant, place))) return json(200, { reload: true })
    if (!headerValues(exchange, 'accept').some((value) => value.includes('text/event-stream'))) {
      return json(200, { entries: await readPage(services, tenant, place) })
    }
    const stream = services.streams.open(tenant.id, holderOf(exchange, services.trustedProxies))
    if (stream === undefined) return problem(exchange, unavailableAnswer(1))
    // At once, and whether or not anybody reads it: streams that are gone must not count.
    exchange.signal.addEventListener('abort', stream.close, { once: true })
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
        { ...stream, signal: exchange.signal },
        {
          ids: [caller.grant.credentialId, caller.grant.clientId],
          isStillAllowed,
        },
      ),
    }
  })
}

/** Up to a page of entries after a place in the log, as they go out. */
async function readPage(
  { store, macs, seals }: Services,
  tenant: TenantContext,
  place: Place,
): Promise<readonly FeedEntry[]> {
  const entries = await store.feed.after(tenant.id, place.sequence, serverLimits.feedPageMax)
  return seals.sealLast(
    tenant.id,
    place.epoch,
    entries.map((entry) => macs.mark(tenant.id, entry)),
  )
}

type OpenStream = NonNullable<ReturnType<Services['streams']['open']>> & { readonly signal: AbortSignal }

/** What is there already, then what comes; the follower asks for whatever it missed in between. */
async function* streamEntries(
  services: Services,
  tenant: TenantContext,
  place: Place,
  { broadcast, close, signal }: OpenStream,
  caller: { readonly ids: readonly string[]; isStillAllowed(): Promise<boolean> },
): AsyncGenerator<string> {
  try {
    yield ': countersign\n\n'
    let turn = broadcast.next()
    let sent = place.sequence
    for (const entry of await readPage(services, tenant, place)) {
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

/**
 * `POST /v1/feed/position`: the head as this process's book has it, and how old that knowledge is: one staleness budget
 * from the database to the verifier (feed.md §3). A question that needs younger knowledge has it fetched.
 */
export function feedPosition(services: Services, tenant: TenantContext, exchange: Exchange): Promise<Answer> {
  return guardedQuestion(services, tenant, exchange, routes.feedPosition, async (caller) => {
    const body = parseInput(routes.feedPosition.body, await readJson(exchange), 'body')
    const asked = { epoch: body.epoch, sequence: body.sequence, chain: body.chain }
    const { books, seals } = services
    if (body.sealed !== undefined) await hearSeal(services, tenant, body.sealed)
    if (books.ageMs() > (body.maxStalenessSeconds * 1000) / ageShare) await books.refresh()
    // Another process may be ahead of this one, and told the asker so.
    if (asked.sequence > headOf(services, tenant).sequence) await books.poll()
    const ageMs = books.ageMs()
    const head = headOf(services, tenant)
    if (!Number.isFinite(ageMs)) return problem(exchange, unavailableAnswer(1))
    // Above the head, or not in the log: for the asker alone to load anew. Receipts count it for nothing.
    const isKnown = await isInLog(services, tenant, asked)
    if (isKnown) {
      services.positions.report(tenant.id, {
        credentialId: caller.grant.credentialId,
        instance: body.verifierId,
        epoch: asked.epoch,
        sequence: asked.sequence,
        // Whole seconds are kept; rounded down, a receipt would be complete too early.
        maxStalenessSeconds: Math.ceil(body.maxStalenessSeconds),
      })
    }
    return json(200, {
      nonce: body.nonce,
      epoch: head.epoch,
      head: head.sequence,
      ageMs,
      now: services.now(),
      dropTime: books.dropTime(),
      seal: seals.seal(tenant.id, head),
      ...(isKnown ? {} : { reload: true }),
    })
  })
}

/**
 * A sealed place that this log does not have proves that the database went back. Anybody with a verifier's key can name one
 * that was never sealed: so the MAC is looked at before the database is.
 */
async function hearSeal(services: Services, tenant: TenantContext, sealed: SealedPlace): Promise<void> {
  const { books, seals } = services
  const head = headOf(services, tenant)
  const { epoch, sequence, chain } = sealed
  const isOfNow = epoch === head.epoch
  if (sequence <= head.sequence && !isOfNow) return
  const known = sequence === head.sequence ? head.chain : books.recentChain(tenant.id, sequence)
  if (isOfNow && known === chain) return
  if (seals.holds(tenant.id, sealed)) await books.claim({ tenant: tenant.id, epoch, sequence, chain })
}

/** Knowledge older than this part of the asker's bound is fetched anew before it is handed on. */
const ageShare = 6

function headOf(services: Services, tenant: TenantContext): Place {
  return services.books.book(tenant.id)?.place ?? { epoch: '', sequence: 0, chain: '' }
}

/** Whether the place is one in this very log: same epoch, and the same history up to it. */
async function isInLog(services: Services, tenant: TenantContext, place: Place): Promise<boolean> {
  const head = headOf(services, tenant)
  if (place.epoch !== head.epoch) return false
  // Nearly everybody who asks is where the book is: no need to ask the database.
  if (place.sequence === head.sequence && head.chain !== '') return head.chain === place.chain
  const recent = services.books.recentChain(tenant.id, place.sequence)
  const chain = recent ?? (await services.store.feed.chainAt(tenant.id, place.sequence))
  return chain !== undefined && chain === place.chain
}
