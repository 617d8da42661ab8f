/**
 * The server's own books: one for each tenant, following the installation's log by its position (feed.md §1). What this
 * process commits is applied before the commit is acknowledged; what others commit is found by asking the database.
 */
import { setTimeout as wait } from 'node:timers/promises'
import type { FeedEntry, Seconds } from '@countersign/core'
import type { InstallationEntry, Store } from '@countersign/store'
import { type BookKeeper, type Clock, elapsedMs, type Stamp, StatusBook } from '@countersign/verifier'
import { serverLimits } from '../limits.ts'

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
  /** The installation's last change that is in the books. */
  position(): number
  /** Milliseconds since the proof that the books stand for began. */
  ageMs(): number
  close(): void
}

export interface BooksOptions {
  readonly store: Store
  readonly clock: Clock
  readonly issuerOf: (slug: string) => string
  readonly maxStalenessSeconds: number
  readonly random: () => number
  /** This process among those over one database: random. */
  readonly processId: string
  readonly onProblem: (problem: string, error: unknown) => void
}

export async function openBooks(options: BooksOptions): Promise<Books> {
  const { store, clock, issuerOf } = options
  let books = new Map<string, StatusBook>()
  let slugs = new Map<string, string>()
  /** Chain values by tenant and sequence, oldest first. */
  const recent = new Map<string, string>()
  const listeners = new Map<string, Set<(entry: FeedEntry) => void>>()
  const reloadListeners = new Set<() => void>()
  let position = 0
  let dropTime: Seconds = 0
  let epoch = ''
  let freshAsOf: Stamp | undefined
  let polling: Promise<boolean> | undefined
  let isHinted = false
  let proving: Promise<boolean> | undefined
  let timer: NodeJS.Timeout | undefined

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
    epoch = snapshot.epoch
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

  /** In the order of positions and without a gap; what does not follow waits for the next poll. */
  function apply(entries: readonly InstallationEntry[]): void {
    for (const entry of entries) {
      if (entry.position <= position) continue
      if (entry.position !== position + 1) return
      const book = bookFor(entry)
      book.apply(entry)
      remember(entry)
      position = entry.position
      if (entry.type === 'tenant') noteTenant(entry)
      for (const listener of listeners.get(entry.tenant) ?? []) listener(entry)
    }
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
    let head = await store.feed.head()
    while (head.epoch !== epoch) {
      await load()
      head = await store.feed.head()
    }
    while (position < head.position) {
      const before = position
      apply(await store.feed.afterPosition(position, serverLimits.feedPageMax))
      if (position === before) throw new Error('the feed has a gap')
    }
    // Where a standby may have taken over, that the database answers proves nothing.
    if (!store.canFailOver) freshAsOf = askedAt
    return true
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
    await Promise.race([prove(), wait(serverLimits.refreshMs, undefined, { ref: false })])
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
  const unsubscribe = [store.onCommit(apply), store.onHint(onHint)]
  // Without proof it begins all the same: it answers `unavailable` until there is one.
  await prove()
  timer = setInterval(() => {
    const isDue = store.canFailOver && ageMs() >= (options.maxStalenessSeconds * 1000) / 6
    void (isDue ? prove() : poll())
  }, serverLimits.pollMs)
  timer.unref()

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
    position: () => position,
    close() {
      clearInterval(timer)
      for (const end of unsubscribe) end()
    },
  }
}

const settleRoundsMax = 3
