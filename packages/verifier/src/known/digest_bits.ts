/** Bits of a digest's base64url text, for tables that find entries by them and compare the rest. */

const sextets = new Uint8Array(128)
for (const [value, character] of [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'].entries()) {
  sextets[character.charCodeAt(0)] = value
}

/**
 * A digest's first 36 bits folded into a signed number of 32. Two digests may have the same number, so users compare
 * them.
 */
export function digestNumber(digest: string): number {
  return thirtyBits(digest, 0) ^ (sextetAt(digest, 5) << 26)
}

/** Bits 0 to 29: the five characters from `at`. */
export function thirtyBits(digest: string, at: number): number {
  return (
    (sextetAt(digest, at) << 24) |
    (sextetAt(digest, at + 1) << 18) |
    (sextetAt(digest, at + 2) << 12) |
    (sextetAt(digest, at + 3) << 6) |
    sextetAt(digest, at + 4)
  )
}

function sextetAt(text: string, index: number): number {
  return sextets[text.charCodeAt(index) & 127] as number
}
