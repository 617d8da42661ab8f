import { type FeedEntry, sortMembers } from '@countersign/core'
import { serverLimits } from '../limits.ts'
import type { Books } from './books.ts'

/** What became of the feed since the last turn, as every stream sends it. */
export interface Batch {
  readonly entries: readonly FeedEntry[]
  /** Server-sent events; a comment when there was nothing for a while. */
  readonly text: string
}

/**
 * One tenant's changes for all who listen: the text is made once, and they wait for one promise. Whoever is busy when a
 * turn comes has missed it, sees the gap, and asks.
 */
export interface Broadcast {
  /** The next turn; `undefined` when nothing follows: another epoch, or the server drains. */
  next(): Promise<Batch | undefined>
  /** Wake everybody now, for the last time. */
  end(): void
}

/**
 * `listeners`: how many there are; where they are many, changes that come within milliseconds share a turn. `forVerifiers`
 * makes of an entry what goes out: once a turn as well.
 */
export function createBroadcast(
  books: Books,
  tenant: string,
  listeners: () => number,
  forVerifiers: (entry: FeedEntry) => FeedEntry,
): Broadcast {
  let turn = Promise.withResolvers<Batch | undefined>()
  let gathered: FeedEntry[] = []
  let isDue = false
  let isOver = false
  let heartbeat: NodeJS.Timeout | undefined

  function resolve(batch: Batch | undefined): void {
    clearTimeout(heartbeat)
    if (isOver) return
    const { resolve: tell } = turn
    turn = Promise.withResolvers()
    tell(batch)
    heartbeat = setTimeout(() => resolve(stillHere), serverLimits.heartbeatMs).unref()
  }

  function flush(): void {
    isDue = false
    const entries = gathered.map(forVerifiers)
    gathered = []
    resolve({ entries, text: entries.map(formatEvent).join('') })
  }

  const unsubscribe = books.subscribe(tenant, (entry) => {
    gathered.push(entry)
    if (isDue) return
    isDue = true
    const count = listeners()
    // A write to each of a thousand takes some twenty milliseconds: as long is gathered for the next.
    if (count < serverLimits.streamsManyMin) setImmediate(flush)
    else setTimeout(flush, Math.min(serverLimits.streamsGatherMsMax, count / serverLimits.streamsPerGatherMs))
  })
  // In another epoch nothing follows what was sent: whoever listens asks, and loads anew.
  const unsubscribeReload = books.onReload(() => resolve(undefined))
  heartbeat = setTimeout(() => resolve(stillHere), serverLimits.heartbeatMs).unref()

  return {
    next: () => (isOver ? Promise.resolve(undefined) : turn.promise),
    end() {
      unsubscribe()
      unsubscribeReload()
      resolve(undefined)
      // What was gathered and is still due finds nobody, and begins no heartbeat.
      isOver = true
      clearTimeout(heartbeat)
    },
  }
}

const stillHere: Batch = { entries: [], text: ': still here\n\n' }

export function formatEvent(entry: FeedEntry): string {
  const { sequence, type, id, version, state, dropAt, at, audit, chain, mac } = entry as FeedEntry & { state: object }
  // Its members in the order of the chain: it is sorted here once rather than by every verifier.
  const data = { sequence, type, id, version, state: sortMembers(state), dropAt, at, audit, chain, mac }
  return `id: ${sequence}\ndata: ${JSON.stringify(data)}\n\n`
}
