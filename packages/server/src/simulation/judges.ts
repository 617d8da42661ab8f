/** The parties of a run: servers, the verifiers beside APIs, and what is wrong with the clock and the network of each. */
import type { BookKeeper, Engine, Limiter } from '@countersign/verifier/engine'
import { audience, startAt } from './credentials.ts'
import type { Database } from './database.ts'
import { createPorts, type Link } from './network.ts'
import { emptyMemory, type Memory } from './oracle.ts'
import { type Parts, type PlaceFile, ServerProcess } from './process.ts'
import type { Rules } from './rules.ts'
import { tenants } from './tenants.ts'
import { MachineClock, type Random, type Timeline } from './timeline.ts'

/** A party that verifies: a verifier beside an API, or a server for itself. */
export interface Judge {
  readonly name: string
  readonly tenant: string
  readonly clock: MachineClock
  readonly maxStalenessMs: number
  readonly memory: Memory
  /** Undefined while it starts. */
  readonly engine: Engine | undefined
}

export interface Machine extends Judge {
  readonly link: Link
  readonly keeper: BookKeeper & { start(): Promise<void>; close(): void }
  readonly engine: Engine
  /**
   * Either it sleeps, or its wall clock is set: both at once are outside of what is promised
   * (docs/protocol/feed.md §3).
   */
  readonly habit: 'sleeps' | 'set back' | 'set forward' | 'steady'
}

/** Given to all that is made for a run. */
export interface Making {
  readonly parts: Parts
  readonly rules: Rules
  readonly random: Random
  readonly timeline: Timeline
  readonly database: Database
}

/** Right, but for up to `skewMsMax` milliseconds either way. */
export function createClock({ timeline, random }: Making, skewMsMax: number): MachineClock {
  return new MachineClock(timeline, startAt * 1000 + random.between(-skewMsMax, skewMsMax))
}

/** SQLite has one server on the machine of the file; PostgreSQL has one to three. */
export function createServers(
  making: Making,
  options: {
    readonly dialect: 'sqlite' | 'postgres'
    readonly canFailOver: boolean
    readonly databaseClock: MachineClock
  },
): ServerProcess[] {
  const { random, parts } = making
  const { dialect, databaseClock } = options
  const isSqlite = dialect === 'sqlite'
  const master = new parts.MasterKey(new Uint8Array(32).fill(7))
  const placeFile: PlaceFile | undefined = isSqlite && random.chance(0.7) ? { claim: undefined } : undefined
  return Array.from({ length: isSqlite ? 1 : random.between(1, 3) }, (_, index) => {
    // One machine has the file, and its clock is the database's.
    const clock = isSqlite ? databaseClock : createClock(making, 1_500)
    const server = new ServerProcess({
      ...making,
      name: `server ${index}`,
      dialect,
      canFailOver: options.canFailOver,
      clock,
      databaseMs: () => databaseClock.stamp().wallMs,
      master,
      placeFile,
      hasBootClock: random.chance(0.5),
      maxStalenessSeconds: random.pick([5, 10]),
    })
    server.readMsMax = isSqlite ? random.pick([1, 5]) : random.pick([5, 50, 400])
    return server
  })
}

/** A server verifies for itself, for each tenant. */
export function judgesOf(server: ServerProcess): readonly Judge[] {
  const { name, clock, maxStalenessSeconds } = server
  return tenants.map(({ tenant: { id } }) => ({
    name,
    tenant: id,
    clock,
    maxStalenessMs: maxStalenessSeconds * 1000,
    get memory() {
      return server.memory
    },
    get engine() {
      return server.running?.engines.get(id)
    },
  }))
}

/** `stalenessSeconds`: one of them is its bound. `onTaken`: a server has answered that it took something back. */
export function createMachine(
  making: Making,
  options: {
    readonly name: string
    readonly servers: readonly ServerProcess[]
    readonly stalenessSeconds: readonly number[]
    readonly onTaken: (by: ServerProcess) => void
  },
): Machine {
  const { random, parts, timeline } = making
  const { name, servers, onTaken } = options
  const clock = createClock(making, 5_000)
  const link = createLink(random)
  const maxStalenessSeconds = random.pick(options.stalenessSeconds)
  const { tenant, issuer } = random.pick(tenants)
  const { source, directory } = createPorts({
    servers,
    tenant: { id: tenant.id, issuer },
    link,
    clock,
    timeline,
    random,
    onTaken,
  })
  const keeper = parts.createFeedFollower({
    source,
    clock,
    schedule: clock.schedule,
    random: random.next,
    verifierId: name,
    maxStalenessSeconds,
    audience,
    onReload: () => engine.clear(),
  })
  const engine: Engine = parts.createEngine({
    keeper,
    directory,
    limiter: createLimiter(making, clock),
    clock,
    // Half of them forget at once, so that most is recalled from the packed keys.
    cacheEntriesMax: random.pick([2, 50_000]),
  })
  return {
    name,
    tenant: tenant.id,
    clock,
    link,
    keeper,
    engine,
    maxStalenessMs: maxStalenessSeconds * 1000,
    memory: emptyMemory(),
    habit: random.pick(['sleeps', 'set back', 'set forward', 'steady']),
  }
}

function createLink(random: Random): Link {
  return {
    drop: random.pick([0, 0, 0.03, 0.2]),
    duplicate: random.pick([0, 0.2]),
    delayMsMax: random.pick([5, 5, 60, 900]),
    streamDelayMsMax: random.pick([10, 500, 15_000]),
    isUpCut: false,
    isDownCut: false,
    isSlow: false,
    replay: random.pick([0, 0, 0.2]),
    route: random.between(0, 2),
  }
}

/** In some runs limits are shared, and asking for them takes time. */
function createLimiter({ parts, random }: Making, clock: MachineClock): Limiter {
  const memory = parts.memoryLimiter()
  if (!random.chance(0.3)) return memory
  return {
    take: (spends, now) =>
      new Promise((resolve) => {
        clock.schedule(random.between(1, 4_000), () => resolve(memory.take(spends, now)))
      }),
  }
}
