import type { Spend } from '@countersign/core'
import { describe, expect, it } from 'vitest'
import { memoryLimiter } from './limiter.ts'

function spend(key: string, limit: number, cost = 1): Spend {
  return { key, rate: { name: key, limit, windowSeconds: 10 }, cost }
}

describe('limits of this process', () => {
  it('are counted under their key, and never under another', () => {
    const limiter = memoryLimiter()
    expect(limiter.take([spend('a', 1)], 0)).toMatchObject([{ name: 'a', allowed: true, remaining: 0 }])
    expect(limiter.take([spend('a', 1)], 0)).toMatchObject([{ allowed: false }])
    expect(limiter.take([spend('b', 1)], 0)).toMatchObject([{ allowed: true }])
  })

  it('are all spent from or none: a policy that refuses costs the others nothing', () => {
    const limiter = memoryLimiter()
    expect(limiter.take([spend('a', 5, 2), spend('b', 2, 2)], 0)).toMatchObject([{ remaining: 3 }, { remaining: 0 }])
    for (let index = 0; index < 3; index++) {
      const outcomes = limiter.take([spend('a', 5), spend('b', 2)], 0)
      expect(outcomes).toMatchObject([
        { allowed: true, remaining: 3 },
        { allowed: false, remaining: 0 },
      ])
    }
  })

  it('of a clock that was set back go on from there', () => {
    const limiter = memoryLimiter()
    limiter.take([spend('a', 2, 2)], 5_000)
    expect(limiter.take([spend('a', 2)], 1_000)).toMatchObject([{ allowed: false, retryAfterSeconds: 5 }])
    expect(limiter.take([spend('a', 2)], 1_005)).toMatchObject([{ allowed: true }])
  })

  it('that are cold fall out of a bounded memory', () => {
    const limiter = memoryLimiter(4)
    limiter.take([spend('a', 1)], 0)
    for (const key of 'bcdefgh') limiter.take([spend(key, 1)], 0)
    expect(limiter.take([spend('a', 1)], 0)).toMatchObject([{ allowed: true }])
  })
})
