/** How fresh a follower's book is, and by the server's clock what time it is, as the last answers have proven it. */
import { limits, type PositionAnswer, type Seconds } from '@countersign/core'
import type { Clock, Stamp } from '../clock.ts'
import type { Schedule } from './feed_source.ts'
import { ageAt, isFreshAt, type Proof, type ServerTime, timeAt, younger } from './freshness.ts'

export interface FreshnessWatch {
  isFresh(at?: Stamp): boolean
  now(at?: Stamp): Seconds
  /** Everything up to the answer's head is applied, and the question went out at `askedAt`. */
  prove(answer: PositionAnswer, askedAt: Stamp): void
  /** The book was replaced: nothing is proven of the new one. */
  reset(): void
  /** Look again: the bound, or the time that is left of it, may have changed. */
  review(): void
  close(): void
}

/**
 * Calls `onTurn` when the book goes stale and when it is fresh again, for requests that run on after they were
 * admitted.
 * `boundMs` is asked each time, since an API's ceiling may change.
 */
export function createFreshnessWatch(options: {
  readonly clock: Clock
  readonly schedule: Schedule
  readonly boundMs: () => number
  readonly onTurn: () => void
  readonly onProblem: ((problem: string) => void) | undefined
}): FreshnessWatch {
  const { clock, schedule, boundMs, onTurn, onProblem } = options
  let proof: Proof | undefined
  let serverTime: ServerTime | undefined
  let isSaidFresh = false
  let isClockOff = false
  let cancelTimer: () => void = () => {}

  function isFresh(at: Stamp = clock.stamp()): boolean {
    return proof !== undefined && isFreshAt(proof, boundMs(), at)
  }

  function review(): void {
    cancelTimer()
    const isFreshNow = isFresh()
    if (isFreshNow) {
      const leftMs = boundMs() - ageAt(proof, clock.stamp())
      cancelTimer = schedule(Math.max(1, Math.ceil(leftMs + 1)), review)
    }
    if (isFreshNow === isSaidFresh) return
    isSaidFresh = isFreshNow
    onTurn()
  }

  function noteClock(now: Seconds, stamp: Stamp): void {
    const wasClockOff = isClockOff
    isClockOff = Math.abs(now - stamp.wallMs / 1000) > limits.clockLeewaySeconds
    if (isClockOff && !wasClockOff) onProblem?.('this machine’s clock is more than 10 s off the server’s')
  }

  return {
    isFresh,
    now: (at = clock.stamp()) => timeAt(serverTime, at),
    prove({ ageMs, now }, askedAt) {
      const stamp = clock.stamp()
      proof = younger(proof, { askedAt, ageMs }, stamp)
      noteClock(now, stamp)
      serverTime = { now, askedAt }
      review()
    },
    reset() {
      proof = undefined
      isSaidFresh = false
    },
    review,
    close: () => cancelTimer(),
  }
}
