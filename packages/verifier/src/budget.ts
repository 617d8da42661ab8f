import { type Clock, elapsedMs } from './clock.ts'

/** How many look-ups may be made. Cached credentials never ask it. */
export interface Budget {
  /** Whether one more look-up may begin; whoever is told so calls `settle` when it has ended. */
  take(): boolean
  settle(isUnknown: boolean): void
}

/** Look-ups at once while none comes back unknown: after a restart every credential is new. */
const underWayMax = 1_000

/**
 * At most `unknownPerSecondMax` look-ups a second that come back unknown. While any came back so in this second or the one
 * before, those under way are counted as if they would: whoever guesses in parallel gains nothing by it.
 */
export function createBudget(unknownPerSecondMax: number, clock: Clock): Budget {
  let since = clock.stamp()
  let unknown = 0
  let unknownBefore = 0
  let underWay = 0

  function turn(): void {
    const now = clock.stamp()
    const passedMs = elapsedMs(since, now)
    if (passedMs < 1_000) return
    unknownBefore = passedMs < 2_000 ? unknown : 0
    unknown = 0
    since = now
  }

  return {
    take() {
      turn()
      const isCalm = unknown === 0 && unknownBefore === 0
      if (unknown + underWay >= (isCalm ? underWayMax : unknownPerSecondMax)) return false
      underWay++
      return true
    },
    settle(isUnknown) {
      turn()
      underWay--
      if (isUnknown) unknown++
    },
  }
}
