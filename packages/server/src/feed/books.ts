/**
 * The server's own books: one for each tenant, following the installation's log by its position
 * (docs/protocol/feed.md §1). Commits of this process are applied before they are acknowledged; commits of others are
 * found by asking the database.
 *
 *     poll ─► read the head ─► another history? ─► apply page after page ─► proven
 *     hint, commit ─► apply, or poll
 */
import type { FeedEntry, Place, Seconds } from '@countersign/core'
import type { EpochBegun, HistoryClaim, InstallationEntry, Store } from '@countersign/store'
import type { BookKeeper, Clock, StatusBook } from '@countersign/verifier/engine'
import { serverLimits } from '../limits.ts'
import { BookShelf } from './books/book_shelf.ts'
import { createBooksProof } from './books/books_proof.ts'
import { createClaims } from './books/claims.ts'
import { createLogReader, type LogReader } from './books/log_reader.ts'
import { createOwnHistory } from './books/own_history.ts'
import { createProving } from './books/proving.ts'
import type { Timers } from './timers.ts'

export interface Books {
  /** A keeper of one tenant's book, for its engine. */
  keeper(tenant: string): BookKeeper
  book(tenant: string): StatusBook | undefined
  /** The chain value of a change applied here lately: a follower a little behind is found without the database. */
  recentChain(tenant: string, sequence: number): string | undefined
  /** The tenants whose books know revocations that the database has forgotten: another epoch was begun. */
  owing(): readonly string[]
  /** Every tenant that is not deleted, by slug; the default one is ''. */
  tenantBySlug(slug: string): string | undefined
  /** Called for each entry of the tenant as it is applied. Gives a function that ends it. */
  subscribe(tenant: string, listener: (entry: FeedEntry) => void): () => void
  /**
   * A seal, a MAC or a signature has proven that this installation's log was at a place. When the database lacks it, the
   * database went back, and another epoch begins.
   */
  claim(claim: HistoryClaim): Promise<void>
  /** Called when all books were replaced: the database began another epoch. Gives a function that ends it. */
  onReload(listener: () => void): () => void
  /** The highest drop time read so far. */
  dropTime(): Seconds
  /** A newer drop time was read: the books forget what ended before it. */
  raiseDropTime(dropTime: Seconds): void
  /** Reads the head now and applies what is new. False when it could not be read. */
  poll(): Promise<boolean>
  /** Proves that the books are what the primary holds, in at most 1 s. False when they are not fresh after it. */
  refresh(): Promise<boolean>
  isFresh(): boolean
  /** Resolves when entries just committed are in the books: at once, unless another process committed in between. */
  settle(entries: readonly InstallationEntry[]): Promise<void>
  /** The history of the log that the books are of. */
  epoch(): string
  /** The installation's last change that is in the books. */
  position(): number
  /** Milliseconds since the proof that the books stand for began. */
  ageMs(): number
  close(): void
}

export interface BooksOptions {
  readonly store: Store
  readonly clock: Clock
  readonly timers: Timers
  readonly issuerOf: (slug: string) => string
  /** The tenant whose audit log says what happened to the whole installation. */
  readonly defaultTenant: string
  readonly maxStalenessSeconds: number
  readonly random: () => number
  /** This process among those over one database: random. */
  readonly processId: string
  readonly onProblem: (problem: string, error: unknown) => void
  /** The database had gone back, and another epoch was begun. */
  readonly onRollback: (begun: EpochBegun) => void
}

/** Reads the books and proves them fresh; without proof they open all the same and answer `unavailable` until there is one. */
export async function openBooks(options: BooksOptions): Promise<Books> {
  const { store, clock, timers, onProblem } = options
  const boundMs = options.maxStalenessSeconds * 1000
  const shelf = new BookShelf(options)
  const proof = createBooksProof(clock, boundMs)
  const history = createOwnHistory({ ...options, shelf })
  const reader = createLogReader({ store, clock, shelf, history, proof, onProblem })
  const { prove, refresh } = createProving({ ...options, reader, proof })

  /** A transaction that has locked a head which does not continue the book is rolled back (`beforeAppend`). */
  function continues(tenant: string, head: Place): boolean {
    const isSame = shelf.continues(tenant, head)
    if (!isSame) reader.hint()
    return isSame
  }

  await reader.load()
  store.beforeAppend(continues)
  const unsubscribe = [store.onCommit((entries) => shelf.apply(entries)), store.onHint(reader.hint)]
  await prove()
  const stopPolling = timers.every(serverLimits.pollMs, () => {
    const isDue = store.canFailOver && proof.ageMs() >= boundMs / 6
    void (isDue ? prove() : reader.poll())
  })

  return {
    keeper: (tenant) => keeperOf(tenant, { shelf, reader, clock, isFresh: proof.isFresh, refresh }),
    book: (tenant) => shelf.book(tenant),
    recentChain: (tenant, sequence) => shelf.recentChain(tenant, sequence),
    owing: () => shelf.owing(),
    tenantBySlug: (slug) => shelf.tenantBySlug(slug),
    dropTime: () => shelf.dropTime,
    raiseDropTime: (dropTime) => shelf.raiseDropTime(dropTime),
    subscribe: (tenant, listener) => shelf.subscribe(tenant, listener),
    onReload: (listener) => shelf.onReplace(listener),
    claim: createClaims({ history, reader }),
    poll: reader.poll,
    refresh,
    isFresh: proof.isFresh,
    settle: reader.settle,
    ageMs: proof.ageMs,
    epoch: () => shelf.epoch,
    position: () => shelf.position,
    close() {
      stopPolling()
      for (const end of unsubscribe) end()
    },
  }
}

function keeperOf(
  tenant: string,
  {
    shelf,
    reader,
    clock,
    isFresh,
    refresh,
  }: Pick<BookKeeper, 'isFresh' | 'refresh'> & {
    readonly shelf: BookShelf
    readonly reader: LogReader
    readonly clock: Clock
  },
): BookKeeper {
  return {
    get book() {
      return shelf.book(tenant)
    },
    isFresh,
    refresh,
    subscribe(listener) {
      const ends = [shelf.subscribe(tenant, listener), shelf.onReplace(listener)]
      return () => ends.forEach((end) => void end())
    },
    reach: async (sequence) => (await reader.poll()) && (shelf.book(tenant)?.place.sequence ?? 0) >= sequence,
    now: () => clock.stamp().wallMs / 1000,
  }
}
