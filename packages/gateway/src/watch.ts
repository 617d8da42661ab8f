import type { Grant, Rejection, Seconds } from '@countersign/core'
import type { BookKeeper, Engine, Outcome, Question } from '@countersign/verifier'
import { gatewayLimits } from './limits.ts'

/** An exchange that goes on after it was let through. */
export interface Watched {
  readonly question: Question
  readonly grant: Grant
  /** An upgraded connection or an event stream: judged from its first moment. Others once they have run for a second. */
  readonly isOpenEnded: boolean
  /** End it. Called at most once. */
  cut(why: string): void
}

export interface Watch {
  /** Judges it until the function it gives is called. */
  add(watched: Watched): () => void
  close(): void
}

interface Entry extends Watched {
  isLongLived: boolean
  isAsking: boolean
  isEnded: boolean
}

/**
 * feed.md, the bound: an upgraded connection, an event stream or a response still streaming is judged again whenever the
 * book changes or goes stale, once a second, and at expiry; whatever would not be let in now is cut. Nothing is spent
 * from a rate limit. One timer for all; a fast book is followed at most twenty times a second.
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
    for (const entry of entries) if (entry.isLongLived) judge(entry)
  }

  function everySecond(): void {
    judgeAll()
    const now = keeper.now()
    for (const entry of entries) {
      entry.isLongLived = true
      judgeAtExpiry(entry, now)
    }
  }

  function judgeAtExpiry(entry: Entry, now: Seconds): void {
    const leftMs = ((entry.grant.expiresAt ?? Number.POSITIVE_INFINITY) - now) * 1000
    if (leftMs < 0 || leftMs > gatewayLimits.rejudgeEveryMs) return
    setTimeout(() => judge(entry), Math.ceil(leftMs) + 1).unref()
  }

  function judge(entry: Entry): void {
    if (entry.isEnded || entry.isAsking) return
    entry.isAsking = true
    const settle = (why: string | undefined): void => {
      entry.isAsking = false
      if (why !== undefined && !entry.isEnded) end(entry, why)
    }
    try {
      const outcome = engine.verify({ ...entry.question, isRepeat: true })
      if (outcome instanceof Promise) void outcome.then(reasonOf, () => 'the engine failed').then(settle)
      else settle(reasonOf(outcome))
    } catch {
      settle('the engine failed')
    }
  }

  function end(entry: Entry, why: string): void {
    remove(entry)
    entry.cut(why)
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
      const entry = { ...watched, isLongLived: watched.isOpenEnded, isAsking: false, isEnded: false }
      entries.add(entry)
      tick ??= setInterval(everySecond, gatewayLimits.rejudgeEveryMs)
      // Since it was let in, the upstream may have taken its time.
      if (entry.isOpenEnded) judge(entry)
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

function reasonOf(outcome: Outcome): string | undefined {
  if (outcome.outcome === 'verified') return undefined
  return outcome.outcome === 'unavailable' ? 'unavailable: nobody could tell' : rejectionText(outcome.rejection)
}

function rejectionText({ code, detail }: Rejection): string {
  return `${code}: ${detail}`
}
