import { createHash } from 'node:crypto'
import { expect, it } from 'vitest'
import { sha256 } from './sha256.ts'

it('the digest of a text of any length is the one that Node computes', () => {
  for (const length of [...Array(200).keys(), 4096, 16_384]) {
    const text = 'cs_live_0Az'.repeat(1_500).slice(length % 7, (length % 7) + length)
    expect(sha256(text), `${length}`).toBe(createHash('sha256').update(text).digest('base64url'))
  }
})
