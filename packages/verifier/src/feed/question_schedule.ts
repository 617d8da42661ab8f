/**
 * When a follower asks: after a third of the bound, up to 30 % sooner. After a failure it asks again in 100 ms, ±50 %,
 * twice as long after each further one, but never later than without a failure.
 */
import type { EntryStream } from './entry_stream.ts'
import type { Schedule } from './feed_source.ts'
import type { FreshnessWatch } from './freshness_watch.ts'
import type { PositionQuestions } from './position_questions.ts'
import type { StalenessBound } from './staleness_bound.ts'

const retryMsMin = 100

export interface QuestionSchedule {
  /** Asks for the first time. Resolves when that is answered, whether or not the book is fresh then. */
  start(): Promise<void>
  /** Asks now, and again after the regular time. A report is a question too, so it restarts that time. */
  askNow(): void
  /** The same, by a question that goes out from now on: one under way reports too little of what was applied since. */
  askAfresh(): void
  close(): void
}

/** After each answer the stream is opened, where it is not, and freshness is reviewed. */
export function createQuestionSchedule(options: {
  readonly schedule: Schedule
  /** Gives a number in [0, 1). */
  readonly random: () => number
  readonly signal: AbortSignal
  readonly bound: StalenessBound
  readonly questions: PositionQuestions
  readonly stream: EntryStream
  readonly freshness: FreshnessWatch
}): QuestionSchedule {
  const { schedule, random, signal, bound, questions, stream, freshness } = options
  let cancelTimer: () => void = () => {}
  let failures = 0

  function askNow(): void {
    if (signal.aborted) return
    cancelTimer()
    void questions.ask().then((ok) => {
      if (signal.aborted) return
      stream.open()
      failures = ok ? 0 : failures + 1
      freshness.review()
      const regular = regularMs()
      const retry = Math.min(regular, retryMs())
      cancelTimer()
      cancelTimer = schedule(ok ? regular : retry, askNow)
    })
  }

  function regularMs(): number {
    return (bound.ms() / 3) * (0.7 + 0.3 * random())
  }

  function retryMs(): number {
    return retryMsMin * 2 ** Math.min(failures, 10) * (0.5 + random())
  }

  return {
    async start() {
      const ok = await questions.ask()
      if (signal.aborted) return
      stream.open()
      cancelTimer = schedule(ok ? regularMs() : retryMs(), askNow)
    },
    askNow,
    askAfresh() {
      if (questions.underWay === undefined) askNow()
      else void questions.underWay.then(askNow)
    },
    close: () => cancelTimer(),
  }
}
