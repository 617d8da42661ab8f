import type { Seconds } from '@countersign/core'

/** Two readings of time at one moment, in milliseconds. */
export interface Stamp {
  /** The monotonic clock, which never goes back. */
  readonly monotonicMs: number
  /** The wall clock, since the epoch. */
  readonly wallMs: number
}

/** The source of time. Linux's monotonic clock stands still in suspend, so the wall clock is read beside it. */
export interface Clock {
  /** Reads both clocks. */
  stamp(): Stamp
}

/**
 * The time between two stamps in milliseconds, by the clock that counted more; never negative
 * (docs/protocol/feed.md §3).
 */
export function elapsedMs(since: Stamp, until: Stamp): number {
  return Math.max(0, until.monotonicMs - since.monotonicMs, until.wallMs - since.wallMs)
}

/** The machine's clocks. `now` replaces the wall clock, in seconds. */
export function systemClock(now?: () => Seconds): Clock {
  // As a global it is an accessor, which would run each time.
  const { performance } = globalThis
  if (now === undefined) return { stamp: () => ({ monotonicMs: performance.now(), wallMs: Date.now() }) }
  return { stamp: () => ({ monotonicMs: performance.now(), wallMs: now() * 1000 }) }
}
