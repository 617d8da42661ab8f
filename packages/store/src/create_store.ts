import { choresOf } from './chores.ts'
import type { Database } from './database.ts'
import { StoreUnavailableError } from './errors.ts'
import { auditedTenants, verifyAudit } from './feed/audit_link.ts'
import { beat } from './feed/beat.ts'
import { dropTimes } from './feed/drop_time.ts'
import { startEpoch } from './feed/epoch.ts'
import { readLog } from './feed/log.ts'
import { readSnapshots } from './feed/snapshot.ts'
import { beforeReserve, withReserve } from './full_disk.ts'
import { endLease, takeLease } from './lease.ts'
import { keepLookups } from './lookup.ts'
import { readRepositories } from './records/index.ts'
import { withKeptReads } from './records/people/kept_reads.ts'
import { TokenInserts } from './rows/token_inserts.ts'
import type { Store } from './store.ts'
import type { StoreOptions } from './store_options.ts'
import { sessionOf, Writer } from './writer.ts'

const writesAtOnceMax = 1_000

/** The store over a migrated database of either dialect. */
export function createStore(database: Database, options: StoreOptions): Store {
  const auditKey = new Uint8Array(options.auditKey)
  const writer = new Writer(database, options)
  const tokens = new TokenInserts(database)
  let writing = 0
  /** More writes than two seconds of work are refused at once: waiting would only delay those that come after. */
  async function bounded<T>(work: () => Promise<T>): Promise<T> {
    if (writing >= (options.writesAtOnceMax ?? writesAtOnceMax))
      throw new StoreUnavailableError('busy', new Error('too many writes at once'))
    writing++
    try {
      return await work()
    } finally {
      writing--
    }
  }
  return {
    dialect: database.dialect,
    canFailOver: database.canFailOver,
    write: (work, { endsCredentials = false, ...options } = {}) =>
      bounded(() => {
        const through = endsCredentials ? withReserve : beforeReserve
        return through(database.reserve, () => writer.write(work, options))
      }),
    insertToken: (token, authorisation) =>
      bounded(() => beforeReserve(database.reserve, () => tokens.insert(token, authorisation))),
    read: withKeptReads(database, readRepositories(sessionOf(database, options))),
    onCommit: (listener) => writer.onCommit(listener),
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
    leaveHistory: (claims) => writer.leave(claims),
    beforeAppend: (follows) => writer.beforeAppend(follows),
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
