/** One run: a seed makes servers, verifiers, changes and faults; the oracle is asked about every acceptance. */
import type { Client, WriteTransaction } from '@countersign/store'
import {
  audience,
  createKey,
  createOpaqueToken,
  type Dependency,
  issuedPosition,
  type ModelCredential,
  startAt,
  tenants,
} from './credentials.ts'
import { type Database, dropSecondsOf, placeOf, type State } from './database.ts'
import { createInstallation } from './installation.ts'
import { createClock, createMachine, createServers, type Judge, judgesOf, type Machine } from './judges.ts'
import { append, change } from './operator.ts'
import { dependenciesOf, isTrue, nameOf, Oracle, type Said, saidIn } from './oracle.ts'
import type { Parts, ServerProcess } from './process.ts'
import { allRules, type Rules } from './rules.ts'
import { createRandom, type MachineClock, type Random, Timeline } from './timeline.ts'

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

/** States of the database that may come back. */
const pastMax = 12
const dayMs = 86_400_000
const jumpMs = 7_200_000
const jumpLastsMs = 75_000
/** Two servers may count a moment so differently, with the leeway and what a transaction takes. */
const clocksDifferMs = 20_000

/**
 * `jumps`: clocks of servers and of the database are hours off for a while. `drop ahead`: the drop time is a day ahead of
 * all clocks, as it is when the installation was begun by a clock that was. `week`: clocks are a day ahead for a week.
 */
type Clocks = 'right' | 'jumps' | 'drop ahead' | 'week'

function pickClocks(random: Random): Clocks {
  const chosen = random.next()
  if (chosen < 0.72) return 'right'
  if (chosen < 0.89) return 'jumps'
  return chosen < 0.98 ? 'drop ahead' : 'week'
}

export async function run(
  seed: number,
  parts: Parts,
  rules: Rules = allRules,
  tally: Tally = { accepted: 0, refused: 0, unavailable: 0 },
): Promise<Finding | undefined> {
  const random = createRandom(seed)
  const clocks = pickClocks(random)
  const database = await createInstallation(parts, rules, startAt * 1000 + (clocks === 'drop ahead' ? dayMs : 0))
  return new Simulation({ seed, parts, rules, tally, random, clocks, database }).run()
}

class Simulation {
  readonly #seed: number
  readonly #parts: Parts
  readonly #tally: Tally
  readonly #random: Random
  readonly #database: Database
  readonly #clocks: Clocks
  readonly #timeline = new Timeline()
  readonly #oracle = new Oracle()
  readonly #databaseClock: MachineClock
  readonly #servers: ServerProcess[]
  readonly #serverJudges: readonly Judge[]
  readonly #machines: readonly Machine[]
  readonly #isLong: boolean
  readonly #dialect: 'sqlite' | 'postgres'
  readonly #canFailOver: boolean
  readonly #objects: Dependency[]
  readonly #credentials: ModelCredential[]
  /** The change of each entry, by its chain value: acknowledged when the entry is. */
  readonly #changes = new Map<string, readonly Said[]>()
  readonly #past: State[] = []
  /** When the making of what is made during the run began, and when operators last did something to an object. */
  readonly #madeAtMs = new Map<string, number>()
  readonly #touchedAtMs = new Map<string, number>()
  #wentBackAtMs = 0
  #lastEntryAtMs = 0
  /** The highest there ever was: higher than the database's own where that went back. */
  #dropTime = 0
  #isHealed = false
  #hasGoneBack = false
  #finding: Finding | undefined

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
    this.#clocks = given.clocks
    this.#seed = given.seed
    this.#parts = given.parts
    this.#tally = given.tally
    this.#random = random
    this.#database = database
    this.#credentials = tenants.flatMap(({ credentials }) => credentials)
    this.#objects = [
      ...new Map(
        this.#credentials.flatMap(dependenciesOf).map((dependency) => [nameOf(dependency), dependency]),
      ).values(),
    ]
    this.#isLong = this.#clocks !== 'week' && random.chance(0.1)
    this.#dialect = random.chance(0.3) ? 'sqlite' : 'postgres'
    this.#canFailOver = this.#dialect === 'postgres' && random.chance(0.4)
    const making = { ...given, timeline: this.#timeline }
    this.#databaseClock = createClock(making, 1_500)
    this.#servers = createServers(making, {
      dialect: this.#dialect,
      canFailOver: this.#canFailOver,
      databaseClock: this.#databaseClock,
    })
    this.#serverJudges = this.#servers.flatMap(judgesOf)
    this.#machines = Array.from(
      { length: this.#isLong ? 1 : random.between(1, 3) + (random.chance(0.1) ? 2 : 0) },
      (_, index) =>
        createMachine(making, {
          name: `verifier ${index}`,
          servers: this.#servers,
          stalenessSeconds: this.#isLong ? [30, 60, 200] : [3, 5, 10],
          onTaken: (by) => this.#acknowledgeAll(by),
        }),
    )
    this.#past.push(database.state)
    database.onChange((before, after) => this.#note(before, after))
  }

  async run(): Promise<Finding | undefined> {
    const random = this.#random
    const timeline = this.#timeline
    const isGoing = (): boolean => this.#finding === undefined
    const durationMs = this.#isLong ? random.between(500_000, 1_000_000) : random.between(15_000, 45_000)
    for (const server of this.#servers) server.start()
    for (const machine of this.#machines) void machine.keeper.start()
    if (this.#clocks === 'week') await this.#passWeek(isGoing)
    this.#plan(durationMs)
    await timeline.runUntil(timeline.now + durationMs, isGoing)
    if (isGoing()) {
      this.#heal()
      await timeline.runUntil(timeline.now + this.#healMs(), isGoing)
      // A token from a history that is lost proves it to a server that is shown it, and so an epoch may begin only now.
      for (const judge of [...this.#machines, ...this.#serverJudges]) this.#present(judge)
      await timeline.runUntil(timeline.now + 5_000, isGoing)
      // A floor or something taken back may just have been written.
      for (let round = 0; round < 10 && isGoing() && timeline.now < this.#quietAtMs(); round++)
        await timeline.runUntil(this.#quietAtMs(), isGoing)
      if (isGoing()) await this.#checkLiveness()
    }
    for (const machine of this.#machines) machine.keeper.close()
    for (const server of this.#servers) server.kill()
    return this.#finding
  }

  #plan(durationMs: number): void {
    const random = this.#random
    const steps = random.between(45, 90)
    for (let index = 0; index < steps; index++) {
      this.#timeline.after(random.next() * durationMs, () => {
        const chosen = random.next()
        if (chosen < 0.68) this.#present(this.#anyJudge())
        else if (chosen < 0.86) this.#change()
        else this.#fault(random.pick(this.#machines))
      })
    }
    const sometime = (act: () => void): void => void this.#timeline.after(random.next() * durationMs, act)
    if (this.#isLong) this.#planEnds(durationMs)
    for (let count = random.between(0, 4); count > 0; count--) sometime(() => this.#cleanUp())
    if (this.#clocks === 'drop ahead') this.#planFloor(durationMs)
    if (this.#clocks === 'jumps')
      for (let count = random.between(1, 3); count > 0; count--) sometime(() => this.#jump())
    if (this.#canFailOver && random.chance(0.5)) sometime(() => this.#failOver())
    if (random.chance(0.2)) sometime(() => this.#restore())
    for (let count = random.pick([0, 0, 0, 1, 1, 2]); count > 0; count--) sometime(() => this.#rollBack())
    for (let count = random.between(0, 4); count > 0; count--) sometime(() => this.#issue())
  }

  /**
   * A floor is written, tokens are issued above it, and they are changed and forgotten while the drop time is ahead.
   */
  #planFloor(durationMs: number): void {
    const at = (part: number, act: () => void): void => void this.#timeline.after(part * durationMs, act)
    const isMinted = ({ name, position = 0 }: ModelCredential): boolean =>
      name === `minted_${position}` && position > issuedPosition + 1
    at(0.1, () => this.#cleanUpAll())
    at(0.2, () => this.#cleanUpAll())
    for (const part of [0.25, 0.3, 0.35, 0.4]) at(part, () => this.#change())
    for (const part of [0.5, 0.6, 0.7]) {
      at(part, () => {
        for (const { own } of this.#credentials.filter(isMinted)) if (this.#random.chance(0.3)) this.#change(own)
      })
    }
    at(0.85, () => this.#cleanUpAll())
  }

  /** A round, as one runs every minute and when a server ends. */
  #cleanUp(): void {
    void this.#random.pick(this.#servers).running?.cleanUp()
  }

  #cleanUpAll(): void {
    for (const { running } of this.#servers) void running?.cleanUp()
  }

  /** A clock is set hours ahead or back, and right again. */
  #jump(): void {
    if (this.#isHealed) return
    const clock = this.#random.pick([this.#databaseClock, ...this.#servers.map((server) => server.clock)])
    const byMs = this.#random.pick([jumpMs, -jumpMs])
    clock.wallOffsetMs += byMs
    this.#noteClocks()
    this.#timeline.after(jumpLastsMs, () => {
      if (this.#isHealed) return
      clock.wallOffsetMs -= byMs
      // The end of one jump may set the clock back during another.
      this.#noteClocks()
    })
  }

  #noteClocks(): void {
    const offsets = this.#servers.map(({ clock }) => clock.wallOffsetMs - startAt * 1000)
    const behind = Math.ceil(Math.max(0, ...offsets.map((offsetMs) => -offsetMs)) / 1000)
    this.#oracle.clocksBehindSeconds = Math.max(this.#oracle.clocksBehindSeconds, behind)
  }

  /** Some of the clocks, or all, are a day ahead for a week; half a day passes between two rounds of clean-up. */
  async #passWeek(isGoing: () => boolean): Promise<void> {
    const random = this.#random
    const clocks = new Set([this.#databaseClock, ...this.#servers.map((server) => server.clock)])
    const ahead = random.chance(0.6) ? [...clocks] : [random.pick([...clocks])]
    for (const clock of ahead) clock.wallOffsetMs += dayMs
    for (const { own } of this.#credentials.filter(({ name }) => name === 'tok_week'))
      for (let count = 0; count < 2; count++)
        this.#timeline.after(random.between(2_000, 8_000), () => this.#change(own))
    for (let count = random.between(5, 15); count > 0; count--)
      this.#timeline.after(random.between(0, 8_000), () => this.#change())
    await this.#timeline.runUntil(10_000, isGoing)
    for (let round = 0; round < 14 && isGoing(); round++) {
      this.#timeline.skip(dayMs / 2)
      this.#cleanUpAll()
      await this.#timeline.runUntil(this.#timeline.now + 3_000, isGoing)
      this.#present(this.#anyJudge())
    }
    for (const clock of ahead) clock.wallOffsetMs -= dayMs
  }

  /** Faults hide at edges: what ends within the run is changed before, and shown shortly before and after its end. */
  #planEnds(durationMs: number): void {
    const random = this.#random
    for (const { own, endsAt } of this.#credentials) {
      const endMs = (endsAt - startAt) * 1000
      if (endMs > durationMs) {
        // Early enough for what was said of it to be forgotten within the run, if it were by the wrong end.
        if (own.type !== 'key') this.#timeline.after(random.next() * 150_000, () => this.#change(own))
        continue
      }
      this.#timeline.after(random.next() * endMs, () => this.#change(own))
      const cleanedAtMs = endMs - random.between(2_000, 9_000)
      this.#timeline.after(cleanedAtMs, () => this.#cleanUpAll())
      this.#timeline.after(cleanedAtMs + 1_500, () => this.#present(random.pick(this.#serverJudges)))
      for (let index = 0; index < 4; index++) {
        this.#timeline.after(endMs + random.between(-10_000, 2_000), () => {
          if (random.chance(0.5)) this.#change()
          this.#present(this.#anyJudge())
        })
      }
    }
  }

  #anyJudge(): Judge {
    return this.#random.chance(0.3) ? this.#random.pick(this.#serverJudges) : this.#random.pick(this.#machines)
  }

  /**
   * Show a verifier everything of its tenant, and one thing of another; the oracle is asked at the moment of
   * acceptance.
   */
  #present(judge: Judge): void {
    if (judge.clock.isSuspended) return
    const needed = this.#random.pick(['a', 'b'])
    for (const credential of this.#shown(judge)) void this.#verify(judge, credential, needed)
    const foreign = this.#credentials.filter(({ own }) => own.tenant !== judge.tenant && own.type !== 'client_token')
    void this.#verify(judge, this.#random.pick(foreign), needed)
  }

  #shown({ tenant }: Judge): readonly ModelCredential[] {
    return this.#credentials.filter(({ own }) => own.tenant === tenant)
  }

  async #verify(judge: Judge, credential: ModelCredential, needed: string): Promise<string> {
    const question = {
      credential: credential.text,
      audience,
      requires: [[needed]],
      address: undefined,
      origin: undefined,
    }
    const { memory } = judge
    const answer = judge.engine?.verify(question) ?? ({ outcome: 'unavailable' } as const)
    const outcome = answer instanceof Promise ? await answer : answer
    if (outcome.outcome === 'unavailable') this.#tally.unavailable++
    else if (outcome.outcome === 'rejected') this.#tally.refused++
    else {
      this.#tally.accepted++
      const { maxStalenessMs } = judge
      const breach =
        credential.own.tenant === judge.tenant
          ? this.#oracle.findBreach(credential, needed, this.#timeline.now, { maxStalenessMs, memory })
          : 'it is of another tenant'
      if (breach !== undefined) this.#find(`${judge.name} accepted ${credential.name} for ${needed}: ${breach}`)
    }
    return outcome.outcome === 'rejected' ? outcome.rejection.code : outcome.outcome
  }

  #find(what: string): void {
    this.#finding ??= { seed: this.#seed, atMs: Math.round(this.#timeline.now), what }
  }

  /** An operator asks a server for a change. */
  #change(dependency: Dependency = this.#random.pick(this.#objects)): void {
    const server = this.#random.pick(this.#servers)
    const { running } = server
    if (running === undefined || server.isDown) return
    const credential = this.#credentials.find(({ own }) => nameOf(own) === nameOf(dependency))
    const { store, books, now } = running
    this.#touch(dependency)
    const work = change(dependency, { parts: this.#parts, now: now(), random: this.#random, credential })
    store.write(work).then(
      async ({ entries }) => {
        await books.settle(entries)
        if (server.running !== running) return
        for (const { chain } of entries) this.#acknowledge(chain)
      },
      // Nobody knows whether it was done: nothing is promised of it.
      () => {},
    )
  }

  /** An operator may have ended it, and whatever was made before for its client. */
  #touch(dependency: Dependency): void {
    this.#touchedAtMs.set(nameOf(dependency), this.#timeline.now)
  }

  /** A key or an opaque token is made now: in the latter case at the position that the server has applied. */
  #issue(): void {
    const random = this.#random
    const server = random.pick(this.#servers)
    const { running } = server
    if (running === undefined || server.isDown || this.#isHealed) return
    const beganAtMs = this.#timeline.now
    const { tenant, clients } = random.pick(tenants)
    const clientId = (random.pick(clients) as Client).id
    const bytes = (count: number): Uint8Array => Uint8Array.from({ length: count }, () => random.between(0, 255))
    const now = Math.floor(running.now())
    const position = running.books.book(tenant.id)?.place.sequence ?? 0
    const options = { clientId, createdAt: now, endsAt: now + random.pick([60, 5_000]), position, lineage: [] }
    const key = createKey(tenant.id, clientId, now, bytes)
    const token = createOpaqueToken(tenant.id, options, bytes)
    const isKey = random.chance(0.5)
    const { credential } = isKey ? key : token
    const work = async (it: WriteTransaction): Promise<boolean> => {
      const client = await it.clients.find(tenant.id, clientId)
      if (client?.status !== 'active' || client.cutOff > position) return false
      if (isKey) await it.keys.insert(key.row)
      else await it.tokens.insert(token.row)
      // A change without an entry: still, nothing is issued in a history that the server does not know.
      append(it, tenant.id, this.#parts.clientSubject(client, now))
      return true
    }
    running.store.write(work).then(
      ({ value }) => {
        if (!value || server.running !== running) return
        this.#credentials.push(credential)
        this.#objects.push(credential.own)
        this.#madeAtMs.set(nameOf(credential.own), beganAtMs)
      },
      () => {},
    )
  }

  /** Takes in every commit of the database. */
  #note(before: State, after: State): void {
    this.#past.push(after)
    if (this.#past.length > pastMax) this.#past.shift()
    const changes = this.#oracle.commit(this.#objects, before, after)
    if (after.position !== before.position) this.#lastEntryAtMs = this.#timeline.now
    this.#dropTime = Math.max(this.#dropTime, dropSecondsOf(after))
    if (after.feed !== before.feed) {
      const known = new Set(before.feed)
      for (const entry of after.feed) if (!known.has(entry)) this.#changes.set(entry.chain, changes)
    }
    for (const { tenant, minted } of tenants) this.#mint(after, placeOf(after, tenant.id).sequence, minted)
    // Look-ups and limits under way while a change is told are where races are.
    if (changes.length > 0 && this.#random.chance(0.5)) this.#present(this.#anyJudge())
  }

  /** A token is issued at this position, by a server that has applied it. */
  #mint(state: State, position: number, minted: readonly ModelCredential[]): void {
    const credential = minted.find((each) => each.position === position)
    if (credential === undefined || this.#credentials.includes(credential) || !this.#random.chance(0.5)) return
    if (!dependenciesOf(credential).every((of) => (saidIn(state, of)?.status ?? 'active') === 'active')) return
    this.#credentials.push(credential)
    this.#objects.push(credential.own)
  }

  #acknowledge(chain: string): void {
    for (const said of this.#changes.get(chain) ?? []) said.ackedAt ??= this.#timeline.now
  }

  /** A revocation that a server has taken back is in force everywhere from then on. */
  #acknowledgeAll(by: ServerProcess): void {
    const applied = by.running?.books.position() ?? 0
    for (const { position, chain } of by.unacknowledged.splice(0)) if (position <= applied) this.#acknowledge(chain)
  }

  #fault(machine: Machine): void {
    const random = this.#random
    const { link, clock, habit } = machine
    const forAWhile = (set: (isOn: boolean) => void): void => {
      set(true)
      this.#timeline.after(random.between(100, 2 * machine.maxStalenessMs), () => set(false))
    }
    const server = random.pick(this.#servers)
    switch (random.between(0, 7)) {
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
      case 5:
        forAWhile((isOn) => Object.assign(server, { isCut: isOn }))
        break
      case 6:
        if (random.chance(0.3)) this.#restart(server)
        break
      default:
        if (habit === 'sleeps') forAWhile((isOn) => (isOn ? clock.suspend() : clock.resume()))
        if (habit === 'set back') clock.wallOffsetMs -= random.pick([500, 5_000, 3_600_000])
        if (habit === 'set forward') clock.wallOffsetMs += random.pick([500, 5_000, 86_400_000])
    }
  }

  #restart(server: ServerProcess): void {
    server.kill()
    this.#timeline.after(this.#random.between(100, 5_000), () => server.start())
  }

  /** A standby takes over with everything that was acknowledged; the old primary goes on answering. */
  #failOver(): void {
    if (!this.#isHealed) this.#database.failOver()
  }

  /** An older copy is put into service by `countersign restore`, while no server runs. */
  #restore(): void {
    if (this.#isHealed) return
    for (const server of this.#servers) server.kill()
    this.#goBack()
    const { current } = this.#database
    const nowSeconds = startAt + this.#timeline.now / 1000
    void this.#database.transact(current, async (draft) => this.#database.begin(draft, 0, nowSeconds))
    for (const server of this.#servers) this.#restart(server)
  }

  /** The database goes back in its epoch, or to one before, and nobody is told: a volume's snapshot, a lost log. */
  #rollBack(): void {
    if (this.#isHealed) return
    const isSqlite = this.#dialect === 'sqlite'
    // A SQLite file is exchanged under no running process.
    const restarted = this.#servers.filter(() => isSqlite || this.#random.chance(0.4))
    for (const server of restarted) server.kill()
    this.#goBack()
    for (const server of restarted) this.#restart(server)
    // Write before anybody finds out: less than was lost, as much, or more.
    for (let count = this.#random.pick([0, 0, 2, 8]); count > 0; count--) {
      this.#timeline.after(this.#random.between(0, 6_000), () => this.#change())
    }
  }

  /** The database loses all that came after some state. Verifiers that knew it do not. */
  #goBack(): void {
    this.#hasGoneBack = true
    this.#wentBackAtMs = this.#timeline.now
    const now = this.#timeline.now
    const { state } = this.#database
    for (const { keeper, memory } of this.#machines) {
      if (keeper.book !== undefined) this.#oracle.remember(keeper.book, this.#objects, memory)
    }
    for (const { running, memory } of this.#servers) {
      for (const { tenant } of tenants) {
        const book = running?.books.book(tenant.id)
        if (book !== undefined) this.#oracle.remember(book, this.#objects, memory)
      }
    }
    const copy = this.#past.at(-1 - this.#random.between(0, pastMax - 1)) ?? (this.#past[0] as State)
    this.#database.goBack(copy)
    for (const said of this.#oracle.commit(this.#objects, state, copy)) said.ackedAt = now
  }

  /** Faults stop. */
  #heal(): void {
    this.#isHealed = true
    for (const server of this.#servers) {
      Object.assign(server, { isDown: false, isCut: false, readMsMax: 5 })
      server.clock.wallOffsetMs = startAt * 1000
      // A rolling restart: what it reads anew must be no less than what it knew.
      if (this.#random.chance(0.2)) server.kill()
      if (server.running === undefined) server.start()
    }
    this.#databaseClock.wallOffsetMs = startAt * 1000
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

  /**
   * Time to be fresh, at the head, and, after a loss, to hand back what is owed: retries are up to a minute and a half
   * apart.
   */
  #healMs(): number {
    const longest = Math.max(...this.#machines.map(({ maxStalenessMs }) => maxStalenessMs))
    return Math.max(2 * longest, 15_000, this.#hasGoneBack ? 100_000 : 0, this.#clocks === 'drop ahead' ? 130_000 : 0)
  }

  /** When everybody must know of the last entry. */
  #quietAtMs(): number {
    return this.#lastEntryAtMs + Math.max(...this.#machines.map(({ maxStalenessMs }) => maxStalenessMs), 10_000)
  }

  /** Everybody is fresh, at the head, and answers the truth. */
  async #checkLiveness(): Promise<void> {
    const judges = [...this.#machines, ...this.#serverJudges]
    for (const machine of this.#machines) {
      const problem = this.#findLag(machine) ?? this.#findLoss(machine)
      if (problem !== undefined) return this.#find(`${machine.name} ${problem} though all faults have stopped`)
    }
    if (this.#isDropTimeAhead()) return this.#find('the drop time is ahead of all clocks')
    const ended = this.#findEnded()
    if (ended !== undefined) return this.#find(`${ended.name} has ended though nobody ended it`)
    const state = this.#database.state
    const asked = judges.flatMap((judge) =>
      this.#shown(judge).flatMap((credential) =>
        ['a', 'b'].map((needed) => ({
          judge,
          credential,
          needed,
          wasTrue: isTrue(credential, needed, this.#timeline.now, { state, dropTime: this.#dropTime }),
          code: this.#verify(judge, credential, needed),
        })),
      ),
    )
    await this.#timeline.runUntil(this.#timeline.now + 15_000, () => this.#finding === undefined)
    if (this.#finding !== undefined) return
    for (const { judge, credential, needed, wasTrue, code } of asked) {
      const isNow = isTrue(credential, needed, this.#timeline.now, { state, dropTime: this.#dropTime })
      const said = await code
      if (isNow === undefined || isNow !== wasTrue || isNow === (said === 'verified')) continue
      // A cut-off that was raised by an epoch of a history that is lost as well.
      const client = nameOf({ tenant: credential.own.tenant, type: 'client', id: credential.clientId })
      if ((credential.position ?? Number.POSITIVE_INFINITY) < (judge.memory.cutOffs.get(client) ?? 0)) continue
      return this.#find(`${judge.name} says ${said} of ${credential.name} for ${needed} long after the last change`)
    }
  }

  #findLag({ tenant, keeper }: Machine): string | undefined {
    const head = placeOf(this.#database.state, tenant)
    const place = keeper.book?.place
    if (!keeper.isFresh()) return 'is not fresh'
    if (place?.epoch === head.epoch && place.sequence === head.sequence && place.chain === head.chain) return undefined
    return `is at ${place?.epoch} ${place?.sequence} and not at ${head.epoch} ${head.sequence}`
  }

  /** It counts what passes, and a hundredth more; jumping clocks do not move it. */
  #isDropTimeAhead(): boolean {
    const passedSeconds = this.#timeline.now / 1000
    const isRight = this.#clocks === 'right' || this.#clocks === 'jumps'
    return isRight && this.#dropTime > startAt + 1.01 * passedSeconds + 10
  }

  /**
   * A credential made after the database went back stays good: an older cut-off that is handed back does not end it.
   */
  #findEnded(): ModelCredential | undefined {
    if (this.#clocks === 'jumps' || this.#clocks === 'week') return undefined
    return this.#credentials.find((credential) => {
      const { own, clientId } = credential
      const madeAtMs = this.#madeAtMs.get(nameOf(own))
      if (madeAtMs === undefined || own.type !== 'key' || madeAtMs < this.#wentBackAtMs) return false
      const client = nameOf({ tenant: own.tenant, type: 'client', id: clientId })
      const touchedAtMs = Math.max(this.#touchedAtMs.get(client) ?? 0, this.#touchedAtMs.get(nameOf(own)) ?? 0)
      // A transaction may have been under way for seconds.
      if (touchedAtMs > 0 && touchedAtMs + clocksDifferMs > madeAtMs) return false
      return saidIn(this.#database.state, own)?.status === 'revoked'
    })
  }

  /** It ended so long ago that what was said of it is forgotten. */
  #isDropped(object: Dependency): boolean {
    const credential = this.#credentials.find(({ own }) => nameOf(own) === nameOf(object))
    return credential !== undefined && credential.endsAt <= dropSecondsOf(this.#database.state)
  }

  /** A revocation that a verifier knew before the database went back is in force everywhere again. */
  #findLoss({ tenant, keeper, memory }: Machine): string | undefined {
    const { book } = keeper
    const { state } = this.#database
    const lost = this.#objects.find((object) => {
      if (object.tenant !== tenant || book === undefined || this.#isDropped(object)) return false
      if (book.isRevoked(object.type, object.id)) return saidIn(state, object)?.status !== 'revoked'
      const client = object.type === 'client' ? state.clients.get(`${tenant} ${object.id}`) : undefined
      return (['tokens', 'everything'] as const).some((what) => {
        const sequence = memory.recorded.get(`${nameOf(object)} ${what}`) ?? 0
        return client !== undefined && (client.cutOffs?.[what]?.sequence ?? 0) < sequence
      })
    })
    return lost && `knows of a revocation of ${nameOf(lost)} that the database does not`
  }
}
