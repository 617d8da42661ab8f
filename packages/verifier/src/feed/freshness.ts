/**
 * The arithmetic of freshness, for every follower of the feed: docs/protocol/feed.md §3. A book is fresh as of the
 * moment a question was asked, less the age of what answered it. Pure: stamps come as arguments.
 */
import type { Seconds } from '@countersign/core'
import { elapsedMs, type Stamp } from '../clock.ts'

/** The proof that a book held everything there was at `askedAt`, less `ageMs`. */
export interface Proof {
  /** The moment at which the question was asked. */
  readonly askedAt: Stamp
  /** How old the answer's source was at `askedAt`, in milliseconds. 0 where the primary itself was read. */
  readonly ageMs: number
}

/** The server's clock, as of the moment it was asked. */
export interface ServerTime {
  readonly now: Seconds
  readonly askedAt: Stamp
}

/** How old the state is that a proof stands for, in milliseconds; infinite without a proof. */
export function ageAt(proof: Proof | undefined, at: Stamp): number {
  return proof === undefined ? Number.POSITIVE_INFINITY : elapsedMs(proof.askedAt, at) + proof.ageMs
}

/** Whether a book with this proof may be spoken from: its state is at most `boundMs` old. */
export function isFreshAt(proof: Proof | undefined, boundMs: number, at: Stamp): boolean {
  return ageAt(proof, at) <= boundMs
}

/** The proof of the younger state: answers may come in another order than they were asked for. */
export function younger(known: Proof | undefined, next: Proof, at: Stamp): Proof {
  return known === undefined || ageAt(next, at) < ageAt(known, at) ? next : known
}

/** The bound in milliseconds: the verifier's own, or the ceiling of its API where that is lower. */
export function boundMsOf(maxStalenessSeconds: number, ceilingSeconds: number): number {
  return Math.min(maxStalenessSeconds, ceilingSeconds) * 1000
}

/**
 * The server's time at a stamp, or the wall clock's before any answer. Counted from when the question was asked, so it
 * may lag by at most the round trip; what lags refuses too much, never too little.
 */
export function timeAt(server: ServerTime | undefined, at: Stamp): Seconds {
  return server === undefined ? at.wallMs / 1000 : server.now + elapsedMs(server.askedAt, at) / 1000
}
