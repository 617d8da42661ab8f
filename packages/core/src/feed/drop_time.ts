/**
 * The drop time of an installation: entries that ended before it have been removed everywhere
 * (docs/protocol/feed.md §2.2, "No clock ends an entry"). It moves by the time that clocks count, never to the time
 * that one clock shows, so it may lag behind the true time or, after a clock was wrong for days, be ahead of it.
 */
import { limits } from '../limits.ts'
import type { Seconds } from '../seconds.ts'

/**
 * Written once for a drop time that is ahead of all clocks: entries about credentials issued after it cannot have been
 * removed, so their ends are judged by the server's time alone.
 */
export interface DropFloor {
  /** The number of the feed entry that carries it. */
  readonly sequence: number
  /** The drop time it was written for. It says nothing about a later one. */
  readonly time: Seconds
  /** The later of the server's and the database's clock when it was written. */
  readonly at: Seconds
}

/** The marks by which a credential shows when it was issued. */
export interface IssueMark {
  /** `cs_pos`. */
  readonly position?: number
  /** `iat`, for credentials without a position. */
  readonly issuedAt?: Seconds
}

/**
 * Whether the entries about a credential that ends at `endsAt` may have been removed already. The credential then
 * counts as ended, whatever a clock says: a server whose clock is behind must not accept a credential that was once
 * revoked.
 */
export function isDropped(of: IssueMark, endsAt: Seconds, dropTime: Seconds, floor: DropFloor | undefined): boolean {
  if (endsAt > dropTime - limits.dropGraceSeconds) return false
  return floor === undefined || floor.time < dropTime || !isAbove(floor, of)
}

function isAbove(floor: DropFloor, { position, issuedAt }: IssueMark): boolean {
  if (position !== undefined) return position >= floor.sequence
  return issuedAt !== undefined && issuedAt > floor.at + limits.clockLeewaySeconds
}
