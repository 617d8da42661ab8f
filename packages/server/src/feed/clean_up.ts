/** One round of clean-up: the drop time is read, moved by whoever holds the lease, and everything that ended is removed. */
import type { DropTime } from '@countersign/store'
import type { Services } from '../context.ts'
import { serverLimits } from '../limits.ts'
import { areApart, type DropTimes, isAhead } from './drop_time.ts'
import { writeFloors } from './floors.ts'

/** Held for two rounds: when its holder is gone, another process takes it in the round after. */
const leaseSeconds = (2 * serverLimits.cleanUpEveryMs) / 1000

export function createCleanUp(
  services: Pick<Services, 'store' | 'books' | 'log' | 'now' | 'processId'>,
  dropTimes: DropTimes,
): () => Promise<void> {
  const { store, books, log, now, processId } = services
  let isSaidApart = false

  function apply(present: DropTime): DropTime {
    books.raiseDropTime(Math.floor(present.timeMs / 1000))
    return present
  }

  return async () => {
    const present = apply(await dropTimes.read())
    const wallMs = now() * 1000
    if (areApart(present, wallMs)) {
      if (!isSaidApart) log.error({ seconds: (wallMs - present.databaseMs) / 1000 }, clocksApart)
      isSaidApart = true
      return
    }
    isSaidApart = false
    if (!(await store.takeLease('clean-up', processId, leaseSeconds))) return
    const moved = apply(await dropTimes.move(present))
    if (isAhead(moved, wallMs)) await writeFloors(services, moved)
    await store.cleanUp(now(), serverLimits.feedLogSeconds)
  }
}

const clocksApart = 'this machine’s clock is more than 300 s off the database’s: it leaves clean-up to others; set it'
