/**
 * A tenant's book as it is copied from a feed: one snapshot, then entry after entry without a gap
 * (docs/protocol/feed.md §1, §3).
 */
import {
  andThen,
  chainInput,
  digest,
  type FeedEntry,
  type MaybePromise,
  type Place,
  type SealedPlace,
} from '@countersign/core'
import { StatusBook } from '../book/status_book.ts'
import type { FeedSource } from './feed_source.ts'

export interface FollowedBook {
  /** `undefined` before the first snapshot. */
  readonly current: StatusBook | undefined
  /** The highest place of all epochs that a server has sealed: it shows a server that its database went back. */
  readonly sealed: SealedPlace | undefined
  /** Replaces the book by a new snapshot. Until that is complete, the old one goes on refusing and grows no fresher. */
  reload(): Promise<void>
  /**
   * Fetches what is missing up to `head`. False when the log is not what the book was built on: a snapshot was loaded.
   */
  catchUp(asked: StatusBook, head: number): Promise<boolean>
  /** Applies an entry if it is the next one: its number follows and its chain value covers what came before. */
  applyNext(to: StatusBook, entry: FeedEntry): MaybePromise<boolean>
  /** The server vouches for this place. */
  noteSeal(place: Place, seal: string | undefined): void
}

/** Nothing is fetched before `reload` is called. `within` gives each request its deadline. */
export function createFollowedBook(options: {
  readonly source: Pick<FeedSource, 'snapshot' | 'entries'>
  /** In [0, 1). */
  readonly random: () => number
  readonly signal: AbortSignal
  readonly within: <T>(run: (signal: AbortSignal) => Promise<T>) => Promise<T>
  readonly onApplied: () => void
  readonly onReplaced: (book: StatusBook) => void
}): FollowedBook {
  const { source, random, signal, within, onApplied, onReplaced } = options
  let book: StatusBook | undefined
  let sealed: SealedPlace | undefined

  function noteSeal({ epoch, sequence, chain }: Place, seal: string | undefined): void {
    if (seal === undefined || (sealed !== undefined && sequence <= sealed.sequence)) return
    sealed = { epoch, sequence, chain, seal }
  }

  /** The new book is built beside the old one, and both are swapped in one turn. */
  async function reload(): Promise<void> {
    const snapshot = await within(() => source.snapshot(signal))
    const entries = []
    for await (const entry of snapshot.entries) entries.push(entry)
    const next = StatusBook.fromSnapshot({ ...snapshot, entries }, Math.floor(random() * 0x1_0000_0000))
    // Within the same epoch too: a server that lags answers with an older book.
    if (book !== undefined) next.keepRevoked(book, 'with_mac')
    book = next
    noteSeal(snapshot.place, snapshot.seal)
    onReplaced(next)
  }

  async function catchUp(asked: StatusBook, head: number): Promise<boolean> {
    while (asked.place.sequence < head) {
      const { place } = asked
      const answer = await within((untilLate) => source.entries(place, untilLate))
      if (book !== asked) return false
      if (answer === 'reload' || !(await applyAll(asked, answer.entries))) {
        await reload()
        return false
      }
      if (asked.place.sequence === place.sequence) return false
    }
    return true
  }

  /** Duplicates are harmless; false at the first entry that does not follow. */
  async function applyAll(to: StatusBook, entries: readonly FeedEntry[]): Promise<boolean> {
    for (const entry of entries) {
      if (entry.sequence <= to.place.sequence) continue
      const applied = applyNext(to, entry)
      if (!(applied instanceof Promise ? await applied : applied)) return false
    }
    return true
  }

  function applyNext(to: StatusBook, entry: FeedEntry): MaybePromise<boolean> {
    const { place } = to
    return andThen(digest(chainInput(place.chain, entry)), (chain) => {
      // Somebody else applied it while the digest was computed: a duplicate is harmless.
      if (to.place !== place) return entry.sequence <= to.place.sequence
      if (entry.sequence !== place.sequence + 1 || entry.chain !== chain) return false
      to.apply(entry)
      noteSeal(to.place, entry.seal)
      onApplied()
      return true
    })
  }

  return {
    get current() {
      return book
    },
    get sealed() {
      return sealed
    },
    reload,
    catchUp,
    applyNext,
    noteSeal,
  }
}
