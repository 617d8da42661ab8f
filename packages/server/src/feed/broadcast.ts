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
  const turns = new Turns(listeners, forVerifiers)
  const stops = [
    books.subscribe(tenant, (entry) => turns.gather(entry)),
    // In another epoch nothing follows what was sent: listeners ask, and load anew.
    books.onReload(() => turns.tell(undefined)),
  ]
  return {
    next: () => turns.next,
    end() {
      for (const stop of stops) stop()
      turns.end()
    },
  }
}

class Turns {
  readonly #listeners: () => number
  readonly #forVerifiers: (entries: readonly FeedEntry[]) => readonly FeedEntry[]
  #turn = Promise.withResolvers<Batch | undefined>()
  #gathered: FeedEntry[] = []
  #isDue = false
  /** Running while entries are only gathered. */
  #rest: NodeJS.Timeout | undefined
  #isOver = false
  #heartbeat: NodeJS.Timeout | undefined

  constructor(listeners: () => number, forVerifiers: (entries: readonly FeedEntry[]) => readonly FeedEntry[]) {
    this.#listeners = listeners
    this.#forVerifiers = forVerifiers
    this.#beatLater()
  }

  get next(): Promise<Batch | undefined> {
    return this.#isOver ? Promise.resolve(undefined) : this.#turn.promise
  }

  gather(entry: FeedEntry): void {
    this.#gathered.push(entry)
    if (this.#isDue || this.#rest !== undefined) return
    this.#isDue = true
    setImmediate(() => this.#flush())
  }

  tell(batch: Batch | undefined): void {
    clearTimeout(this.#heartbeat)
    if (this.#isOver) return
    const { resolve } = this.#turn
    this.#turn = Promise.withResolvers()
    resolve(batch)
    this.#beatLater()
  }

  #flush(): void {
    this.#isDue = false
    if (this.#isOver) return
    const entries = this.#forVerifiers(this.#gathered)
    this.#gathered = []
    this.tell({ entries, text: entries.map(formatEvent).join('') })
    const count = this.#listeners()
    if (count < serverLimits.streamsManyMin) return
    // A write to each of a thousand takes some 20 ms: entries are gathered as long before the next, never before the first.
    const restMs = Math.min(serverLimits.streamsGatherMsMax, count / serverLimits.streamsPerGatherMs)
    this.#rest = setTimeout(() => this.#rested(), restMs)
  }

  #rested(): void {
    this.#rest = undefined
    if (this.#gathered.length > 0) this.#flush()
  }

  #beatLater(): void {
    this.#heartbeat = setTimeout(() => this.tell(stillHere), serverLimits.heartbeatMs).unref()
  }

  end(): void {
    this.tell(undefined)
    // A gathered turn that is still due finds nobody, and begins no heartbeat.
    this.#isOver = true
    clearTimeout(this.#heartbeat)
    clearTimeout(this.#rest)
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
