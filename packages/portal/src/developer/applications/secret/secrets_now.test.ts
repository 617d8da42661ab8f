import { expect, it } from 'vitest'
import { othersEndOf, secretBodyOf } from './others_end.ts'
import { secretsNow } from './secrets_now.ts'

const now = Date.parse('2027-01-15T08:00:00Z')
const secret = (id: string, expiresAt: string | null) => ({ id, createdAt: '2027-01-01T00:00:00Z', expiresAt })

it('a secret works until its end, and the nearest end is that of one that works', () => {
  const { working, nextEnd } = secretsNow(
    [
      secret('past', '2027-01-15T08:00:00Z'),
      secret('late', '2027-01-20T00:00:00Z'),
      secret('soon', '2027-01-16T00:00:00Z'),
      secret('open', null),
    ],
    now,
  )
  expect(working.map(({ id }) => id)).toEqual(['late', 'soon', 'open'])
  expect(nextEnd).toBe('2027-01-16T00:00:00Z')
  expect(secretsNow([secret('open', null)], now).nextEnd).toBeUndefined()
})

it('the others end after the time that was chosen, and live on where that was chosen or there are none', () => {
  expect(secretBodyOf('0', true)).toEqual({ graceSeconds: 0 })
  expect(secretBodyOf('3600', true)).toEqual({ graceSeconds: 3600 })
  expect(secretBodyOf('on', true)).toEqual({})
  expect(secretBodyOf('0', false)).toEqual({})
  expect(othersEndOf({ graceSeconds: 0 })).toBe('0')
  expect(othersEndOf({})).toBe('on')
})
