import { hkdfSync } from 'node:crypto'

/**
 * Bytes as unpredictable as the key, and the same each time for the same text (RFC 5869): what was made from them can be made
 * again, and is stored nowhere.
 */
export function derivedBytes(key: Uint8Array, text: string): (count: number) => Uint8Array {
  let asked = 0
  return (count) => new Uint8Array(hkdfSync('sha256', key, '', JSON.stringify([text, asked++]), count))
}
