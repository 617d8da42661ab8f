import type { MaybePromise, Seconds } from '@countersign/core'
import type { StatusBook } from './book/status_book.ts'
import type { Stamp } from './clock.ts'

/** Whoever follows the feed and can say how fresh the book is: a follower over HTTP, or the server's own. A port. */
export interface BookKeeper {
  /** Undefined before the first snapshot. */
  readonly book: StatusBook | undefined
  /** Whether the book may be spoken from now: fresh as of a question asked at most `maxStaleness` ago. */
  isFresh(at?: Stamp): boolean
  /** Ask now, one shared question for all who wait, within a deadline. Whether the book is fresh after it. */
  refresh(): MaybePromise<boolean>
  /** Ask until the book has applied `sequence`. Whether it has. */
  reach(sequence: number): MaybePromise<boolean>
  /** Called whenever the book changed, was replaced, went stale or came back. Gives a function that ends it. */
  subscribe(listener: () => void): () => void
  /** By the server's clock, from its last answer and what has passed since. `at`: a stamp taken in this very turn. */
  now(at?: Stamp): Seconds
}
