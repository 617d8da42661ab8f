/** A text takes at most so many bytes: its length is kept in two of them. */
const textBytesMax = 0xffff
const lengthBytes = 2

/**
 * Texts of rows, as UTF-8 in blocks of one size that are written in turn: when all blocks are full, the oldest is
 * written over and its texts are gone. Bytes outside the heap, since a million strings would be marked at each garbage
 * collection. A place is never used twice, so an old one never finds another row's text.
 */
export class PackedTexts {
  readonly #blocksMax: number
  readonly #blockBytes: number
  readonly #blocks: Uint8Array[] = []
  /** The number of the block that is written, counted from 0 and never again from there. */
  #block = 0
  #at = 0
  readonly #encoder = new TextEncoder()
  readonly #decoder = new TextDecoder()

  /** Takes at most `bytesMax` bytes, in blocks of 64 KiB or, where that is less, of an eighth of it. */
  constructor(bytesMax: number) {
    this.#blockBytes = Math.max(64, Math.min(textBytesMax + 1, Math.floor(bytesMax / 8)))
    this.#blocksMax = Math.max(1, Math.floor(bytesMax / this.#blockBytes))
  }

  /** Memory held by the blocks, in bytes. */
  get byteLength(): number {
    return this.#blocks.length * this.#blockBytes
  }

  /** Keeps a text and gives its place, a positive number; 0 where it is longer than a block. */
  put(text: string): number {
    if (text.length + lengthBytes > this.#blockBytes) return 0
    const place = this.#write(text)
    if (place !== 0 || this.#at === 0) return place
    this.#block++
    this.#at = 0
    return this.#write(text)
  }

  /** The text at a place; `undefined` where its block was written over since. */
  get(place: number): string | undefined {
    const number = Math.floor((place - 1) / this.#blockBytes)
    if (number <= this.#block - this.#blocksMax) return undefined
    const block = this.#blockOf(number)
    const at = (place - 1) % this.#blockBytes
    const from = at + lengthBytes
    return this.#decoder.decode(block.subarray(from, from + ((block[at] as number) << 8) + (block[at + 1] as number)))
  }

  #write(text: string): number {
    const block = this.#blockOf(this.#block)
    const from = this.#at + lengthBytes
    if (from + text.length > block.length) return 0
    const { read, written } = this.#encoder.encodeInto(text, block.subarray(from))
    if (read < text.length) return 0
    block[this.#at] = written >> 8
    block[this.#at + 1] = written & 0xff
    const place = this.#block * this.#blockBytes + this.#at + 1
    this.#at = from + written
    return place
  }

  #blockOf(number: number): Uint8Array {
    const index = number % this.#blocksMax
    const block = this.#blocks[index] ?? new Uint8Array(this.#blockBytes)
    this.#blocks[index] = block
    return block
  }
}
