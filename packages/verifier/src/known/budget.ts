import { type Holder, Shares } from '@countersign/core'
import { type Clock, elapsedMs } from '../clock.ts'

/** Bounds the number of look-ups. Cached credentials never ask it. */
export interface Budget {
  /** `undefined` when no look-up may begin. Otherwise a function to be called once, when the look-up has ended. */
  take(holder: Holder): ((isUnknown: boolean) => void) | undefined
}

/** Look-ups under way at once while none comes back unknown: after a restart every credential is new. */
const underWayMax = 1_000

interface UnderWay {
  readonly holder: Holder
  /** Whether it counts among this second's look-ups that may come back unknown. */
  isCounted: boolean
}

/**
 * Allows `unknownPerSecondMax` look-ups a second that come back unknown, shared fairly by address: one that guesses
 * uses up half of them, and new keys of everybody else are still looked up. While any came back unknown in this second
 * or the one before, look-ups under way count as unknown too: guessing in parallel gains nothing.
 */
export function createBudget(unknownPerSecondMax: number, clock: Clock): Budget {
  let since = clock.stamp()
  let unknown = 0
  let unknownBefore = 0
  let ofSecond = new Shares(unknownPerSecondMax)
  const atOnce = new Shares(underWayMax)
  const running = new Set<UnderWay>()

  function turn(): void {
    const now = clock.stamp()
    const passedMs = elapsedMs(since, now)
    if (passedMs < 1_000) return
    unknownBefore = passedMs < 2_000 ? unknown : 0
    unknown = 0
    since = now
    ofSecond = new Shares(unknownPerSecondMax)
    for (const each of running) each.isCounted = ofSecond.take(each.holder)
  }

  return {
    take(holder) {
      turn()
      const isCounted = ofSecond.take(holder)
      const isCalm = unknown === 0 && unknownBefore === 0
      if (!isCounted && !isCalm) return undefined
      if (!atOnce.take(holder)) {
        if (isCounted) ofSecond.give(holder)
        return undefined
      }
      const underWay: UnderWay = { holder, isCounted }
      running.add(underWay)
      return (isUnknown) => {
        turn()
        running.delete(underWay)
        atOnce.give(holder)
        if (isUnknown) unknown++
        else if (underWay.isCounted) ofSecond.give(holder)
      }
    },
  }
}
