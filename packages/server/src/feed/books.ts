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
import {
  ageAt,
  type BookKeeper,
  type Clock,
  isFreshAt,
  type Proof,
  type StatusBook,
} from '@countersign/verifier/engine'
import { serverLimits } from '../limits.ts'
import { createBookShelf, type PositionClaim } from './books/book_shelf.ts'
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
  const { store, clock, timers } = options
  const boundMs = options.maxStalenessSeconds * 1000
  const shelf = createBookShelf(options)
  let proof: Proof | undefined
  let polling: Promise<boolean> | undefined
  let isHinted = false
  let proving: Promise<boolean> | undefined
  /** Claims go one after the other: the second of two finds the epoch that the first has begun. */
  let claiming: Promise<void> = Promise.resolve()

  /** Books just read may hold less than the former ones had applied since, so nothing is proven of them. */
  async function load(): Promise<void> {
    const snapshot = await store.feed.snapshotAll()
    proof = undefined
    shelf.replace(snapshot)
  }

  /** A transaction that has locked a head which does not continue the book is rolled back (`beforeAppend`). */
  function continues(tenant: string, head: Place): boolean {
    const isSame = shelf.continues(tenant, head)
    if (!isSame) onHint()
    return isSame
  }

  async function pollOnce(): Promise<boolean> {
    const askedAt = clock.stamp()
    let head = await readHead()
    while (head.epoch !== shelf.epoch) {
      await load()
      head = await store.feed.head()
    }
    while (shelf.position < head.position) {
      const before = shelf.position
      if (await applyNext()) continue
      if (shelf.position !== before || (await leave([ownClaim()]))) return pollOnce()
      // Cleaned up, or damaged: a new snapshot, never a guess.
      options.onProblem('the log does not continue the books: they are read anew', undefined)
      await load()
      // The head may have been read before the database went back: waited for, it might never come.
      return pollOnce()
    }
    // Where a standby may take over, an answer of the database proves nothing: a replaced primary may go on answering.
    if (!store.canFailOver) proof = { askedAt, ageMs: 0 }
    return true
  }

  /** The claim is made before the head is read: commits of this process meanwhile are above it. */
  async function readHead(): Promise<Head> {
    const own = ownClaim()
    const head = await store.feed.head()
    return isBehind(head, own) && (await leave([own])) ? store.feed.head() : head
  }

  /** The next page, with the entry at our own place before it, which is compared. */
  async function applyNext(): Promise<boolean> {
    const from = ownClaim()
    return shelf.applyPage(from, await store.feed.afterPosition(from.sequence - 1, serverLimits.feedPageMax + 1))
  }

  function ownClaim(): PositionClaim {
    return shelf.claimFor(options.defaultTenant)
  }

  /** True when another epoch has begun, whichever process began it. */
  async function leave(claims: readonly HistoryClaim[]): Promise<boolean> {
    const begun = await store.leaveHistory(claims)
    if (begun !== undefined) options.onRollback(begun)
    return begun !== undefined
  }

  async function claimOnce(claim: HistoryClaim): Promise<void> {
    // Another process may be ahead of this one, and told the claimant so.
    if (!(await poll()) || !(await isLost(store, claim))) return
    if (await leave([claim])) await poll()
  }

  /** One poll at a time; a hint that comes while one runs may be of a commit that it did not see. */
  function poll(): Promise<boolean> {
    polling ??= pollOnce()
      .catch((error: unknown) => {
        options.onProblem('the feed could not be read', error)
        return false
      })
      .finally(() => {
        polling = undefined
        if (!isHinted) return
        isHinted = false
        void poll()
      })
    return polling
  }

  function onHint(): void {
    if (polling !== undefined) isHinted = true
    else void poll()
  }

  /**
   * docs/protocol/feed.md §3: the books are as fresh as the beginning of a beat that was confirmed, once all before it
   * is applied.
   */
  async function proveOnce(): Promise<boolean> {
    if (!store.canFailOver) return poll()
    const askedAt = clock.stamp()
    await store.beat(options.processId)
    // A poll that runs may have read the head before the beat.
    await polling
    if (!(await poll())) return false
    proof = { askedAt, ageMs: 0 }
    return true
  }

  function prove(): Promise<boolean> {
    proving ??= proveOnce()
      .catch((error: unknown) => {
        options.onProblem('the database confirmed nothing', error)
        return false
      })
      .finally(() => {
        proving = undefined
      })
    return proving
  }

  async function refresh(): Promise<boolean> {
    const late = Promise.withResolvers<void>()
    const cancel = timers.after(serverLimits.refreshMs, late.resolve)
    await Promise.race([prove(), late.promise])
    cancel()
    return isFresh()
  }

  /** Polls that run may have read the head before the commit, so one is not always enough. */
  async function settle(entries: readonly InstallationEntry[]): Promise<void> {
    const last = entries.at(-1)
    for (let round = 0; last !== undefined && shelf.position < last.position && round < settleRoundsMax; round++)
      await poll()
  }

  function ageMs(): number {
    return ageAt(proof, clock.stamp())
  }

  function isFresh(): boolean {
    return isFreshAt(proof, boundMs, clock.stamp())
  }

  function now(): Seconds {
    return clock.stamp().wallMs / 1000
  }

  function keeper(tenant: string): BookKeeper {
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
      reach: async (sequence) => (await poll()) && (shelf.book(tenant)?.place.sequence ?? 0) >= sequence,
      now,
    }
  }

  await load()
  store.beforeAppend(continues)
  const unsubscribe = [store.onCommit(shelf.apply), store.onHint(onHint)]
  await prove()
  const stopPolling = timers.every(serverLimits.pollMs, () => {
    const isDue = store.canFailOver && ageMs() >= boundMs / 6
    void (isDue ? prove() : poll())
  })

  return {
    keeper,
    book: shelf.book,
    recentChain: shelf.recentChain,
    owing: shelf.owing,
    tenantBySlug: shelf.tenantBySlug,
    dropTime: () => shelf.dropTime,
    raiseDropTime: shelf.raiseDropTime,
    subscribe: shelf.subscribe,
    onReload: shelf.onReplace,
    claim: (claim) => (claiming = claiming.catch(() => {}).then(() => claimOnce(claim))),
    poll,
    refresh,
    isFresh,
    settle,
    ageMs,
    epoch: () => shelf.epoch,
    position: () => shelf.position,
    close() {
      stopPolling()
      for (const end of unsubscribe) end()
    },
  }
}

const settleRoundsMax = 3

type Head = Awaited<ReturnType<Store['feed']['head']>>

/** Whether the database lacks the place of a claim, by a read, before anything is locked for it. */
async function isLost({ feed }: Store, { tenant, sequence, chain, epoch }: HistoryClaim): Promise<boolean> {
  const head = await feed.place(tenant)
  if (sequence > head.sequence) return true
  if (chain === undefined || epoch !== head.epoch) return false
  const known = await feed.chainAt(tenant, sequence)
  return known !== undefined && known !== chain
}

/** Whether the head is below what was known before it was read, or another entry stands at that very position. */
function isBehind(head: Head, own: HistoryClaim): boolean {
  if (head.position < own.sequence) return true
  if (head.position > own.sequence || head.epoch !== own.epoch) return false
  return own.chain !== undefined && head.chain !== undefined && head.chain !== own.chain
}
