import fc from 'fast-check'
import { expect, test } from 'vitest'
import { gcra, type RateLimit } from './gcra.ts'

function run(rate: RateLimit, times: readonly number[]): readonly boolean[] {
  let arrivalAt = 0
  return times.map((now) => {
    const outcome = gcra(rate, arrivalAt, now)
    arrivalAt = outcome.arrivalAt
    return outcome.allowed
  })
}

test('a burst of the limit passes, the next waits for its share of the window', () => {
  const rate = { limit: 3, windowSeconds: 3 }
  expect(run(rate, [100, 100, 100, 100, 100.9, 101, 101, 103.1, 103.1, 103.1])).toEqual([
    true,
    true,
    true,
    false,
    false,
    true,
    false,
    true,
    true,
    false,
  ])
})

test('what is left and when it is whole again is told', () => {
  const rate = { limit: 10, windowSeconds: 60 }
  const first = gcra(rate, 0, 1_000)
  expect(first).toMatchObject({ allowed: true, remaining: 9, resetSeconds: 6, retryAfterSeconds: 0 })
  const spent = gcra(rate, 1_060, 1_000)
  expect(spent).toMatchObject({
    allowed: false,
    remaining: 0,
    resetSeconds: 60,
    retryAfterSeconds: 6,
    arrivalAt: 1_060,
  })
})

test('CVE-2024-5798: a limit of 0 allows nothing, ever', () => {
  expect(gcra({ limit: 0, windowSeconds: 60 }, 0, 1)).toMatchObject({
    allowed: false,
    remaining: 0,
    retryAfterSeconds: 60,
  })
})

test('over any window no more than twice the limit passes, and over long no more than the rate', () => {
  const rates = fc.record({ limit: fc.integer({ min: 1, max: 50 }), windowSeconds: fc.integer({ min: 1, max: 100 }) })
  fc.assert(
    fc.property(rates, fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 400 }), (rate, gaps) => {
      let now = 1_000
      const times = gaps.map((gap) => (now += gap * (rate.windowSeconds / rate.limit)))
      const passed = times.filter((_, index) => run(rate, times.slice(0, index + 1))[index])
      return passed.length <= rate.limit + ((now - 1_000) * rate.limit) / rate.windowSeconds + 1
    }),
    { numRuns: 30 },
  )
})

test('a refused request spends nothing', () => {
  const rate = { limit: 1, windowSeconds: 10 }
  expect(run(rate, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10])).toEqual([true, ...new Array(9).fill(false), true])
})
