import { type Holder, Shares } from '@countersign/core'
import { serverLimits } from '../limits.ts'
import type { Books } from './books.ts'
import { type Broadcast, createBroadcast } from './broadcast.ts'
import type { PlaceSeals } from './place_seal.ts'
import type { RevocationMacs } from './revocation_mac.ts'

/** The open event streams: counted, and told to end when the server drains, so that clients move to another. */
export interface Streams {
  readonly count: number
  /** One more listener of the tenant, until `close`, which may be called twice; `undefined` where the holder has its share. */
  open(tenant: string, holder: Holder): { readonly broadcast: Broadcast; close(): void } | undefined
  endAll(): void
}

interface Group {
  readonly broadcast: Broadcast
  listeners: number
}

export function createStreams(books: Books, macs: RevocationMacs, seals: PlaceSeals): Streams {
  const groups = new Map<string, Group>()
  const shares = new Shares(serverLimits.streamsMax)
  let isEnding = false

  function groupOf(tenant: string): Group {
    const known = groups.get(tenant)
    if (known !== undefined) return known
    const broadcast = createBroadcast(
      books,
      tenant,
      () => shares.used,
      (entries) => {
        const epoch = books.book(tenant)?.place.epoch ?? ''
        return seals.sealLast(
          tenant,
          epoch,
          entries.map((entry) => macs.mark(tenant, entry)),
        )
      },
    )
    const group = { broadcast, listeners: 0 }
    groups.set(tenant, group)
    return group
  }

  return {
    get count() {
      return shares.used
    },
    open(tenant, holder) {
      if (!shares.take(holder)) return undefined
      const group = groupOf(tenant)
      if (isEnding) group.broadcast.end()
      group.listeners += 1
      let isOpen = true
      return {
        broadcast: group.broadcast,
        close() {
          if (!isOpen) return
          isOpen = false
          shares.give(holder)
          group.listeners -= 1
          if (group.listeners > 0) return
          // Nobody listens: a tenant that once had a follower costs nothing.
          if (groups.get(tenant) === group) groups.delete(tenant)
          group.broadcast.end()
        },
      }
    },
    endAll() {
      isEnding = true
      for (const { broadcast } of groups.values()) broadcast.end()
    },
  }
}
