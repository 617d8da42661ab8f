import type { Seconds } from '@countersign/core'
import type { PoisonedRowError } from './errors.ts'
import type { KeyProof } from './key_check.ts'

/** Options that both databases share. */
export interface StoreOptions {
  /** HMAC key of the audit links, derived from the master key. */
  readonly auditKey: Uint8Array
  /** The present time, in seconds since the epoch. */
  readonly now: () => Seconds
  /** A clock that only goes on, in milliseconds. Default `performance.now`. */
  readonly monotonicMs?: () => number
  /** A source of cryptographically strong random bytes. */
  readonly randomBytes: (count: number) => Uint8Array
  /** Writes that run or wait at once. One more is refused as `busy`. Default 1,000, about two seconds of work. */
  readonly writesAtOnceMax?: number
  /** Proof of the master key. It is compared before the first write, and kept at the first start. Default: no comparison. */
  readonly keyProof?: KeyProof
  /** SQLite: size of a file beside the database that is given up when the disk is full. Default 0: no such file. */
  readonly reserveBytes?: number
  /** Called for every row that a list or a snapshot has to leave out. Default: not reported. */
  readonly onPoisonedRow?: (error: PoisonedRowError) => void
}
