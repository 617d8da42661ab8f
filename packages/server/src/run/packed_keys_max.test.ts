import { expect, it } from 'vitest'
import { packedKeysMax, readMemoryBytes } from './packed_keys_max.ts'

const gib = 2 ** 30

it.each([
  ['a quarter of the memory holds them', 1, gib, 4_473_924],
  ['divided among the processes', 2, 2 * gib, 4_473_924],
  ['a million on the smallest machine', 8, gib / 4, 1_250_000],
  ['not more than the most on the largest', 1, 1024 * gib, 12_500_000],
])('keys known without asking the database: %s', (_name, processes, memoryBytes, expected) => {
  expect(packedKeysMax(processes, memoryBytes)).toBe(expected)
})

it('this machine holds at least the least', () => {
  expect(packedKeysMax(1, readMemoryBytes())).toBeGreaterThanOrEqual(1_250_000)
})
