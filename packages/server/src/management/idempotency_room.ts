import { type Holder, type Seconds, Shares } from '@countersign/core'
import { serverLimits } from '../limits.ts'

/** How many answers are kept for `Idempotency-Key`s: rows of the database that live a day, shared fairly. */
export interface IdempotencyRoom {
  /** Whether one more may be kept; it counts until its life is over. */
  take(holder: Holder, now: Seconds): boolean
}

/** By the hour: an answer counts for up to an hour longer than it is kept. What was kept before a start does not count. */
export function createIdempotencyRoom(): IdempotencyRoom {
  const shares = new Shares(serverLimits.idempotencyRecordsMax)
  const byHour = new Map<number, Holder[]>()

  function forget(hour: number): void {
    const lifeHours = serverLimits.idempotencyLifeSeconds / 3_600
    for (const [madeIn, holders] of byHour) {
      if (madeIn + lifeHours >= hour) return
      for (const holder of holders) shares.give(holder)
      byHour.delete(madeIn)
    }
  }

  return {
    take(holder, now) {
      const hour = Math.floor(now / 3_600)
      forget(hour)
      if (!shares.take(holder)) return false
      const holders = byHour.get(hour)
      if (holders === undefined) byHour.set(hour, [holder])
      else holders.push(holder)
      return true
    },
  }
}
