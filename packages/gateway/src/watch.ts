import { type Grant, type ProblemAnswer, rejectionAnswer, type Seconds, unavailableAnswer } from '@countersign/core'
import type { BookKeeper, Engine, Outcome, Question, StatusBook } from '@countersign/verifier/engine'
import { gatewayLimits } from './limits.ts'

/** The book, and its state, by which something was decided. */
export interface BookMark {
  readonly book: StatusBook | undefined
  readonly version: number
}

/** An exchange that goes on after it was let through. */
export interface Watched {
  readonly question: Question
  readonly grant: Grant
  /** The mark read before the decision that let it through. */
  readonly mark: BookMark
  /** Ends the exchange. Called at most once. `answer` is for a caller that has none yet. */
  cut(why: string, answer: ProblemAnswer): void
}

/** The present mark of a book. It is read before a decision, so that no change between the two is missed. */
export function markOf({ book }: Pick<BookKeeper, 'book'>): BookMark {
  return { book, version: book?.version ?? -1 }
}

export interface Watch {
  /** Judges an exchange until the returned function is called. */
  add(watched: Watched): () => void
  close(): void
}

interface Entry extends Watched {
  isAsking: boolean
  /** The book changed during a judgement, whose answer may be out of date. */
  isDue: boolean
  isEnded: boolean
}

/**
 * docs/protocol/gateway.md §4: an upgraded connection, an event stream, an upload or a response still streaming is
 * judged again whenever the book changes or goes stale, once a second, and at expiry; one that would not be let in now
 * is cut. At the start of its watch it is judged at once if the book has changed since it was let in. Nothing is spent
 * from a rate limit. One timer serves all; a fast book is followed at most twenty times a second.
 */
export function createWatch(engine: Engine, keeper: BookKeeper): Watch {
  const entries = new Set<Entry>()
  let tick: NodeJS.Timeout | undefined
  let pending: NodeJS.Timeout | undefined
  const unsubscribe = keeper.subscribe(() => {
    if (entries.size > 0) pending ??= setTimeout(judgeAll, gatewayLimits.rejudgeGapMs)
  })

  function judgeAll(): void {
    clearTimeout(pending)
    pending = undefined
    for (const entry of entries) judge(entry)
  }

  function everySecond(): void {
    judgeAll()
    const now = keeper.now()
    for (const entry of entries) judgeAtExpiry(entry, now)
  }

  function judgeAtExpiry(entry: Entry, now: Seconds): void {
    const leftMs = ((entry.grant.expiresAt ?? Number.POSITIVE_INFINITY) - now) * 1000
    if (leftMs < 0 || leftMs > gatewayLimits.rejudgeEveryMs) return
    setTimeout(() => judge(entry), Math.ceil(leftMs) + 1).unref()
  }

  function judge(entry: Entry): void {
    if (entry.isEnded) return
    if (entry.isAsking) {
      entry.isDue = true
      return
    }
    try {
      const outcome = engine.verify({ ...entry.question, isRepeat: true })
      if (outcome instanceof Promise) wait(entry, outcome)
      else settle(entry, refusalOf(outcome))
    } catch {
      settle(entry, failed)
    }
  }

  /** A judgement that gets no answer in time counts as a refusal. */
  function wait(entry: Entry, asked: Promise<Outcome>): void {
    entry.isAsking = true
    const timer = setTimeout(() => settle(entry, noAnswer), gatewayLimits.rejudgeTimeoutMs)
    void asked
      .then(refusalOf, () => failed)
      .then((refusal) => {
        clearTimeout(timer)
        entry.isAsking = false
        settle(entry, refusal)
        if (!entry.isDue) return
        entry.isDue = false
        judge(entry)
      })
  }

  function settle(entry: Entry, refusal: Refusal | undefined): void {
    if (refusal === undefined || entry.isEnded) return
    remove(entry)
    entry.cut(refusal.why, refusal.answer)
  }

  function remove(entry: Entry): void {
    entry.isEnded = true
    entries.delete(entry)
    if (entries.size > 0) return
    clearInterval(tick)
    tick = undefined
  }

  return {
    add(watched) {
      const entry = { ...watched, isAsking: false, isDue: false, isEnded: false }
      entries.add(entry)
      tick ??= setInterval(everySecond, gatewayLimits.rejudgeEveryMs)
      // The upstream may have taken long since it was let in.
      const { book, version } = markOf(keeper)
      if (book !== entry.mark.book || version !== entry.mark.version) judge(entry)
      if (!entry.isEnded) judgeAtExpiry(entry, keeper.now())
      return () => remove(entry)
    },
    close() {
      unsubscribe()
      clearInterval(tick)
      clearTimeout(pending)
      tick = undefined
      entries.clear()
    },
  }
}

interface Refusal {
  readonly why: string
  readonly answer: ProblemAnswer
}

const failed: Refusal = { why: 'the engine failed', answer: unavailableAnswer(1) }
const noAnswer: Refusal = { why: 'unavailable: no answer in time', answer: unavailableAnswer(1) }

function refusalOf(outcome: Outcome): Refusal | undefined {
  if (outcome.outcome === 'verified') return undefined
  if (outcome.outcome === 'unavailable') {
    return {
      why: 'unavailable: the credential could not be judged',
      answer: unavailableAnswer(outcome.retryAfterSeconds),
    }
  }
  const { rejection } = outcome
  return { why: `${rejection.code}: ${rejection.detail}`, answer: rejectionAnswer(rejection) }
}
