/** Entries as they happen, for speed: the bound rests on asking alone (docs/protocol/feed.md §3). */
import type { FeedEntry, MaybePromise } from '@countersign/core'
import type { StatusBook } from '../book/status_book.ts'
import type { FeedSource, Schedule } from './feed_source.ts'

/** A stream that ended is opened again after 100 to 1,000 ms. */
const reopenMsMin = 100
const reopenMsMax = 1_000

export interface EntryStream {
  /** Opens the stream at the book's place. Does nothing while one is open, without a book, and after `signal`. */
  open(): void
}

/** Hands each new entry to `take`, one after the other, until `signal` is aborted; reopens the stream by itself. */
export function createEntryStream(options: {
  readonly source: Pick<FeedSource, 'stream'>
  readonly schedule: Schedule
  /** In [0, 1). */
  readonly random: () => number
  readonly signal: AbortSignal
  readonly book: () => StatusBook | undefined
  readonly take: (book: StatusBook, entry: FeedEntry) => MaybePromise<void>
}): EntryStream {
  const { source, schedule, random, signal } = options
  let isOpen = false

  function takeNew(entry: FeedEntry): MaybePromise<void> {
    const book = options.book()
    return book === undefined || entry.sequence <= book.place.sequence ? undefined : options.take(book, entry)
  }

  function open(): void {
    const book = options.book()
    if (isOpen || book === undefined || signal.aborted) return
    isOpen = true
    source
      .stream(book.place, inOrder(takeNew), signal)
      .catch(() => {})
      .finally(() => {
        isOpen = false
        if (!signal.aborted) schedule(reopenMsMin + random() * (reopenMsMax - reopenMsMin), open)
      })
  }

  return { open }
}

/**
 * Entries that come while one waits, for a digest or an answer, wait behind it; no promise is made where nothing waits.
 */
function inOrder(take: (entry: FeedEntry) => MaybePromise<void>): (entry: FeedEntry) => void {
  let pending: Promise<void> | undefined
  return (entry) => {
    const taken = pending === undefined ? take(entry) : pending.then(() => take(entry))
    if (!(taken instanceof Promise)) return
    const last = taken.finally(() => {
      if (pending === last) pending = undefined
    })
    pending = last
  }
}
