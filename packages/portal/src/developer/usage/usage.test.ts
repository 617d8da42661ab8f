import { expect, it } from 'vitest'
import { intervalsOf } from '../../shared/usage_intervals.ts'
import { csvOf } from './csv.ts'
import { groupsOf } from './groups.ts'

it('no cell of a CSV is a formula, and every cell is read as it was', () => {
  expect(
    csvOf([
      ['name', 'count'],
      ['=1+1', 2],
      ['+a', 3],
      ['-a', 4],
      ['@a', 5],
      [' =a', 6],
      ['a, "b"', 7],
      ['a-b', -8],
    ]),
  ).toBe('name,count\r\n"\'=1+1",2\r\n"\'+a",3\r\n"\'-a",4\r\n"\'@a",5\r\n"\' =a",6\r\n"a, ""b""",7\r\na-b,-8\r\n')
})

it('a range is whole intervals, of which the last is the present one', () => {
  const now = Date.parse('2027-01-15T08:30:00Z')
  const day = intervalsOf('24h', now)
  expect([day.from, day.to, day.beginnings.length]).toEqual([
    '2027-01-14T09:00:00.000Z',
    '2027-01-15T09:00:00.000Z',
    24,
  ])
  const month = intervalsOf('30d', now)
  expect([month.from, month.to]).toEqual(['2026-12-17T00:00:00.000Z', '2027-01-16T00:00:00.000Z'])
  expect(month.beginnings.at(-1)).toBe(Date.parse('2027-01-15T00:00:00Z'))
})

it('groups stand by their totals, each count in its interval and on its side', () => {
  const counts = [
    { at: '2027-01-15T08:00:00Z', keyId: 'a', outcome: 'verified', count: 1 },
    { at: '2027-01-15T09:00:00Z', keyId: 'b', outcome: 'expired', count: 2 },
    { at: '2027-01-15T09:00:00Z', keyId: 'a', outcome: 'verified', count: 3 },
    { at: '2027-01-15T09:00:00Z', keyId: 'a', outcome: 'revoked', count: 1 },
    { at: '2027-01-15T09:00:00Z', keyId: '', outcome: 'unknown', count: 1 },
  ]
  const hours = [8, 9].map((hour) => Date.UTC(2027, 0, 15, hour))
  expect(groupsOf(counts, { beginnings: hours, lengthMs: 3_600_000 })).toEqual([
    { name: 'a', allowed: [1, 3], refused: [0, 1], total: 5 },
    { name: 'b', allowed: [0, 0], refused: [0, 2], total: 2 },
    { name: '', allowed: [0, 0], refused: [0, 1], total: 1 },
  ])
})
