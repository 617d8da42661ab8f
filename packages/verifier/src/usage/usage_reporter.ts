/**
 * Takes what was counted and hands it on in batches, each under one id until it is acknowledged, so that a batch whose
 * answer was lost counts once. While one is not acknowledged the counter goes on by itself, within its own bound: nothing
 * is queued. No clock, timer, randomness or network of its own.
 */
import { type Clock, elapsedMs, type Stamp } from '../clock.ts'
import type { Schedule } from '../feed/feed_source.ts'

export interface UsageReporterOptions<R> {
  /** Everything counted since the last call. */
  readonly take: () => readonly R[]
  /** Resolves when the batch is acknowledged, as new or as known. Throws when nobody can tell. */
  readonly send: (batchId: string, rows: readonly R[]) => Promise<void>
  /** Whether sending the same again cannot mend it. */
  readonly isHopeless: (error: unknown) => boolean
  readonly newBatchId: () => string
  readonly clock: Clock
  readonly schedule: Schedule
  /** In [0, 1). */
  readonly random: () => number
  /** What is counted is sent after 0.7 to 1 of this. */
  readonly everyMs: number
  readonly batchRowsMax: number
  /** How long `close` tries. */
  readonly closeMs: number
  /** Rows that are given up, with why. */
  readonly onDropped: (rows: readonly R[], error: unknown) => void
  /** A failure that will be tried again; once until it works again. */
  readonly onProblem?: (error: unknown) => void
}

export interface UsageReporter {
  /** Something was counted: it will be reported. */
  wake(): void
  /** Report now. Throws when it failed, and it will be tried again. */
  flush(): Promise<void>
  /** Report what there is and end. Never throws. */
  close(): Promise<void>
}

const retryMsMax = 30_000
/** The server forgets the id of a batch after six hours; sent again then, it would count twice. */
const batchLifeMs = 5 * 3_600_000

interface Batch<R> {
  readonly id: string
  readonly rows: readonly R[]
  readonly since: Stamp
}

/** Reports what `take` gives; call `wake` when there is something. It begins nothing by itself. */
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

  /** One at a time; who asks meanwhile waits for it. */
  function run(): Promise<void> {
    running ??= drain().finally(() => {
      running = undefined
      if (isAwake || batch !== undefined || taken.length > 0) plan()
    })
    return running
  }

  /** What is there when it begins, in as many batches as it takes. */
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
    // What runs may have begun before the last count.
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
      // Twice: the first may only be what was taken before.
      const all = flush().then(() => (isAwake ? flush() : undefined))
      await Promise.race([all.catch(() => {}), late])
      cancel()
    },
  }
}
