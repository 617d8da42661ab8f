import { beforeEach, describe, expect, it } from 'vitest'
import { type Budget, createBudget } from './budget.ts'

let nowMs = 0
const clock = { stamp: () => ({ monotonicMs: nowMs, wallMs: 0 }) }
let budget: Budget
beforeEach(() => {
  nowMs = 0
  budget = createBudget(200, clock)
})

const flooder = { address: '192.0.2.1' }
const victim = { address: '198.51.100.1' }

/** Look-ups that end at once, until none may begin. */
function lookUp(holder: typeof flooder, isUnknown: boolean, tries: number): number {
  let made = 0
  for (let index = 0; index < tries; index++) {
    const settle = budget.take(holder)
    if (settle === undefined) continue
    settle(isUnknown)
    made++
  }
  return made
}

describe('the budget of look-ups', () => {
  it('one address that guesses uses up half of it', () => {
    expect(lookUp(flooder, true, 10_000)).toBe(100)
  })

  it('a flood of unknown keys from one address refuses no new but good key from another, in any second', () => {
    for (let second = 0; second < 5; second++) {
      nowMs = second * 1_000
      for (let slice = 0; slice < 50; slice++) {
        lookUp(flooder, true, 100)
        expect(lookUp(victim, false, 20)).toBe(20)
      }
    }
  })

  it('guesses in parallel gain nothing, and take nothing from others either', () => {
    const burst = Array.from({ length: 1_000 }, () => budget.take(flooder))
    // Calm until the first answer: half of what may be under way at once.
    expect(burst.filter((settle) => settle !== undefined)).toHaveLength(500)
    expect(lookUp(victim, false, 20)).toBe(20)
    for (const settle of burst) settle?.(true)
    expect(budget.take(flooder)).toBeUndefined()
    expect(lookUp(victim, false, 20)).toBe(20)
    nowMs = 1_000
    const second = Array.from({ length: 1_000 }, () => budget.take(flooder))
    expect(second.filter((settle) => settle !== undefined)).toHaveLength(100)
    expect(lookUp(victim, false, 20)).toBe(20)
  })

  it('while none comes back unknown nobody is limited but by what is under way', () => {
    expect(lookUp(flooder, false, 50_000)).toBe(50_000)
  })

  it('those under way count in the next second too', () => {
    lookUp(flooder, true, 1)
    const running = Array.from({ length: 99 }, () => budget.take(flooder))
    expect(running.every((settle) => settle !== undefined)).toBe(true)
    nowMs = 1_000
    expect(lookUp(flooder, true, 10)).toBe(1)
    for (const settle of running) settle?.(false)
    expect(lookUp(flooder, true, 1_000)).toBe(99)
  })
})
