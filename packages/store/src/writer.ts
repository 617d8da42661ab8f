import { setImmediate } from 'node:timers/promises'
import type { Kysely } from 'kysely'
import { allDone } from './all_done.ts'
import { CommitOrder } from './commit_order.ts'
import type { Database } from './database.ts'
import { FatalStoreError, StoreUnavailableError } from './errors.ts'
import { type Append, Appender, type InstallationEntry, type LockedHead } from './feed/append.ts'
import type { EpochBegun, HistoryClaim } from './feed/epoch.ts'
import { leaveHistory } from './feed/epoch.ts'
import { writeRepositories } from './records/index.ts'
import { readAhead } from './records/read_ahead.ts'
import { LaterKeys } from './rows/later_keys.ts'
import type { Schema } from './schema.ts'
import { Memory, type Session, type WriteSession } from './session.ts'
import type { ReadAhead, Store, WriteOptions, WriteTransaction, Written } from './store.ts'
import type { StoreOptions } from './store_options.ts'

type Listener = (entries: readonly InstallationEntry[]) => void
type Work = (transaction: WriteTransaction) => Promise<unknown>

/** A write that waits, or runs. */
interface Asked {
  readonly work: Work
  readonly ahead: ReadAhead
  readonly resolve: (written: Written<unknown>) => void
  readonly reject: (error: unknown) => void
}

/** A write that has run, and whose commit is yet to come. */
interface Done {
  readonly asked: Asked
  readonly value: unknown
  /** Its entries among those of the transaction. */
  readonly entries: readonly [from: number, to: number]
}

/** One transaction holds a tenant's lock, and on SQLite the thread, for so long, plus the time of its last write. */
const heldMsMax = { sqlite: 4, postgres: 40 } as const
/** PostgreSQL keeps a savepoint for each write until the commit. It is quick with up to 64. */
const writesTogetherMax = 50

/** Writes, and tells of what they appended in the order of their commits. docs/decisions/0011-group-commit.md */
export class Writer {
  readonly #database: Database
  readonly #options: StoreOptions
  readonly #auditKey: Uint8Array
  readonly #monotonicMs: () => number
  readonly #order = new CommitOrder()
  readonly #listeners = new Set<Listener>()
  /** By tenant, where a transaction for several writes is under way: those that wait for the next one. */
  readonly #waiting = new Map<string, Asked[]>()
  /** Whether the locked counters continue the history that this process has read. */
  #follows: Parameters<Store['beforeAppend']>[0] = () => true

  constructor(database: Database, options: StoreOptions) {
    this.#database = database
    this.#options = options
    this.#auditKey = new Uint8Array(options.auditKey)
    this.#monotonicMs = options.monotonicMs ?? (() => performance.now())
  }

  onCommit(listener: Listener): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  beforeAppend(follows: Parameters<Store['beforeAppend']>[0]): void {
    this.#follows = follows
  }

  /** `tenant`: it touches this tenant alone, and may share its transaction with other writes that do. */
  write<T>(
    work: (transaction: WriteTransaction) => Promise<T>,
    { tenant, ahead = {} }: Pick<WriteOptions, 'tenant' | 'ahead'> = {},
  ): Promise<Written<T>> {
    return new Promise<Written<unknown>>((resolve, reject) => {
      const asked = { work, ahead, resolve, reject }
      if (tenant === undefined) return void this.#commit([asked])
      const waiting = this.#waiting.get(tenant)
      if (waiting !== undefined) return void waiting.push(asked)
      void this.#commitAll(tenant, [asked])
    }) as Promise<Written<T>>
  }

  /** Listeners are not told: every process loads its books anew in the new epoch. */
  leave(claims: readonly HistoryClaim[]): Promise<EpochBegun | undefined> {
    return this.#database.transact(async (db) => {
      const { session, appender, end } = this.#open(db, { isChecked: false })
      try {
        return await leaveHistory(session, this.#options, claims, async (changes) => {
          await appender.add(changes)
          await appender.finish()
        })
      } finally {
        end()
      }
    })
  }

  /** One transaction after the other, until none waits for the tenant. */
  async #commitAll(tenant: string, waiting: Asked[]): Promise<void> {
    this.#waiting.set(tenant, waiting)
    while (waiting.length > 0) {
      await this.#commit(waiting, tenant)
      await gathered()
    }
    this.#waiting.delete(tenant)
  }

  /** Takes writes from those that wait and commits them together. Never throws: each caller is told. */
  async #commit(waiting: Asked[], tenant?: string): Promise<void> {
    const taken: Asked[] = []
    const told = new Set<Asked>()
    let isAnyones = false
    let settle = () => {}
    try {
      const { done, entries } = await this.#database.transact(async (db) => {
        const open = this.#open(db, { tenant })
        try {
          const done = await this.#run(open, waiting, taken, told)
          const entries = await open.appender.finish()
          if (entries.length > 0) settle = this.#order.begin(entries[0]!.position)
          return { done, entries }
        } finally {
          isAnyones = taken.length > 1 && mayBeOfOneChange(open.session.laterKeys.failure)
          open.end()
        }
      })
      if (entries.length > 0) {
        await this.#order.turn(entries[0]!.position)
        this.#tell(entries)
      }
      for (const { asked, value, entries: own } of done) asked.resolve({ value, entries: entries.slice(...own) })
    } catch (error) {
      // Rows of several changes were written together, and one of them could not be: alone, each answers for itself.
      const open = taken.filter((asked) => !told.has(asked))
      if (isAnyones) for (const asked of open) await this.#commit([asked], tenant)
      // Without a transaction none of those that wait can be written. Those that were undone alone were told already.
      else for (const { reject } of taken.length === 0 ? waiting.splice(0) : open) reject(error)
    } finally {
      settle()
    }
  }

  /** A write that nobody waits behind is the whole transaction. Else each is a part, which fails alone. */
  async #run(open: Open, waiting: Asked[], taken: Asked[], told: Set<Asked>): Promise<readonly Done[]> {
    const take = (): Asked => {
      taken.push(waiting[0]!)
      return waiting.shift()!
    }
    const count = await this.#begin(open, waiting)
    if (waiting.length === 1) return [await this.#runOne(open, take())]
    const until = this.#monotonicMs() + heldMsMax[this.#database.dialect]
    const done: Done[] = []
    do {
      const asked = take()
      const takeBack = [open.appender.mark(), open.session.laterKeys.mark()]
      const part = await this.#database.part(open.db, () => this.#runOne(open, asked))
      if ('value' in part) done.push(part.value)
      else {
        if (open.session.laterKeys.failure !== undefined) throw open.session.laterKeys.failure
        for (const each of takeBack) each()
        open.session.forget()
        told.add(asked)
        asked.reject(part.undoneBy)
      }
    } while (waiting.length > 0 && taken.length < count && this.#monotonicMs() < until)
    return done
  }

  /**
   * Gives how many writes the transaction may take. The lock is sent first: what is read behind it holds until the commit.
   * On PostgreSQL, a write that comes while that is under way would have to ask for each of its records, with all others
   * waiting behind it, so it is left for the next transaction. On SQLite there is no message to save.
   */
  async #begin({ session, appender, tenant }: Open, waiting: readonly Asked[]): Promise<number> {
    const isPostgres = this.#database.dialect === 'postgres'
    if (tenant === undefined || (waiting.length === 1 && !isPostgres)) return writesTogetherMax
    const first = waiting.slice(0, writesTogetherMax)
    await allDone(
      session.enter(tenant),
      isPostgres ? appender.lockAhead(tenant) : undefined,
      readAhead(
        session,
        tenant,
        first.map(({ ahead }) => ahead),
      ),
    )
    return isPostgres ? first.length : writesTogetherMax
  }

  async #runOne({ session, appender, repositories }: Open, asked: Asked): Promise<Done> {
    const from = appender.count
    const changes: Append[] = []
    let isOver = false
    const append = (change: Append): void => {
      if (isOver) throw new Error('the transaction is over')
      session.db
      changes.push(change)
    }
    try {
      const value = await asked.work({ ...repositories, append })
      await appender.add(changes)
      return { asked, value, entries: [from, appender.count] }
    } finally {
      isOver = true
    }
  }

  #open(
    db: Kysely<Schema>,
    { tenant, isChecked = true }: { readonly tenant?: string | undefined; readonly isChecked?: boolean },
  ): Open {
    const memory = new Memory()
    const entered = new Set<string>()
    const lockTenant = (each: string): Promise<void> => this.#database.lockTenant(session.db, each)
    let isOver = false
    const session: WriteSession = {
      ...sessionOf(this.#database, this.#options),
      get db() {
        if (isOver) throw new Error('the transaction is over')
        return db
      },
      async enter(each) {
        if (entered.has(each)) return
        if (tenant !== undefined && each !== tenant)
          throw new Error('a write that shares its transaction has one tenant')
        // Statements that are asked for behind it are sent behind it. Where it fails, nothing of the transaction goes on.
        entered.add(each)
        await lockTenant(each)
      },
      laterKeys: new LaterKeys(() => session),
      recall: (of, name, read) => memory.recall(of, name, read),
      remember: (of, name, row) => memory.remember(of, name, row),
      forget: (of, name) => memory.forget(of, name),
      flush: () => allDone(appender.flush(), session.laterKeys.flush()),
      announce: () => this.#database.announce(session.db),
    }
    const assertFollows = (each: string, head: LockedHead): void => this.#assertFollows(each, head)
    const appender = new Appender(session, this.#auditKey, isChecked ? assertFollows : undefined)
    const end = (): void => {
      isOver = true
    }
    return { db, tenant, session, appender, repositories: writeRepositories(session), end }
  }

  /**
   * Refuses to write in a history that this process does not know: the database went back, another process has begun an
   * epoch, or a server was found whose history is not checked yet.
   */
  #assertFollows(tenant: string, { epoch, sequence, chain, history }: LockedHead): void {
    const found = this.#database.history()
    const isSettled = found === undefined || found === history
    if (isSettled && this.#follows(tenant, { epoch, sequence, chain })) return
    throw new StoreUnavailableError('history', new Error('the database continues another history'))
  }

  /** The commit stands: a listener that throws ends the process, and does not fail the write. */
  #tell(entries: readonly InstallationEntry[]): void {
    for (const listener of this.#listeners) {
      try {
        listener(entries)
      } catch (error) {
        queueMicrotask(() => {
          throw error
        })
      }
    }
  }
}

/** Callers that were just answered mostly ask again at once: two turns of the loop let them share the next transaction. */
export async function gathered(): Promise<void> {
  await setImmediate()
  await setImmediate()
}

/** Whether an error says something about what was written, rather than about the database. */
function mayBeOfOneChange(failure: unknown): boolean {
  if (failure === undefined) return false
  return !(failure instanceof StoreUnavailableError) && !(failure instanceof FatalStoreError)
}

/** One transaction under way. */
interface Open {
  readonly db: Kysely<Schema>
  readonly tenant: string | undefined
  readonly session: WriteSession
  readonly appender: Appender
  readonly repositories: ReturnType<typeof writeRepositories>
  end(): void
}

/** Reads of committed state, outside any transaction. */
export function sessionOf(database: Database, options: StoreOptions): Session {
  return {
    dialect: database.dialect,
    db: database.reader,
    enter: async () => {},
    recall: (_of, _name, read) => read(),
    forget() {},
    flush: async () => {},
    announce: async () => {},
    now: () => Math.floor(options.now()),
    onPoisonedRow: (error) => options.onPoisonedRow?.(error),
  }
}
