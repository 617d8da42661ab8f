/**
 * The drop time of an installation: what ended before it has been removed everywhere (feed.md §2, "No clock ends an
 * entry"). It moves by what clocks count, never by what one clock says, so it may be behind or, after a clock was wrong for
 * days, ahead of the true time.
 */
import { limits } from '../limits.ts'
import type { Seconds } from '../seconds.ts'

/**
 * Written once for a drop time that is ahead of all clocks: entries about credentials issued after it cannot have been
 * removed, so their ends are judged by the server's time alone.
 */
export interface DropFloor {
  /** The feed entry that carries it has this number. */
  readonly sequence: number
  /** The drop time it was written for: at a later one it says nothing. */
  readonly time: Seconds
  /** The later of the server's and the database's clock when it was written. */
  readonly at: Seconds
}

/** A credential says this of when it was issued. */
export interface IssueMark {
  /** `cs_pos`. */
  readonly position?: number
  /** `iat`, for what has no position. */
  readonly issuedAt?: Seconds
}

/**
 * Whether the entries about a credential that ends at `endsAt` may have been removed already. It then counts as ended,
 * whatever a clock says: a server whose clock is behind must not accept what was revoked once.
 */
export function isDropped(of: IssueMark, endsAt: Seconds, dropTime: Seconds, floor: DropFloor | undefined): boolean {
  if (endsAt > dropTime - limits.dropGraceSeconds) return false
  return floor === undefined || floor.time < dropTime || !isAbove(floor, of)
}

function isAbove(floor: DropFloor, { position, issuedAt }: IssueMark): boolean {
  if (position !== undefined) return position >= floor.sequence
  return issuedAt !== undefined && issuedAt > floor.at + limits.clockLeewaySeconds
}
