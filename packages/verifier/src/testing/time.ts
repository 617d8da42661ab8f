import type { Seconds } from '@countersign/core'
import type { Clock, Stamp } from '../clock.ts'
import type { Schedule } from '../feed/feed_source.ts'

/** Time that stands still until a test moves it. Timers run when their time has come. */
export interface TestTime extends Clock {
  /** The verifier's monotonic clock, in milliseconds. */
  monotonicMs: number
  /** The verifier's wall clock, in milliseconds since the epoch. */
  wallMs: number
  /** The time that has truly passed, in milliseconds: the server's clock follows it. */
  trueMs: number
  /** Runs a function after a delay of this time, in milliseconds, and gives a function that cancels it. */
  readonly schedule: Schedule
  /** The server's clock, in seconds since the epoch. */
  now(): Seconds
  /** All clocks move, timers run in order, and promises settle. */
  advance(ms: number): Promise<void>
}

/** When a test begins, in seconds since the epoch, unless it says another moment: 2026-09-21. */
export const startAt = 1_790_000_000

/** Time that begins at `beginAt`, in seconds since the epoch. */
export function createTestTime(beginAt: Seconds = startAt): TestTime {
  const timers = new Map<number, { readonly at: number; readonly run: () => void }>()
  let last = 0
  return {
    monotonicMs: 1_000,
    wallMs: beginAt * 1000,
    trueMs: 0,
    stamp(): Stamp {
      return { monotonicMs: this.monotonicMs, wallMs: this.wallMs }
    },
    now() {
      return beginAt + this.trueMs / 1000
    },
    schedule(delayMs, run) {
      const id = ++last
      timers.set(id, { at: this.monotonicMs + delayMs, run })
      return () => timers.delete(id)
    },
    async advance(ms) {
      const end = this.monotonicMs + ms
      for (;;) {
        const due = [...timers].filter(([, { at }]) => at <= end).sort((a, b) => a[1].at - b[1].at || a[0] - b[0])[0]
        const at = due === undefined ? end : Math.max(due[1].at, this.monotonicMs)
        this.wallMs += at - this.monotonicMs
        this.trueMs += at - this.monotonicMs
        this.monotonicMs = at
        if (due === undefined) break
        timers.delete(due[0])
        due[1].run()
        await settled()
      }
      await settled()
    },
  }
}

/** Taken when this module loads: a test runner that replaces timers later would keep promises from settling. */
const nextTurn: (run: () => void) => unknown = globalThis.setImmediate ?? globalThis.setTimeout

/** Resolves when all promises that can go on have gone on. */
export function settled(): Promise<void> {
  return new Promise((resolve) => {
    nextTurn(resolve)
  })
}
