/**
 * Follows the feed of one tenant and knows how fresh its book is (feed.md §3). It applies what streams in, but the
 * promise rests on asking: fresh as of the moment a question was *asked*, less the age of what answered it, and only when
 * everything up to the head named has been applied without a gap.
 *
 * No clock, timer, randomness or network of its own: all come as arguments, so that a simulator can drive it.
 */
import {
  chainInput,
  digest,
  type FeedEntry,
  limits,
  type MaybePromise,
  type PositionAnswer,
  type Seconds,
} from '@countersign/core'
import type { BookKeeper } from './book_keeper.ts'
import { type Clock, elapsedMs, type Stamp } from './clock.ts'
import type { FeedSource, Schedule } from './feed_source.ts'
import { StatusBook } from './status_book.ts'

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
const retryMsMin = 100
const sweepEveryMs = 60_000

export function createFeedFollower(options: FeedFollowerOptions): FeedFollower {
  const { source, clock, schedule, random } = options
  const abort = new AbortController()
  let book: StatusBook | undefined
  let freshness: Freshness | undefined
  let serverTime: { readonly now: Seconds; readonly at: Stamp } | undefined
  let asking: Promise<boolean> | undefined
  let cancelTimer: () => void = () => {}
  let failures = 0
  let streaming = false
  let sweptAt: Stamp = clock.stamp()
  const listeners = new Set<() => void>()

  function changed(): void {
    for (const listener of listeners) listener()
  }

  function stalenessMs(): number {
    const ceiling =
      options.audience === undefined ? undefined : book?.apiByAudience(options.audience)?.state.maxStalenessSeconds
    return Math.min(options.maxStalenessSeconds, ceiling ?? limits.maxStalenessSecondsMax) * 1000
  }

  function isFresh(): boolean {
    if (book === undefined || freshness === undefined) return false
    return elapsedMs(freshness.askedAt, clock.stamp()) + freshness.ageMs <= stalenessMs()
  }

  function now(): Seconds {
    const stamp = clock.stamp()
    return serverTime === undefined ? stamp.wallMs / 1000 : serverTime.now + elapsedMs(serverTime.at, stamp) / 1000
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
    const nonce = createNonce(random)
    const { verifierId, maxStalenessSeconds } = options
    const answer = await source.position({ verifierId, ...asked.place, nonce, maxStalenessSeconds }, abort.signal)
    if (answer.nonce !== nonce || book !== asked) return false
    if (answer.reload === true || answer.epoch !== asked.place.epoch || answer.head < asked.place.sequence) {
      await reload()
      return false
    }
    if (!(await catchUp(asked, answer.head))) return false
    prove(answer, askedAt)
    return true
  }

  function prove(answer: PositionAnswer, askedAt: Stamp): void {
    const stamp = clock.stamp()
    const wasFresh = isFresh()
    const age = elapsedMs(askedAt, stamp) + answer.ageMs
    if (freshness === undefined || age < elapsedMs(freshness.askedAt, stamp) + freshness.ageMs) {
      freshness = { askedAt, ageMs: answer.ageMs }
    }
    if (Math.abs(answer.now - stamp.wallMs / 1000) > limits.clockLeewaySeconds) {
      options.onProblem?.('this machine’s clock is more than 10 s off the server’s')
    }
    serverTime = { now: answer.now, at: askedAt }
    if (!wasFresh) changed()
    if (elapsedMs(sweptAt, stamp) < sweepEveryMs) return
    sweptAt = stamp
    book?.sweep(answer.now)
  }

  /** Fetch what is missing up to `head`. False when the log is not what the book was built on: a snapshot was loaded. */
  async function catchUp(asked: StatusBook, head: number): Promise<boolean> {
    while (asked.place.sequence < head) {
      const before = asked.place.sequence
      const answer = await source.entries(asked.place, abort.signal)
      if (book !== asked) return false
      if (answer === 'reload') {
        await reload()
        return false
      }
      for (const entry of answer.entries) {
        if (entry.sequence <= asked.place.sequence) continue
        if (!(await applyNext(asked, entry))) {
          await reload()
          return false
        }
      }
      if (asked.place.sequence === before) return false
    }
    return true
  }

  /** The next entry and no other: its number follows and its chain value covers what came before. */
  async function applyNext(to: StatusBook, entry: FeedEntry): Promise<boolean> {
    const { place } = to
    const computed = digest(chainInput(place.chain, entry))
    const chain = computed instanceof Promise ? await computed : computed
    // Somebody else applied it while the digest was computed: a duplicate is harmless.
    if (to.place !== place) return entry.sequence <= to.place.sequence
    if (entry.sequence !== place.sequence + 1 || entry.chain !== chain) return false
    to.apply(entry)
    changed()
    return true
  }

  /** A new book beside the old, swapped in one turn. Until then the old one goes on refusing and grows no fresher. */
  async function reload(): Promise<void> {
    const snapshot = await source.snapshot(abort.signal)
    const entries = []
    for await (const entry of snapshot.entries) entries.push(entry)
    const next = StatusBook.fromSnapshot({ ...snapshot, entries }, Math.floor(random() * 0x1_0000_0000))
    if (book !== undefined && book.place.epoch !== next.place.epoch) next.keepRevoked(book)
    book = next
    freshness = undefined
    options.onReload()
    changed()
  }

  /** For speed: what streams in is applied when it is next, and asked for when something is missing before it. */
  function openStream(): void {
    if (streaming || book === undefined || abort.signal.aborted) return
    streaming = true
    let pending = Promise.resolve()
    const onEntry = (entry: FeedEntry): void => {
      pending = pending.then(async () => {
        if (book === undefined || entry.sequence <= book.place.sequence) return
        if (!(await applyNext(book, entry))) await ask()
      })
    }
    source
      .stream(book.place, onEntry, abort.signal)
      .catch(() => {})
      .finally(() => {
        streaming = false
        if (!abort.signal.aborted) schedule(retryMsMin + random() * 900, openStream)
      })
  }

  function loop(): void {
    if (abort.signal.aborted) return
    void ask().then((ok) => {
      if (abort.signal.aborted) return
      openStream()
      failures = ok ? 0 : failures + 1
      if (!isFresh()) changed()
      const regular = (stalenessMs() / 3) * (0.7 + 0.3 * random())
      const retry = Math.min(regular, retryMsMin * 2 ** Math.min(failures, 10) * (0.5 + random()))
      cancelTimer = schedule(ok ? regular : retry, loop)
    })
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
    refresh: (): MaybePromise<boolean> => (isFresh() ? true : withDeadline(ask()).then(isFresh)),
    reach: (sequence: number): MaybePromise<boolean> =>
      withDeadline(ask()).then(() => book !== undefined && book.place.sequence >= sequence),
    async start() {
      const ok = await ask()
      openStream()
      cancelTimer = schedule(ok ? (stalenessMs() / 3) * (0.7 + 0.3 * random()) : retryMsMin, loop)
    },
    close() {
      abort.abort()
      cancelTimer()
    },
  }
}

function createNonce(random: () => number): string {
  return Array.from({ length: 4 }, () => Math.floor(random() * 0x1_0000_0000).toString(36)).join('')
}
