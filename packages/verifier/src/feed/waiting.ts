/** How long a verification waits for the book that it needs: one question, up to a second, then `unavailable`. */
import type { MaybePromise } from '@countersign/core'
import type { BookKeeper } from '../book_keeper.ts'
import type { Schedule } from './feed_source.ts'
import type { FollowedBook } from './followed_book.ts'
import type { FreshnessWatch } from './freshness_watch.ts'

const askDeadlineMs = 1_000

export function createWaiting(options: {
  readonly schedule: Schedule
  readonly followed: FollowedBook
  readonly freshness: FreshnessWatch
  readonly ask: () => Promise<boolean>
}): Pick<BookKeeper, 'refresh' | 'reach'> {
  const { schedule, followed, freshness, ask } = options

  function withDeadline(asked: Promise<boolean>): Promise<boolean> {
    return new Promise((resolve) => {
      const cancel = schedule(askDeadlineMs, () => resolve(false))
      void asked.then((ok) => {
        cancel()
        resolve(ok)
      })
    })
  }

  function refresh(): MaybePromise<boolean> {
    return freshness.isFresh() ? true : withDeadline(ask()).then(() => freshness.isFresh())
  }

  function reach(sequence: number): MaybePromise<boolean> {
    const hasReached = (): boolean => (followed.current?.place.sequence ?? -1) >= sequence
    // A question already under way may have been answered before `sequence` was there: then ask a second one.
    const asked = ask().then((ok) => (ok && !hasReached() ? ask() : ok))
    return withDeadline(asked).then(hasReached)
  }

  return { refresh, reach }
}
