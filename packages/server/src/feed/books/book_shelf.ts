/**
 * The books of all tenants at one position of the installation's log, as they were read and as entries were applied since.
 * No clock and no questions: `books.ts` asks.
 */
import { hash } from 'node:crypto'
import { chainInput, type FeedEntry, type Place, type Seconds } from '@countersign/core'
import type { HistoryClaim, InstallationEntry, Store } from '@countersign/store'
import { StatusBook } from '@countersign/verifier/engine'
import { RecentChains } from './recent_chains.ts'

type InstallationSnapshot = Awaited<ReturnType<Store['feed']['snapshotAll']>>

export type PositionClaim = HistoryClaim & { readonly of: 'position' }

interface BookShelfOptions {
  readonly issuerOf: (slug: string) => string
  /** Gives a number in [0, 1). */
  readonly random: () => number
}

/** Empty until `replace` is called. */
export class BookShelf {
  readonly #options: BookShelfOptions
  #books = new Map<string, StatusBook>()
  #slugs = new Map<string, string>()
  readonly #recent = new RecentChains()
  readonly #listeners = new Map<string, Set<(entry: FeedEntry) => void>>()
  readonly #replaceListeners = new Set<() => void>()
  #position = 0
  #dropTime: Seconds = 0
  #epoch = ''
  /** The chain value of the last entry applied; `undefined` when it is not known. */
  #lastChain: string | undefined

  constructor(options: BookShelfOptions) {
    this.#options = options
  }

  /** The installation's last change that is in the books. */
  get position(): number {
    return this.#position
  }

  /** The history of the log that the books are of. */
  get epoch(): string {
    return this.#epoch
  }

  /** The highest drop time read so far. */
  get dropTime(): Seconds {
    return this.#dropTime
  }

  book(tenant: string): StatusBook | undefined {
    return this.#books.get(tenant)
  }

  /** Every tenant that is not deleted, by slug; the default one is ''. */
  tenantBySlug(slug: string): string | undefined {
    return this.#slugs.get(slug)
  }

  /** The chain value of a change applied here lately: a follower a little behind is found without the database. */
  recentChain(tenant: string, sequence: number): string | undefined {
    return this.#recent.find(tenant, sequence)
  }

  /** The tenants whose books know revocations that the database has forgotten: another epoch was begun. */
  owing(): readonly string[] {
    return [...this.#books].flatMap(([tenant, { owedCount }]) => (owedCount > 0 ? [tenant] : []))
  }

  /** Replaces all books in one turn. Revocations that the former ones knew are kept (docs/protocol/feed.md §7). */
  replace(snapshot: InstallationSnapshot): void {
    const byTenant = Map.groupBy(snapshot.entries, (entry) => entry.tenant)
    const nextBooks = new Map<string, StatusBook>()
    const nextSlugs = new Map<string, string>()
    this.#dropTime = Math.max(this.#dropTime, snapshot.dropTime)
    const dropTime = this.#dropTime
    for (const [tenant, place] of snapshot.places) {
      const entries = byTenant.get(tenant) ?? []
      const state = entries.find((entry) => entry.type === 'tenant' && entry.id === tenant)?.state
      const slug = state !== undefined && 'slug' in state ? state.slug : undefined
      const issuer = this.#options.issuerOf(slug ?? '')
      const book = StatusBook.fromSnapshot({ tenant, issuer, place, entries, dropTime }, this.#seed())
      const before = this.#books.get(tenant)
      if (before !== undefined) book.keepRevoked(before, 'all')
      nextBooks.set(tenant, book)
      if (slug !== undefined && state?.status !== 'revoked') nextSlugs.set(slug, tenant)
    }
    this.#books = nextBooks
    this.#slugs = nextSlugs
    this.#recent.clear()
    this.#position = snapshot.position
    this.#lastChain = snapshot.chain
    this.#epoch = snapshot.epoch
    for (const listener of [...this.#replaceListeners]) listener()
  }

  /**
   * Applies entries in the order of positions and without a gap, and only where the chain value shows that one follows
   * what was applied. Other entries, commits of this process too, wait for the next poll.
   */
  apply(entries: readonly InstallationEntry[]): void {
    for (const entry of entries) {
      if (entry.position <= this.#position) continue
      const book = this.#bookFor(entry)
      if (entry.position !== this.#position + 1 || !follows(book.place, entry)) return
      book.apply(entry)
      this.#recent.add(entry)
      this.#position = entry.position
      this.#lastChain = entry.chain
      this.#noteTenant(entry)
      for (const listener of this.#listeners.get(entry.tenant) ?? []) listener(entry)
    }
  }

  #bookFor(entry: InstallationEntry): StatusBook {
    const known = this.#books.get(entry.tenant)
    if (known !== undefined) return known
    const slug = entry.type === 'tenant' && 'slug' in entry.state ? entry.state.slug : ''
    const place = { epoch: this.#epoch, sequence: entry.sequence - 1, chain: '' }
    const issuer = this.#options.issuerOf(slug)
    const book = new StatusBook({ tenant: entry.tenant, issuer, place, seed: this.#seed() })
    book.sweep(this.#dropTime)
    this.#books.set(entry.tenant, book)
    return book
  }

  #noteTenant(entry: InstallationEntry): void {
    if (entry.type !== 'tenant') return
    if (entry.state.status === 'revoked') this.#slugs.delete(entry.state.slug)
    else this.#slugs.set(entry.state.slug, entry.tenant)
  }

  #seed(): number {
    return Math.floor(this.#options.random() * 0x1_0000_0000)
  }

  /**
   * Applies the page that begins with the entry at `from`, the claim made before it was read; that entry is compared.
   * False when the page does not continue the books.
   */
  applyPage(from: PositionClaim, page: readonly InstallationEntry[]): boolean {
    const own = page[0]?.position === from.sequence ? page[0] : undefined
    if (own !== undefined && from.chain !== undefined && own.chain !== from.chain) return false
    this.apply(page)
    return this.#position > from.sequence
  }

  /** Whether a head that a transaction has locked continues the book of its tenant. */
  continues(tenant: string, head: Place): boolean {
    const place = this.#books.get(tenant)?.place
    if (head.epoch !== this.#epoch) return false
    if (place === undefined || head.sequence > place.sequence) return true
    return head.sequence === place.sequence && head.chain === place.chain
  }

  /** The place of these books in the log, as a claim of `tenant` that it was there. */
  claimFor(tenant: string): PositionClaim {
    const claim = { tenant, of: 'position', sequence: this.#position, epoch: this.#epoch } as const
    return this.#lastChain === undefined ? claim : { ...claim, chain: this.#lastChain }
  }

  /** A newer drop time was read: the books forget what ended before it. */
  raiseDropTime(to: Seconds): void {
    if (to <= this.#dropTime) return
    this.#dropTime = to
    for (const book of this.#books.values()) book.sweep(to)
  }

  /** Called for each entry of the tenant as it is applied. Gives a function that ends it. */
  subscribe(tenant: string, listener: (entry: FeedEntry) => void): () => void {
    const set = this.#listeners.get(tenant) ?? new Set()
    this.#listeners.set(tenant, set.add(listener))
    return () => set.delete(listener)
  }

  /** Called when all books were replaced. Gives a function that ends it. */
  onReplace(listener: () => void): () => void {
    this.#replaceListeners.add(listener)
    return () => this.#replaceListeners.delete(listener)
  }
}

/** Whether an entry's number is the next one and its chain value covers what came before. */
function follows(place: Place, entry: InstallationEntry): boolean {
  if (entry.sequence !== place.sequence + 1) return false
  return entry.chain === hash('sha256', chainInput(place.chain, entry), 'base64url')
}
