import { randomFillSync } from 'node:crypto'

const poolBytes = 4_096

/**
 * Random bytes from the system's generator, drawn in pieces: one call of it costs as much for 30 bytes as for 4,096.
 */
export function createRandomBytes(): (count: number) => Uint8Array {
  const pool = new Uint8Array(poolBytes)
  let used = poolBytes
  return (count) => {
    if (count > poolBytes) return randomFillSync(new Uint8Array(count))
    if (used + count > poolBytes) {
      randomFillSync(pool)
      used = 0
    }
    const bytes = pool.slice(used, used + count)
    // Bytes that were handed out are kept nowhere else.
    pool.fill(0, used, used + count)
    used += count
    return bytes
  }
}
