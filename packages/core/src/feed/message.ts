/** The questions and answers between a verifier and its server: docs/protocol/feed.md §3 and §7. */
import type { Identity, ObjectType } from '../identity.ts'
import type { Seconds } from '../seconds.ts'
import type { FeedObject, Place, SealedPlace } from './entry.ts'
import type { CutOff, CutOffKind, CutOffType } from './state.ts'

/** `POST /v1/feed/position`: the place a verifier has applied, and the question how far the log has come. */
export interface PositionQuestion extends Place {
  /** Names the verifier's instance in receipts. */
  readonly verifierId: string
  /** Random; the answer repeats it, so that an answer to an earlier question proves nothing. */
  readonly nonce: string
  /** The verifier's own bound in seconds, 1 to 300: shown in receipts. */
  readonly maxStalenessSeconds: number
  /** The highest place of all epochs that a server has sealed to it. */
  readonly sealed?: SealedPlace
}

/** The answer to a `PositionQuestion`. */
export interface PositionAnswer {
  /** As asked. */
  readonly nonce: string
  /** The present epoch of the log. */
  readonly epoch: string
  /** The number of the last entry when the log was read. */
  readonly head: number
  /** How long before answering that read began, on the answerer's clock, in milliseconds. */
  readonly ageMs: number
  /** The server's clock. */
  readonly now: Seconds
  /** The highest drop time the server knows; verifiers forget by this and by no clock. Absent from older servers. */
  readonly dropTime?: Seconds
  /** The seal of the head. */
  readonly seal?: string
  /** The place named is not in this log: fetch a snapshot. */
  readonly reload?: true
}

/** All that a tenant's book must hold, from one consistent read. */
export interface Snapshot {
  /** The place of the log at the time of the read. */
  readonly place: Place
  /** The issuer of the tenant. */
  readonly issuer: string
  /** The id of the tenant. */
  readonly tenant: string
  /** The last state of every object that has one. */
  readonly entries: readonly FeedObject[]
  /** How long before answering the read began, on the answerer's clock, in milliseconds. */
  readonly ageMs: number
  /** The server's clock. */
  readonly now: Seconds
  /** The seal of `place`. */
  readonly seal?: string
  /** The drop time, read with the entries: none that ends later is left out. */
  readonly dropTime?: Seconds
}

/** A revocation as a verifier hands it back: the object, until when it is revoked, and the MAC that came with it. */
export interface HandedBack extends Identity<ObjectType> {
  /** As `revocationEnd` gives it. */
  readonly dropAt: Seconds
  /** The MAC that came with the entry. */
  readonly mac: string
}

/** The revocations that a server of this epoch lacks, as its snapshot shows (docs/protocol/feed.md §7). */
export interface HandBackQuestion {
  /** The epoch that the verifier has loaded. In another one the server answers 409. */
  readonly epoch: string
  /** The revocations, at most 500. */
  readonly revocations: readonly HandedBack[]
  /** Absent when there are none, and for older servers. */
  readonly cutOffs?: readonly HandedBackCutOff[]
}

/** A cut-off as a verifier hands it back. */
export interface HandedBackCutOff extends CutOff {
  /** The type of the entry. */
  readonly type: CutOffType
  /** The client id, or the subject. */
  readonly id: string
  /** The kind of cut-off. */
  readonly what: CutOffKind
  /** The MAC that came with the entry. */
  readonly mac: string
}

/** The server's answer to a hand-back: each revocation counts in one of the three. */
export interface HandBackAnswer {
  /** New to the server: recorded now. */
  readonly applied: number
  /** Known to the server already, or needed no longer. */
  readonly known: number
  /** Never said by this server or an earlier copy of it. */
  readonly refused: number
}
