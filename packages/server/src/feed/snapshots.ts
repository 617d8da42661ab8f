import { setImmediate } from 'node:timers/promises'
import type { FeedObject, Place, Seconds } from '@countersign/core'
import type { Store } from '@countersign/store'
import type { Clock } from '@countersign/verifier/engine'
import { serverLimits } from '../limits.ts'
import type { Books } from './books.ts'
import type { RevocationMacs } from './revocation_mac.ts'
import type { Timers } from './timers.ts'

/** A tenant's live entries at one place, as lines of JSON in pieces that are written whole. */
export interface SharedSnapshot {
  readonly place: Place
  readonly dropTime: Seconds
  readonly pieces: readonly string[]
  readonly count: number
}

/** One read for all who ask at once: after a restart every follower of a tenant may want the same. */
export interface Snapshots {
  read(tenant: string): Promise<SharedSnapshot>
}

interface Shared {
  readonly snapshot: Promise<SharedSnapshot>
  /** Once it was read. */
  read: { readonly place: Place; readonly at: number } | undefined
}

const pieceCharacters = 65_536

export function createSnapshots(options: {
  readonly store: Store
  readonly books: Books
  readonly macs: RevocationMacs
  readonly clock: Clock
  readonly timers: Timers
}): Snapshots {
  const { store, books, macs, clock, timers } = options
  const nowMs = (): number => clock.stamp().monotonicMs
  const shared = new Map<string, Shared>()

  async function readNow(tenant: string): Promise<SharedSnapshot> {
    const { place, dropTime, entries } = await store.feed.snapshot(tenant)
    const pieces = await piecesOf(entries, (entry) => macs.mark(tenant, entry))
    return { place, dropTime, pieces, count: entries.length }
  }

  /**
   * A read that is under way, or whose place is still the head. A finished one is forgotten soon, since it may be
   * large.
   */
  function isGood({ read }: Shared, tenant: string): boolean {
    if (read === undefined) return true
    const head = books.book(tenant)?.place
    const isRecent = nowMs() - read.at <= serverLimits.snapshotSharedMs
    return isRecent && read.place.epoch === head?.epoch && read.place.sequence === head.sequence
  }

  return {
    read(tenant) {
      const known = shared.get(tenant)
      if (known !== undefined && isGood(known, tenant)) return known.snapshot
      const snapshot = readNow(tenant)
      const entry: Shared = { snapshot, read: undefined }
      shared.set(tenant, entry)
      const forget = (): void => {
        if (shared.get(tenant) === entry) shared.delete(tenant)
      }
      snapshot.then(({ place }) => {
        entry.read = { place, at: nowMs() }
        timers.after(serverLimits.snapshotSharedMs, forget)
      }, forget)
      return snapshot
    },
  }
}

/**
 * A turn of the event loop between pieces: a million MACs take 2 s, and what is verified meanwhile must not wait for
 * them.
 */
async function piecesOf(
  entries: readonly FeedObject[],
  mark: (entry: FeedObject) => FeedObject,
): Promise<readonly string[]> {
  const pieces: string[] = []
  let piece = ''
  for (const entry of entries) {
    const { type, id, version, state, dropAt, mac, cutOffMacs } = mark(entry)
    piece += `${JSON.stringify({ type, id, version, state, dropAt, mac, cutOffMacs })}\n`
    if (piece.length < pieceCharacters) continue
    pieces.push(piece)
    piece = ''
    await setImmediate()
  }
  return [...pieces, piece]
}
