import { describe, expect, it } from 'vitest'
import { isDropped } from './drop_time.ts'

const now = 1_790_000_000
const floor = { sequence: 50, time: now, at: now - 10_000 }

describe('what ended by the drop time', () => {
  it('counts as ended from 300 s after its end on, and not a second earlier', () => {
    expect(isDropped({ position: 1 }, now - 300, now, undefined)).toBe(true)
    expect(isDropped({ position: 1 }, now - 299, now, undefined)).toBe(false)
    expect(isDropped({}, now - 300, now, undefined)).toBe(true)
  })

  it('has not ended when it was issued after the floor of this very drop time', () => {
    expect(isDropped({ position: 50 }, now - 300, now, floor)).toBe(false)
    expect(isDropped({ position: 49 }, now - 300, now, floor)).toBe(true)
    expect(isDropped({ position: 50 }, now - 300, now + 1, floor)).toBe(true)
    expect(isDropped({ position: 50 }, now - 300, now - 0.5, floor)).toBe(false)
  })

  it('is judged by its iat where it has no position, and has ended where it has neither', () => {
    expect(isDropped({ issuedAt: floor.at + 11 }, now - 300, now, floor)).toBe(false)
    expect(isDropped({ issuedAt: floor.at + 10 }, now - 300, now, floor)).toBe(true)
    expect(isDropped({ position: 1, issuedAt: floor.at + 11 }, now - 300, now, floor)).toBe(true)
    expect(isDropped({}, now - 300, now, floor)).toBe(true)
  })
})
