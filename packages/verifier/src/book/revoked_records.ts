import { limits } from '@countersign/core'

/**
 * A record is two bytes for the identity's length and its flags, four for the end of its life in seconds, the identity
 * and, where a server gave a MAC, four bytes for the end that it covers and its own sixteen.
 */
const headBytes = 6
const macBytes = 16
const macPartBytes = 4 + macBytes
const lengthMask = 0x1ff
const macBit = 0x8000
const owedBit = 0x4000
const movedBit = 0x2000

/**
 * An offset is a page and a place in it. Pages after the first have their full size from the start, so little is
 * wasted.
 */
const pageBits = 16
const pageBytes = 1 << pageBits
const pageMask = pageBytes - 1
/** Room for the longest possible record. */
const firstPageBytes = headBytes + limits.identityBytesMax + 2 + macPartBytes

/** The bytes of an identity, in any memory. */
export interface Identity {
  readonly bytes: Uint8Array
  readonly at: number
  readonly length: number
}

/** A MAC (docs/protocol/feed.md §7.3), and the end that it covers. */
export interface RevocationMac {
  /** Sixteen bytes. */
  readonly bytes: Uint8Array
  readonly end: number
}

/**
 * Records of revoked identities, one behind the other in pages, each found by its offset. A record never changes
 * length.
 */
export class RevokedRecords {
  readonly #pages: Uint8Array[] = []
  /** The used bytes of the last page. */
  #used = 0

  /** Memory held, in bytes. */
  get byteLength(): number {
    return Math.max(0, this.#pages.length - 1) * pageBytes + (this.#pages.at(-1)?.length ?? 0)
  }

  /** Writes a new record and gives its offset. */
  append(identity: Identity, end: number, mac: RevocationMac | undefined): number {
    const bytes = headBytes + identity.length + (mac === undefined ? 0 : macPartBytes)
    const page = this.#reserve(bytes)
    const at = this.#used
    const offset = (this.#pages.length - 1) * pageBytes + at
    this.#used += bytes
    writeHead(page, at, identity.length | (mac === undefined ? 0 : macBit))
    writeSeconds(page, at + 2, end)
    // Byte by byte, since an identity is too short to be worth making a view of it.
    for (let index = 0; index < identity.length; index++) {
      page[at + headBytes + index] = identity.bytes[identity.at + index] as number
    }
    if (mac !== undefined) this.setMac(offset, mac)
    return offset
  }

  identityAt(offset: number): Identity {
    const page = this.#pageOf(offset)
    const at = offset & pageMask
    return { bytes: page, at: at + headBytes, length: readHead(page, at) & lengthMask }
  }

  isAt(offset: number, { bytes, at, length }: Identity): boolean {
    const page = this.#pageOf(offset)
    const own = offset & pageMask
    if ((readHead(page, own) & lengthMask) !== length) return false
    for (let index = 0; index < length; index++) {
      if (page[own + headBytes + index] !== bytes[at + index]) return false
    }
    return true
  }

  endAt(offset: number): number {
    return readSeconds(this.#pageOf(offset), (offset & pageMask) + 2)
  }

  setEnd(offset: number, end: number): void {
    writeSeconds(this.#pageOf(offset), (offset & pageMask) + 2, end)
  }

  hasMac(offset: number): boolean {
    return this.#has(offset, macBit)
  }

  /** The MAC as a copy, since the record may be overwritten. */
  macAt(offset: number): RevocationMac | undefined {
    if (!this.hasMac(offset)) return undefined
    const page = this.#pageOf(offset)
    const at = this.#macPartAt(offset)
    return { end: readSeconds(page, at), bytes: page.slice(at + 4, at + macPartBytes) }
  }

  /** Sets the MAC of a record that has room for one. */
  setMac(offset: number, mac: RevocationMac): void {
    const page = this.#pageOf(offset)
    const at = this.#macPartAt(offset)
    writeSeconds(page, at, mac.end)
    page.set(mac.bytes, at + 4)
  }

  isOwed(offset: number): boolean {
    return this.#has(offset, owedBit)
  }

  setOwed(offset: number, isOwed: boolean): void {
    this.#mark(offset, owedBit, isOwed)
  }

  /** Marks a record that another one has replaced. */
  setMoved(offset: number): void {
    this.#mark(offset, movedBit, true)
  }

  /** The first valid record at or behind the offset; `undefined` at the end. */
  from(offset: number): number | undefined {
    let at = offset
    for (;;) {
      const page = this.#pages[at >>> pageBits]
      if (page === undefined) return undefined
      const place = at & pageMask
      const head = place + headBytes < page.length ? readHead(page, place) : 0
      // An identity has at least its tag, so a length of 0 is the end of the page.
      if (head === 0) at = ((at >>> pageBits) + 1) * pageBytes
      else if ((head & movedBit) === 0) return at
      else at += bytesOf(head)
    }
  }

  /** The first record behind this one. */
  after(offset: number): number | undefined {
    return this.from(offset + bytesOf(readHead(this.#pageOf(offset), offset & pageMask)))
  }

  #has(offset: number, bit: number): boolean {
    return (readHead(this.#pageOf(offset), offset & pageMask) & bit) !== 0
  }

  #mark(offset: number, bit: number, isSet: boolean): void {
    const page = this.#pageOf(offset)
    const at = offset & pageMask
    const head = readHead(page, at)
    writeHead(page, at, isSet ? head | bit : head & ~bit)
  }

  #pageOf(offset: number): Uint8Array {
    return this.#pages[offset >>> pageBits] as Uint8Array
  }

  #macPartAt(offset: number): number {
    const at = offset & pageMask
    return at + headBytes + (readHead(this.#pageOf(offset), at) & lengthMask)
  }

  /** A page with room for so many bytes. The first one grows, since most tenants have revoked little or nothing. */
  #reserve(bytes: number): Uint8Array {
    const last = this.#pages.at(-1)
    if (last !== undefined && this.#used + bytes <= last.length) return last
    const isFirst = this.#pages.length <= 1
    if (last !== undefined && isFirst && last.length < pageBytes) {
      const grown = new Uint8Array(Math.min(pageBytes, last.length * 2))
      grown.set(last)
      this.#pages[0] = grown
      return this.#reserve(bytes)
    }
    const page = new Uint8Array(last === undefined ? firstPageBytes : pageBytes)
    this.#pages.push(page)
    this.#used = 0
    return page
  }
}

function bytesOf(head: number): number {
  return headBytes + (head & lengthMask) + ((head & macBit) === 0 ? 0 : macPartBytes)
}

function readHead(page: Uint8Array, at: number): number {
  return (page[at] as number) | ((page[at + 1] as number) << 8)
}

function writeHead(page: Uint8Array, at: number, head: number): void {
  page[at] = head & 0xff
  page[at + 1] = head >> 8
}

function readSeconds(page: Uint8Array, at: number): number {
  const low = (page[at] as number) | ((page[at + 1] as number) << 8) | ((page[at + 2] as number) << 16)
  return (page[at + 3] as number) * 0x1000000 + low
}

function writeSeconds(page: Uint8Array, at: number, seconds: number): void {
  page[at] = seconds & 0xff
  page[at + 1] = (seconds >>> 8) & 0xff
  page[at + 2] = (seconds >>> 16) & 0xff
  page[at + 3] = seconds >>> 24
}
