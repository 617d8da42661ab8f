import { limits } from '@countersign/core'
import type { StatusBook } from '../book/status_book.ts'
import { inTime } from '../in_time.ts'
import type { Schedule } from './feed_source.ts'
import { boundMsOf } from './freshness.ts'

/** No answer may be waited for longer than a second, or a third of the bound where that is more, up to 5 s. */
const answerDeadlineMsMin = 1_000
const answerDeadlineMsMax = 5_000

/** The bound of a follower as it is now, and the deadline of a request that follows from it. */
export interface StalenessBound {
  ms(): number
  /**
   * An answer that never comes must not keep the next question from being asked. The server's time for it is a third of
   * the bound, the time between two questions.
   */
  within<T>(run: (signal: AbortSignal) => Promise<T>): Promise<T>
}

/** `book` is asked each time, since an API's ceiling may change. */
export function createStalenessBound(options: {
  readonly schedule: Schedule
  readonly signal: AbortSignal
  readonly maxStalenessSeconds: number
  readonly audience: string | undefined
  readonly book: () => StatusBook | undefined
}): StalenessBound {
  const { schedule, signal, maxStalenessSeconds, audience } = options

  function ms(): number {
    const state = audience === undefined ? undefined : options.book()?.apiByAudience(audience)?.state
    return boundMsOf(maxStalenessSeconds, state?.maxStalenessSeconds ?? limits.maxStalenessSecondsMax)
  }

  return {
    ms,
    within(run) {
      const deadlineMs = Math.min(answerDeadlineMsMax, Math.max(answerDeadlineMsMin, ms() / 3))
      return inTime(schedule, deadlineMs, signal, run)
    },
  }
}
