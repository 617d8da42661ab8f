import { describe, expect, test } from 'vitest'
import { formatTime, parseTime } from './seconds.ts'

test('a time is written as RFC 3339 in UTC and read back', () => {
  expect(formatTime(1_795_348_298)).toBe('2026-11-22T11:51:38Z')
  expect(parseTime('2026-11-22T11:51:38Z')).toBe(1_795_348_298)
  expect(parseTime('2026-11-22T12:51:38.999+01:00')).toBe(1_795_348_298)
  for (const at of [0, 4_102_444_800, 253_402_300_799]) expect(parseTime(formatTime(at))).toBe(at)
})

describe('what is no time is none', () => {
  test.each([
    '',
    '2026-11-22',
    '2026-11-22 11:51:38Z',
    '2026-11-22T11:51:38',
    '2026-02-30T00:00:00Z',
    '2025-02-29T00:00:00Z',
    '2026-13-01T00:00:00Z',
    '2026-11-22T25:00:00Z',
    '2026-11-22T11:51:38+1:00',
    '1795348298',
    'now',
    '2026-11-22T11:51:38Z ',
  ])('%s', (text) => expect(parseTime(text)).toBeUndefined())
})
