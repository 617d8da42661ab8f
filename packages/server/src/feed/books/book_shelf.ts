/**
 * The books of all tenants at one position of the installation's log, as they were read and as entries were applied since.
 * No clock and no questions: `books.ts` asks.
 */
import { hash } from 'node:crypto'
import { chainInput, type FeedEntry, type Place, type Seconds } from '@countersign/core'
import type { HistoryClaim, InstallationEntry, Store } from '@countersign/store'
import { StatusBook } from '@countersign/verifier/engine'
import { serverLimits } from '../../limits.ts'

export interface BookShelf {
  /** The installation's last change that is in the books. */
  readonly position: number
  /** The history of the log that the books are of. */
  readonly epoch: string
  /** The highest drop time read so far. */
  readonly dropTime: Seconds
  book(tenant: string): StatusBook | undefined
  /** Every tenant that is not deleted, by slug; the default one is ''. */
  tenantBySlug(slug: string): string | undefined
  /** The chain value of a change applied here lately: a follower a little behind is found without the database. */
  recentChain(tenant: string, sequence: number): string | undefined
  /** The tenants whose books know revocations that the database has forgotten: another epoch was begun. */
  owing(): readonly string[]
  /** Replaces all books in one turn. Revocations that the former ones knew are kept (docs/protocol/feed.md §7). */
  replace(snapshot: InstallationSnapshot): void
  /**
   * Applies entries in the order of positions and without a gap, and only where the chain value shows that one follows what
   * was applied. Other entries, commits of this process too, wait for the next poll.
   */
  apply(entries: readonly InstallationEntry[]): void
  /**
   * Applies the page that begins with the entry at `from`, the claim made before it was read; that entry is compared.
   * False when the page does not continue the books.
   */
  applyPage(from: PositionClaim, page: readonly InstallationEntry[]): boolean
  /** Whether a head that a transaction has locked continues the book of its tenant. */
  continues(tenant: string, head: Place): boolean
  /** The place of these books in the log, as a claim of `tenant` that it was there. */
  claimFor(tenant: string): PositionClaim
  raiseDropTime(dropTime: Seconds): void
  /** Called for each entry of the tenant as it is applied. Gives a function that ends it. */
  subscribe(tenant: string, listener: (entry: FeedEntry) => void): () => void
  /** Called when all books were replaced. Gives a function that ends it. */
  onReplace(listener: () => void): () => void
}

type InstallationSnapshot = Awaited<ReturnType<Store['feed']['snapshotAll']>>

export type PositionClaim = HistoryClaim & { readonly of: 'position' }

/** Empty until `replace` is called. */
export function createBookShelf(options: {
  readonly issuerOf: (slug: string) => string
  /** Gives a number in [0, 1). */
  readonly random: () => number
}): BookShelf {
  const { issuerOf, random } = options
  let books = new Map<string, StatusBook>()
  let slugs = new Map<string, string>()
  const recent = createRecentChains()
  const listeners = new Map<string, Set<(entry: FeedEntry) => void>>()
  const replaceListeners = new Set<() => void>()
  let position = 0
  let dropTime: Seconds = 0
  let epoch = ''
  /** The chain value of the last entry applied; `undefined` when it is not known. */
  let lastChain: string | undefined

  function seed(): number {
    return Math.floor(random() * 0x1_0000_0000)
  }

  function replace(snapshot: InstallationSnapshot): void {
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
    slugs = nextSlugs
    recent.clear()
    position = snapshot.position
    lastChain = snapshot.chain
    epoch = snapshot.epoch
    for (const listener of [...replaceListeners]) listener()
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

  function apply(entries: readonly InstallationEntry[]): void {
    for (const entry of entries) {
      if (entry.position <= position) continue
      const book = bookFor(entry)
      if (entry.position !== position + 1 || !follows(book.place, entry)) return
      book.apply(entry)
      recent.add(entry)
      position = entry.position
      lastChain = entry.chain
      noteTenant(entry)
      for (const listener of listeners.get(entry.tenant) ?? []) listener(entry)
    }
  }

  function noteTenant(entry: InstallationEntry): void {
    if (entry.type !== 'tenant') return
    if (entry.state.status === 'revoked') slugs.delete(entry.state.slug)
    else slugs.set(entry.state.slug, entry.tenant)
  }

  return {
    get position() {
      return position
    },
    get epoch() {
      return epoch
    },
    get dropTime() {
      return dropTime
    },
    book: (tenant) => books.get(tenant),
    tenantBySlug: (slug) => slugs.get(slug),
    recentChain: recent.find,
    owing: () => [...books].flatMap(([tenant, { owedCount }]) => (owedCount > 0 ? [tenant] : [])),
    replace,
    apply,
    applyPage(from, page) {
      const own = page[0]?.position === from.sequence ? page[0] : undefined
      if (own !== undefined && from.chain !== undefined && own.chain !== from.chain) return false
      apply(page)
      return position > from.sequence
    },
    continues(tenant, head) {
      const place = books.get(tenant)?.place
      if (head.epoch !== epoch) return false
      if (place === undefined || head.sequence > place.sequence) return true
      return head.sequence === place.sequence && head.chain === place.chain
    },
    claimFor(tenant) {
      const claim = { tenant, of: 'position', sequence: position, epoch } as const
      return lastChain === undefined ? claim : { ...claim, chain: lastChain }
    },
    raiseDropTime(to) {
      if (to <= dropTime) return
      dropTime = to
      for (const book of books.values()) book.sweep(to)
    },
    subscribe(tenant, listener) {
      const set = listeners.get(tenant) ?? new Set()
      listeners.set(tenant, set.add(listener))
      return () => set.delete(listener)
    },
    onReplace(listener) {
      replaceListeners.add(listener)
      return () => replaceListeners.delete(listener)
    },
  }
}

interface RecentChains {
  add(entry: InstallationEntry): void
  find(tenant: string, sequence: number): string | undefined
  clear(): void
}

/** Chain values by tenant and sequence, oldest first; beyond `recentChainsMax` the oldest is forgotten. */
function createRecentChains(): RecentChains {
  const chains = new Map<string, string>()
  return {
    add({ tenant, sequence, chain }) {
      chains.set(`${tenant} ${sequence}`, chain)
      if (chains.size <= serverLimits.recentChainsMax) return
      for (const oldest of chains.keys()) {
        chains.delete(oldest)
        return
      }
    },
    find: (tenant, sequence) => chains.get(`${tenant} ${sequence}`),
    clear: () => chains.clear(),
  }
}

/** Whether an entry's number is the next one and its chain value covers what came before. */
function follows(place: Place, entry: InstallationEntry): boolean {
  if (entry.sequence !== place.sequence + 1) return false
  return entry.chain === hash('sha256', chainInput(place.chain, entry), 'base64url')
}
