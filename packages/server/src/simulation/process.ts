/** One server process: the real books, answers, clean-up and hand-back over a connection to the modelled database. */
import type { FeedObject, HandBackQuestion, Place, PositionQuestion } from '@countersign/core'
import { type HistoryClaim, type InstallationEntry, type Store, StoreUnavailableError } from '@countersign/store'
import type { Engine, SnapshotStream } from '@countersign/verifier/engine'
import type { Services } from '../context.ts'
import { serverLimits } from '../limits.ts'
import { silentLog } from '../observe/log.ts'
import { issuerOf } from './credentials.ts'
import type { Database } from './database.ts'
import { emptyMemory, type Memory } from './oracle.ts'
import type * as parts from './parts.ts'
import type { Rules } from './rules.ts'
import { createModelledStore } from './store.ts'
import { tenants } from './tenants.ts'
import type { MachineClock, Random, Timeline } from './timeline.ts'

/** The code that is simulated: the real one, or the real one with a rule left out. */
export type Parts = typeof parts

/** In one answer: few, so that most catch-ups take several. */
const pageSize = 5
const defaultTenant = 'ten_1'
const restartMs = 1_000

/** The file beside a SQLite database. It outlives processes, and databases that are exchanged. */
export interface PlaceFile {
  claim: HistoryClaim | undefined
}

export interface ProcessOptions {
  readonly name: string
  readonly parts: Parts
  readonly rules: Rules
  readonly database: Database
  readonly dialect: 'sqlite' | 'postgres'
  readonly canFailOver: boolean
  readonly timeline: Timeline
  readonly random: Random
  readonly clock: MachineClock
  readonly databaseMs: () => number
  readonly master: Services['master']
  readonly placeFile: PlaceFile | undefined
  /** Whether the machine has a boot clock. */
  readonly hasBootClock: boolean
  readonly maxStalenessSeconds: number
}

type FeedServices = Pick<
  Services,
  'store' | 'books' | 'macs' | 'seals' | 'snapshots' | 'master' | 'now' | 'log' | 'processId'
>

interface Running extends FeedServices {
  readonly engines: ReadonlyMap<string, Engine>
  cleanUp(): Promise<void>
  stop(): void
}

export class ServerProcess {
  readonly name: string
  readonly clock: MachineClock
  readonly maxStalenessSeconds: number
  readMsMax = 5
  /** It answers nobody. */
  isDown = false
  /** It does not reach its database. */
  isCut = false
  /** Undefined while it starts. */
  running: Running | undefined
  /** Changes that it has committed and told its books, and has acknowledged to nobody yet. */
  readonly unacknowledged: InstallationEntry[] = []
  /** The revocations that it knew when the database went back. */
  memory: Memory = emptyMemory()
  readonly #options: ProcessOptions
  #generation = 0
  /** Rejected when it ends: whatever it waits for at the database is let go. */
  #end = Promise.withResolvers<never>()

  constructor(options: ProcessOptions) {
    this.#options = options
    this.name = options.name
    this.clock = options.clock
    this.maxStalenessSeconds = options.maxStalenessSeconds
  }

  /** Its memory is lost. What it was about to write is never written, and what it has written is not acknowledged. */
  kill(): void {
    this.#generation++
    this.#end.promise.catch(() => {})
    this.#end.reject(new Error('the process is gone'))
    this.running?.stop()
    this.running = undefined
    this.unacknowledged.length = 0
    this.memory = emptyMemory()
  }

  /** Tries until it runs. */
  start(): void {
    this.kill()
    const generation = this.#generation
    this.#end = Promise.withResolvers()
    void this.#open(generation).then(
      (running) => {
        if (generation === this.#generation) this.running = running
      },
      () => {
        this.#options.timeline.after(restartMs, () => {
          if (generation === this.#generation) this.start()
        })
      },
    )
  }

  async #open(generation: number): Promise<Running> {
    const { parts, rules, database, dialect, canFailOver, timeline, random, clock, placeFile } = this.#options
    const { master, databaseMs } = this.#options
    const isAlive = (): boolean => generation === this.#generation
    const now = (): number => clock.stamp().wallMs / 1000
    const wait = (ms: number): Promise<void> =>
      new Promise((resolve, reject) => {
        timeline.after(ms, () => {
          if (!isAlive()) return
          if (this.isCut) reject(new StoreUnavailableError('unreachable', new Error('the way is cut')))
          else resolve()
        })
      })
    const { store, open, close } = createModelledStore({
      database,
      rules,
      dialect,
      canFailOver,
      now,
      databaseMs,
      pause: () => wait(random.between(0, this.readMsMax)),
      gone: this.#end.promise,
      giveUp: () => wait(random.between(500, 1_500)),
    })
    await open()
    if (placeFile?.claim !== undefined) await store.leaveHistory([placeFile.claim])
    store.onCommit((entries) => {
      this.unacknowledged.push(...entries)
    })
    const timers = {
      after: clock.schedule,
      every(periodMs: number, run: () => void): () => void {
        let cancel = (): void => {}
        const next = (): void => {
          cancel = clock.schedule(periodMs, () => {
            if (!isAlive()) return
            run()
            next()
          })
        }
        next()
        return () => cancel()
      },
    }
    const processId = `${this.name} ${generation}`
    const books = await parts.openBooks({
      store,
      clock,
      timers,
      issuerOf,
      defaultTenant,
      maxStalenessSeconds: this.maxStalenessSeconds,
      random: random.next,
      processId,
      onProblem: () => {},
      onRollback: () => {},
    })
    const macs = parts.createRevocationMacs(master)
    const services: FeedServices = {
      store,
      books,
      macs,
      seals: parts.createPlaceSeals(master),
      snapshots: parts.createSnapshots({ store, books, macs, clock, timers }),
      master,
      now,
      log: silentLog,
      processId,
    }
    const bootClock = () => (this.#options.hasBootClock ? { id: 'boot', ms: Math.floor(timeline.now) } : undefined)
    const dropTimes = parts.createDropTimes({ store, clock, bootClock })
    await dropTimes.read()
    const cleanUp = parts.createCleanUp(services, dropTimes)
    const stopCleanUp = timers.every(serverLimits.cleanUpEveryMs, () => void cleanUp().catch(() => {}))
    const stopHandBack = parts.startOwnHandBack(services, timers, random.next)
    if (placeFile !== undefined) notePlaces(store, placeFile, books.epoch)
    const engines = new Map(tenants.map(({ tenant: { id } }) => [id, createEngineOf(parts, services, id, clock)]))
    return {
      ...services,
      engines,
      cleanUp: () => cleanUp().catch(() => {}),
      stop() {
        stopCleanUp()
        stopHandBack()
        books.close()
        close()
      },
    }
  }

  /** Everything below throws where the process would answer 503, or not at all. */
  async position(tenant: string, question: PositionQuestion) {
    const answer = await this.#options.parts.answerPosition(this.#services(), tenant, question)
    if (answer === undefined) throw unavailable
    return answer
  }

  async entries(tenant: string, place: Place) {
    const services = this.#services()
    const { parts } = this.#options
    if (!(await parts.isInLog(services, tenant, place))) return 'reload'
    return { entries: await parts.readPage(services, tenant, place, pageSize) }
  }

  async snapshot(tenant: { readonly id: string; readonly issuer: string }): Promise<SnapshotStream> {
    const { head, snapshot } = await this.#options.parts.readSnapshot(this.#services(), tenant)
    const lines = snapshot.pieces.flatMap((piece) => piece.split('\n').filter((line) => line !== ''))
    return { ...head, entries: lines.map((line) => JSON.parse(line) as FeedObject) }
  }

  async lookUp(
    tenant: string,
    wanted: { readonly digest: string } | { readonly clientId: string; readonly kid: string },
    place: Place,
  ) {
    const services = this.#services()
    const { parts } = this.#options
    if (!(await parts.catchUp(services, tenant, place))) throw unavailable
    const answer = await parts.lookUpRecord(services, tenant, wanted)
    if (answer === undefined) throw unavailable
    return answer
  }

  async handBack(tenant: string, question: HandBackQuestion) {
    const answer = await this.#options.parts.takeHandedBack(this.#services(), tenant, question, handBackCause)
    if (answer === 'other_epoch') throw unavailable
    return answer
  }

  #services(): Running {
    if (this.running === undefined || this.isDown) throw unavailable
    return this.running
  }
}

const unavailable = new Error('the server is unavailable')
const handBackCause = { actor: { kind: 'system' }, action: 'revocation.hand_back', requestId: 'simulated' } as const

function createEngineOf(
  parts: Parts,
  { store, books }: Pick<Services, 'store' | 'books'>,
  tenant: string,
  clock: MachineClock,
): Engine {
  return parts.createEngine({
    keeper: books.keeper(tenant),
    directory: parts.storeDirectory(store, tenant),
    limiter: parts.memoryLimiter(),
    clock,
    unknownPerSecondMax: Number.POSITIVE_INFINITY,
    keepsRefused: false,
    onAhead: (sequence) => void books.claim({ tenant, sequence }).catch(() => {}),
  })
}

/** As the file beside a SQLite database, without its bytes. */
function notePlaces(store: Store, file: PlaceFile, epoch: () => string): void {
  store.onCommit((entries) => {
    const last = entries.at(-1)
    if (last === undefined) return
    const { tenant, sequence, chain } = last
    file.claim = { tenant, sequence, chain, epoch: epoch() }
  })
}
