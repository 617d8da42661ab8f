import { routes } from '@countersign/contract'
import { formatTime } from '@countersign/core'
import type { Standing } from '../feed/positions.ts'
import { notFound } from './find.ts'
import { type Operation, readOperation } from './operation.ts'

/** Which verifiers have applied an entry, who is behind and since when (docs/protocol/feed.md §8). */
const getRevocation = readOperation(routes.getRevocation, async ({ params, services, tenant, now }) => {
  const sequence = Number(params.feedSequence)
  if (!/^\d{1,16}$/.test(params.feedSequence ?? '') || sequence === 0) throw notFound('entry')
  const [entry] = await services.store.feed.after(tenant.id, sequence - 1, 1)
  if (entry === undefined || entry.sequence !== sequence) throw notFound('entry')
  const epoch = services.books.book(tenant.id)?.place.epoch ?? ''
  const verifiers = await services.positions.standing(tenant.id, entry.at)
  return {
    sequence,
    at: formatTime(entry.at),
    verifiers: verifiers.map((verifier) => viewOf(verifier, epoch, sequence, entry.at)),
    // Who has not applied it and whose own bound has passed since it last asked refuses by itself.
    complete: verifiers.every(
      (verifier) =>
        verifier.appliedAt(epoch, sequence) !== undefined || now > verifier.askedAt + verifier.maxStalenessSeconds,
    ),
  }
})

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

export const receiptOperations: readonly Operation[] = [getRevocation]
