import type { MaybePromise, Seconds } from '@countersign/core'
import type { StatusBook } from './book/status_book.ts'
import type { Stamp } from './clock.ts'

/**
 * The port to a book that follows the feed and knows how fresh it is: a follower over HTTP, or the server's own books.
 */
export interface BookKeeper {
  /** Undefined before the first snapshot. */
  readonly book: StatusBook | undefined
  /** Whether the book may be used now: it is fresh as of a question asked at most `maxStaleness` ago. */
  isFresh(at?: Stamp): boolean
  /** Asks now, one shared question for all who wait, within a deadline. False when the book is not fresh after it. */
  refresh(): MaybePromise<boolean>
  /** Asks until the book has applied `sequence`. False when it has not. */
  reach(sequence: number): MaybePromise<boolean>
  /** Called whenever the book changed, was replaced, went stale or came back. Gives a function that ends it. */
  subscribe(listener: () => void): () => void
  /** The server's time: that of its last answer plus the time passed since. `at` is a stamp taken in this same turn. */
  now(at?: Stamp): Seconds
}
