import { expect, it } from 'vitest'
import { endOfOld } from './grace.ts'

it('an old key works for the grace, and never past its own end', () => {
  const now = Date.parse('2026-11-30T00:00:00Z')
  const end = (expiresAt: string | null) => endOfOld('86400', expiresAt, now)
  expect(end(null)).toEqual({ at: '2026-12-01T00:00:00.000Z', isCut: false })
  expect(end('2026-12-02T00:00:00Z')).toEqual({ at: '2026-12-01T00:00:00.000Z', isCut: false })
  expect(end('2026-11-30T01:00:00Z')).toEqual({ at: '2026-11-30T01:00:00.000Z', isCut: true })
})
