import { describe, expect, it } from 'vitest'
import { createLineQuota, type LeftOut } from './line_quota.ts'

function create() {
  const told: LeftOut[] = []
  const timers: (() => void)[] = []
  let now = 5_000
  const schedule = (_: number, run: () => void) => timers.push(run)
  const quota = createLineQuota({ nowMs: () => now, schedule, onLeftOut: (leftOut) => told.push(leftOut) })
  const take = (count: number, code: string, address?: string): number =>
    Array.from({ length: count }, () => quota.take(code, () => address)).filter(Boolean).length
  return { take, told, timers, at: (ms: number) => (now = ms) }
}

describe('a log', () => {
  it('has 20 lines a second for one address and code, and others beside them', () => {
    const { take, at } = create()
    expect(take(50, 'unknown', '192.0.2.1')).toBe(20)
    expect(take(50, 'revoked', '192.0.2.1')).toBe(20)
    expect(take(50, 'unknown', '192.0.2.2')).toBe(20)
    expect(take(50, 'unknown')).toBe(20)
    at(5_999)
    expect(take(1, 'unknown', '192.0.2.1')).toBe(0)
    at(6_000)
    expect(take(50, 'unknown', '192.0.2.1')).toBe(20)
  })

  it('has 200 lines a second from all, and asks for no address beyond', () => {
    const { take } = create()
    let sum = 0
    for (let each = 0; each < 1_000; each++) sum += take(1, 'unknown', `192.0.2.${each}`)
    expect(sum).toBe(200)
    const { take: other } = create()
    for (let each = 0; each < 200; each++) other(1, 'unknown', String(each))
    expect(other(1, 'unknown', undefined)).toBe(0)
  })

  it('tells once a second what was left out, by code, and nothing where nothing was', () => {
    const { take, told, timers, at } = create()
    take(20, 'unknown', 'a')
    expect(timers).toEqual([])
    take(30, 'unknown', 'a')
    take(25, 'revoked', 'a')
    expect(timers).toHaveLength(1)
    at(6_000)
    timers.pop()?.()
    expect(told).toEqual([{ lines: 35, byCode: { unknown: 30, revoked: 5 } }])
    take(21, 'unknown', 'a')
    timers.pop()?.()
    expect(told[1]).toEqual({ lines: 1, byCode: { unknown: 1 } })
  })
})
