import { expect, it } from 'vitest'
import { createOpaqueTokens } from './opaque_tokens.ts'

it('of a client’s opaque tokens the first of each day is told, and all are counted', () => {
  let issued = 0
  const tokens = createOpaqueTokens(() => issued++)
  const now = 1_800_000_000
  const told = Array.from({ length: 1_000 }, () => tokens.count('acme', 'client_1', now)).filter(Boolean)
  expect(told).toHaveLength(1)
  expect(issued).toBe(1_000)
  expect(tokens.count('acme', 'client_2', now)).toBe(true)
  expect(tokens.count('other', 'client_1', now)).toBe(true)
  expect(tokens.count('acme', 'client_1', now + 86_400)).toBe(true)
})
