import type { Holder } from '@countersign/core'
import type { Room } from '@countersign/verifier'
import type { Admission } from './pipeline.ts'

/** Where requests at the upstream count: those that end by themselves, and those that may go on for hours. */
export interface Rooms {
  readonly short: Room
  readonly long: Room
}

/** One request's place at the upstream. */
export interface Place {
  /** Whether there is room for it among those that go on; its place among the others is another's then. */
  becomeLong(): boolean
  leave(): void
}

/** A place now, a promise of one, or `undefined` where there is none to be had in time. */
export function takePlace(
  rooms: Rooms,
  admission: Admission,
  isLong: boolean,
): Place | undefined | Promise<Place | undefined> {
  const holder = holderOf(admission)
  const room = isLong ? rooms.long : rooms.short
  const entered = room.enter(holder)
  if (typeof entered !== 'boolean') return entered.then((is) => (is ? createPlace(rooms, room, holder) : undefined))
  return entered ? createPlace(rooms, room, holder) : undefined
}

function createPlace(rooms: Rooms, first: Room, holder: Holder): Place {
  let room = first
  return {
    becomeLong() {
      if (room === rooms.long) return true
      if (!rooms.long.enterNow(holder)) return false
      room.leave(holder)
      room = rooms.long
      return true
    },
    leave: () => room.leave(holder),
  }
}

/** A trusted proxy that does not say for whom it asks is not one caller. */
function holderOf({ judged, origin }: Admission): Holder {
  const isProxy = origin.isPeerTrusted && origin.address === origin.peer
  return { credential: judged?.grant.credentialId, address: isProxy ? undefined : origin.address }
}
