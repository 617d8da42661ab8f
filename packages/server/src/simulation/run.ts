/** One run: a seed makes servers, verifiers, changes and faults; the oracle is asked about every acceptance. */
import type { ClientState } from '@countersign/core'
import type {
  BookKeeper,
  createEngine,
  createFeedFollower,
  Engine,
  Limiter,
  memoryLimiter,
} from '@countersign/verifier'
import { audience, credentials, type Dependency, type ModelCredential, startAt } from './credentials.ts'
import { append, createHistory, type History, placeOf, restore } from './history.ts'
import { createPorts, type Link } from './network.ts'
import { type Made, makeSubject } from './operator.ts'
import { dependenciesOf, type Memory, nameOf, Oracle } from './oracle.ts'
import { allRules, type Rules } from './rules.ts'
import { Server } from './server.ts'
import { createRandom, MachineClock, type Random, Timeline } from './timeline.ts'

/** The parts that are simulated: the real ones, or the real ones with a rule left out. */
export interface Implementation {
  readonly createFeedFollower: typeof createFeedFollower
  readonly createEngine: typeof createEngine
  readonly memoryLimiter: typeof memoryLimiter
}

export interface Finding {
  readonly seed: number
  readonly atMs: number
  readonly what: string
}

interface Machine {
  readonly name: string
  readonly clock: MachineClock
  readonly link: Link
  readonly keeper: BookKeeper & { start(): Promise<void>; close(): void }
  readonly engine: Engine
  readonly maxStalenessMs: number
  readonly memory: Memory
  /** Either it sleeps, or its wall clock is set: both at once are outside of what is promised (feed.md §3). */
  readonly habit: 'sleeps' | 'set back' | 'set forward' | 'steady'
}

export interface Tally {
  accepted: number
  refused: number
  unavailable: number
}

const objects: readonly Dependency[] = [
  ...new Map(credentials.flatMap(dependenciesOf).map((dependency) => [nameOf(dependency), dependency])).values(),
]

export async function run(
  seed: number,
  parts: Implementation,
  rules: Rules = allRules,
  tally: Tally = { accepted: 0, refused: 0, unavailable: 0 },
): Promise<Finding | undefined> {
  const simulation = new Simulation(seed, parts, rules, tally)
  return simulation.run()
}

class Simulation {
  readonly #seed: number
  readonly #parts: Implementation
  readonly #rules: Rules
  readonly #tally: Tally
  readonly #random: Random
  readonly #timeline = new Timeline()
  readonly #oracle = new Oracle()
  readonly #servers: Server[]
  readonly #machines: readonly Machine[]
  readonly #isLong: boolean
  readonly #commitMsMax: number
  readonly #versions = new Map<string, number>()
  #history: History = createHistory()
  #highest = 0
  #epochs = 0
  #isHealed = false
  #finding: Finding | undefined

  constructor(seed: number, parts: Implementation, rules: Rules, tally: Tally) {
    this.#seed = seed
    this.#parts = parts
    this.#rules = rules
    this.#tally = tally
    this.#random = createRandom(seed)
    const random = this.#random
    this.#isLong = random.chance(0.1)
    this.#commitMsMax = random.pick([5, 100, 1_000])
    const kinds = ['primary', 'primary', 'memory'] as const
    const pollMs = random.pick([100, 1_000, 6_000])
    this.#servers = Array.from({ length: random.between(1, 3) }, (_, index) => {
      const server = new Server({
        kind: index === 0 ? 'primary' : random.pick(kinds),
        skewMs: random.between(-1_500, 1_500),
        database: () => this.#history,
        timeline: this.#timeline,
        random,
        rules,
      })
      server.readMsMax = random.pick([5, 50, 400])
      server.pollMs = pollMs
      return server
    })
    this.#machines = Array.from(
      { length: this.#isLong ? 1 : random.between(1, 3) + (random.chance(0.1) ? 2 : 0) },
      (_, index) => this.#createMachine(`verifier ${index}`),
    )
  }

  async run(): Promise<Finding | undefined> {
    const random = this.#random
    const timeline = this.#timeline
    const isGoing = (): boolean => this.#finding === undefined
    const durationMs = this.#isLong ? random.between(500_000, 1_000_000) : random.between(15_000, 45_000)
    for (const machine of this.#machines) void machine.keeper.start()
    this.#plan(durationMs)
    await timeline.runUntil(durationMs, isGoing)
    if (isGoing()) {
      this.#heal()
      const longest = Math.max(...this.#machines.map(({ maxStalenessMs }) => maxStalenessMs))
      await timeline.runUntil(timeline.now + Math.max(2 * longest, 7_000), isGoing)
      if (isGoing()) await this.#checkLiveness()
    }
    for (const machine of this.#machines) machine.keeper.close()
    return this.#finding
  }

  #createMachine(name: string): Machine {
    const random = this.#random
    const clock = new MachineClock(this.#timeline, startAt * 1000 + random.between(-5_000, 5_000))
    const link: Link = {
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
    const maxStalenessSeconds = this.#isLong ? random.pick([30, 60, 200]) : random.pick([3, 5, 10])
    const { source, directory } = createPorts({
      servers: this.#servers,
      link,
      clock,
      timeline: this.#timeline,
      random,
    })
    const keeper = this.#parts.createFeedFollower({
      source,
      clock,
      schedule: clock.schedule,
      random: random.next,
      verifierId: name,
      maxStalenessSeconds,
      audience,
      onReload: () => engine.clear(),
    })
    const engine: Engine = this.#parts.createEngine({
      keeper,
      directory,
      limiter: this.#createLimiter(clock),
      clock,
      // Half of them forget at once, so that most is recalled from what is packed.
      cacheEntriesMax: random.pick([2, 50_000]),
    })
    return {
      name,
      clock,
      link,
      keeper,
      engine,
      maxStalenessMs: maxStalenessSeconds * 1000,
      memory: { revoked: new Set(), cutOff: new Set() },
      habit: random.pick(['sleeps', 'set back', 'set forward', 'steady']),
    }
  }

  /** In some runs limits are shared, and asking for them takes time. */
  #createLimiter(clock: MachineClock): Limiter {
    const memory = this.#parts.memoryLimiter()
    if (!this.#random.chance(0.3)) return memory
    return {
      take: (spends, now) =>
        new Promise((resolve) => {
          clock.schedule(this.#random.between(1, 4_000), () => resolve(memory.take(spends, now)))
        }),
    }
  }

  #plan(durationMs: number): void {
    const random = this.#random
    const steps = random.between(60, 120)
    for (let index = 0; index < steps; index++) {
      this.#timeline.after(random.next() * durationMs, () => {
        const chosen = random.next()
        if (chosen < 0.68) this.#present(random.pick(this.#machines))
        else if (chosen < 0.86) this.#change()
        else this.#fault(random.pick(this.#machines))
      })
    }
    if (this.#isLong) this.#planEnds(durationMs)
    if (random.chance(0.25)) this.#timeline.after(random.next() * durationMs, () => this.#failOver())
    if (random.chance(0.25)) this.#timeline.after(random.next() * durationMs, () => this.#restore())
  }

  /** Faults hide at edges: what ends within the run is changed before, and shown shortly before and after its end. */
  #planEnds(durationMs: number): void {
    const random = this.#random
    for (const { own, endsAt } of credentials) {
      const endMs = (endsAt - startAt) * 1000
      if (endMs > durationMs) continue
      this.#timeline.after(random.next() * endMs, () => this.#change(own))
      for (let index = 0; index < 4; index++) {
        this.#timeline.after(endMs + random.between(-10_000, 2_000), () => {
          if (random.chance(0.5)) this.#change()
          this.#present(random.pick(this.#machines))
        })
      }
    }
  }

  /** Show a verifier everything, and ask the oracle about what it accepts at the moment it does. */
  #present(machine: Machine): void {
    if (machine.clock.isSuspended) return
    const needed = this.#random.pick(['a', 'b'])
    for (const credential of credentials) void this.#verify(machine, credential, needed)
  }

  async #verify(machine: Machine, credential: ModelCredential, needed: string): Promise<string> {
    const question = {
      credential: credential.text,
      audience,
      requires: [[needed]],
      address: undefined,
      origin: undefined,
    }
    const answer = machine.engine.verify(question)
    const outcome = answer instanceof Promise ? await answer : answer
    if (outcome.outcome === 'unavailable') this.#tally.unavailable++
    else if (outcome.outcome === 'rejected') this.#tally.refused++
    else {
      this.#tally.accepted++
      const breach = this.#oracle.findBreach(credential, needed, this.#timeline.now, machine)
      if (breach !== undefined) this.#find(`${machine.name} accepted ${credential.name} for ${needed}: ${breach}`)
    }
    return outcome.outcome === 'rejected' ? outcome.rejection.code : outcome.outcome
  }

  #find(what: string): void {
    this.#finding ??= { seed: this.#seed, atMs: Math.round(this.#timeline.now), what }
  }

  #change(dependency: Dependency = this.#random.pick(objects)): void {
    const random = this.#random
    if (dependency.type === 'tenant') return
    const history = this.#history
    const number = this.#rules.numberedAtCommit ? undefined : this.#takeNumber()
    const begin = (): void => {
      // One that began in a database that was replaced by a copy is lost with it.
      if (history !== this.#history) return
      const made = this.#makeSubject(dependency)
      if (made === undefined) return
      const { subject, isCutOff } = made
      const entry = append(history, subject, this.#servers[0]?.now ?? 0, number)
      this.#highest = Math.max(this.#highest, entry.sequence)
      const said = this.#oracle.commit(
        dependency,
        subject.state,
        isCutOff ? entry.sequence : this.#cutOffOf(dependency),
      )
      for (const server of this.#servers) server.committed()
      // Look-ups and limits under way while a change is told are where races are.
      if (random.chance(0.5)) this.#present(random.pick(this.#machines))
      this.#timeline.after(random.between(0, this.#commitMsMax), () => {
        if (history === this.#history) said.ackedAt ??= this.#timeline.now
      })
    }
    this.#timeline.after(random.between(0, this.#commitMsMax), begin)
  }

  /** What a sequence of the database would give: a number before the commit. */
  #takeNumber(): number {
    const { sequence } = placeOf({ history: this.#history, count: this.#history.entries.length })
    this.#highest = Math.max(this.#highest, sequence) + 1
    return this.#highest
  }

  #makeSubject(dependency: Dependency): Made | undefined {
    const before = this.#oracle.latest(dependency)?.state
    if (before?.status === 'revoked') return undefined
    const name = nameOf(dependency)
    const version = (this.#versions.get(name) ?? 1) + 1
    this.#versions.set(name, version)
    const { sequence } = placeOf({ history: this.#history, count: this.#history.entries.length })
    return makeSubject(dependency, {
      version,
      before,
      sequence: sequence + 1,
      now: startAt + this.#timeline.now / 1000,
      random: this.#random,
      rules: this.#rules,
    })
  }

  #cutOffOf(dependency: Dependency): number {
    return this.#oracle.latest(dependency)?.cutOffSequence ?? 0
  }

  #fault(machine: Machine): void {
    const random = this.#random
    const { link, clock, habit } = machine
    const forAWhile = (set: (isOn: boolean) => void): void => {
      set(true)
      this.#timeline.after(random.between(100, 2 * machine.maxStalenessMs), () => set(false))
    }
    const server = random.pick(this.#servers)
    switch (random.between(0, 5)) {
      case 0:
        forAWhile((isOn) => Object.assign(link, { isUpCut: isOn }))
        break
      case 1:
        forAWhile((isOn) => Object.assign(link, { isDownCut: isOn }))
        break
      case 2:
        link.route = random.between(0, 2)
        break
      case 3:
        forAWhile((isOn) => Object.assign(server, { isDown: isOn }))
        break
      case 4:
        forAWhile((isOn) => Object.assign(link, { isSlow: isOn }))
        break
      default:
        if (habit === 'sleeps') forAWhile((isOn) => (isOn ? clock.suspend() : clock.resume()))
        if (habit === 'set back') clock.wallOffsetMs -= random.pick([500, 5_000, 3_600_000])
        if (habit === 'set forward') clock.wallOffsetMs += random.pick([500, 5_000, 86_400_000])
    }
  }

  /** A standby takes over with everything that was acknowledged; the old primary goes on answering. */
  #failOver(): void {
    const old = this.#servers.find(({ kind }) => kind === 'primary')
    if (old === undefined || this.#isHealed) return
    const { timeline, random, rules } = { timeline: this.#timeline, random: this.#random, rules: this.#rules }
    old.replace()
    this.#servers.push(
      new Server({
        kind: 'primary',
        skewMs: random.between(-1_500, 1_500),
        database: () => this.#history,
        timeline,
        random,
        rules,
      }),
    )
  }

  /** An older copy is put into service: what came after it is lost, but not to verifiers that knew. */
  #restore(): void {
    if (this.#isHealed) return
    const now = this.#timeline.now
    for (const { keeper, memory } of this.#machines) {
      if (keeper.book !== undefined) this.#oracle.remember(keeper.book, memory)
    }
    const least = 5
    const count = Math.max(least, this.#history.entries.length - this.#random.between(0, 6))
    const lost = this.#history.entries.slice(count)
    const kept = this.#history.entries.slice(0, count)
    const { epochsDiffer } = this.#rules
    const view = { history: this.#history, count }
    const jump = epochsDiffer ? this.#highest + 1_000_000_000 : placeOf(view).sequence
    this.#highest = jump
    this.#history = restore(view, epochsDiffer ? `e${++this.#epochs}` : this.#history.epoch, jump)
    for (const entry of lost) {
      const dependency = { type: entry.type, id: entry.id } as Dependency
      const index = kept.findLastIndex((other) => other.type === entry.type && other.id === entry.id)
      const state = kept[index]?.state as ReturnType<Oracle['latest']> extends { state: infer S } | undefined
        ? S
        : never
      const cutOff = (state as ClientState | undefined)?.cutOff ?? 0
      this.#oracle.commit(dependency, state, this.#rules.cutOffIsSequence ? cutOff : 0).ackedAt = now
    }
  }

  /** Faults stop. */
  #heal(): void {
    this.#isHealed = true
    const replaced = this.#servers.filter(({ kind }) => kind === 'replaced')
    for (const server of replaced) this.#servers.splice(this.#servers.indexOf(server), 1)
    for (const server of this.#servers) Object.assign(server, { isDown: false, readMsMax: 5, pollMs: 50 })
    for (const { link, clock } of this.#machines) {
      Object.assign(link, {
        drop: 0,
        duplicate: 0,
        delayMsMax: 20,
        streamDelayMsMax: 20,
        isUpCut: false,
        isDownCut: false,
        isSlow: false,
        replay: 0,
      })
      clock.resume()
    }
  }

  /** Everybody is fresh, at the head, and answers the truth. */
  async #checkLiveness(): Promise<void> {
    for (const machine of this.#machines) {
      const problem = this.#findLag(machine)
      if (problem !== undefined) return this.#find(`${machine.name} ${problem} though all faults have stopped`)
    }
    const asked = this.#machines.flatMap((machine) =>
      credentials.flatMap((credential) =>
        ['a', 'b'].map((needed) => ({
          machine,
          credential,
          needed,
          wasTrue: this.#oracle.isTrue(credential, needed, this.#timeline.now),
          code: this.#verify(machine, credential, needed),
        })),
      ),
    )
    await this.#timeline.runUntil(this.#timeline.now + 15_000, () => this.#finding === undefined)
    if (this.#finding !== undefined) return
    for (const { machine, credential, needed, wasTrue, code } of asked) {
      const isTrue = this.#oracle.isTrue(credential, needed, this.#timeline.now)
      const said = await code
      if (isTrue === undefined || isTrue !== wasTrue) continue
      if (isTrue === (said === 'verified') || this.#isKept(machine, credential)) continue
      return this.#find(`${machine.name} says ${said} of ${credential.name} for ${needed} long after the last change`)
    }
  }

  #findLag({ keeper }: Machine): string | undefined {
    const head = placeOf({ history: this.#history, count: this.#history.entries.length })
    const place = keeper.book?.place
    if (!keeper.isFresh()) return 'is not fresh'
    if (place?.epoch === head.epoch && place.sequence === head.sequence && place.chain === head.chain) return undefined
    return `is at ${place?.epoch} ${place?.sequence} and not at ${head.epoch} ${head.sequence}`
  }

  /** What a verifier knew before a restore it keeps, though the copy says nothing of it. */
  #isKept({ keeper }: Machine, credential: ModelCredential): boolean {
    if (this.#epochs === 0) return false
    const { book } = keeper
    return dependenciesOf(credential).some(
      ({ type, id }) =>
        book?.isRevoked(type, id) === true || (type === 'client' && (book?.state('client', id)?.cutOff ?? 0) > 0),
    )
  }
}
