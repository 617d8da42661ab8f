/**
 * Follows the feed of one tenant and knows how fresh its book is (docs/protocol/feed.md §3). It applies what streams
 * in, but the promise rests on asking: fresh as of the moment a question was *asked*, less the age of what answered it,
 * and only when everything up to the head named has been applied without a gap.
 *
 *     ask ─► catch up ─► prove ─► ask again: after a third of the bound, or sooner where something is to be reported
 *     stream ─► apply ─► report
 *
 * No clock, timer, randomness or network of its own: all come as arguments, so that a simulator can drive it.
 */
import { andThen, type FeedEntry, type MaybePromise } from '@countersign/core'
import type { StatusBook } from '../book/status_book.ts'
import type { BookKeeper } from '../book_keeper.ts'
import type { Clock } from '../clock.ts'
import { createEntryStream } from './entry_stream.ts'
import type { FeedSource, Schedule } from './feed_source.ts'
import { FollowedBook } from './followed_book.ts'
import { createFreshnessWatch } from './freshness_watch.ts'
import { createHandBack } from './hand_back.ts'
import { createListeners } from './listeners.ts'
import { createPositionQuestions } from './position_questions.ts'
import { createQuestionSchedule } from './question_schedule.ts'
import { createReportSchedule } from './report_schedule.ts'
import { createStalenessBound } from './staleness_bound.ts'
import { createWaiting } from './waiting.ts'

/** The ports and the bound of a follower. */
export interface FeedFollowerOptions {
  /** The server's feed. */
  readonly source: FeedSource
  /** The source of time. */
  readonly clock: Clock
  /** The source of timers. */
  readonly schedule: Schedule
  /** Gives a number in [0, 1). */
  readonly random: () => number
  /** Names this instance in receipts. */
  readonly verifierId: string
  /** The bound in seconds, 1 to 300; an API's ceiling may lower it. */
  readonly maxStalenessSeconds: number
  /** The API whose ceiling holds as well; `undefined` for a follower of every API of the tenant. */
  readonly audience: string | undefined
  /** The book was replaced: forget what was looked up. */
  readonly onReload: () => void
  /** Called with a problem for the log, whether or not retrying mends it. Never holds a credential. */
  readonly onProblem?: (problem: string) => void
}

/** A keeper of a status book that follows a feed. */
export interface FeedFollower extends BookKeeper {
  /** Begin. Resolves when the book is there and fresh for the first time. */
  start(): Promise<void>
  /** Ends the stream and the timers. */
  close(): void
}

/**
 * A keeper that follows the feed from `source`. It asks at least every third of the bound, the smaller of
 * `maxStalenessSeconds` and the API's ceiling, waits for no answer longer than 1 to 5 s, and retries by itself, so that
 * nothing but `close` ends it. Call `start` once.
 */
export function createFeedFollower(options: FeedFollowerOptions): FeedFollower {
  const { source, clock, schedule, random, onProblem } = options
  const abort = new AbortController()
  const { signal } = abort
  const listeners = createListeners()
  /** As in `followed`, kept here too, since every verification reads it several times. */
  let book: StatusBook | undefined

  function replaced(next: StatusBook): void {
    book = next
    handBack.wake()
    freshness.reset()
    options.onReload()
    listeners.notify()
  }

  /**
   * An entry of the stream is applied when it is the next one; when something is missing before it, that is asked for.
   */
  function take(to: StatusBook, entry: FeedEntry): MaybePromise<void> {
    return andThen(followed.applyNext(to, entry), (isApplied) =>
      isApplied ? reports.applied() : questions.ask().then(() => {}),
    )
  }

  const bound = createStalenessBound({ ...options, signal, book: () => book })
  const followed = new FollowedBook({
    source,
    random,
    signal,
    within: bound.within,
    onApplied: listeners.notify,
    onReplaced: replaced,
  })
  const freshness = createFreshnessWatch({ clock, schedule, onProblem, boundMs: bound.ms, onTurn: listeners.notify })
  const handBack = createHandBack({ source, schedule, random, onProblem, book: () => followed.current })
  const reports = createReportSchedule({ clock, schedule, random, report: () => rounds.askAfresh() })
  const questions = createPositionQuestions({ ...options, bound, followed, freshness, reports })
  const stream = createEntryStream({ source, schedule, random, signal, book: () => followed.current, take })
  const rounds = createQuestionSchedule({ schedule, random, signal, bound, questions, stream, freshness })
  const waiting = createWaiting({ schedule, followed, freshness, ask: questions.ask })

  return {
    get book() {
      return book
    },
    isFresh: freshness.isFresh,
    now: freshness.now,
    subscribe: listeners.subscribe,
    ...waiting,
    start: rounds.start,
    close() {
      abort.abort()
      handBack.close()
      rounds.close()
      reports.close()
      freshness.close()
    },
  }
}
