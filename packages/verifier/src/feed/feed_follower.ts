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
import {
  andThen,
  type FeedEntry,
  limits,
  type MaybePromise,
  type PositionAnswer,
  type PositionQuestion,
} from '@countersign/core'
import type { StatusBook } from '../book/status_book.ts'
import type { BookKeeper } from '../book_keeper.ts'
import type { Clock } from '../clock.ts'
import { inTime } from '../in_time.ts'
import { createEntryStream } from './entry_stream.ts'
import type { FeedSource, Schedule } from './feed_source.ts'
import { createFollowedBook } from './followed_book.ts'
import { boundMsOf } from './freshness.ts'
import { createFreshnessWatch } from './freshness_watch.ts'
import { createHandBack } from './hand_back.ts'
import { createReportSchedule } from './report_schedule.ts'

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

/** A stale verifier waits this long for the answer to its question, then says `unavailable`. */
const askDeadlineMs = 1_000
/** No answer of the server may take longer to begin, whatever the bound. */
const answerDeadlineMsMax = 5_000
const retryMsMin = 100
/** A question may find another book or another log than it named; then it is asked again, this often in all. */
const questionsMax = 3

/**
 * A keeper that follows the feed from `source`. It asks at least every third of the bound, the smaller of
 * `maxStalenessSeconds` and the API's ceiling, waits for no answer longer than 1 to 5 s, and retries by itself, so that
 * nothing but `close` ends it. Call `start` once.
 */
export function createFeedFollower(options: FeedFollowerOptions): FeedFollower {
  const { source, clock, schedule, random, onProblem, audience, maxStalenessSeconds, verifierId } = options
  const abort = new AbortController()
  const { signal } = abort
  const listeners = new Set<() => void>()
  /** As in `followed`, kept here too, since every verification reads it several times. */
  let book: StatusBook | undefined
  let asking: Promise<boolean> | undefined
  let cancelTimer: () => void = () => {}
  let failures = 0

  const followed = createFollowedBook({
    source,
    random,
    signal,
    within,
    onApplied: changed,
    onReplaced(next) {
      book = next
      handBack.wake()
      freshness.reset()
      options.onReload()
      changed()
    },
  })
  const freshness = createFreshnessWatch({ clock, schedule, boundMs, onTurn: changed, onProblem })
  const handBack = createHandBack({ source, schedule, random, onProblem, book: () => followed.current })
  // A question that is under way was asked before this was applied: it reports too little, and another one follows it.
  const reports = createReportSchedule({
    clock,
    schedule,
    random,
    report: () => (asking === undefined ? loop() : void asking.then(loop)),
  })
  const stream = createEntryStream({ source, schedule, random, signal, book: () => followed.current, take })

  function changed(): void {
    for (const listener of listeners) listener()
  }

  function boundMs(): number {
    const state = audience === undefined ? undefined : book?.apiByAudience(audience)?.state
    return boundMsOf(maxStalenessSeconds, state?.maxStalenessSeconds ?? limits.maxStalenessSecondsMax)
  }

  /**
   * An answer that never comes must not keep the next question from being asked. The server's time for it is a third of
   * the bound, the time between two questions.
   */
  function within<T>(run: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const deadlineMs = Math.min(answerDeadlineMsMax, Math.max(askDeadlineMs, boundMs() / 3))
    return inTime(schedule, deadlineMs, signal, run)
  }

  /** One shared question for all who wait. Whether the book is proven fresh by it. */
  function ask(): Promise<boolean> {
    asking ??= askUntilProven()
      .catch((error: unknown) => {
        onProblem?.(error instanceof Error ? error.message : 'the feed could not be read')
        return false
      })
      .finally(() => {
        asking = undefined
      })
    return asking
  }

  async function askUntilProven(): Promise<boolean> {
    if (followed.current === undefined) await followed.reload()
    for (let count = 0; count < questionsMax; count++) {
      if (await askAbout(followed.current as StatusBook)) return true
    }
    return false
  }

  /** One question. False when it proved nothing, after a reload for example: it must be asked again. */
  async function askAbout(asked: StatusBook): Promise<boolean> {
    const askedAt = clock.stamp()
    reports.asked(askedAt)
    const { place } = asked
    const question = questionAt(asked)
    const answer = await within((untilLate) => source.position(question, untilLate))
    if (answer.nonce !== question.nonce || followed.current !== asked) return false
    // Compared with the place that was named: what streamed in since may rightly be above the head of the answer.
    if (answer.reload === true || answer.epoch !== place.epoch || answer.head < place.sequence) {
      await followed.reload()
      return false
    }
    if (!isSound(answer)) throw new Error('the answer about the feed cannot be read')
    if (!(await followed.catchUp(asked, answer.head))) return false
    if (asked.hasLost(answer.head, askedAt.monotonicMs - answer.ageMs)) {
      await followed.reload()
      return false
    }
    if (asked.place.sequence === answer.head) followed.noteSeal(asked.place, answer.seal)
    freshness.prove(answer, askedAt)
    if (answer.dropTime !== undefined) followed.current?.sweep(answer.dropTime)
    return true
  }

  function questionAt({ place }: StatusBook): PositionQuestion {
    const { sealed } = followed
    const nonce = createNonce(random)
    return { verifierId, ...place, nonce, maxStalenessSeconds, ...(sealed === undefined ? {} : { sealed }) }
  }

  /**
   * An entry of the stream is applied when it is the next one; when something is missing before it, that is asked for.
   */
  function take(to: StatusBook, entry: FeedEntry): MaybePromise<void> {
    return andThen(followed.applyNext(to, entry), (isApplied) => (isApplied ? reports.applied() : ask().then(() => {})))
  }

  /** Asks now, and again after the regular time. A report is a question too, so it restarts that time. */
  function loop(): void {
    if (signal.aborted) return
    cancelTimer()
    void ask().then((ok) => {
      if (signal.aborted) return
      stream.open()
      failures = ok ? 0 : failures + 1
      freshness.review()
      const regular = regularMs()
      const retry = Math.min(regular, retryMs())
      cancelTimer()
      cancelTimer = schedule(ok ? regular : retry, loop)
    })
  }

  /** A third of the bound, up to 30 % sooner. */
  function regularMs(): number {
    return (boundMs() / 3) * (0.7 + 0.3 * random())
  }

  /** 100 ms, ±50 %, twice as long after each failure. */
  function retryMs(): number {
    return retryMsMin * 2 ** Math.min(failures, 10) * (0.5 + random())
  }

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

  return {
    get book() {
      return book
    },
    isFresh: freshness.isFresh,
    now: freshness.now,
    subscribe(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    refresh,
    reach,
    async start() {
      const ok = await ask()
      if (signal.aborted) return
      stream.open()
      cancelTimer = schedule(ok ? regularMs() : retryMs(), loop)
    },
    close() {
      abort.abort()
      handBack.close()
      cancelTimer()
      reports.close()
      freshness.close()
    },
  }
}

/** An age that is none would make a book fresh for ever, or never again. */
function isSound(answer: PositionAnswer): boolean {
  return (
    Number.isSafeInteger(answer.head) &&
    Number.isFinite(answer.ageMs) &&
    answer.ageMs >= 0 &&
    Number.isFinite(answer.now) &&
    (answer.dropTime === undefined || Number.isFinite(answer.dropTime))
  )
}

function createNonce(random: () => number): string {
  return Array.from({ length: 4 }, () => Math.floor(random() * 0x1_0000_0000).toString(36)).join('')
}
