import { limits, type Seconds } from '@countersign/core'

/** Slots are two 32-bit words: the offset of the identity plus one (0: empty) and the end of its life in seconds. */
const slotWords = 2
const smallest = 8
const noSlots = new Uint32Array(0)
const noBytes = new Uint8Array(0)
/** Where an identity is written down to be looked for: never longer than one turn. */
const scratch = new Uint8Array(limits.identityBytesMax + 2)

/**
 * The identities that are revoked, packed: a million of 24 bytes take about 40 MB where a `Set` of strings takes twice
 * that. Identities are kept whole and compared byte for byte, so no hash has to be trusted; the hash is seeded, so that
 * nobody can choose identities that fall together.
 */
export class RevokedSet {
  readonly #seed: number
  /** Nothing until something is revoked: most tenants' sets stay empty. */
  #slots = noSlots
  #bytes = noBytes
  #bytesUsed = 0
  #size = 0
  #earliestDropAt = Number.POSITIVE_INFINITY

  constructor(seed: number) {
    this.#seed = seed | 0
  }

  get size(): number {
    return this.#size
  }

  /** Memory held, in bytes. */
  get byteLength(): number {
    return this.#slots.byteLength + this.#bytes.byteLength
  }

  /** `tag` is the type's own letter, so that types never meet. A later end replaces an earlier one, never the reverse. */
  add(tag: string, id: string, dropAt: Seconds): void {
    const length = this.#encode(tag, id)
    if (length === 0) throw new RangeError(`an identity has at most ${limits.identityBytesMax} bytes`)
    // Uint32 seconds reach to the year 2106; what never drops, and what drops later, is kept.
    const end = Math.min(Math.ceil(dropAt), 0xffffffff)
    this.#earliestDropAt = Math.min(this.#earliestDropAt, end)
    this.#insert(scratch.subarray(0, length), end)
  }

  has(tag: string, id: string): boolean {
    if (this.#size === 0) return false
    const length = this.#encode(tag, id)
    return length > 0 && (this.#slots[this.#find(scratch, length)] as number) !== 0
  }

  /** Forgets what ended before `now`, the server's time. Rebuilds at most when the earliest of all has ended. */
  sweep(now: Seconds): void {
    if (now <= this.#earliestDropAt) return
    this.#rebuild((this.#slots.length / slotWords) >>> 0, now)
  }

  /** Takes over all of another's: what was revoked stays so across a change of epoch (feed.md §7). */
  addAll(other: RevokedSet): void {
    other.#forEach((identity, dropAt) => {
      this.#earliestDropAt = Math.min(this.#earliestDropAt, dropAt)
      this.#insert(identity, dropAt)
    })
  }

  #insert(identity: Uint8Array, end: number): void {
    if ((this.#size + 1) * 4 > (this.#slots.length / slotWords) * 3) {
      this.#rebuild(Math.max(smallest, (this.#slots.length / slotWords) * 2), Number.NEGATIVE_INFINITY)
    }
    const slot = this.#find(identity, identity.length)
    if (this.#slots[slot] !== 0) {
      this.#slots[slot + 1] = Math.max(this.#slots[slot + 1] as number, end)
      return
    }
    this.#reserve(identity.length + 2)
    this.#bytes[this.#bytesUsed] = identity.length & 0xff
    this.#bytes[this.#bytesUsed + 1] = identity.length >> 8
    this.#bytes.set(identity, this.#bytesUsed + 2)
    this.#slots[slot] = this.#bytesUsed + 1
    this.#slots[slot + 1] = end
    this.#bytesUsed += identity.length + 2
    this.#size++
  }

  #forEach(visit: (identity: Uint8Array, dropAt: number) => void): void {
    for (let slot = 0; slot < this.#slots.length; slot += slotWords) {
      const offset = this.#slots[slot] as number
      if (offset !== 0) visit(this.#identityAt(offset - 1), this.#slots[slot + 1] as number)
    }
  }

  #rebuild(capacity: number, now: Seconds): void {
    const before = new RevokedSet(this.#seed)
    before.#slots = this.#slots
    before.#bytes = this.#bytes
    this.#slots = new Uint32Array(capacity * slotWords)
    this.#bytes = now === Number.NEGATIVE_INFINITY ? this.#bytes : new Uint8Array(Math.max(256, this.#bytesUsed))
    const keepsBytes = now === Number.NEGATIVE_INFINITY
    if (keepsBytes) {
      before.#forEachSlot((offset, end) => this.#place(offset, end))
      return
    }
    this.#bytesUsed = 0
    this.#size = 0
    this.#earliestDropAt = Number.POSITIVE_INFINITY
    before.#forEach((identity, end) => {
      if (end < now && end !== 0xffffffff) return
      this.#earliestDropAt = Math.min(this.#earliestDropAt, end)
      this.#insert(identity, end)
    })
  }

  #forEachSlot(visit: (offset: number, end: number) => void): void {
    for (let slot = 0; slot < this.#slots.length; slot += slotWords) {
      if (this.#slots[slot] !== 0) visit(this.#slots[slot] as number, this.#slots[slot + 1] as number)
    }
  }

  #place(offset: number, end: number): void {
    const identity = this.#identityAt(offset - 1)
    const slot = this.#find(identity, identity.length)
    this.#slots[slot] = offset
    this.#slots[slot + 1] = end
  }

  /** The slot of the identity, or the free one where it would stand. */
  #find(identity: Uint8Array, length: number): number {
    const count = this.#slots.length / slotWords
    let index = this.#hash(identity, length) & (count - 1)
    for (;;) {
      const offset = this.#slots[index * slotWords] as number
      if (offset === 0 || this.#equals(offset - 1, identity, length)) return index * slotWords
      index = (index + 1) & (count - 1)
    }
  }

  #identityAt(offset: number): Uint8Array {
    const length = (this.#bytes[offset] as number) | ((this.#bytes[offset + 1] as number) << 8)
    return this.#bytes.subarray(offset + 2, offset + 2 + length)
  }

  #equals(offset: number, identity: Uint8Array, length: number): boolean {
    if (((this.#bytes[offset] as number) | ((this.#bytes[offset + 1] as number) << 8)) !== length) return false
    for (let index = 0; index < length; index++) if (this.#bytes[offset + 2 + index] !== identity[index]) return false
    return true
  }

  #reserve(more: number): void {
    if (this.#bytesUsed + more <= this.#bytes.length) return
    const grown = new Uint8Array(Math.max(256, this.#bytesUsed + more, Math.ceil(this.#bytes.length * 1.5)))
    grown.set(this.#bytes.subarray(0, this.#bytesUsed))
    this.#bytes = grown
  }

  #hash(identity: Uint8Array, length: number): number {
    let hash = this.#seed
    for (let index = 0; index < length; index++) {
      hash = Math.imul(hash ^ (identity[index] as number), 0x01000193)
      hash = (hash << 13) | (hash >>> 19)
    }
    hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
    return (hash ^ (hash >>> 13)) >>> 0
  }

  /** Into the scratch bytes; 0 when it does not fit, which no identity of ours does. */
  #encode(tag: string, id: string): number {
    const { read, written } = encoder.encodeInto(tag + id, scratch)
    return read === tag.length + id.length ? written : 0
  }
}

const encoder = new TextEncoder()
