/**
 * Step two for a credential that is not in memory: it is established, and the result is kept. Callers that come during
 * a look-up share it.
 */
import type { Address, MaybePromise } from '@countersign/core'
import type { StatusBook } from '../book/status_book.ts'
import type { BookKeeper } from '../book_keeper.ts'
import type { Stamp } from '../clock.ts'
import { type Refused, unavailable } from '../outcome.ts'
import type { Establisher } from './establish.ts'
import type { Establishment } from './establishment.ts'
import { type Entry, entryOf, hitOf, type KnownCredentials } from './known_credentials.ts'

/** The credential that is asked about. */
export interface Asked {
  readonly credential: string
  readonly address?: Address | undefined
  readonly minSequence?: number
}

/** `'again'`: the book was replaced meanwhile. */
export type Settled = { readonly entry: Entry } | (Refused & { readonly unknownAt?: number | undefined }) | 'again'

export type Settle = (asked: Asked, digest: string, book: StatusBook, at: Stamp) => MaybePromise<Settled>

export function createSettlement(options: {
  readonly keeper: BookKeeper
  readonly known: KnownCredentials
  readonly establish: Establisher
  readonly keepsRefused: boolean
  readonly onAhead: ((sequence: number) => void) | undefined
}): Settle {
  const { keeper, known, establish, keepsRefused, onAhead } = options
  const underWay = new Map<string, Promise<Settled>>()

  /** Single flight: callers that come during a look-up share its answer, whose age counts from when it was asked. */
  function settleOnce(asked: Asked, digest: string, book: StatusBook, at: Stamp): MaybePromise<Settled> {
    const running = underWay.size === 0 ? undefined : underWay.get(digest)
    if (running !== undefined) return running
    const establishment = establish(asked.credential, digest, book, at, asked.address)
    if (establishment instanceof Promise) return share(establishment, digest, book, at)
    return settle(establishment, digest, book, at)
  }

  function share(establishing: Promise<Establishment>, digest: string, book: StatusBook, at: Stamp): Promise<Settled> {
    const settled = establishing
      .then((establishment) => settle(establishment, digest, book, at))
      .finally(() => underWay.delete(digest))
    underWay.set(digest, settled)
    return settled
  }

  function settle(establishment: Establishment, digest: string, book: StatusBook, at: Stamp): Settled {
    // The book was replaced meanwhile and the cache emptied; this answer was made with the old book.
    if (keeper.book !== book) return 'again'
    if (establishment === 'unavailable') return unavailable
    if ('known' in establishment) {
      const { established, signedBy } = establishment.known
      if (signedBy !== undefined && (established.position ?? 0) > book.place.sequence) {
        onAhead?.(established.position ?? 0)
      }
      const entry = entryOf(digest, establishment.known)
      if (establishment.isFrequent !== false) known.keep(entry)
      return { entry }
    }
    const { rejection, unknownAt, decoy } = establishment
    // Judged like a record that is there, and dropped: the time of the answer tells nothing.
    if (decoy !== undefined) hitOf(entryOf(digest, decoy), book, at)
    if (unknownAt !== undefined && keepsRefused) known.keepUnknown({ digest, readAt: unknownAt, since: at })
    return { outcome: 'rejected', rejection, unknownAt }
  }

  return settleOnce
}
