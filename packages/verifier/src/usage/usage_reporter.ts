/**
 * Reports counts in batches, each under one id until it is acknowledged, so that a batch whose answer was lost counts
 * once. While a batch is not acknowledged, the counter goes on counting within its own bound: nothing is queued. No
 * clock, timer, randomness or network of its own.
 */
import type { Clock } from '../clock.ts'
import type { Schedule } from '../feed/feed_source.ts'
import { Batches } from './batches.ts'

/** The ports and times of a reporter. */
export interface UsageReporterOptions<R> {
  /** Gives everything counted since the last call. */
  readonly take: () => readonly R[]
  /** Resolves when the batch is acknowledged, as new or as known. Throws when nobody can tell. */
  readonly send: (batchId: string, rows: readonly R[]) => Promise<void>
  /** Whether an error is final: sending the same again cannot help. */
  readonly isHopeless: (error: unknown) => boolean
  /** Makes the id of a batch: random, at least 8 characters. */
  readonly newBatchId: () => string
  /** The source of time. */
  readonly clock: Clock
  /** The source of timers. */
  readonly schedule: Schedule
  /** Gives a number in [0, 1). */
  readonly random: () => number
  /** Counts are sent after 0.7 to 1 times this many milliseconds. */
  readonly everyMs: number
  /** The largest number of rows in a batch. */
  readonly batchRowsMax: number
  /** The time for which `close` tries to report, in milliseconds. */
  readonly closeMs: number
  /** Called with rows that are given up, and the reason. */
  readonly onDropped: (rows: readonly R[], error: unknown) => void
  /** Called with a failure that will be retried; once until reporting works again. */
  readonly onProblem?: (error: unknown) => void
}

/** Reports counts on its own schedule. */
export interface UsageReporter {
  /** There is something to report: schedules it. */
  wake(): void
  /** Reports now. Throws when that failed; it is then retried. */
  flush(): Promise<void>
  /** Reports the remaining counts and ends. Never throws. */
  close(): Promise<void>
}

const retryMsMax = 30_000
/** Makes a reporter of the rows that `take` gives. It does nothing before `wake` is called. */
export function createUsageReporter<R>(options: UsageReporterOptions<R>): UsageReporter {
  const { schedule, random, everyMs } = options
  const batches = new Batches(options)
  let running: Promise<void> | undefined
  let cancelTimer: (() => void) | undefined
  let isAwake = false
  let isClosed = false

  function plan(): void {
    if (cancelTimer !== undefined || running !== undefined || isClosed) return
    const { failures } = batches
    const backOffMs = failures === 0 ? everyMs : Math.min(retryMsMax, everyMs * 2 ** Math.min(failures, 10))
    cancelTimer = schedule(backOffMs * (0.7 + 0.3 * random()), () => {
      cancelTimer = undefined
      run().catch(() => {})
    })
  }

  /** One report at a time; callers that come meanwhile wait for it. */
  function run(): Promise<void> {
    running ??= batches.sendAll(take).finally(() => {
      running = undefined
      if (isAwake || !batches.isEmpty) plan()
    })
    return running
  }

  function take(): readonly R[] {
    isAwake = false
    return options.take()
  }

  function flush(): Promise<void> {
    cancelTimer?.()
    cancelTimer = undefined
    // A report under way may have begun before the last count.
    return running === undefined ? run() : running.then(run)
  }

  return {
    wake() {
      isAwake = true
      plan()
    },
    flush,
    async close() {
      if (isClosed) return
      isClosed = true
      let cancel = (): void => {}
      const late = new Promise<void>((resolve) => {
        cancel = schedule(options.closeMs, resolve)
      })
      // Twice, since the first may send only rows taken before.
      const all = flush().then(() => (isAwake ? flush() : undefined))
      await Promise.race([all.catch(() => {}), late])
      cancel()
    },
  }
}
