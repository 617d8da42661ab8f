import type { Grant, ProblemAnswer, Seconds } from '@countersign/core'
import type { BookKeeper, Engine, Question, StatusBook } from '@countersign/verifier/engine'
import { createJudgement, type Judgement } from './judgement.ts'
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
  readonly judgement: Judgement
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
    for (const { judgement } of entries) judgement.ask()
  }

  function everySecond(): void {
    judgeAll()
    const now = keeper.now()
    for (const entry of entries) judgeAtExpiry(entry, now)
  }

  function judgeAtExpiry(entry: Entry, now: Seconds): void {
    const leftMs = ((entry.grant.expiresAt ?? Number.POSITIVE_INFINITY) - now) * 1000
    if (leftMs < 0 || leftMs > gatewayLimits.rejudgeEveryMs) return
    setTimeout(entry.judgement.ask, Math.ceil(leftMs) + 1).unref()
  }

  function remove(entry: Entry): void {
    entry.judgement.end()
    entries.delete(entry)
    if (entries.size > 0) return
    clearInterval(tick)
    tick = undefined
  }

  return {
    add(watched) {
      const judgement = createJudgement(engine, watched.question, (why, answer) => {
        remove(entry)
        watched.cut(why, answer)
      })
      const entry: Entry = { ...watched, judgement }
      entries.add(entry)
      tick ??= setInterval(everySecond, gatewayLimits.rejudgeEveryMs)
      // The upstream may have taken long since it was let in.
      const { book, version } = markOf(keeper)
      if (book !== entry.mark.book || version !== entry.mark.version) judgement.ask()
      if (entries.has(entry)) judgeAtExpiry(entry, keeper.now())
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
