/**
 * Reports counts in batches, each under one id until it is acknowledged, so that a batch whose answer was lost counts
 * once. While a batch is not acknowledged, the counter goes on counting within its own bound: nothing is queued. No
 * clock, timer, randomness or network of its own.
 */
import { type Clock, elapsedMs, type Stamp } from '../clock.ts'
import type { Schedule } from '../feed/feed_source.ts'

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
/** The server forgets the id of a batch after 6 h: sent again later, the batch would count twice. */
const batchLifeMs = 5 * 3_600_000

interface Batch<R> {
  readonly id: string
  readonly rows: readonly R[]
  readonly since: Stamp
}

/** Makes a reporter of the rows that `take` gives. It does nothing before `wake` is called. */
export function createUsageReporter<R>(options: UsageReporterOptions<R>): UsageReporter {
  const { clock, schedule, random, everyMs } = options
  let taken: readonly R[] = []
  let batch: Batch<R> | undefined
  let running: Promise<void> | undefined
  let cancelTimer: (() => void) | undefined
  let failures = 0
  let isAwake = false
  let isClosed = false

  function plan(): void {
    if (cancelTimer !== undefined || running !== undefined || isClosed) return
    const backOffMs = failures === 0 ? everyMs : Math.min(retryMsMax, everyMs * 2 ** Math.min(failures, 10))
    cancelTimer = schedule(backOffMs * (0.7 + 0.3 * random()), () => {
      cancelTimer = undefined
      run().catch(() => {})
    })
  }

  /** One report at a time; callers that come meanwhile wait for it. */
  function run(): Promise<void> {
    running ??= drain().finally(() => {
      running = undefined
      if (isAwake || batch !== undefined || taken.length > 0) plan()
    })
    return running
  }

  /** Sends the rows that are there when it begins, in as many batches as needed. */
  async function drain(): Promise<void> {
    if (batch === undefined && taken.length === 0) {
      isAwake = false
      taken = options.take()
    }
    for (;;) {
      batch ??= nextBatch()
      if (batch === undefined) return
      await sendOnce(batch)
      batch = undefined
    }
  }

  function nextBatch(): Batch<R> | undefined {
    if (taken.length === 0) return undefined
    const rows = taken.slice(0, options.batchRowsMax)
    taken = taken.slice(options.batchRowsMax)
    return { id: options.newBatchId(), rows, since: clock.stamp() }
  }

  async function sendOnce({ id, rows, since }: Batch<R>): Promise<void> {
    try {
      await options.send(id, rows)
      failures = 0
    } catch (error) {
      if (options.isHopeless(error) || elapsedMs(since, clock.stamp()) > batchLifeMs) {
        options.onDropped(rows, error)
        return
      }
      if (failures++ === 0) options.onProblem?.(error)
      throw error
    }
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
