import { routes } from '@countersign/contract'
import { type FeedEntry, formatTime } from '@countersign/core'
import { wholeTenant } from '../caller/reach.ts'
import type { Standing } from '../feed/positions.ts'
import type { ReadContext } from './context.ts'
import { clientOfCredential, findClient, findKey, notFound } from './find.ts'
import { type Operation, readOperation } from './operation.ts'

/**
 * Which verifiers have applied an entry, who is behind and since when (docs/protocol/feed.md §8). Members of a team read how
 * many, of changes of what is theirs: the names are those of all the tenant's APIs.
 */
const getRevocation = readOperation(routes.getRevocation, async (context) => {
  const { params, reach, services, tenant, now } = context
  const sequence = Number(params.feedSequence)
  if (!/^\d{1,16}$/.test(params.feedSequence ?? '') || sequence === 0) throw notFound('entry')
  const [entry] = await services.store.feed.after(tenant.id, sequence - 1, 1)
  if (entry === undefined || entry.sequence !== sequence) throw notFound('entry')
  await requireEntryInReach(context, entry)
  const epoch = services.books.book(tenant.id)?.place.epoch ?? ''
  const verifiers = await services.positions.standing(tenant.id, entry.at)
  const named = reach.of === 'tenant' ? verifiers : []
  return {
    sequence,
    at: formatTime(entry.at),
    applied: verifiers.filter((verifier) => verifier.appliedAt(epoch, sequence) !== undefined).length,
    total: verifiers.length,
    verifiers: named.map((verifier) => viewOf(verifier, epoch, sequence, entry.at)),
    // Who has not applied it and whose own bound has passed since it last asked refuses by itself.
    complete: verifiers.every(
      (verifier) =>
        verifier.appliedAt(epoch, sequence) !== undefined || now > verifier.askedAt + verifier.maxStalenessSeconds,
    ),
  }
})

/** Keys and clients are of a team; an entry about anything else is not there for its members. */
async function requireEntryInReach(context: ReadContext, { type, id }: Pick<FeedEntry, 'type' | 'id'>): Promise<void> {
  if (context.reach.of === 'tenant') return
  if (type === 'key') await findKey(context, id)
  else if (type === 'client') await findClient(context, id)
  else throw notFound('entry')
}

function viewOf(verifier: Standing, epoch: string, sequence: number, at: number) {
  const appliedAt = verifier.appliedAt(epoch, sequence)
  return {
    id: verifier.id,
    appliedAt: appliedAt === undefined ? null : formatTime(Math.max(appliedAt, at)),
    maxStalenessSeconds: verifier.maxStalenessSeconds,
    sequence: verifier.epoch === epoch ? verifier.sequence : null,
    askedAt: formatTime(verifier.askedAt),
  }
}

/** Longer ago than this, a verifier counts as gone: it refuses everything since. */
const goneSeconds = 3_600

const listVerifiers = readOperation(routes.listVerifiers, async (context) => {
  const { reach, services, tenant, now } = context
  wholeTenant(reach)
  const epoch = services.books.book(tenant.id)?.place.epoch ?? ''
  const found = await services.positions.standing(tenant.id, now - goneSeconds)
  const clients = new Map<string, string | null>()
  for (const { id } of found) {
    const credentialId = credentialOf(id)
    if (!clients.has(credentialId)) clients.set(credentialId, await clientOfCredential(context, credentialId))
  }
  const data = found.map(({ id, sequence, maxStalenessSeconds, askedAt, ...place }) => ({
    id,
    clientId: clients.get(credentialOf(id)) ?? null,
    sequence: place.epoch === epoch ? sequence : null,
    maxStalenessSeconds,
    askedAt: formatTime(askedAt),
  }))
  return { data: data.toSorted((a, b) => (a.id < b.id ? -1 : 1)) }
})

function credentialOf(id: string): string {
  return id.slice(0, id.indexOf(':'))
}

export const receiptOperations: readonly Operation[] = [getRevocation, listVerifiers]
