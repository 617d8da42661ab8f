/**
 * Delays refusals so that their time does not tell how they were found. Equal work still leaves differences of 1 µs,
 * which a hundred thousand requests reveal. So a refusal leaves at a moment that follows only from when its request
 * began, unless the work took longer than that.
 *
 * A timer of the event loop cannot do this: it sleeps for whole milliseconds from when the loop goes to sleep, and so
 * from the end of the work. A thread that sleeps until a given moment can.
 */
import { Worker } from 'node:worker_threads'

/**
 * A refusal leaves this long after its request began or, where the work took longer, twice, four times, … as long.
 * There is no common grid for all refusals: it would show when the caller began, and timing tests would blame that on
 * us.
 */
const stepMs = 0.5

/** Work beyond this was slowed down by other things than the look-up. */
const longestMs = 8

/** A thread that ended is started again after this time at the earliest. Meanwhile refusals leave at once. */
const restMs = 10_000

/** Delays refusals. */
export interface RefusalTimes {
  /**
   * Resolves when a refusal that is ready now may leave: 0.5 ms after its request began, as a rule. `beganAtMs` is a
   * reading of `performance.now()`. Never rejects: where no thread can be had, nothing is waited for.
   */
  wait(beganAtMs: number): Promise<void>
}

/** The part of a worker thread that is used here. It posts a message whenever the moment it was given has come. */
export interface RefusalWorker {
  /** The moment has come, or the thread has begun to run. */
  on(event: 'message' | 'online', listener: () => void): unknown
  /** The thread failed or ended. */
  on(event: 'error' | 'exit', listener: () => void): unknown
  /** Lets the thread hold the process. */
  ref(): void
  /** Lets the process end while the thread runs. */
  unref(): void
}

/** One cell: the next moment, in nanoseconds of `process.hrtime`; 0 when there is none. */
export type RefusalMoment = BigInt64Array

/** The clock and the thread, for tests. */
export interface RefusalTimesOptions {
  /** Milliseconds of a clock that never goes back. Default: `performance.now()`. */
  readonly nowMs?: () => number
  /** Default: a thread of this process. */
  readonly start?: (moment: RefusalMoment) => RefusalWorker
}

/** The moment at which a refusal leaves that is ready at `readyAt`. All in milliseconds of one clock. */
export function leavesAt(beganAt: number, readyAt: number): number {
  for (let afterMs = stepMs; afterMs <= longestMs; afterMs *= 2) {
    if (beganAt + afterMs > readyAt) return beganAt + afterMs
  }
  return readyAt
}

/** Makes the delays of one process. The thread begins with the first refusal. */
export function createRefusalTimes(options: RefusalTimesOptions = {}): RefusalTimes {
  const { nowMs = () => performance.now(), start = startWorker } = options
  return new ThreadTimes(nowMs, start)
}

class ThreadTimes implements RefusalTimes {
  readonly #nowMs: () => number
  readonly #start: (moment: RefusalMoment) => RefusalWorker
  readonly #hrtimeAheadMs: number
  readonly #moment = new BigInt64Array(new SharedArrayBuffer(8))
  /** The refusals that wait, by the moment when they leave. */
  readonly #waiting = new Map<number, (() => void)[]>()
  #worker: RefusalWorker | undefined
  #isAwake = false
  #mayStartAt = Number.NEGATIVE_INFINITY
  #nextAt = Number.POSITIVE_INFINITY

  constructor(nowMs: () => number, start: (moment: RefusalMoment) => RefusalWorker) {
    this.#nowMs = nowMs
    this.#start = start
    this.#hrtimeAheadMs = Math.min(...Array.from({ length: 5 }, () => readAheadMs(nowMs)))
  }

  wait(beganAtMs: number): Promise<void> {
    const now = this.#nowMs()
    const worker = this.#runningWorker(now)
    const at = leavesAt(beganAtMs, now)
    if (worker === undefined || at <= now) return Promise.resolve()
    return new Promise((resolve) => {
      const others = this.#waiting.get(at)
      if (others !== undefined) return void others.push(resolve)
      if (this.#waiting.size === 0) worker.ref()
      this.#waiting.set(at, [resolve])
      if (at < this.#nextAt) this.#wakeAt(at)
    })
  }

  /** Undefined until it runs: on a busy machine that takes longer than an answer may. */
  #runningWorker(now: number): RefusalWorker | undefined {
    if (this.#worker === undefined && now >= this.#mayStartAt) this.#begin()
    return this.#isAwake ? this.#worker : undefined
  }

  #begin(): void {
    try {
      const worker = this.#start(this.#moment)
      this.#worker = worker
      worker.unref()
      worker.on('online', () => {
        this.#isAwake = this.#worker === worker
        // Node holds the process again when a thread has begun to run.
        worker.unref()
      })
      worker.on('message', () => this.#release(this.#nowMs()))
      for (const event of ['error', 'exit'] as const) worker.on(event, () => this.#worker === worker && this.#ended())
    } catch {
      this.#ended()
    }
  }

  #ended(): void {
    this.#worker = undefined
    this.#isAwake = false
    this.#mayStartAt = this.#nowMs() + restMs
    this.#release(Number.POSITIVE_INFINITY)
  }

  #release(until: number): void {
    this.#nextAt = Number.POSITIVE_INFINITY
    for (const [at, resolves] of this.#waiting) {
      if (at > until) {
        this.#nextAt = Math.min(this.#nextAt, at)
        continue
      }
      this.#waiting.delete(at)
      for (const resolve of resolves) resolve()
    }
    if (this.#waiting.size > 0) this.#wakeAt(this.#nextAt)
    else this.#worker?.unref()
  }

  #wakeAt(ms: number): void {
    this.#nextAt = ms
    Atomics.store(this.#moment, 0, BigInt(Math.ceil((ms + this.#hrtimeAheadMs) * 1e6)))
    Atomics.notify(this.#moment, 0)
  }
}

/**
 * The lead of `process.hrtime` over the other clock; too much, never too little: the thread must not awake too early.
 */
function readAheadMs(nowMs: () => number): number {
  const before = nowMs()
  return Number(process.hrtime.bigint()) / 1e6 - before
}

let shared: RefusalTimes | undefined

/** One thread for all servers and gateways of a process. It begins with the first refusal. */
export function refusalTimes(): RefusalTimes {
  shared ??= createRefusalTimes()
  return shared
}

function startWorker(moment: RefusalMoment): RefusalWorker {
  // Beside this file, as source or as what was built from it.
  const name = import.meta.url.endsWith('.ts') ? './refusal_worker.ts' : './refusal_worker.js'
  return new Worker(new URL(name, import.meta.url), { workerData: moment })
}
