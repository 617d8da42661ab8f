/**
 * How the drop time moves (docs/protocol/feed.md §2.2): by what the clocks of processes have counted, so that a clock
 * that is wrong removes nothing early. One process at a time moves it, by a compare-and-set on the number of moves.
 */
import type { BootClock, DropTime, Store } from '@countersign/store'
import type { Clock, Stamp } from '@countersign/verifier/engine'
import { serverLimits } from '../limits.ts'

/** A little faster than time, so that what restarts have lost is caught up: a month's in a hundred months. */
const catchUp = 1.01

/** Counted since the drop time had its present value. */
export interface Counted {
  /** By this process since it first saw the value. */
  readonly sinceSeenMs: number
  /** By this machine's boot clock since the move, when it was this machine that moved it, since this boot. */
  readonly sinceMovedMs: number | undefined
}

/** Where the drop time may go: never past the earlier of both clocks, never back. */
export function nextDropMs(present: DropTime, counted: Counted, wallMs: number): number {
  const elapsed = Math.max(0, counted.sinceMovedMs ?? counted.sinceSeenMs)
  const earliest = Math.min(wallMs, present.databaseMs)
  return Math.floor(Math.max(present.timeMs, Math.min(present.timeMs + catchUp * elapsed, earliest)))
}

/** Whether both clocks are so far behind the drop time that ends must be judged by it until floors are written. */
export function isAhead({ timeMs, databaseMs }: DropTime, wallMs: number): boolean {
  return Math.max(wallMs, databaseMs) < timeMs - serverLimits.clocksApartMsMax
}

/** Whether this clock and the database's are so far apart that one of them is wrong: this process then moves nothing. */
export function areApart({ databaseMs }: DropTime, wallMs: number): boolean {
  return Math.abs(wallMs - databaseMs) > serverLimits.clocksApartMsMax
}

export interface DropTimes {
  /** Reads the present value, and remembers when this process first saw it. */
  read(): Promise<DropTime>
  /** Moves it on from what was read, and gives what it then is. */
  move(from: DropTime): Promise<DropTime>
}

export function createDropTimes(options: {
  readonly store: Pick<Store, 'dropTime'>
  readonly clock: Clock
  /** `undefined` where the machine has none: restarts then lose what they take. */
  readonly bootClock: () => BootClock | undefined
}): DropTimes {
  const { store, clock, bootClock } = options
  let seen: { readonly moves: number; readonly at: Stamp; readonly boot: BootClock | undefined } | undefined

  function count({ boot: movedBy }: DropTime, since: NonNullable<typeof seen>): Counted {
    const boot = bootClock()
    const monotonicMs = clock.stamp().monotonicMs - since.at.monotonicMs
    const isSameBoot = boot !== undefined && boot.id === since.boot?.id
    // Where both count, the smaller: neither may run ahead of the other.
    const sinceSeenMs = isSameBoot ? Math.min(monotonicMs, boot.ms - since.boot.ms) : monotonicMs
    const sinceMovedMs = boot !== undefined && boot.id === movedBy?.id ? boot.ms - movedBy.ms : undefined
    return { sinceSeenMs, sinceMovedMs }
  }

  return {
    async read() {
      const present = await store.dropTime.read()
      if (seen?.moves !== present.moves) seen = { moves: present.moves, at: clock.stamp(), boot: bootClock() }
      return present
    },
    async move(from) {
      if (seen?.moves !== from.moves) return from
      const timeMs = nextDropMs(from, count(from, seen), clock.stamp().wallMs)
      if (timeMs <= from.timeMs) return from
      await store.dropTime.move(from.moves, { timeMs, boot: bootClock() })
      return this.read()
    },
  }
}
