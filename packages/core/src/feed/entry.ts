/**
 * The ordered, chained log of one tenant: docs/protocol/feed.md §1. Each entry holds its object's whole state; the
 * higher version wins; `revoked` beats every version.
 */
import type { Identity, ObjectType } from '../identity.ts'
import type { Seconds } from '../seconds.ts'
import type { CutOffKind, StateByType } from './state.ts'

/** A follower's place in one tenant's log. */
export interface Place {
  /** Names one history of the log; compared for equality only. */
  readonly epoch: string
  /** The number of the last entry applied; 0 before the first. */
  readonly sequence: number
  /** Base64url SHA-256 over the previous chain value and the entry's own bytes; `emptyChain` before the first entry. */
  readonly chain: string
}

/**
 * A place that the server vouches for: the log, or an earlier copy of it, was there once (docs/protocol/feed.md §7).
 */
export interface SealedPlace extends Place {
  /** A MAC of 16 bytes in base64url. */
  readonly seal: string
}

/** One object with its state, as the status book keeps it, tagged by type. */
export type FeedObject = {
  readonly [T in ObjectType]: Identity<T> & {
    /** Rises by one with each change of the object; the higher one wins. */
    readonly version: number
    /** The whole state of the object, never a difference. */
    readonly state: StateByType[T]
    /** A verifier may forget the entry when the installation's drop time is past this. */
    readonly dropAt: Seconds
    /**
     * Present on revocations that verifiers receive: 16 bytes in base64url by which a server recognises a revocation
     * that it, or an earlier copy of it, once said (docs/protocol/feed.md §7.3). The chain does not cover it, and no
     * server stores it.
     */
    readonly mac?: string
    /** One such MAC for each member of `cutOffs`. */
    readonly cutOffMacs?: { readonly [K in CutOffKind]?: string }
  }
}[ObjectType]

/** One entry of the log: an object's state, with its number and the chain value after it. */
export type FeedEntry = FeedObject & {
  /** Its number in the log of the tenant. Within an epoch, each entry has the next one. */
  readonly sequence: number
  /** When the change was made, by the clock of the server that wrote it. */
  readonly at: Seconds
  /** The HMAC link of the audit event written in the same transaction. */
  readonly audit: string
  /** The chain value of the place right after this entry. */
  readonly chain: string
  /** On the last entry of a page or a batch: the seal of the place right after it. The chain does not cover it. */
  readonly seal?: string
}

/** The chain value before the first entry. */
export const emptyChain = ''

/** The text that a chain value covers: every member in a fixed order, each delimited by JSON's own quoting. */
export function chainInput(previous: string, entry: Omit<FeedEntry, 'chain'>): string {
  const { sequence, type, id, version, state, dropAt, at, audit } = entry as Omit<FeedEntry, 'chain'> & {
    state: object
  }
  return JSON.stringify([previous, sequence, type, id, version, sortMembers(state), dropAt, at, audit])
}

/**
 * Sorts the members of all objects in a value by name and leaves out those that are `undefined`. PostgreSQL's `jsonb`
 * and JavaScript may disagree about their order; the chain must not.
 */
export function sortMembers(value: unknown): unknown {
  if (isSorted(value)) return value
  if (Array.isArray(value)) return value.map(sortMembers)
  if (typeof value !== 'object' || value === null) return value
  const members = Object.entries(value).filter(([, member]) => member !== undefined)
  members.sort(([a], [b]) => (a < b ? -1 : 1))
  return Object.fromEntries(members.map(([name, member]) => [name, sortMembers(member)]))
}

/**
 * Most states are flat, in order and without `undefined`. Every verifier looks at every change, so these are not
 * copied.
 */
function isSorted(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return true
  if (Array.isArray(value)) return false
  let before = ''
  for (const name in value) {
    const member = (value as { readonly [name: string]: unknown })[name]
    if (name < before || member === undefined || (typeof member === 'object' && member !== null)) return false
    before = name
  }
  return true
}

/**
 * The end of a revocation that never ends, as `revocationEnd` gives it: the last second of 32 bits, in the year 2106.
 */
export const endlessRevocation = 0xffffffff

/**
 * The whole second until which a revocation is kept, and the one its MAC covers; `endlessRevocation` for later ones.
 */
export function revocationEnd(dropAt: Seconds): Seconds {
  return Math.min(Math.ceil(dropAt), endlessRevocation)
}
