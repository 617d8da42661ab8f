import { expect, test } from 'vitest'
import { rateLimitHeaders } from './rate_limit_fields.ts'

const rateLimit = {
  name: 'default',
  allowed: false,
  limit: 10,
  windowSeconds: 60,
  remaining: 0,
  resetSeconds: 60,
  retryAfterSeconds: 6,
}

test('several policies are members of one list; none is no field', () => {
  const day = { ...rateLimit, name: 'day', limit: 1000, windowSeconds: 86_400, remaining: 7, resetSeconds: 9 }
  expect(rateLimitHeaders([rateLimit, day])).toEqual({
    RateLimit: '"default";r=0;t=60, "day";r=7;t=9',
    'RateLimit-Policy': '"default";q=10;w=60, "day";q=1000;w=86400',
  })
  expect(rateLimitHeaders([{ ...rateLimit, remaining: 3, resetSeconds: 5 }]).RateLimit).toBe('"default";r=3;t=5')
  expect(rateLimitHeaders([])).toEqual({})
})
