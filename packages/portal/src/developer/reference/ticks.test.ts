import { expect, it } from 'vitest'
import { readTicks, toggleTick, writeTicks } from './ticks.ts'

it.each([[['a', 'GET /orders/{id}']], [['a|b', '100%', '%7C', '%']], [[]]])(
  'ticks are read as they were written: %j',
  (names) => {
    expect(readTicks(writeTicks(names))).toEqual(names)
  },
)

it('a second tick takes the first away', () => {
  expect(toggleTick(toggleTick('a|b', 'c'), 'a')).toBe('b|c')
  expect(toggleTick('a', 'a')).toBeUndefined()
})
