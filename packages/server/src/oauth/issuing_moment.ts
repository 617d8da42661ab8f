/**
 * The moment a request counts from: docs/protocol/feed.md §2.3, *Cut-offs*. Everything it makes carries the position of
 * that moment, so a cut-off that came after refuses it, however long the request read, waited and signed.
 */
import type { Seconds } from '@countersign/core'
import type { Tenant } from '@countersign/store'
import type { StatusBook } from '@countersign/verifier/engine'
import type { Books } from '../feed/books.ts'
import { serverLimits } from '../limits.ts'

export interface IssuingMoment {
  /** The sequence that this process had applied before the request read the first thing that authorises what it makes. */
  readonly position: number
  /** When the position was taken: ends count from here. */
  readonly takenAt: Seconds
  /** The book it was taken from. Another book has another history. */
  readonly book: StatusBook
  /** Single-use values that this request took when it began the first time. */
  readonly usedUp: Set<string>
}

/** The server's book cannot prove its freshness: nothing may be signed (docs/protocol/feed.md §6). */
export class StaleBookError extends Error {
  override readonly name = 'StaleBookError'
}

/**
 * The request has read something that is newer than its position, or that has changed since: it begins again.
 * `sequence`: what the book must have applied first; 0 when only the reading has to be done again.
 */
export class BehindError extends Error {
  override readonly name = 'BehindError'
  readonly sequence: number

  constructor(sequence = 0) {
    super('the request began before what it read')
    this.sequence = sequence
  }
}

/**
 * Takes the moment, then runs `work`. When `work` finds that it is behind, this process catches up and `work` runs once
 * more from a new moment; behind again, or without proof that the book is fresh, it throws `StaleBookError`.
 */
export async function atOneMoment<T>(
  services: { readonly books: Books; readonly now: () => Seconds },
  tenant: Pick<Tenant, 'id'>,
  work: (moment: IssuingMoment) => Promise<T>,
): Promise<T> {
  const usedUp = new Set<string>()
  try {
    return await work(await takeMoment(services, tenant, usedUp))
  } catch (error) {
    if (!(error instanceof BehindError)) throw error
    await catchUp(services, tenant, error.sequence)
  }
  try {
    return await work(await takeMoment(services, tenant, usedUp))
  } catch (error) {
    throw error instanceof BehindError ? new StaleBookError('this process is behind its database') : error
  }
}

async function takeMoment(
  services: { readonly books: Books; readonly now: () => Seconds },
  tenant: Pick<Tenant, 'id'>,
  usedUp: Set<string>,
): Promise<IssuingMoment> {
  const { books } = services
  if (!books.isFresh() && !(await books.refresh())) throw new StaleBookError('the book is stale')
  const book = books.book(tenant.id)
  if (book === undefined) throw new StaleBookError('the tenant has no book')
  return { position: book.place.sequence, takenAt: services.now(), book, usedUp }
}

/** A poll that runs already may have read the head before the number was committed. */
async function catchUp(
  { books }: { readonly books: Books },
  tenant: Pick<Tenant, 'id'>,
  sequence: number,
): Promise<void> {
  for (let round = 0; round < serverLimits.catchUpRoundsMax; round++) {
    if (!(await books.poll())) throw new StaleBookError('the feed could not be read')
    if ((books.book(tenant.id)?.place.sequence ?? 0) >= sequence) return
  }
}

/** Throws `BehindError` for a number above the position: what bears it was said after the request began. */
export function requireReached({ position }: IssuingMoment, sequence: number): void {
  if (sequence > position) throw new BehindError(sequence)
}

/** In memory, wherever something is about to be made: fresh, and still the book of the beginning. */
export function requireSameBook(
  { books }: { readonly books: Books },
  tenant: Pick<Tenant, 'id'>,
  { book }: IssuingMoment,
): void {
  if (!books.isFresh()) throw new StaleBookError('the book is stale')
  if (books.book(tenant.id) !== book) throw new BehindError()
}
