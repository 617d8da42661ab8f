import { createHmac } from 'node:crypto'

/**
 * Bytes as unpredictable as the key, and the same each time for the same text: what was made from them can be made again, and
 * is stored nowhere.
 */
export function derivedBytes(key: Uint8Array, text: string): (count: number) => Uint8Array {
  let block = 0
  return (count) => {
    const blocks: Buffer[] = []
    for (let length = 0; length < count; length += 32)
      blocks.push(
        createHmac('sha256', key)
          .update(JSON.stringify([text, block++]))
          .digest(),
      )
    return Buffer.concat(blocks).subarray(0, count)
  }
}
