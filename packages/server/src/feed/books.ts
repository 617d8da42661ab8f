/**
 * The server's own books: one for each tenant, following the installation's log by its position (feed.md §1). What this
 * process commits is applied before the commit is acknowledged; what others commit is found by asking the database.
 */

import { hash } from 'node:crypto'
import { chainInput, type FeedEntry, type Place, type Seconds } from '@countersign/core'
import type { EpochBegun, HistoryClaim, InstallationEntry, Store } from '@countersign/store'
import { type BookKeeper, type Clock, elapsedMs, type Stamp, StatusBook } from '@countersign/verifier'
import { serverLimits } from '../limits.ts'
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
   * Somebody has proven, by a seal, a MAC or a signature, that this installation's log was at a place. When the database
   * lacks it, it went back, and another epoch begins.
   */
  claim(claim: HistoryClaim): Promise<void>
  /** Called when all books were replaced: the database began another epoch. Gives a function that ends it. */
  onReload(listener: () => void): () => void
  /** The highest drop time read so far. */
  dropTime(): Seconds
  /** It was read anew: the books forget what ended before it. */
  raiseDropTime(dropTime: Seconds): void
  /** Read the head now and apply what is new. Whether it could be read. */
  poll(): Promise<boolean>
  /** Prove that the books are what the primary holds, in at most a second. Whether they are fresh after it. */
  refresh(): Promise<boolean>
  isFresh(): boolean
  /** Resolves when what was just committed is in the books: at once, unless another process committed in between. */
  settle(entries: readonly InstallationEntry[]): Promise<void>
  /** That the books are of. */
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
  /** Whose audit log says what happened to the whole installation. */
  readonly defaultTenant: string
  readonly maxStalenessSeconds: number
  readonly random: () => number
  /** This process among those over one database: random. */
  readonly processId: string
  readonly onProblem: (problem: string, error: unknown) => void
  /** The database had gone back, and another epoch was begun. */
  readonly onRollback: (begun: EpochBegun) => void
}

export async function openBooks(options: BooksOptions): Promise<Books> {
  const { store, clock, timers, issuerOf } = options
  let books = new Map<string, StatusBook>()
  let slugs = new Map<string, string>()
  /** Chain values by tenant and sequence, oldest first. */
  const recent = new Map<string, string>()
  const listeners = new Map<string, Set<(entry: FeedEntry) => void>>()
  const reloadListeners = new Set<() => void>()
  let position = 0
  let dropTime: Seconds = 0
  let epoch = ''
  /** The chain value of the last entry applied; `undefined` when it is not known. */
  let lastChain: string | undefined
  let freshAsOf: Stamp | undefined
  let polling: Promise<boolean> | undefined
  let isHinted = false
  let proving: Promise<boolean> | undefined
  /** One after the other: the second of two finds what the first has begun. */
  let claiming: Promise<void> = Promise.resolve()

  function seed(): number {
    return Math.floor(options.random() * 0x1_0000_0000)
  }

  /** Built beside what is there and swapped in one turn; what was known to be revoked stays so (feed.md §7). */
  async function load(): Promise<void> {
    const snapshot = await store.feed.snapshotAll()
    const byTenant = Map.groupBy(snapshot.entries, (entry) => entry.tenant)
    const nextBooks = new Map<string, StatusBook>()
    const nextSlugs = new Map<string, string>()
    dropTime = Math.max(dropTime, snapshot.dropTime)
    for (const [tenant, place] of snapshot.places) {
      const entries = byTenant.get(tenant) ?? []
      const state = entries.find((entry) => entry.type === 'tenant' && entry.id === tenant)?.state
      const slug = state !== undefined && 'slug' in state ? state.slug : undefined
      const book = StatusBook.fromSnapshot({ tenant, issuer: issuerOf(slug ?? ''), place, entries, dropTime }, seed())
      const before = books.get(tenant)
      if (before !== undefined) book.keepRevoked(before, 'all')
      nextBooks.set(tenant, book)
      if (slug !== undefined && state?.status !== 'revoked') nextSlugs.set(slug, tenant)
    }
    books = nextBooks
    recent.clear()
    slugs = nextSlugs
    position = snapshot.position
    lastChain = snapshot.chain
    epoch = snapshot.epoch
    // They hold what was read, and perhaps less than the former ones had applied since.
    freshAsOf = undefined
    for (const listener of [...reloadListeners]) listener()
  }

  function bookFor(entry: InstallationEntry): StatusBook {
    const known = books.get(entry.tenant)
    if (known !== undefined) return known
    const slug = entry.type === 'tenant' && 'slug' in entry.state ? entry.state.slug : ''
    const place = { epoch, sequence: entry.sequence - 1, chain: '' }
    const book = new StatusBook({ tenant: entry.tenant, issuer: issuerOf(slug), place, seed: seed() })
    book.sweep(dropTime)
    books.set(entry.tenant, book)
    return book
  }

  /**
   * In the order of positions and without a gap, and only what its chain value says follows what was applied; anything else,
   * this process's own commits too, waits for the next poll.
   */
  function apply(entries: readonly InstallationEntry[]): void {
    for (const entry of entries) {
      if (entry.position <= position) continue
      const book = bookFor(entry)
      if (entry.position !== position + 1 || !follows(book.place, entry)) return
      book.apply(entry)
      remember(entry)
      position = entry.position
      lastChain = entry.chain
      if (entry.type === 'tenant') noteTenant(entry)
      for (const listener of listeners.get(entry.tenant) ?? []) listener(entry)
    }
  }

  /** A transaction that has locked a head which does not continue the book is rolled back (`beforeAppend`). */
  function continues(tenant: string, head: Place): boolean {
    const place = books.get(tenant)?.place
    const isSame =
      head.epoch === epoch &&
      (place === undefined ||
        head.sequence > place.sequence ||
        (head.sequence === place.sequence && head.chain === place.chain))
    if (!isSame) onHint()
    return isSame
  }

  function remember({ tenant, sequence, chain }: InstallationEntry): void {
    recent.set(`${tenant} ${sequence}`, chain)
    if (recent.size <= serverLimits.recentChainsMax) return
    for (const oldest of recent.keys()) {
      recent.delete(oldest)
      return
    }
  }

  function noteTenant(entry: InstallationEntry): void {
    if (entry.type !== 'tenant') return
    if (entry.state.status === 'revoked') slugs.delete(entry.state.slug)
    else slugs.set(entry.state.slug, entry.tenant)
  }

  async function pollOnce(): Promise<boolean> {
    const askedAt = clock.stamp()
    // Looked at before the head is read: what this process commits meanwhile is above it.
    const own = ownClaim()
    let head = await store.feed.head()
    if (isBehind(head, own) && (await leave([own]))) head = await store.feed.head()
    while (head.epoch !== epoch) {
      await load()
      head = await store.feed.head()
    }
    while (position < head.position) {
      const before = position
      if (await applyNext()) continue
      if (position !== before || (await leave([ownClaim()]))) return pollOnce()
      // Cleaned up, or damaged: a new snapshot, never a guess.
      options.onProblem('the log does not continue the books: they are read anew', undefined)
      await load()
      // The head that was read may be of before the database went back: waited for, it might never come.
      return pollOnce()
    }
    // Where a standby may have taken over, that the database answers proves nothing.
    if (!store.canFailOver) freshAsOf = askedAt
    return true
  }

  /** The next page. False when it does not follow what was applied: the entry at our own place is compared as well. */
  async function applyNext(): Promise<boolean> {
    const from = { position, chain: lastChain }
    const entries = await store.feed.afterPosition(from.position - 1, serverLimits.feedPageMax + 1)
    const own = entries[0]?.position === from.position ? entries[0] : undefined
    if (own !== undefined && from.chain !== undefined && own.chain !== from.chain) return false
    apply(entries)
    return position > from.position
  }

  function ownClaim(): HistoryClaim & { readonly of: 'position' } {
    const claim = { tenant: options.defaultTenant, of: 'position', sequence: position, epoch } as const
    return lastChain === undefined ? claim : { ...claim, chain: lastChain }
  }

  /** True when another epoch has begun, whoever began it. */
  async function leave(claims: readonly HistoryClaim[]): Promise<boolean> {
    const begun = await store.leaveHistory(claims)
    if (begun !== undefined) options.onRollback(begun)
    return begun !== undefined
  }

  async function claimOnce(claim: HistoryClaim): Promise<void> {
    // Another process may be ahead of this one, and told the claimant so.
    if (!(await poll()) || !(await isLost(claim))) return
    if (await leave([claim])) await poll()
  }

  /** By a read, before anything is locked for it. */
  async function isLost({ tenant, sequence, chain, epoch: ofEpoch }: HistoryClaim): Promise<boolean> {
    const head = await store.feed.place(tenant)
    if (sequence > head.sequence) return true
    if (chain === undefined || ofEpoch !== head.epoch) return false
    const known = await store.feed.chainAt(tenant, sequence)
    return known !== undefined && known !== chain
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

  /** feed.md §3: the books are as fresh as the beginning of a beat that was confirmed, once all before it is applied. */
  async function proveOnce(): Promise<boolean> {
    if (!store.canFailOver) return poll()
    const askedAt = clock.stamp()
    await store.beat(options.processId)
    // One that runs may have read the head before the beat.
    await polling
    if (!(await poll())) return false
    freshAsOf = askedAt
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

  function subscribe(tenant: string, listener: (entry: FeedEntry) => void): () => void {
    const set = listeners.get(tenant) ?? new Set()
    listeners.set(tenant, set.add(listener))
    return () => set.delete(listener)
  }

  function onReload(listener: () => void): () => void {
    reloadListeners.add(listener)
    return () => reloadListeners.delete(listener)
  }

  /** By the larger of what both clocks say has passed. */
  function ageMs(): number {
    return freshAsOf === undefined ? Number.POSITIVE_INFINITY : elapsedMs(freshAsOf, clock.stamp())
  }

  function isFresh(): boolean {
    return freshAsOf !== undefined && elapsedMs(freshAsOf, clock.stamp()) <= options.maxStalenessSeconds * 1000
  }

  function now(): Seconds {
    return clock.stamp().wallMs / 1000
  }

  await load()
  store.beforeAppend(continues)
  const unsubscribe = [store.onCommit(apply), store.onHint(onHint)]
  // Without proof it begins all the same: it answers `unavailable` until there is one.
  await prove()
  const stopPolling = timers.every(serverLimits.pollMs, () => {
    const isDue = store.canFailOver && ageMs() >= (options.maxStalenessSeconds * 1000) / 6
    void (isDue ? prove() : poll())
  })

  return {
    keeper: (tenant) => ({
      get book() {
        return books.get(tenant)
      },
      isFresh,
      refresh,
      subscribe(listener) {
        const ends = [subscribe(tenant, listener), onReload(listener)]
        return () => ends.forEach((end) => void end())
      },
      reach: async (sequence) => (await poll()) && (books.get(tenant)?.place.sequence ?? 0) >= sequence,
      now,
    }),
    book: (tenant) => books.get(tenant),
    recentChain: (tenant, sequence) => recent.get(`${tenant} ${sequence}`),
    owing: () => [...books].flatMap(([tenant, { owedCount }]) => (owedCount > 0 ? [tenant] : [])),
    tenantBySlug: (slug) => slugs.get(slug),
    dropTime: () => dropTime,
    raiseDropTime(to) {
      if (to <= dropTime) return
      dropTime = to
      for (const book of books.values()) book.sweep(to)
    },
    subscribe,
    onReload,
    claim: (claim) => (claiming = claiming.catch(() => {}).then(() => claimOnce(claim))),
    poll,
    refresh,
    isFresh,
    async settle(entries) {
      const last = entries.at(-1)
      // A poll that runs may have read the head before the commit.
      for (let round = 0; last !== undefined && position < last.position && round < settleRoundsMax; round++)
        await poll()
    },
    ageMs,
    epoch: () => epoch,
    position: () => position,
    close() {
      stopPolling()
      for (const end of unsubscribe) end()
    },
  }
}

const settleRoundsMax = 3

/** Its number is the next and its chain value covers what came before. */
function follows(place: Place, entry: InstallationEntry): boolean {
  if (entry.sequence !== place.sequence + 1) return false
  return entry.chain === hash('sha256', chainInput(place.chain, entry), 'base64url')
}

/** Whether the head is below what was known before it was read, or another entry stands at that very position. */
function isBehind(
  head: { readonly epoch: string; readonly position: number; readonly chain: string | undefined },
  own: HistoryClaim,
): boolean {
  if (head.position < own.sequence) return true
  if (head.position > own.sequence || head.epoch !== own.epoch) return false
  return own.chain !== undefined && head.chain !== undefined && head.chain !== own.chain
}
