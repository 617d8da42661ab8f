/**
 * Requests at a fixed rate, whatever comes back: each is sent at its scheduled time although earlier ones have no answer
 * yet, and its latency counts from the time it was scheduled for. A server that stalls is charged for every request that
 * should have been sent meanwhile; a closed loop would not have sent them (coordinated omission).
 */
import { setImmediate, setTimeout } from 'node:timers/promises'

export interface OpenLoopOptions {
  readonly perSecond: number
  readonly seconds: number
  /** Milliseconds; never goes back. */
  readonly now: () => number
  /** Resolves when about `ms` have passed and whatever waited for this thread was served. */
  readonly sleep: (ms: number) => Promise<void>
  /** One request. Resolves when the whole answer was read and is right, else rejects. */
  readonly send: () => Promise<void>
}

export interface OpenLoopResult {
  readonly sent: number
  readonly p50Ms: number
  readonly p99Ms: number
  /** How late this generator itself was, which is part of the latencies: beyond 1 to 2 ms it measures itself. */
  readonly sentLateP99Ms: number
}

/** So many are sent in one go before answers are read, should the generator have fallen behind. */
const burstMax = 32

/** Rejects with the first wrong answer, after all have come. */
export async function openLoop(options: OpenLoopOptions): Promise<OpenLoopResult> {
  const { perSecond, seconds, now, sleep, send } = options
  const count = Math.max(1, Math.round(perSecond * seconds))
  const latencies: number[] = []
  const lateness: number[] = []
  const failures: unknown[] = []
  let awaited = count
  const all = Promise.withResolvers<void>()
  const beganAt = now()
  for (let index = 0, burst = 0; index < count; ) {
    const dueAt = beganAt + (index * 1000) / perSecond
    const waitMs = dueAt - now()
    if (waitMs > 0 || burst === burstMax) {
      await sleep(Math.max(0, waitMs))
      burst = 0
      continue
    }
    lateness.push(-waitMs)
    send()
      .then(
        () => void latencies.push(now() - dueAt),
        (error: unknown) => void failures.push(error),
      )
      // Not kept until the end: a hundred thousand promises would be the garbage collector's to move.
      .finally(() => --awaited === 0 && all.resolve())
    index++
    burst++
  }
  await all.promise
  if (failures.length > 0) throw new Error(`${failures.length} of ${count} answers were wrong`, { cause: failures[0] })
  return {
    sent: count,
    p50Ms: percentile(latencies, 0.5),
    p99Ms: percentile(latencies, 0.99),
    sentLateP99Ms: percentile(lateness, 0.99),
  }
}

/** The smallest value that at least `share` of all do not exceed. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] as number
}

/**
 * `OpenLoopOptions.sleep`. Never a busy wait, which would take a processor from what is measured: waits below a millisecond
 * last one, and what came due meanwhile is sent at once, its latency counted from when it was due.
 */
export async function sleep(ms: number): Promise<void> {
  await (ms === 0 ? setImmediate() : setTimeout(Math.max(1, Math.floor(ms))))
}
