import type { Holder } from '@countersign/core'
import type { Room } from '@countersign/verifier/engine'
import type { Admission } from './pipeline.ts'

/**
 * The rooms for requests at the upstream: one for requests that end by themselves, one for those that may last hours.
 */
export interface Rooms {
  readonly short: Room
  readonly long: Room
}

/** One request's place at the upstream. */
export interface Place {
  /** Moves to the room of long exchanges and frees its short place. False when there is no room. */
  becomeLong(): boolean
  leave(): void
}

/** Takes a place now or promises one; `undefined` where none is free in time. */
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

/** A trusted proxy that names no caller stands for many, so no share applies to it. */
function holderOf({ judged, origin }: Admission): Holder {
  const isProxy = origin.isPeerTrusted && origin.address === origin.peer
  return { credential: judged?.grant.credentialId, address: isProxy ? undefined : origin.address }
}
