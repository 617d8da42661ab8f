/**
 * SHA-256 (FIPS 180-4) of an ASCII text, in base64url. `crypto.subtle` wants https, and a portal in a closed network has none. What
 * comes out names a key to the server; nothing is decided by it here.
 */
export function sha256(text: string): string {
  const bytes = new TextEncoder().encode(text)
  const blocks = new Uint8Array(Math.ceil((bytes.length + 9) / 64) * 64)
  blocks.set(bytes)
  blocks[bytes.length] = 0x80
  const view = new DataView(blocks.buffer)
  view.setUint32(blocks.length - 4, bytes.length * 8)
  const state = Uint32Array.from(primes.slice(0, 8), (prime) => fraction(Math.sqrt(prime)))
  for (let at = 0; at < blocks.length; at += 64) mix(state, view, at)
  const digest = new DataView(new ArrayBuffer(32))
  for (const [index, word] of state.entries()) digest.setUint32(index * 4, word)
  const written = btoa(String.fromCharCode(...new Uint8Array(digest.buffer)))
  return written.replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '')
}

const primes = Array.from({ length: 312 }, (_, index) => index).filter(
  (each) => each > 1 && !Array.from({ length: each }, (_, by) => by).some((by) => by > 1 && each % by === 0),
)
const fraction = (value: number): number => ((value % 1) * 2 ** 32) | 0
const constants = Int32Array.from(primes.slice(0, 64), (prime) => fraction(Math.cbrt(prime)))
const turn = (word: number, by: number): number => (word >>> by) | (word << (32 - by))
const at = (words: ArrayLike<number>, index: number): number => words[index] as number

function mix(state: Uint32Array, block: DataView, offset: number): void {
  const w = new Int32Array(64)
  for (let i = 0; i < 64; i++) {
    if (i < 16) {
      w[i] = block.getInt32(offset + i * 4)
      continue
    }
    const [a, b] = [at(w, i - 15), at(w, i - 2)]
    const small = turn(a, 7) ^ turn(a, 18) ^ (a >>> 3)
    const large = turn(b, 17) ^ turn(b, 19) ^ (b >>> 10)
    w[i] = at(w, i - 16) + small + at(w, i - 7) + large
  }
  let [a, b, c, d, e, f, g, h] = [...state] as [number, number, number, number, number, number, number, number]
  for (let i = 0; i < 64; i++) {
    const first = h + (turn(e, 6) ^ turn(e, 11) ^ turn(e, 25)) + ((e & f) ^ (~e & g)) + at(constants, i) + at(w, i)
    const second = (turn(a, 2) ^ turn(a, 13) ^ turn(a, 22)) + ((a & b) ^ (a & c) ^ (b & c))
    ;[a, b, c, d, e, f, g, h] = [(first + second) | 0, a, b, c, (d + first) | 0, e, f, g]
  }
  for (const [index, word] of [a, b, c, d, e, f, g, h].entries()) state[index] = at(state, index) + word
}
