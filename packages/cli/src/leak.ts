/**
 * Keys of the shape of docs/protocol/credentials.md §1 in any bytes, found by their checksum: what is reported is a
 * key, not a guess.
 */
import { type KeyMarker, parseKey } from '@countersign/core'

export interface Leak {
  readonly line: number
  /** In bytes, from 1. */
  readonly column: number
  readonly prefix: string
  readonly marker: KeyMarker
  readonly id: string
}

/** Everything behind the prefix. Rare enough in other text that the rest need not be fast. */
const tail = /_(?:live|test|secret|at)_[0-9A-Za-z]{12}_[0-9A-Za-z]{38}/g
const prefixMax = 16
/** The longest key: what one chunk must hand on to the next, so that none is cut in two unseen. */
export const keyBytesMax = prefixMax + '_secret_'.length + 12 + 1 + 38

/**
 * A scanner of one stream of bytes, fed in chunks of any size; each leak is told once. Bytes are read as Latin-1, which
 * keeps every ASCII text of UTF-8 and of binary files in its place.
 */
export function createLeakScanner(onLeak: (leak: Leak) => void): { feed(chunk: Buffer): void } {
  let before = ''
  /** Where `before` begins. */
  let line = 1
  let column = 1
  /** Offsets below it, counted in `before`, are told already. */
  let toldUntil = 0
  const narrow = createNarrower()

  return {
    feed(chunk) {
      const text = before + narrow(chunk).toString('latin1')
      let told = toldUntil
      tail.lastIndex = 0
      for (let match = tail.exec(text); match !== null; match = tail.exec(text)) {
        const end = match.index + match[0].length
        // One that begins inside another's secret is found too: the search goes on behind the first underscore.
        tail.lastIndex = match.index + 1
        if (end <= told) continue
        const found = readAt(text, match.index, end)
        if (found === undefined) continue
        told = end
        onLeak({ ...placeOf(text, found.start, line, column), ...found.key })
      }
      const keptFrom = Math.max(0, text.length - keyBytesMax)
      ;({ line, column } = placeOf(text, keptFrom, line, column))
      before = text.slice(keptFrom)
      toldUntil = Math.max(0, told - keptFrom)
    },
  }
}

/**
 * Files that begin with the mark of UTF-16 (PowerShell's `>` writes them) have every letter of a key in every other byte:
 * the others are left out, and places count letters.
 */
function createNarrower(): (chunk: Buffer) => Buffer {
  let head: Buffer = Buffer.alloc(0)
  /** The text of the low bytes; `undefined` when it is not UTF-16. */
  let parity: number | undefined
  let seen = 0
  return (chunk) => {
    let bytes = chunk
    if (seen < 2) {
      bytes = Buffer.concat([head, chunk])
      if (bytes.length < 2) {
        head = bytes
        return Buffer.alloc(0)
      }
      const mark = bytes.readUInt16BE(0)
      parity = mark === 0xfffe ? 0 : mark === 0xfeff ? 1 : undefined
      // The mark itself is no letter.
      if (parity !== undefined) bytes = bytes.subarray(2)
      seen = 2
    }
    const offset = seen % 2
    seen += bytes.length
    return parity === undefined ? bytes : (bytes.filter((_, index) => (index + offset) % 2 === parity) as Buffer)
  }
}

/** The prefix may have letters of something else before it: the checksum says where the key begins. */
function readAt(text: string, tailAt: number, end: number) {
  for (let start = Math.max(0, tailAt - prefixMax); start < tailAt; start++) {
    const key = parseKey(text.slice(start, end))
    if (key !== undefined) return { start, key }
  }
  return undefined
}

function placeOf(text: string, offset: number, line: number, column: number): { line: number; column: number } {
  let at = -1
  let lineNow = line
  for (let next = text.indexOf('\n'); next >= 0 && next < offset; next = text.indexOf('\n', next + 1)) {
    at = next
    lineNow += 1
  }
  return { line: lineNow, column: at < 0 ? column + offset : offset - at }
}
