import { type FeedEntry, sortMembers } from '@countersign/core'
import { serverLimits } from '../limits.ts'
import type { Books } from './books.ts'

/** The entries since the last turn, as every stream sends them. */
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
 * `listeners`: how many there are; where they are many, changes that come within milliseconds of the last turn share the
 * next. `forVerifiers` makes of the entries what goes out: once a turn as well.
 */
export function createBroadcast(
  books: Books,
  tenant: string,
  listeners: () => number,
  forVerifiers: (entries: readonly FeedEntry[]) => readonly FeedEntry[],
): Broadcast {
  let turn = Promise.withResolvers<Batch | undefined>()
  let gathered: FeedEntry[] = []
  let isDue = false
  /** Running while what comes is only gathered. */
  let rest: NodeJS.Timeout | undefined
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
    if (isOver) return
    const entries = forVerifiers(gathered)
    gathered = []
    resolve({ entries, text: entries.map(formatEvent).join('') })
    const count = listeners()
    if (count < serverLimits.streamsManyMin) return
    // A write to each of a thousand takes some twenty milliseconds: as long is gathered before the next, never before
    // the first.
    rest = setTimeout(rested, Math.min(serverLimits.streamsGatherMsMax, count / serverLimits.streamsPerGatherMs))
  }

  function rested(): void {
    rest = undefined
    if (gathered.length > 0) flush()
  }

  const unsubscribe = books.subscribe(tenant, (entry) => {
    gathered.push(entry)
    if (isDue || rest !== undefined) return
    isDue = true
    setImmediate(flush)
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
      // A gathered turn that is still due finds nobody, and begins no heartbeat.
      isOver = true
      clearTimeout(heartbeat)
      clearTimeout(rest)
    },
  }
}

const stillHere: Batch = { entries: [], text: ': still here\n\n' }

export function formatEvent(entry: FeedEntry): string {
  const { sequence, type, id, version, state, dropAt, at, audit, chain, ...uncovered } = entry as FeedEntry & {
    state: object
  }
  const { mac, cutOffMacs, seal } = uncovered
  // Its members in the order of the chain: it is sorted here once rather than by every verifier.
  const chained = { sequence, type, id, version, state: sortMembers(state), dropAt, at, audit, chain }
  const data = { ...chained, mac, cutOffMacs, seal }
  return `id: ${sequence}\ndata: ${JSON.stringify(data)}\n\n`
}
