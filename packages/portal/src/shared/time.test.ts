import { expect, it } from 'vitest'
import { ago } from './time.ts'

it('a time is told in figures, never as a day of the calendar that it may not be in', () => {
  const now = Date.parse('2026-11-30T23:30:00Z')
  const told = (hours: number) => ago(new Date(now + hours * 3_600_000).toISOString(), now)
  expect([-23, -20, -1, 0, 1, 23].map(told)).toEqual([
    '1 day ago',
    '20 hours ago',
    '1 hour ago',
    'just now',
    'in 1 hour',
    'in 1 day',
  ])
})
