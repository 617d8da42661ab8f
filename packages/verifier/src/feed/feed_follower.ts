/**
 * Follows the feed of one tenant and knows how fresh its book is (feed.md §3). It applies what streams in, but the
 * promise rests on asking: fresh as of the moment a question was *asked*, less the age of what answered it, and only when
 * everything up to the head named has been applied without a gap.
 *
 * No clock, timer, randomness or network of its own: all come as arguments, so that a simulator can drive it.
 */
import {
  andThen,
  chainInput,
  digest,
  type FeedEntry,
  limits,
  type MaybePromise,
  type Place,
  type PositionAnswer,
  type SealedPlace,
  type Seconds,
} from '@countersign/core'
import { StatusBook } from '../book/status_book.ts'
import type { BookKeeper } from '../book_keeper.ts'
import { type Clock, elapsedMs, type Stamp } from '../clock.ts'
import { inTime as withinDeadline } from '../in_time.ts'
import type { FeedSource, Schedule } from './feed_source.ts'
import { createHandBack } from './hand_back.ts'

export interface FeedFollowerOptions {
  readonly source: FeedSource
  readonly clock: Clock
  readonly schedule: Schedule
  /** In [0, 1). */
  readonly random: () => number
  /** Names this instance in receipts. */
  readonly verifierId: string
  readonly maxStalenessSeconds: number
  /** Whose ceiling holds as well; `undefined` for a follower of every API of the tenant. */
  readonly audience: string | undefined
  /** The book was replaced: forget what was looked up. */
  readonly onReload: () => void
  /** Something went wrong that retrying will mend, or not: for the log. Never holds a credential. */
  readonly onProblem?: (problem: string) => void
}

export interface FeedFollower extends BookKeeper {
  /** Begin. Resolves when the book is there and fresh for the first time. */
  start(): Promise<void>
  close(): void
}

interface Freshness {
  readonly askedAt: Stamp
  readonly ageMs: number
}

/** A stale verifier waits this long for the answer to its question, then says `unavailable`. */
const askDeadlineMs = 1_000
/** No answer of the server may take longer to begin, whatever the bound. */
const answerDeadlineMsMax = 5_000
const retryMsMin = 100
/**
 * What streamed in is reported after this, half more or less: soon, so that a receipt is complete soon. Where changes go on
 * and on each report is twice as late as the one before, up to the most: it is a question that costs more than all the
 * changes it is about.
 */
const reportMs = 500
const reportMsMax = 3_000

/**
 * A keeper that follows the feed from `source`. It asks at least every third of the bound, the smaller of
 * `maxStalenessSeconds` and the API's ceiling, waits for no answer longer than 1 to 5 s, and retries by itself, so that
 * nothing but `close` ends it. Call `start` once.
 */
export function createFeedFollower(options: FeedFollowerOptions): FeedFollower {
  const { source, clock, schedule, random } = options
  const abort = new AbortController()
  let book: StatusBook | undefined
  let freshness: Freshness | undefined
  let serverTime: { readonly now: Seconds; readonly at: Stamp } | undefined
  let asking: Promise<boolean> | undefined
  let cancelTimer: () => void = () => {}
  let cancelStaleTimer: () => void = () => {}
  let cancelReport: () => void = () => {}
  let isReportDue = false
  let reportedAt: Stamp | undefined
  /** With less than the most between each two. */
  let reportsInRow = 0
  /** The highest place of all epochs that a server has sealed: with it a database that went back is found out. */
  let sealed: SealedPlace | undefined
  let failures = 0
  let streaming = false
  let isSaidFresh = false
  let isClockOff = false
  const listeners = new Set<() => void>()
  const { onProblem } = options
  const handBack = createHandBack({ source, schedule, random, onProblem, book: () => book })

  function changed(): void {
    for (const listener of listeners) listener()
  }

  function stalenessMs(): number {
    const ceiling =
      options.audience === undefined ? undefined : book?.apiByAudience(options.audience)?.state.maxStalenessSeconds
    return Math.min(options.maxStalenessSeconds, ceiling ?? limits.maxStalenessSecondsMax) * 1000
  }

  function isFresh(at: Stamp = clock.stamp()): boolean {
    if (book === undefined || freshness === undefined) return false
    return elapsedMs(freshness.askedAt, at) + freshness.ageMs <= stalenessMs()
  }

  /** Counted from when the question was asked: late by no more than its answer took, and late refuses. */
  function now(at: Stamp = clock.stamp()): Seconds {
    return serverTime === undefined ? at.wallMs / 1000 : serverTime.now + elapsedMs(serverTime.at, at) / 1000
  }

  /** Whoever runs on with what was admitted hears of it the moment the book goes stale, and when it is back. */
  function noteFreshness(): void {
    cancelStaleTimer()
    const isFreshNow = isFresh()
    if (isFreshNow && freshness !== undefined) {
      const leftMs = stalenessMs() - freshness.ageMs - elapsedMs(freshness.askedAt, clock.stamp())
      cancelStaleTimer = schedule(Math.max(1, Math.ceil(leftMs + 1)), noteFreshness)
    }
    if (isFreshNow === isSaidFresh) return
    isSaidFresh = isFreshNow
    changed()
  }

  /** One shared question for all who wait. */
  function ask(): Promise<boolean> {
    asking ??= askOnce()
      .catch((error: unknown) => {
        options.onProblem?.(error instanceof Error ? error.message : 'the feed could not be read')
        return false
      })
      .finally(() => {
        asking = undefined
      })
    return asking
  }

  async function askOnce(): Promise<boolean> {
    if (book === undefined) await reload()
    for (let round = 0; round < 3; round++) {
      if (await askAt(book as StatusBook)) return true
    }
    return false
  }

  /** Whether the book is proven fresh by this question. False after a reload: it must be asked again. */
  async function askAt(asked: StatusBook): Promise<boolean> {
    const askedAt = clock.stamp()
    // Whatever has been applied is said with this question.
    if (isReportDue) {
      reportedAt = askedAt
      reportsInRow++
    }
    cancelReport()
    isReportDue = false
    const { place } = asked
    const nonce = createNonce(random)
    const { verifierId, maxStalenessSeconds } = options
    const question = { verifierId, ...place, nonce, maxStalenessSeconds, ...(sealed === undefined ? {} : { sealed }) }
    const answer = await inTime((signal) => source.position(question, signal))
    if (answer.nonce !== nonce || book !== asked) return false
    // Against the place that was named: what streamed in since may rightly be above the head of the answer.
    if (answer.reload === true || answer.epoch !== place.epoch || answer.head < place.sequence) {
      await reload()
      return false
    }
    if (!isSound(answer)) throw new Error('the answer about the feed cannot be read')
    if (!(await catchUp(asked, answer.head))) return false
    if (asked.hasLost(answer.head, askedAt.monotonicMs - answer.ageMs)) {
      await reload()
      return false
    }
    if (asked.place.sequence === answer.head) noteSeal(asked.place, answer.seal)
    prove(answer, askedAt)
    return true
  }

  function noteSeal({ epoch, sequence, chain }: Place, seal: string | undefined): void {
    if (seal === undefined || (sealed !== undefined && sequence <= sealed.sequence)) return
    sealed = { epoch, sequence, chain, seal }
  }

  function prove(answer: PositionAnswer, askedAt: Stamp): void {
    const stamp = clock.stamp()
    const age = elapsedMs(askedAt, stamp) + answer.ageMs
    if (freshness === undefined || age < elapsedMs(freshness.askedAt, stamp) + freshness.ageMs) {
      freshness = { askedAt, ageMs: answer.ageMs }
    }
    const wasClockOff = isClockOff
    isClockOff = Math.abs(answer.now - stamp.wallMs / 1000) > limits.clockLeewaySeconds
    if (isClockOff && !wasClockOff) options.onProblem?.('this machine’s clock is more than 10 s off the server’s')
    serverTime = { now: answer.now, at: askedAt }
    noteFreshness()
    if (answer.dropTime !== undefined) book?.sweep(answer.dropTime)
  }

  /**
   * An answer that never comes must not keep the next question from being asked. The server's time for it is a third of
   * the bound, the time between two questions.
   */
  function inTime<T>(run: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const deadlineMs = Math.min(answerDeadlineMsMax, Math.max(askDeadlineMs, stalenessMs() / 3))
    return withinDeadline(schedule, deadlineMs, abort.signal, run)
  }

  /** Fetch what is missing up to `head`. False when the log is not what the book was built on: a snapshot was loaded. */
  async function catchUp(asked: StatusBook, head: number): Promise<boolean> {
    while (asked.place.sequence < head) {
      const before = asked.place.sequence
      const { place } = asked
      const answer = await inTime((signal) => source.entries(place, signal))
      if (book !== asked) return false
      if (answer === 'reload') {
        await reload()
        return false
      }
      for (const entry of answer.entries) {
        if (entry.sequence <= asked.place.sequence) continue
        const applied = applyNext(asked, entry)
        if (!(applied instanceof Promise ? await applied : applied)) {
          await reload()
          return false
        }
      }
      if (asked.place.sequence === before) return false
    }
    return true
  }

  /** The next entry and no other: its number follows and its chain value covers what came before. */
  function applyNext(to: StatusBook, entry: FeedEntry): MaybePromise<boolean> {
    const { place } = to
    return andThen(digest(chainInput(place.chain, entry)), (chain) => {
      // Somebody else applied it while the digest was computed: a duplicate is harmless.
      if (to.place !== place) return entry.sequence <= to.place.sequence
      if (entry.sequence !== place.sequence + 1 || entry.chain !== chain) return false
      to.apply(entry)
      noteSeal(to.place, entry.seal)
      changed()
      return true
    })
  }

  /** A new book beside the old, swapped in one turn. Until then the old one goes on refusing and grows no fresher. */
  async function reload(): Promise<void> {
    const snapshot = await inTime(() => source.snapshot(abort.signal))
    const entries = []
    for await (const entry of snapshot.entries) entries.push(entry)
    const next = StatusBook.fromSnapshot({ ...snapshot, entries }, Math.floor(random() * 0x1_0000_0000))
    // Of the same epoch too: a server that lags answers with an older book.
    if (book !== undefined) next.keepRevoked(book, 'with_mac')
    book = next
    noteSeal(snapshot.place, snapshot.seal)
    handBack.wake()
    freshness = undefined
    isSaidFresh = false
    options.onReload()
    changed()
  }

  /** For speed: what streams in is applied when it is next, and asked for when something is missing before it. */
  function openStream(): void {
    if (streaming || book === undefined || abort.signal.aborted) return
    streaming = true
    // What comes while one waits, for a digest or an answer, waits behind it; where nothing waits, no promise is made.
    let pending: Promise<void> | undefined
    const take = (entry: FeedEntry): MaybePromise<void> => {
      if (book === undefined || entry.sequence <= book.place.sequence) return
      return andThen(applyNext(book, entry), (isApplied) => (isApplied ? reportSoon() : ask().then(() => {})))
    }
    const onEntry = (entry: FeedEntry): void => {
      const taken = pending === undefined ? take(entry) : pending.then(() => take(entry))
      if (!(taken instanceof Promise)) return
      const last = taken.finally(() => {
        if (pending === last) pending = undefined
      })
      pending = last
    }
    source
      .stream(book.place, onEntry, abort.signal)
      .catch(() => {})
      .finally(() => {
        streaming = false
        if (!abort.signal.aborted) schedule(retryMsMin + random() * 900, openStream)
      })
  }

  /** The next question says what was applied, and receipts wait for it; one is enough for all that came meanwhile. */
  function reportSoon(): void {
    if (isReportDue) return
    isReportDue = true
    if (reportedAt === undefined || elapsedMs(reportedAt, clock.stamp()) >= reportMsMax) reportsInRow = 0
    const delayMs = Math.min(reportMsMax, reportMs * 2 ** Math.min(reportsInRow, 10))
    cancelReport = schedule(delayMs * (0.5 + random()), () => {
      // A question that is under way was asked before this was applied.
      if (asking === undefined) loop()
      else void asking.then(loop)
    })
  }

  /** Asks now, and then again after the regular time, whoever asked: a report is as good a question as any. */
  function loop(): void {
    if (abort.signal.aborted) return
    cancelTimer()
    void ask().then((ok) => {
      if (abort.signal.aborted) return
      openStream()
      failures = ok ? 0 : failures + 1
      noteFreshness()
      const regular = (stalenessMs() / 3) * (0.7 + 0.3 * random())
      const retry = Math.min(regular, retryMsMin * 2 ** Math.min(failures, 10) * (0.5 + random()))
      cancelTimer()
      cancelTimer = schedule(ok ? regular : retry, loop)
    })
  }

  function hasReached(sequence: number): boolean {
    return book !== undefined && book.place.sequence >= sequence
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

  return {
    get book() {
      return book
    },
    isFresh,
    now,
    subscribe(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    refresh: (): MaybePromise<boolean> => (isFresh() ? true : withDeadline(ask()).then(() => isFresh())),
    reach: (sequence: number): MaybePromise<boolean> =>
      withDeadline(
        // A question already under way may have been answered before `sequence` was there: then ask a second one.
        ask().then((ok) => (ok && !hasReached(sequence) ? ask() : ok)),
      ).then(() => hasReached(sequence)),
    async start() {
      const ok = await ask()
      if (abort.signal.aborted) return
      openStream()
      cancelTimer = schedule(ok ? (stalenessMs() / 3) * (0.7 + 0.3 * random()) : retryMsMin * (0.5 + random()), loop)
    },
    close() {
      abort.abort()
      handBack.close()
      cancelTimer()
      cancelReport()
      cancelStaleTimer()
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
