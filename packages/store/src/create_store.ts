import type { Kysely } from 'kysely'
import { choresOf } from './chores.ts'
import { CommitOrder } from './commit_order.ts'
import type { Database } from './database.ts'
import { appendAll } from './feed/append.ts'
import { verifyAudit } from './feed/audit_link.ts'
import { beat } from './feed/beat.ts'
import { dropTimes } from './feed/drop_time.ts'
import { startEpoch } from './feed/epoch.ts'
import { readLog } from './feed/log.ts'
import { readSnapshots } from './feed/snapshot.ts'
import { endLease, takeLease } from './lease.ts'
import { keepLookups } from './lookup.ts'
import { readRepositories, writeRepositories } from './repositories/index.ts'
import type { Schema } from './schema.ts'
import type { Session } from './session.ts'
import {
  type Append,
  type InstallationEntry,
  type Store,
  type StoreOptions,
  StoreUnavailableError,
  type WriteTransaction,
  type Written,
} from './store.ts'

type Listener = (entries: readonly InstallationEntry[]) => void

const writesAtOnceMax = 1_000

/** The store over a migrated database of either dialect. */
export function createStore(database: Database, options: StoreOptions): Store {
  const auditKey = new Uint8Array(options.auditKey)
  const listeners = new Set<Listener>()
  const order = new CommitOrder()
  const writer = { database, options: { ...options, auditKey }, order, listeners }
  let writing = 0
  return {
    dialect: database.dialect,
    canFailOver: database.canFailOver,
    async write(work) {
      // Beyond what is done in two seconds, waiting only makes those wait who come after: said at once, nothing written.
      if (writing >= (options.writesAtOnceMax ?? writesAtOnceMax))
        throw new StoreUnavailableError('busy', new Error('too many writes at once'))
      writing++
      try {
        return await write(writer, work)
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
    takeLease: (name, holder, seconds) => takeLease(database, name, holder, seconds),
    endLease: (name, holder) => endLease(database, name, holder),
    dropTime: dropTimes(database, options),
    lookup: keepLookups(database),
    feed: { ...readLog(database), ...readSnapshots(database, options.onPoisonedRow) },
    ...choresOf(database),
    backup: (file, onProgress) => database.backup(file, onProgress),
    startEpoch: (above) => startEpoch(database, options, above),
    verifyAudit: (tenant) => verifyAudit(database, tenant, auditKey),
    async ping() {
      await database.reader.selectFrom('installation').select('epoch').executeTakeFirstOrThrow()
    },
    load: () => database.load(),
    close: () => database.close(),
  }
}

interface Writer {
  readonly database: Database
  readonly options: StoreOptions
  readonly order: CommitOrder
  readonly listeners: ReadonlySet<Listener>
}

async function write<T>(
  { database, options, order, listeners }: Writer,
  work: (transaction: WriteTransaction) => Promise<T>,
): Promise<Written<T>> {
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
        const entries = await appendAll(session, changes, options.auditKey)
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

/** What was committed stays so: a listener that throws ends the process, not the answer to the write. */
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
