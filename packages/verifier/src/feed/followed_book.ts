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

interface FollowedBookOptions {
  readonly source: Pick<FeedSource, 'snapshot' | 'entries'>
  /** In [0, 1). */
  readonly random: () => number
  readonly signal: AbortSignal
  /** Gives each request its deadline. */
  readonly within: <T>(run: (signal: AbortSignal) => Promise<T>) => Promise<T>
  readonly onApplied: () => void
  readonly onReplaced: (book: StatusBook) => void
}

/** Nothing is fetched before `reload` is called. */
export class FollowedBook {
  readonly #options: FollowedBookOptions
  #book: StatusBook | undefined
  #sealed: SealedPlace | undefined

  constructor(options: FollowedBookOptions) {
    this.#options = options
  }

  /** `undefined` before the first snapshot. */
  get current(): StatusBook | undefined {
    return this.#book
  }

  /** The highest place of all epochs that a server has sealed: it shows a server that its database went back. */
  get sealed(): SealedPlace | undefined {
    return this.#sealed
  }

  /** The server vouches for this place. */
  noteSeal({ epoch, sequence, chain }: Place, seal: string | undefined): void {
    if (seal === undefined || (this.#sealed !== undefined && sequence <= this.#sealed.sequence)) return
    this.#sealed = { epoch, sequence, chain, seal }
  }

  /**
   * Replaces the book by a new snapshot, which is built beside the old one; both are swapped in one turn. Until then
   * the old one goes on refusing and grows no fresher.
   */
  async reload(): Promise<void> {
    const { source, random, signal, within, onReplaced } = this.#options
    const snapshot = await within(() => source.snapshot(signal))
    const entries = []
    for await (const entry of snapshot.entries) entries.push(entry)
    const next = StatusBook.fromSnapshot({ ...snapshot, entries }, Math.floor(random() * 0x1_0000_0000))
    // Within the same epoch too: a server that lags answers with an older book.
    if (this.#book !== undefined) next.keepRevoked(this.#book, 'with_mac')
    this.#book = next
    this.noteSeal(snapshot.place, snapshot.seal)
    onReplaced(next)
  }

  /**
   * Fetches what is missing up to `head`. False when the log is not what the book was built on: a snapshot was loaded.
   */
  async catchUp(asked: StatusBook, head: number): Promise<boolean> {
    const { source, within } = this.#options
    while (asked.place.sequence < head) {
      const { place } = asked
      const answer = await within((untilLate) => source.entries(place, untilLate))
      if (this.#book !== asked) return false
      if (answer === 'reload' || !(await this.#applyAll(asked, answer.entries))) {
        await this.reload()
        return false
      }
      if (asked.place.sequence === place.sequence) return false
    }
    return true
  }

  /** Duplicates are harmless; false at the first entry that does not follow. */
  async #applyAll(to: StatusBook, entries: readonly FeedEntry[]): Promise<boolean> {
    for (const entry of entries) {
      if (entry.sequence <= to.place.sequence) continue
      const applied = this.applyNext(to, entry)
      if (!(applied instanceof Promise ? await applied : applied)) return false
    }
    return true
  }

  /** Applies an entry if it is the next one: its number follows and its chain value covers what came before. */
  applyNext(to: StatusBook, entry: FeedEntry): MaybePromise<boolean> {
    const { place } = to
    return andThen(digest(chainInput(place.chain, entry)), (chain) => {
      // Somebody else applied it while the digest was computed: a duplicate is harmless.
      if (to.place !== place) return entry.sequence <= to.place.sequence
      if (entry.sequence !== place.sequence + 1 || entry.chain !== chain) return false
      to.apply(entry)
      this.noteSeal(to.place, entry.seal)
      this.#options.onApplied()
      return true
    })
  }
}
