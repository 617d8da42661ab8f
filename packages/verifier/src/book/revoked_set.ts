import { endlessRevocation, limits, revocationEnd, type Seconds } from '@countersign/core'
import { type Identity, type RevocationMac, RevokedRecords } from './revoked_records.ts'

export type { RevocationMac } from './revoked_records.ts'

const smallest = 8
const noSlots = new Uint32Array(0)
/** Memory in which an identity is written to be searched for. It is valid within one turn, and nothing is allocated. */
const scratch = { bytes: new Uint8Array(limits.identityBytesMax + 2), at: 0, length: 0 }

/** A revocation that a server of another epoch may lack (docs/protocol/feed.md §7.3). */
export interface OwedRevocation {
  readonly tag: string
  readonly id: string
  /** The end that the MAC covers; without a MAC, the known end. */
  readonly end: number
  readonly mac: Uint8Array | undefined
}

/**
 * The identities of another set that are owed after they are taken over: those with a MAC, or all that are new here.
 */
export type Owing = 'with_mac' | 'all'

/**
 * The identities that are revoked, packed: a million of 24 bytes take about 60 MB with their MACs, and 40 without,
 * where a `Map` of objects takes 189. Identities are kept whole and compared byte for byte, so no hash has to be
 * trusted; the hash is seeded, so that nobody can choose identities that fall together.
 */
export class RevokedSet {
  readonly #seed: number
  /**
   * Each slot is the offset of a record plus one, or 0. Empty until something is revoked, as most tenants' sets stay.
   */
  #slots = noSlots
  #records = new RevokedRecords()
  #size = 0
  #owedCount = 0
  /** The offset at which the next search for owed revocations begins. */
  #owedFrom = 0
  #earliestDropAt = Number.POSITIVE_INFINITY

  constructor(seed: number) {
    this.#seed = seed | 0
  }

  get size(): number {
    return this.#size
  }

  /** The number of revocations that wait to be handed back. */
  get owedCount(): number {
    return this.#owedCount
  }

  /** Memory held, in bytes. */
  get byteLength(): number {
    return this.#slots.byteLength + this.#records.byteLength
  }

  /**
   * Adds a revocation that a server said; it is owed to the server no more. `tag` is the type's own letter, so that
   * types never meet. A later end replaces an earlier one, and a MAC over a later end an earlier MAC, never the
   * reverse.
   */
  add(tag: string, id: string, dropAt: Seconds, mac?: RevocationMac): void {
    const identity = encode(tag, id)
    if (identity === undefined) throw new RangeError(`an identity has at most ${limits.identityBytesMax} bytes`)
    this.#setOwed(this.#insert(identity, revocationEnd(dropAt), mac), false)
  }

  has(tag: string, id: string): boolean {
    if (this.#size === 0) return false
    return this.#offsetOf(tag, id) !== undefined
  }

  /** Forgets revocations that ended before `now`. Rebuilds only when the earliest of all has ended. */
  sweep(now: Seconds): void {
    if (now <= this.#earliestDropAt) return
    const before = this.#records
    this.#records = new RevokedRecords()
    this.#slots = new Uint32Array(this.#slots.length)
    this.#size = 0
    this.#owedCount = 0
    this.#owedFrom = 0
    this.#earliestDropAt = Number.POSITIVE_INFINITY
    for (let at = before.from(0); at !== undefined; at = before.after(at)) {
      const end = before.endAt(at)
      if (end < now && end !== endlessRevocation) continue
      this.#setOwed(this.#insert(before.identityAt(at), end, before.macAt(at)), before.isOwed(at))
    }
  }

  /**
   * Takes over all revocations of another set: they stay revoked across a change of epoch (docs/protocol/feed.md §7.3).
   * Revocations still owed in the other set and missing here stay owed here; other missing ones become owed as `owing`
   * says.
   */
  addAll(other: RevokedSet, owing: Owing): void {
    const theirs = other.#records
    for (let at = theirs.from(0); at !== undefined; at = theirs.after(at)) {
      const sizeBefore = this.#size
      const offset = this.#insert(theirs.identityAt(at), theirs.endAt(at), theirs.macAt(at))
      if (this.#size === sizeBefore) continue
      const becomesOwed = owing === 'all' || (owing === 'with_mac' && theirs.hasMac(at))
      if (becomesOwed || theirs.isOwed(at)) this.#setOwed(offset, true)
    }
  }

  /**
   * Up to so many owed revocations, each time the next ones, and from the beginning again after the last: revocations
   * that are refused over and over do not keep the others waiting.
   */
  owed(countMax: number): readonly OwedRevocation[] {
    const wanted = Math.min(countMax, this.#owedCount)
    const found: OwedRevocation[] = []
    let at = this.#records.from(this.#owedFrom)
    let ends = 0
    while (found.length < wanted && ends < 2) {
      if (at === undefined) {
        ends++
        at = this.#records.from(0)
        continue
      }
      if (this.#records.isOwed(at)) found.push(this.#owedAt(at))
      at = this.#records.after(at)
    }
    this.#owedFrom = at ?? 0
    return found
  }

  /** Ends a debt: the server has the revocation, or refuses it. */
  settle(tag: string, id: string): void {
    const offset = this.#size === 0 ? undefined : this.#offsetOf(tag, id)
    if (offset !== undefined) this.#setOwed(offset, false)
  }

  #owedAt(offset: number): OwedRevocation {
    const { bytes, at, length } = this.#records.identityAt(offset)
    const text = decoder.decode(bytes.subarray(at, at + length))
    const mac = this.#records.macAt(offset)
    const end = mac?.end ?? this.#records.endAt(offset)
    return { tag: text.slice(0, 1), id: text.slice(1), end, mac: mac?.bytes }
  }

  #setOwed(offset: number, isOwed: boolean): void {
    if (this.#records.isOwed(offset) === isOwed) return
    this.#records.setOwed(offset, isOwed)
    this.#owedCount += isOwed ? 1 : -1
  }

  /** The offset of an identity's record, new or known. */
  #insert(identity: Identity, end: number, mac: RevocationMac | undefined): number {
    this.#earliestDropAt = Math.min(this.#earliestDropAt, end)
    if ((this.#size + 1) * 4 > this.#slots.length * 3) this.#grow()
    const slot = this.#find(identity)
    const known = (this.#slots[slot] as number) - 1
    if (known >= 0) return this.#renew(slot, known, end, mac)
    const offset = this.#records.append(identity, end, mac)
    this.#slots[slot] = offset + 1
    this.#size++
    return offset
  }

  #renew(slot: number, offset: number, end: number, mac: RevocationMac | undefined): number {
    const records = this.#records
    if (end > records.endAt(offset)) records.setEnd(offset, end)
    if (mac === undefined) return offset
    const known = records.macAt(offset)
    if (known !== undefined) {
      if (mac.end > known.end) records.setMac(offset, mac)
      return offset
    }
    // The record had no room for a MAC. Its memory is free again with the next sweep.
    const moved = records.append(records.identityAt(offset), records.endAt(offset), mac)
    records.setOwed(moved, records.isOwed(offset))
    records.setMoved(offset)
    this.#slots[slot] = moved + 1
    return moved
  }

  #grow(): void {
    this.#slots = new Uint32Array(Math.max(smallest, this.#slots.length * 2))
    const records = this.#records
    for (let at = records.from(0); at !== undefined; at = records.after(at)) {
      this.#slots[this.#find(records.identityAt(at))] = at + 1
    }
  }

  #offsetOf(tag: string, id: string): number | undefined {
    const identity = encode(tag, id)
    const offset = identity === undefined ? 0 : (this.#slots[this.#find(identity)] as number)
    return offset === 0 ? undefined : offset - 1
  }

  /** The slot of the identity, or the free slot for it. */
  #find(identity: Identity): number {
    const mask = this.#slots.length - 1
    let slot = this.#hash(identity) & mask
    for (;;) {
      const offset = this.#slots[slot] as number
      if (offset === 0 || this.#records.isAt(offset - 1, identity)) return slot
      slot = (slot + 1) & mask
    }
  }

  #hash({ bytes, at, length }: Identity): number {
    let hash = this.#seed
    for (let index = at; index < at + length; index++) {
      hash = Math.imul(hash ^ (bytes[index] as number), 0x01000193)
      hash = (hash << 13) | (hash >>> 19)
    }
    hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
    return (hash ^ (hash >>> 13)) >>> 0
  }
}

/** The identity in the scratch memory; `undefined` when it is too long, which no identity of ours is. */
function encode(tag: string, id: string): Identity | undefined {
  const { read, written } = encoder.encodeInto(tag + id, scratch.bytes)
  scratch.length = written
  return read === tag.length + id.length ? scratch : undefined
}

const encoder = new TextEncoder()
const decoder = new TextDecoder()
