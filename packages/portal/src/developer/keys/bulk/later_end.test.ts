import { expect, it } from 'vitest'
import { laterEnd } from './later_end.ts'

it('an end moves by whole days from where it was, and one that is over from now', () => {
  const now = Date.parse('2026-11-30T12:00:00Z')
  expect(laterEnd('2026-12-01T00:00:00Z', 30, now)).toBe('2026-12-31T00:00:00.000Z')
  expect(laterEnd('2026-11-01T00:00:00Z', 90, now)).toBe('2027-02-28T12:00:00.000Z')
})
