/**
 * The server's own books: one for each tenant, following the installation's log by its position (feed.md §1). What this
 * process commits is applied before the commit is acknowledged; what others commit is found by asking the database.
 */
import { type FeedEntry, neverDropAt, type Seconds } from '@countersign/core'
import type { InstallationEntry, Store } from '@countersign/store'
import { type BookKeeper, type Clock, elapsedMs, type Stamp, StatusBook } from '@countersign/verifier'
import { serverLimits } from '../limits.ts'

export interface Books {
  /** A keeper of one tenant's book, for its engine. */
  keeper(tenant: string): BookKeeper
  book(tenant: string): StatusBook | undefined
  /** Every tenant that is not deleted, by slug; the default one is ''. */
  tenantBySlug(slug: string): string | undefined
  /** Called for each entry of the tenant as it is applied. Gives a function that ends it. */
  subscribe(tenant: string, listener: (entry: FeedEntry) => void): () => void
  /** Read the head now and apply what is new. Resolves to how many milliseconds ago the read began: 0 if just now. */
  poll(): Promise<boolean>
  isFresh(): boolean
  /** Resolves when what was just committed is in the books: at once, unless another process committed in between. */
  settle(entries: readonly InstallationEntry[]): Promise<void>
  /** Milliseconds since the read that the books stand for began. */
  ageMs(): number
  close(): void
}

export interface BooksOptions {
  readonly store: Store
  readonly clock: Clock
  readonly issuerOf: (slug: string) => string
  readonly maxStalenessSeconds: number
  readonly random: () => number
  readonly onProblem: (problem: string, error: unknown) => void
}

export async function openBooks(options: BooksOptions): Promise<Books> {
  const { store, clock, issuerOf } = options
  const books = new Map<string, StatusBook>()
  const slugs = new Map<string, string>()
  const listeners = new Map<string, Set<(entry: FeedEntry) => void>>()
  let position = 0
  let epoch = ''
  let freshAsOf: Stamp | undefined
  let polling: Promise<boolean> | undefined
  let timer: NodeJS.Timeout | undefined

  function seed(): number {
    return Math.floor(options.random() * 0x1_0000_0000)
  }

  async function load(): Promise<void> {
    const askedAt = clock.stamp()
    const snapshot = await store.feed.snapshotAll(askedAt.wallMs / 1000)
    epoch = await store.feed.epoch()
    position = snapshot.position
    const byTenant = Map.groupBy(snapshot.entries, (entry) => entry.tenant)
    for (const [tenant, place] of snapshot.places) {
      const entries = byTenant.get(tenant) ?? []
      const slug = entries.find((entry) => entry.type === 'tenant' && entry.id === tenant)?.state
      const text = slug !== undefined && 'slug' in slug ? slug.slug : undefined
      books.set(tenant, StatusBook.fromSnapshot({ tenant, issuer: issuerOf(text ?? ''), place, entries }, seed()))
      if (text !== undefined && slug?.status !== 'revoked') slugs.set(text, tenant)
    }
    freshAsOf = askedAt
  }

  function bookFor(entry: InstallationEntry): StatusBook {
    const known = books.get(entry.tenant)
    if (known !== undefined) return known
    const slug = entry.type === 'tenant' && 'slug' in entry.state ? entry.state.slug : ''
    const place = { epoch, sequence: entry.sequence - 1, chain: '' }
    const book = new StatusBook({ tenant: entry.tenant, issuer: issuerOf(slug), place, seed: seed() })
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
      position = entry.position
      if (entry.type === 'tenant') noteTenant(entry)
      for (const listener of listeners.get(entry.tenant) ?? []) listener(entry)
    }
  }

  function noteTenant(entry: InstallationEntry): void {
    if (entry.type !== 'tenant') return
    if (entry.state.status === 'revoked') slugs.delete(entry.state.slug)
    else slugs.set(entry.state.slug, entry.tenant)
  }

  async function pollOnce(): Promise<boolean> {
    const askedAt = clock.stamp()
    const head = await store.feed.position()
    while (position < head) {
      const before = position
      apply(await store.feed.afterPosition(position, serverLimits.feedPageMax))
      if (position === before) throw new Error('the feed has a gap')
    }
    freshAsOf = askedAt
    return true
  }

  function poll(): Promise<boolean> {
    polling ??= pollOnce()
      .catch((error: unknown) => {
        options.onProblem('the feed could not be read', error)
        return false
      })
      .finally(() => {
        polling = undefined
      })
    return polling
  }

  function subscribe(tenant: string, listener: (entry: FeedEntry) => void): () => void {
    const set = listeners.get(tenant) ?? new Set()
    listeners.set(tenant, set.add(listener))
    return () => set.delete(listener)
  }

  function isFresh(): boolean {
    return freshAsOf !== undefined && elapsedMs(freshAsOf, clock.stamp()) <= options.maxStalenessSeconds * 1000
  }

  function now(): Seconds {
    return clock.stamp().wallMs / 1000
  }

  await load()
  const unsubscribe = store.onCommit(apply)
  let sweptAt = clock.stamp()
  timer = setInterval(() => {
    void poll()
    if (elapsedMs(sweptAt, clock.stamp()) < serverLimits.cleanUpEveryMs) return
    sweptAt = clock.stamp()
    for (const book of books.values()) book.sweep(Math.min(now(), neverDropAt))
  }, serverLimits.pollMs)
  timer.unref()

  return {
    keeper: (tenant) => ({
      get book() {
        return books.get(tenant)
      },
      isFresh,
      refresh: poll,
      subscribe: (listener) => subscribe(tenant, listener),
      reach: async (sequence) => (await poll()) && (books.get(tenant)?.place.sequence ?? 0) >= sequence,
      now,
    }),
    book: (tenant) => books.get(tenant),
    tenantBySlug: (slug) => slugs.get(slug),
    subscribe,
    poll,
    isFresh,
    async settle(entries) {
      const last = entries.at(-1)
      if (last !== undefined && position < last.position) await poll()
    },
    ageMs: () => (freshAsOf === undefined ? Number.POSITIVE_INFINITY : elapsedMs(freshAsOf, clock.stamp())),
    close() {
      clearInterval(timer)
      unsubscribe()
    },
  }
}
