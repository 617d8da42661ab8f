import type { FeedEntry, Place, SealedPlace } from '@countersign/core'
import { createMac } from '../keys/mac.ts'
import type { MasterKey } from '../keys/master_key.ts'

/**
 * Places that go out are sealed. A place that somebody merely names proves nothing; one with a seal proves that this
 * installation was there, so that a database which went back is found out (docs/protocol/feed.md §7.2).
 */
export interface PlaceSeals {
  seal(tenant: string, place: Place): string
  holds(tenant: string, sealed: SealedPlace): boolean
  /** The entries as they go out together: the last one carries the seal of the place right after it. */
  sealLast<E extends FeedEntry>(tenant: string, epoch: string, entries: readonly E[]): readonly E[]
}

export function createPlaceSeals(master: MasterKey): PlaceSeals {
  const mac = createMac(master.derive('feed_places'))
  /** The tenant first: what one tenant's verifier was told proves nothing of another. JSON quotes each part. */
  const textOf = (tenant: string, { epoch, sequence, chain }: Place): string =>
    JSON.stringify([tenant, epoch, sequence, chain])
  const seal = (tenant: string, place: Place): string => mac.of(textOf(tenant, place))

  return {
    seal,
    holds: (tenant, sealed) => mac.holds(textOf(tenant, sealed), sealed.seal),
    sealLast(tenant, epoch, entries) {
      const last = entries.at(-1)
      if (last === undefined) return entries
      const { sequence, chain } = last
      return [...entries.slice(0, -1), { ...last, seal: seal(tenant, { epoch, sequence, chain }) }]
    },
  }
}
