import type { Kysely } from 'kysely'
import { choresOf } from './chores.ts'
import { CommitOrder } from './commit_order.ts'
import type { Database } from './database.ts'
import { StoreUnavailableError } from './errors.ts'
import type { Append, InstallationEntry } from './feed/append.ts'
import { appendAll, type LockedHead } from './feed/append.ts'
import { auditedTenants, verifyAudit } from './feed/audit_link.ts'
import { beat } from './feed/beat.ts'
import { dropTimes } from './feed/drop_time.ts'
import type { EpochBegun, HistoryClaim } from './feed/epoch.ts'
import { leaveHistory, startEpoch } from './feed/epoch.ts'
import { readLog } from './feed/log.ts'
import { readSnapshots } from './feed/snapshot.ts'
import { beforeReserve, withReserve } from './full_disk.ts'
import { endLease, takeLease } from './lease.ts'
import { keepLookups } from './lookup.ts'
import { readRepositories, writeRepositories } from './records/index.ts'
import type { Schema } from './schema.ts'
import type { Session } from './session.ts'
import type { Store, WriteTransaction, Written } from './store.ts'
import type { StoreOptions } from './store_options.ts'

type Listener = (entries: readonly InstallationEntry[]) => void

const writesAtOnceMax = 1_000

/** The store over a migrated database of either dialect. */
export function createStore(database: Database, options: StoreOptions): Store {
  const auditKey = new Uint8Array(options.auditKey)
  const listeners = new Set<Listener>()
  const order = new CommitOrder()
  const writer: Writer = { database, options: { ...options, auditKey }, order, listeners, follows: () => true }
  let writing = 0
  return {
    dialect: database.dialect,
    canFailOver: database.canFailOver,
    async write(work, { endsCredentials = false } = {}) {
      // More writes than two seconds of work are refused at once: waiting would only delay those that come after.
      if (writing >= (options.writesAtOnceMax ?? writesAtOnceMax))
        throw new StoreUnavailableError('busy', new Error('too many writes at once'))
      writing++
      try {
        const through = endsCredentials ? withReserve : beforeReserve
        return await through(database.reserve, () => write(writer, work))
      } finally {
        writing--
      }
    },
    read: readRepositories(readSession(database, options)),
    onCommit(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    onHint: (listener) => database.onHint(listener),
    beat: (process) => beat(database, process),
    takeLease: (name, holder, seconds) =>
      beforeReserve(database.reserve, () => takeLease(database, name, holder, seconds)),
    endLease: (name, holder) => endLease(database, name, holder),
    dropTime: dropTimes(database, options),
    lookup: keepLookups(database),
    feed: { ...readLog(database), ...readSnapshots(database, options.onPoisonedRow) },
    ...choresOf(database),
    backup: (file, onProgress) => database.backup(file, onProgress),
    startEpoch: (above) => startEpoch(database, options, above),
    leaveHistory: (claims) => leave(writer, claims),
    beforeAppend(follows) {
      writer.follows = follows
    },
    verifyAudit: (tenant, expected) => verifyAudit(database, tenant, auditKey, expected),
    auditedTenants: () => auditedTenants(database),
    async ping() {
      database.assertThere()
      await database.reader.selectFrom('installation').select('epoch').executeTakeFirstOrThrow()
    },
    tendReserve: () => database.reserve.tend(),
    load: () => database.load(),
    close: () => database.close(),
  }
}

interface Writer {
  readonly database: Database
  readonly options: StoreOptions
  readonly order: CommitOrder
  readonly listeners: ReadonlySet<Listener>
  /** Whether the locked counters continue the history that this process has read. */
  follows: Parameters<Store['beforeAppend']>[0]
}

async function write<T>(writer: Writer, work: (transaction: WriteTransaction) => Promise<T>): Promise<Written<T>> {
  const { database, options, order, listeners } = writer
  let settle = () => {}
  try {
    const written = await database.transact(async (db) => {
      const { session, end } = writeSession(database, db, options)
      try {
        const changes: Append[] = []
        const append = (change: Append) => {
          session.db
          changes.push(change)
        }
        const value = await work({ ...writeRepositories(session), append })
        const entries = await appendAll(session, changes, options.auditKey, (tenant, head) =>
          assertFollows(writer, tenant, head),
        )
        if (entries.length > 0) settle = order.begin(entries[0]!.position)
        return { value, entries }
      } finally {
        end()
      }
    })
    if (written.entries.length > 0) {
      await order.turn(written.entries[0]!.position)
      tell(listeners, written.entries)
    }
    return written
  } finally {
    settle()
  }
}

/**
 * Refuses to write in a history that this process does not know: the database went back, another process has begun an
 * epoch, or a server was found whose history is not checked yet.
 */
function assertFollows({ database, follows }: Writer, tenant: string, head: LockedHead): void {
  const { epoch, sequence, chain, history } = head
  const found = database.history()
  const isSettled = found === undefined || found === history
  if (isSettled && follows(tenant, { epoch, sequence, chain })) return
  throw new StoreUnavailableError('history', new Error('the database continues another history'))
}

/** Listeners are not told: every process loads its books anew in the new epoch. */
function leave({ database, options }: Writer, claims: readonly HistoryClaim[]): Promise<EpochBegun | undefined> {
  return database.transact(async (db) => {
    const { session, end } = writeSession(database, db, options)
    try {
      return await leaveHistory(session, options, claims, (changes) =>
        appendAll(session, changes, options.auditKey, () => {}),
      )
    } finally {
      end()
    }
  })
}

/** The commit stands: a listener that throws ends the process, and does not fail the write. */
function tell(listeners: ReadonlySet<Listener>, entries: readonly InstallationEntry[]): void {
  for (const listener of listeners) {
    try {
      listener(entries)
    } catch (error) {
      queueMicrotask(() => {
        throw error
      })
    }
  }
}

function readSession(database: Database, options: StoreOptions): Session {
  return {
    dialect: database.dialect,
    db: database.reader,
    enter: async () => {},
    announce: async () => {},
    now: () => Math.floor(options.now()),
    onPoisonedRow: (error) => options.onPoisonedRow?.(error),
  }
}

function writeSession(database: Database, db: Kysely<Schema>, options: StoreOptions) {
  const entered = new Set<string>()
  let isOver = false
  const session: Session = {
    dialect: database.dialect,
    get db() {
      if (isOver) throw new Error('the transaction is over')
      return db
    },
    async enter(tenant) {
      if (entered.has(tenant)) return
      await database.lockTenant(session.db, tenant)
      entered.add(tenant)
    },
    announce: () => database.announce(session.db),
    now: () => Math.floor(options.now()),
    onPoisonedRow: (error) => options.onPoisonedRow?.(error),
  }
  const end = () => {
    isOver = true
  }
  return { session, end }
}
