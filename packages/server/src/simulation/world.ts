/** Everything that a run is about: the servers, the verifiers, their database, and what has happened to them so far. */
import type { Dependency, ModelCredential } from './credentials.ts'
import type { Database, State } from './database.ts'
import { createClock, createMachine, createServers, type Judge, judgesOf, type Machine } from './judges.ts'
import { dependenciesOf, nameOf, Oracle, type Said } from './oracle.ts'
import type { Parts, ServerProcess } from './process.ts'
import type { Rules } from './rules.ts'
import { tenants } from './tenants.ts'
import { type MachineClock, type Random, Timeline } from './timeline.ts'

export interface Finding {
  readonly seed: number
  readonly atMs: number
  readonly what: string
}

export interface Tally {
  accepted: number
  refused: number
  unavailable: number
}

/**
 * `jumps`: clocks of servers and of the database are hours off for a while. `drop ahead`: the drop time is a day ahead of
 * all clocks, as it is when the installation was begun by a clock that was. `week`: clocks are a day ahead for a week.
 */
export type Clocks = 'right' | 'jumps' | 'drop ahead' | 'week'

/** Made in one order: a seed is a run, so every random number has its place. */
export class World {
  readonly seed: number
  readonly parts: Parts
  readonly tally: Tally
  readonly random: Random
  readonly database: Database
  readonly clocks: Clocks
  readonly timeline = new Timeline()
  readonly oracle = new Oracle()
  readonly databaseClock: MachineClock
  readonly servers: ServerProcess[]
  readonly serverJudges: readonly Judge[]
  readonly machines: readonly Machine[]
  readonly isLong: boolean
  readonly dialect: 'sqlite' | 'postgres'
  readonly canFailOver: boolean
  readonly objects: Dependency[]
  readonly credentials: ModelCredential[]
  /** The change of each entry, by its chain value: acknowledged when the entry is. */
  readonly changes = new Map<string, readonly Said[]>()
  readonly past: State[] = []
  /** When the making of what is made during the run began, and when operators last did something to an object. */
  readonly madeAtMs = new Map<string, number>()
  readonly touchedAtMs = new Map<string, number>()
  wentBackAtMs = 0
  lastEntryAtMs = 0
  /** The highest there ever was: higher than the database's own where that went back. */
  dropTime = 0
  isHealed = false
  hasGoneBack = false
  finding: Finding | undefined

  constructor(given: {
    readonly seed: number
    readonly parts: Parts
    readonly rules: Rules
    readonly tally: Tally
    readonly random: Random
    readonly clocks: Clocks
    readonly database: Database
  }) {
    const { random, database } = given
    this.clocks = given.clocks
    this.seed = given.seed
    this.parts = given.parts
    this.tally = given.tally
    this.random = random
    this.database = database
    this.credentials = tenants.flatMap(({ credentials }) => credentials)
    this.objects = [
      ...new Map(
        this.credentials.flatMap(dependenciesOf).map((dependency) => [nameOf(dependency), dependency]),
      ).values(),
    ]
    this.isLong = this.clocks !== 'week' && random.chance(0.1)
    this.dialect = random.chance(0.3) ? 'sqlite' : 'postgres'
    this.canFailOver = this.dialect === 'postgres' && random.chance(0.4)
    const making = { ...given, timeline: this.timeline }
    this.databaseClock = createClock(making, 1_500)
    this.servers = createServers(making, {
      dialect: this.dialect,
      canFailOver: this.canFailOver,
      databaseClock: this.databaseClock,
    })
    this.serverJudges = this.servers.flatMap(judgesOf)
    this.machines = Array.from(
      { length: this.isLong ? 1 : random.between(1, 3) + (random.chance(0.1) ? 2 : 0) },
      (_, index) =>
        createMachine(making, {
          name: `verifier ${index}`,
          servers: this.servers,
          stalenessSeconds: this.isLong ? [30, 60, 200] : [3, 5, 10],
          onTaken: (by) => this.acknowledgeAll(by),
        }),
    )
    this.past.push(database.state)
  }

  anyJudge(): Judge {
    return this.random.chance(0.3) ? this.random.pick(this.serverJudges) : this.random.pick(this.machines)
  }

  shown({ tenant }: Judge): readonly ModelCredential[] {
    return this.credentials.filter(({ own }) => own.tenant === tenant)
  }

  report(what: string): void {
    this.finding ??= { seed: this.seed, atMs: Math.round(this.timeline.now), what }
  }

  /** A round, as one runs every minute and when a server ends. */
  cleanUp(): void {
    void this.random.pick(this.servers).running?.cleanUp()
  }

  cleanUpAll(): void {
    for (const { running } of this.servers) void running?.cleanUp()
  }

  /** An operator may have ended it, and whatever was made before for its client. */
  touch(dependency: Dependency): void {
    this.touchedAtMs.set(nameOf(dependency), this.timeline.now)
  }

  acknowledge(chain: string): void {
    for (const said of this.changes.get(chain) ?? []) said.ackedAt ??= this.timeline.now
  }

  /** A revocation that a server has taken back is in force everywhere from then on. */
  acknowledgeAll(by: ServerProcess): void {
    const applied = by.running?.books.position() ?? 0
    for (const { position, chain } of by.unacknowledged.splice(0)) if (position <= applied) this.acknowledge(chain)
  }
}
