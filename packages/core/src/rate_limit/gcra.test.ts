import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { gcra, type RateLimit, type RateUse, tightest, usedAt } from './gcra.ts'

function run(rate: RateLimit, calls: readonly (number | readonly [at: number, cost: number])[]): readonly boolean[] {
  let use: RateUse | undefined
  return calls.map((call) => {
    const [at, cost] = typeof call === 'number' ? [call, 1] : call
    const step = gcra(rate, use, at, cost)
    use = step.use
    return step.outcome.allowed
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
  const first = gcra(rate, undefined, 1_000)
  expect(first.outcome).toMatchObject({ allowed: true, remaining: 9, resetSeconds: 6, retryAfterSeconds: 0 })
  const spent = gcra(rate, { used: 10, at: 1_000 }, 1_000)
  expect(spent).toMatchObject({
    outcome: { allowed: false, remaining: 0, resetSeconds: 60, retryAfterSeconds: 6 },
    use: { used: 10, at: 1_000 },
  })
})

test('CVE-2024-5798: a limit of 0 allows nothing, ever, also what costs nothing', () => {
  const none = { limit: 0, windowSeconds: 60 }
  expect(gcra(none, undefined, 1).outcome).toMatchObject({ allowed: false, remaining: 0, retryAfterSeconds: 60 })
  expect(gcra(none, undefined, 1, 0).outcome.allowed).toBe(false)
})

describe('a call that costs', () => {
  const rate = { limit: 10, windowSeconds: 10 }

  test('more than one spends that much, and waits until that much is there', () => {
    expect(
      run(rate, [
        [0, 7],
        [0, 4],
        [0, 3],
        [3.9, 4],
        [4, 4],
      ]),
    ).toEqual([true, false, true, false, true])
    expect(gcra(rate, { used: 8, at: 0 }, 0, 7).outcome.retryAfterSeconds).toBe(5)
  })

  test('nothing asks without spending', () => {
    expect(
      run(rate, [
        [0, 10],
        [0, 0],
        [0, 1],
      ]),
    ).toEqual([true, true, false])
  })

  test('more than the limit can never pass, however long anyone waits', () => {
    const { outcome } = gcra(rate, undefined, 1e9, 11)
    expect(outcome).toMatchObject({ allowed: false, remaining: 10, retryAfterSeconds: Number.POSITIVE_INFINITY })
  })
})

test('it decides as a bucket that is filled token by token does, whatever the rate, the costs and the pauses', () => {
  // Whole numbers of the time in which one token comes, not long after 1970, where a double tells a billionth.
  const call = fc.record({ pause: fc.nat(30), cost: fc.nat(12) })
  const rates = fc.record({ limit: fc.integer({ min: 1, max: 20 }), windowSeconds: fc.integer({ min: 1, max: 100 }) })
  fc.assert(
    fc.property(rates, fc.array(call, { maxLength: 200 }), (rate, calls) => {
      let ticks = 0
      let tokens = rate.limit
      let use: RateUse | undefined
      for (const { pause, cost } of calls) {
        ticks += pause
        tokens = Math.min(rate.limit, tokens + pause)
        const step = gcra(rate, use, (ticks * rate.windowSeconds) / rate.limit, cost)
        use = step.use
        if (step.outcome.allowed !== cost <= tokens) return false
        if (step.outcome.allowed) tokens -= cost
        if (step.outcome.remaining !== tokens) return false
      }
      return true
    }),
    { numRuns: 300 },
  )
})

test('whoever waits as long as told passes, and not a whole second earlier', () => {
  const rates = fc.record({ limit: fc.integer({ min: 1, max: 50 }), windowSeconds: fc.integer({ min: 1, max: 100 }) })
  fc.assert(
    fc.property(
      rates,
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.integer({ min: 1, max: 50 }),
      (rate, share, cost) => {
        const use = { used: rate.limit * share, at: 1_000 }
        const { outcome } = gcra(rate, use, 1_000, cost)
        const wait = outcome.retryAfterSeconds
        if (outcome.allowed) return wait === 0
        if (cost > rate.limit) return wait === Number.POSITIVE_INFINITY
        return (
          gcra(rate, use, 1_000 + wait, cost).outcome.allowed &&
          (wait === 1 || !gcra(rate, use, 999 + wait, cost).outcome.allowed)
        )
      },
    ),
  )
})

test('a million requests a second are counted as exactly as one an hour', () => {
  for (const rate of [
    { limit: 1_000_000, windowSeconds: 1 },
    { limit: 1, windowSeconds: 3_600 },
  ]) {
    const interval = rate.windowSeconds / rate.limit
    const half = Array.from({ length: 2_000 }, (_, index) => 1_790_000_000 + (index * interval) / 2)
    const passed = run(rate, [[1_790_000_000 - interval / 2, rate.limit], ...half]).filter(Boolean).length - 1
    expect(Math.abs(passed - 1_000)).toBeLessThanOrEqual(2)
  }
})

test('a limit made smaller leaves a full bucket, not a debt; a clock set back neither locks out nor gives anything', () => {
  const use = { used: 900, at: 1_000 }
  expect(gcra({ limit: 10, windowSeconds: 60 }, use, 1_000).outcome.retryAfterSeconds).toBe(6)
  expect(usedAt({ limit: 1_000, windowSeconds: 60 }, use, 500)).toBe(900)
  const back = gcra({ limit: 2, windowSeconds: 10 }, { used: 2, at: 5_000 }, 1_000)
  expect(back.outcome).toMatchObject({ allowed: false, retryAfterSeconds: 5 })
  expect(gcra({ limit: 2, windowSeconds: 10 }, back.use, 1_005).outcome.allowed).toBe(true)
})

test('a refused request spends nothing', () => {
  const rate = { limit: 1, windowSeconds: 10 }
  expect(run(rate, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10])).toEqual([true, ...new Array(9).fill(false), true])
})

test('the tightest is the one to wait for longest, else the one with the least share left', () => {
  const outcome = { allowed: true, windowSeconds: 1, resetSeconds: 1, retryAfterSeconds: 0 }
  const half = { ...outcome, name: 'half', limit: 100, remaining: 50 }
  const tenth = { ...outcome, name: 'tenth', limit: 1_000, remaining: 100 }
  const spent = { ...outcome, name: 'spent', allowed: false, limit: 10, remaining: 9, retryAfterSeconds: 2 }
  expect(tightest([half, tenth])?.name).toBe('tenth')
  expect(tightest([spent, half, tenth])?.name).toBe('spent')
  expect(tightest([])).toBeUndefined()
})
