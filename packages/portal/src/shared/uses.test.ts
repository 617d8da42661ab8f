import { expect, it } from 'vitest'
import { intervalsOf } from './usage_intervals.ts'
import { usesOf } from './uses.ts'

it('every one of thirty days is there, refusals apart with their reasons, and what is older is left out', () => {
  const days = usesOf(
    [
      { at: '2026-11-30T00:00:00Z', outcome: 'verified', count: 5 },
      { at: '2026-11-30T00:00:00Z', outcome: 'insufficient_scope', count: 2 },
      { at: '2026-11-01T00:00:00Z', outcome: 'verified', count: 1 },
      { at: '2026-10-31T00:00:00Z', outcome: 'verified', count: 9 },
    ],
    intervalsOf('30d', Date.parse('2026-11-30T10:00:00Z')),
  )
  expect(days).toHaveLength(30)
  expect(days.at(-1)).toEqual({
    at: '2026-11-30T00:00:00.000Z',
    allowed: 5,
    refused: 2,
    reasons: ['insufficient_scope'],
  })
  expect(days[0]).toMatchObject({ at: '2026-11-01T00:00:00.000Z', allowed: 1, refused: 0 })
  expect(days.reduce((sum, { allowed }) => sum + allowed, 0)).toBe(6)
})
