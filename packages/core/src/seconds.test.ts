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

test('a time that no year of four digits has is none, though its text has one', () => {
  expect(parseTime('9999-12-31T23:59:59Z')).toBe(253_402_300_799)
  for (const text of ['9999-12-31T23:59:59-00:01', '9999-12-31T12:00:00-23:59', '0000-01-01T00:00:00+00:01']) {
    expect(parseTime(text), text).toBeUndefined()
  }
})
