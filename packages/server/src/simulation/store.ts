/**
 * One process's connection to the modelled database: the part of `Store` that the feed uses, with delays from the seed.
 */
import type { MaybePromise } from '@countersign/core'
import {
  type Append,
  type InstallationEntry,
  type Store,
  StoreUnavailableError,
  type WriteTransaction,
} from '@countersign/store'
import { type Database, type Draft, dropSecondsOf, placeOf, put, type State } from './database.ts'
import { chainAt, entriesOf, headOf, placesOf, removeEnded } from './log_reads.ts'
import { credentialOf, publicKeyOf } from './look_ups.ts'
import type { Rules } from './rules.ts'
import { type ModelledReads, readsOf, transactionOf } from './transaction.ts'

/** The simulated code does not use the other members of `Store`. */
type ModelledPart = Pick<
  Store,
  | 'dialect'
  | 'canFailOver'
  | 'write'
  | 'onCommit'
  | 'onHint'
  | 'beforeAppend'
  | 'beat'
  | 'takeLease'
  | 'dropTime'
  | 'feed'
  | 'startEpoch'
  | 'leaveHistory'
  | 'cleanUp'
> & {
  readonly lookup: Pick<Store['lookup'], 'credential' | 'publicKey'>
  readonly read: ModelledReads
}

export interface StoreOptions {
  readonly database: Database
  readonly rules: Rules
  /** SQLite answers single reads in the same turn. */
  readonly dialect: 'sqlite' | 'postgres'
  readonly canFailOver: boolean
  /** The clock of this process, in seconds. */
  readonly now: () => number
  /** The clock of the database, in milliseconds. */
  readonly databaseMs: () => number
  /** Some time passes; never again once the process is gone. Throws while the database cannot be reached. */
  readonly pause: () => Promise<void>
  /** Rejects when the process is gone. */
  readonly gone: Promise<never>
  /** The time that passes until nobody has confirmed a commit. */
  readonly giveUp: () => Promise<void>
}

export interface ModelledStore {
  readonly store: Store
  /** Finds the primary; another one than the log was written by begins another epoch. */
  open(): Promise<void>
  /** Ends what it listens to. */
  close(): void
}

export function createModelledStore(options: StoreOptions): ModelledStore {
  const { database, rules, dialect, canFailOver, now, pause } = options
  const listeners = new Set<(entries: readonly InstallationEntry[]) => void>()
  const hints = new Set<() => void>()
  let follows: Parameters<Store['beforeAppend']>[0] = () => true
  let primary = database.current
  let telling: Promise<void> = Promise.resolve()
  const unlisten = database.onHint(() => {
    if (!primary.isReplaced) for (const hint of hints) hint()
  })

  async function read<T>(of: (state: State) => T): Promise<T> {
    await pause()
    const found = of(primary.state)
    await pause()
    return found
  }

  function readAtOnce<T>(of: (state: State) => T): MaybePromise<T> {
    return dialect === 'sqlite' ? of(primary.state) : read(of)
  }

  /** The standby of a replaced primary confirms no write. The write fails, and the server looks for another primary. */
  async function transact<T>(work: (draft: Draft) => Promise<T>): Promise<T> {
    await pause()
    if (primary.isReplaced) {
      await options.giveUp()
      await connect()
      throw new StoreUnavailableError('timeout', new Error('nobody confirmed it'))
    }
    return database.transact(primary, work, options.gone)
  }

  async function connect(): Promise<void> {
    const found = database.current
    await database.transact(
      found,
      async (draft) => {
        await pause()
        database.followHistory(draft, found.history, now())
      },
      options.gone,
    )
    primary = found
  }

  async function write<T>(work: (transaction: WriteTransaction) => Promise<T>) {
    const { promise, resolve } = Promise.withResolvers<void>()
    let before = Promise.resolve()
    try {
      const written = await transact(async (draft) => {
        const changes: Append[] = []
        const value = await work(transactionOf(draft, pause, (change) => changes.push(change)))
        await pause()
        const isSettled = draft.history === primary.history
        const entries = await database.append(
          draft,
          changes,
          Math.floor(now()),
          (tenant, head) => isSettled && follows(tenant, head),
        )
        // Told in the order of commits, which is that of the lock that is held here.
        before = telling
        telling = promise
        return { value, entries }
      })
      await pause().catch(() => {})
      await before
      if (written.entries.length > 0) for (const listener of listeners) listener(written.entries)
      return written
    } finally {
      resolve()
    }
  }

  function endOf(state: State): number {
    return rules.removesByDropTime ? dropSecondsOf(state) : Math.floor(now())
  }

  const store: ModelledPart = {
    dialect,
    canFailOver,
    write,
    onCommit(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    onHint(listener) {
      hints.add(listener)
      return () => hints.delete(listener)
    },
    beforeAppend(asked) {
      follows = asked
    },
    beat: () => transact(pause),
    takeLease: (name, holder, seconds) =>
      transact(async (draft) => {
        const at = options.databaseMs() / 1000
        const lease = draft.leases.get(name)
        if (lease !== undefined && lease.holder !== holder && lease.expiresAt > at) return false
        put(draft, 'leases', name, { holder, expiresAt: at + seconds })
        return true
      }),
    dropTime: {
      read: () => read(({ dropTime }) => ({ ...dropTime, databaseMs: options.databaseMs() })),
      move: (moves, { timeMs, boot }) =>
        transact(async (draft) => {
          const known = draft.dropTime
          if (rules.dropTimeIsCompared && (known.moves !== moves || timeMs < known.timeMs)) return false
          draft.dropTime = { timeMs: Math.floor(timeMs), moves: known.moves + 1, boot }
          return true
        }),
    },
    lookup: {
      credential: (tenant, digest, kind) => readAtOnce((state) => credentialOf(state, tenant, digest, kind)),
      publicKey: (tenant, clientId, kid) => readAtOnce((state) => publicKeyOf(state, tenant, clientId, kid)),
    },
    read: readsOf(read),
    feed: {
      epoch: () => readAtOnce(({ epoch }) => epoch),
      place: (tenant) => readAtOnce((state) => placeOf(state, tenant)),
      head: () => readAtOnce(headOf),
      after: (tenant, sequence, limit) =>
        readAtOnce((state) =>
          state.feed
            .filter((entry) => entry.tenant === tenant && entry.sequence > Math.max(sequence, state.beginning))
            .slice(0, limit)
            .map(({ tenant: _, position: __, ...entry }) => entry as InstallationEntry),
        ),
      afterPosition: (position, limit) =>
        readAtOnce(({ feed, beginning }) =>
          feed.filter((entry) => entry.position > Math.max(position, beginning)).slice(0, limit),
        ),
      chainAt: (tenant, sequence) => readAtOnce((state) => chainAt(state, tenant, sequence)),
      async snapshot(tenant) {
        const found = await read((state) => ({
          place: placeOf(state, tenant),
          dropTime: dropSecondsOf(state),
          entries: entriesOf(state, endOf(state), tenant),
        }))
        return rules.snapshotIsWhole ? found : { ...found, place: placeOf(primary.state, tenant) }
      },
      places: () => read((state) => ({ ...headOf(state), places: placesOf(state) })),
      snapshotAll: () =>
        read((state) => ({
          ...headOf(state),
          places: placesOf(state),
          dropTime: dropSecondsOf(state),
          entries: entriesOf(state, endOf(state)),
        })),
    },
    startEpoch: (above) => transact(async (draft) => database.begin(draft, above, now()).epoch),
    leaveHistory: (claims) => transact((draft) => database.leaveHistory(draft, claims, now())),
    cleanUp: (_, logSeconds) => transact(async (draft) => ({ removed: removeEnded(draft, endOf(draft), logSeconds) })),
  }

  return {
    // The rest of the seam is not used by what is simulated, and a call to it fails at once.
    store: store as unknown as Store,
    open: connect,
    close: unlisten,
  }
}
