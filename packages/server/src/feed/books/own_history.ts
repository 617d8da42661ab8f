/** Whether the database still has the history that the books are of, and what happens when it has not. */
import type { EpochBegun, HistoryClaim, Store } from '@countersign/store'
import type { BookShelf, PositionClaim } from './book_shelf.ts'

export interface OwnHistory {
  /** The place of the books, as a claim that the log was there. */
  ownClaim(): PositionClaim
  /** The head of the log, after another epoch was begun where it shows that the database went back. */
  readHead(): Promise<Head>
  /** Whether the database lacks the place of a claim, by a read, before anything is locked for it. */
  isLost(claim: HistoryClaim): Promise<boolean>
  /** True when another epoch has begun, whichever process began it. */
  leave(claims: readonly HistoryClaim[]): Promise<boolean>
}

type Head = Awaited<ReturnType<Store['feed']['head']>>

export function createOwnHistory(options: {
  readonly store: Store
  readonly shelf: BookShelf
  /** The tenant in whose name the books claim their place. */
  readonly defaultTenant: string
  readonly onRollback: (begun: EpochBegun) => void
}): OwnHistory {
  const { store, shelf, defaultTenant, onRollback } = options

  function ownClaim(): PositionClaim {
    return shelf.claimFor(defaultTenant)
  }

  /** The claim is made before the head is read: commits of this process meanwhile are above it. */
  async function readHead(): Promise<Head> {
    const own = ownClaim()
    const head = await store.feed.head()
    return isBehind(head, own) && (await leave([own])) ? store.feed.head() : head
  }

  async function leave(claims: readonly HistoryClaim[]): Promise<boolean> {
    const begun = await store.leaveHistory(claims)
    if (begun !== undefined) onRollback(begun)
    return begun !== undefined
  }

  async function isLost({ tenant, sequence, chain, epoch }: HistoryClaim): Promise<boolean> {
    const head = await store.feed.place(tenant)
    if (sequence > head.sequence) return true
    if (chain === undefined || epoch !== head.epoch) return false
    const known = await store.feed.chainAt(tenant, sequence)
    return known !== undefined && known !== chain
  }

  return { ownClaim, readHead, isLost, leave }
}

/** Whether the head is below what was known before it was read, or another entry stands at that very position. */
function isBehind(head: Head, own: HistoryClaim): boolean {
  if (head.position < own.sequence) return true
  if (head.position > own.sequence || head.epoch !== own.epoch) return false
  return own.chain !== undefined && head.chain !== undefined && head.chain !== own.chain
}
