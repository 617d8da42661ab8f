import type { Established, Metadata } from '@countersign/core'
import type { Stamp } from '../clock.ts'
import { thirtyBits } from './digest_bits.ts'
import { PackedTexts } from './packed_texts.ts'

/**
 * A row is twelve 32-bit words: five of the digest, the template, the end (0: none), the sequence it was read at (low,
 * high), the time it was read, in whole seconds of both clocks, and the time it was last asked for. Times are rounded
 * down: a row may seem older than it is, never younger.
 */
const rowWords = 12
const digestWords = 5
const templateAt = 5
const endAt = 6
const readAtLow = 7
const readAtHigh = 8
const monotonicAt = 9
const wallAt = 10
const recalledAt = 11
const frequentSeconds = 2
const rowsPerChunk = 8_192
/** The index grows piece by piece: doubling one index of ten million keys would hold the thread for 1 s. */
const segmentsCount = 256
const segmentSlotsMin = 16
const wordMax = 0xffffffff
const textBytesPerKey = 64
/** The metadata of clients is in templates, so their number alone does not bound them. */
const templateCharactersMax = 16_777_216

/** The members that many keys have in common: all but id and end, without metadata and with the client as the subject. */
type Shared = Omit<Established, 'credentialId' | 'limitId' | 'expiresAt'>

interface Template {
  /** The view that made it; another object after the view's book was replaced. */
  readonly owner: object
  readonly shared: Shared
}

interface Row {
  readonly template: number
  /** Metadata and subject; `undefined` where there is no metadata and the subject is the client. */
  readonly text: string | undefined
  readonly end: number
  readonly readAt: number
  readonly since: Stamp
}

export interface PackedKey {
  readonly established: Established
  readonly readAt: number
  readonly since: Stamp
}

export interface RecalledKey extends PackedKey {
  /** Asked for twice within 2 s: worth a place in a faster cache, where other keys would only push better ones out. */
  readonly isFrequent: boolean
}

/** One engine's keys among the packed ones. */
export interface PackedKeysView {
  /**
   * Finds a key. `id` is the id in the text of that digest. The caller judges by the book whether the record is up to
   * date.
   */
  recall(digest: string, id: string, at: Stamp): RecalledKey | undefined
  /**
   * Keeps a key. `established` must be the credential of that digest, looked up with that book: an answer that comes
   * after the book was replaced is not kept, and neither is anything but a plain API key.
   */
  remember(book: object, digest: string, key: PackedKey): void
  /** The book was replaced by this one: forgets everything that this view remembered. */
  clear(book: object | undefined): void
}

/**
 * API keys that were looked up before, about 60 bytes each, behind the engine's cache: members that differ from key to
 * key are packed, all others are a template that keys share. Metadata, and a subject of the key's own, are packed texts
 * beside it. The id is not kept, since the digest of the text that
 * holds it has matched: against 150 bits of it, finding a text that matches one key of a million takes 2^130 attempts.
 * When it is full, it forgets the oldest first. Engines may share one; each sees only its own keys.
 */
export class PackedKeys {
  readonly #rowsMax: number
  readonly #templatesMax: number
  readonly #chunks: Uint32Array[] = []
  readonly #segments = Array.from({ length: segmentsCount }, () => new Segment())
  #rows = 0
  #oldest = 0
  readonly #texts: PackedTexts
  /** Where each row's text is, in chunks like the rows'; a chunk whose rows have none is not there. */
  readonly #places: (Float64Array | undefined)[] = []
  #templates: Template[] = []
  #templateCharacters = 0
  /** The number of the first template. Numbers are never used again. */
  #templatesFrom = 1
  readonly #words = new Uint32Array(digestWords)

  /**
   * Defaults: 250,000 keys, 16,384 templates, and 64 bytes of metadata and subject for each key, all together. A key
   * whose text no longer fits is looked up again. Memory grows with the number of keys and the length of their texts.
   */
  constructor(
    options: { readonly rowsMax?: number; readonly templatesMax?: number; readonly textBytesMax?: number } = {},
  ) {
    this.#rowsMax = Math.max(1, options.rowsMax ?? 250_000)
    this.#templatesMax = Math.max(1, options.templatesMax ?? 16_384)
    this.#texts = new PackedTexts(options.textBytesMax ?? this.#rowsMax * textBytesPerKey)
  }

  /** The number of keys. */
  get size(): number {
    return this.#rows
  }

  /** Memory held by rows, index and texts, in bytes. */
  get byteLength(): number {
    const rows = this.#chunks.length * rowsPerChunk * rowWords * 4
    const places = this.#places.reduce((sum, chunk) => sum + (chunk?.byteLength ?? 0), 0)
    return this.#segments.reduce((sum, { slots }) => sum + slots.byteLength, rows + places + this.#texts.byteLength)
  }

  /** A view of its own for one engine: it never recalls another engine's keys. */
  view(): PackedKeysView {
    let owner = {}
    let current: object | undefined
    let from = this.#templatesFrom
    const numbers = new Map<string, number>()
    const numberOf = (shared: Shared): number => {
      const name = JSON.stringify(shared)
      const known = from === this.#templatesFrom ? numbers.get(name) : undefined
      if (known !== undefined) return known
      const number = this.#addTemplate({ owner, shared }, name.length)
      if (from !== this.#templatesFrom) numbers.clear()
      from = this.#templatesFrom
      numbers.set(name, number)
      return number
    }
    return {
      recall: (digest, id, at) => this.#recall(owner, digest, id, at),
      remember: (book, digest, { established, readAt, since }) => {
        if (book !== current || !isPlain(established)) return
        const { credentialId: _, limitId: __, expiresAt, ...shared } = established
        const template = numberOf({ ...shared, metadata: noMetadata, subject: established.clientId })
        this.#put(digest, { template, text: textOf(established), end: expiresAt ?? 0, readAt, since })
      },
      clear(book) {
        owner = {}
        current = book
        numbers.clear()
      },
    }
  }

  #recall(owner: object, digest: string, id: string, asked: Stamp): RecalledKey | undefined {
    if (this.#rows === 0) return undefined
    readWords(digest, this.#words)
    const { slots } = this.#segmentOf(this.#words[1] as number)
    const row = (slots[this.#findSlot(slots, this.#words)] as number) - 1
    if (row < 0) return undefined
    const chunk = this.#chunkOf(row)
    const at = (row % rowsPerChunk) * rowWords
    const template = this.#templates[(chunk[at + templateAt] as number) - this.#templatesFrom]
    if (template === undefined || template.owner !== owner) return undefined
    const place = this.#places[Math.floor(row / rowsPerChunk)]?.[row % rowsPerChunk] ?? 0
    const text = place > 0 ? this.#texts.get(place) : undefined
    if (place !== 0 && text === undefined) return undefined
    const end = chunk[at + endAt] as number
    const now = Math.floor(asked.monotonicMs / 1000)
    const isFrequent = now - (chunk[at + recalledAt] as number) < frequentSeconds
    chunk[at + recalledAt] = now
    const plain = { ...template.shared, credentialId: id, limitId: id }
    const own = text === undefined ? plain : { ...plain, ...readText(text, plain.clientId) }
    return {
      established: end === 0 ? own : { ...own, expiresAt: end },
      readAt: (chunk[at + readAtHigh] as number) * 2 ** 32 + (chunk[at + readAtLow] as number),
      since: { monotonicMs: (chunk[at + monotonicAt] as number) * 1000, wallMs: (chunk[at + wallAt] as number) * 1000 },
      isFrequent,
    }
  }

  /** A text that is there already stays where it is: a key that is looked up again each hour takes no new bytes. */
  #putText(row: number, text: string | undefined): void {
    const chunk = Math.floor(row / rowsPerChunk)
    const places = this.#places[chunk] ?? (text === undefined ? undefined : new Float64Array(rowsPerChunk))
    if (places === undefined) return
    this.#places[chunk] = places
    const before = places[row % rowsPerChunk] as number
    if (text === undefined) places[row % rowsPerChunk] = 0
    else if (before <= 0 || this.#texts.get(before) !== text) places[row % rowsPerChunk] = this.#texts.put(text) || lost
  }

  #put(digest: string, { template, text, end, readAt, since }: Row): void {
    readWords(digest, this.#words)
    const row = this.#rowOf(this.#words)
    const chunk = this.#chunkOf(row)
    const at = (row % rowsPerChunk) * rowWords
    chunk.set(this.#words, at)
    chunk[at + templateAt] = template
    chunk[at + endAt] = end
    chunk[at + readAtLow] = readAt
    chunk[at + readAtHigh] = Math.floor(readAt / 2 ** 32)
    chunk[at + monotonicAt] = Math.floor(since.monotonicMs / 1000)
    chunk[at + wallAt] = Math.floor(since.wallMs / 1000)
    chunk[at + recalledAt] = 0
    this.#putText(row, text)
  }

  /** The row that has the digest, or a new one, or the oldest one, reused. It is in the index when this returns. */
  #rowOf(words: Uint32Array): number {
    const segment = this.#segmentOf(words[1] as number)
    const known = segment.slots[this.#findSlot(segment.slots, words)] as number
    if (known !== 0) return known - 1
    let row = this.#rows
    if (row < this.#rowsMax) this.#rows++
    else {
      row = this.#oldest
      this.#oldest = (this.#oldest + 1) % this.#rowsMax
      this.#unlink(row)
    }
    const chunk = this.#chunkOf(row)
    chunk.set(words, (row % rowsPerChunk) * rowWords)
    if (++segment.rows * 4 > segment.slots.length * 3) this.#grow(segment)
    segment.slots[this.#findSlot(segment.slots, words)] = row + 1
    return row
  }

  #chunkOf(row: number): Uint32Array {
    const number = Math.floor(row / rowsPerChunk)
    const chunk = this.#chunks[number] ?? new Uint32Array(rowsPerChunk * rowWords)
    this.#chunks[number] = chunk
    return chunk
  }

  /** Chosen by another word of the digest than the slot within the segment. */
  #segmentOf(secondWord: number): Segment {
    return this.#segments[secondWord % segmentsCount] as Segment
  }

  /** The slot of the row with that digest, or the free one where it would stand. */
  #findSlot(slots: Uint32Array, words: Uint32Array): number {
    const mask = slots.length - 1
    let slot = (words[0] as number) & mask
    for (;;) {
      const row = (slots[slot] as number) - 1
      if (row < 0 || this.#hasDigest(row, words)) return slot
      slot = (slot + 1) & mask
    }
  }

  #hasDigest(row: number, words: Uint32Array): boolean {
    const chunk = this.#chunkOf(row)
    const at = (row % rowsPerChunk) * rowWords
    for (let word = 0; word < digestWords; word++) if (chunk[at + word] !== words[word]) return false
    return true
  }

  #wordOf(row: number, word: number): number {
    return this.#chunkOf(row)[(row % rowsPerChunk) * rowWords + word] as number
  }

  /** Removes a row from the index. Rows behind it move up, so that no search ends too early. */
  #unlink(row: number): void {
    const segment = this.#segmentOf(this.#wordOf(row, 1))
    const { slots } = segment
    const mask = slots.length - 1
    let hole = this.#wordOf(row, 0) & mask
    while (slots[hole] !== row + 1) hole = (hole + 1) & mask
    for (let slot = (hole + 1) & mask; slots[slot] !== 0; slot = (slot + 1) & mask) {
      const home = this.#wordOf((slots[slot] as number) - 1, 0) & mask
      if (((slot - home) & mask) < ((slot - hole) & mask)) continue
      slots[hole] = slots[slot] as number
      hole = slot
    }
    slots[hole] = 0
    segment.rows--
  }

  #grow(segment: Segment): void {
    const before = segment.slots
    segment.slots = new Uint32Array(before.length * 2)
    const mask = segment.slots.length - 1
    for (const number of before) {
      if (number === 0) continue
      let slot = this.#wordOf(number - 1, 0) & mask
      while (segment.slots[slot] !== 0) slot = (slot + 1) & mask
      segment.slots[slot] = number
    }
  }

  /** Adds a template and gives its number. When there are too many, all are forgotten, and with them all keys. */
  #addTemplate(template: Template, characters: number): number {
    this.#templateCharacters += characters
    if (this.#templates.length >= this.#templatesMax || this.#templateCharacters > templateCharactersMax) {
      this.#templatesFrom += this.#templates.length
      this.#templates = []
      this.#templateCharacters = characters
    }
    this.#templates.push(template)
    return this.#templatesFrom + this.#templates.length - 1
  }
}

/**
 * Open addressing over rows: a row's number plus one, or 0. Digests spread evenly, and nobody can choose those of real
 * keys.
 */
class Segment {
  slots = new Uint32Array(segmentSlotsMin)
  rows = 0
}

const noMetadata: Metadata = Object.freeze({})

/** The place of a text that no block can hold: its key is looked up again. */
const lost = -1

/** Metadata and subject as JSON, which keeps half of a surrogate pair too. */
function textOf({ metadata, subject, clientId }: Established): string | undefined {
  if (subject !== clientId) return JSON.stringify([metadata, subject])
  for (const _ in metadata) return JSON.stringify([metadata])
  return undefined
}

function readText(text: string, clientId: string): Pick<Established, 'metadata' | 'subject'> {
  const [metadata, subject = clientId] = JSON.parse(text) as readonly [Metadata, string?]
  return { metadata, subject }
}

/** Whether a credential is an API key without ancestors, counted under its own id, and with an end that fits a word. */
function isPlain(established: Established): boolean {
  const { kind, lineage, position, limitId, credentialId, expiresAt, notBefore } = established
  if (kind !== 'api_key' || lineage.length > 0 || position !== undefined || notBefore !== undefined) return false
  if (limitId !== credentialId) return false
  return expiresAt === undefined || (Number.isInteger(expiresAt) && expiresAt > 0 && expiresAt <= wordMax)
}

/** Reads words of 30 bits, five characters each, from the 43 characters of a digest in base64url. */
function readWords(digest: string, words: Uint32Array): void {
  for (let word = 0; word < digestWords; word++) words[word] = thirtyBits(digest, word * 5)
}
