import { describe, expect, it } from 'vitest'
import { RevokedSet } from './revoked_set.ts'
import { createRandom } from './simulation/timeline.ts'

describe('a set of what was revoked', () => {
  it('holds a million identities in at most 64 MB, and each of them', () => {
    const set = new RevokedSet(7)
    const idOf = (index: number) => `tok_${index.toString(36).padStart(20, '0')}`
    for (let index = 0; index < 1_000_000; index++) set.add('J', idOf(index), 2_000_000_000)
    expect(set.size).toBe(1_000_000)
    expect(set.byteLength).toBeLessThanOrEqual(64_000_000)
    for (let index = 0; index < 1_000_000; index += 97) expect(set.has('J', idOf(index))).toBe(true)
    expect(set.has('J', idOf(1_000_000))).toBe(false)
    expect(set.has('K', idOf(5))).toBe(false)
  })

  it('does as a Set does, through random additions, questions and sweeps', () => {
    for (const seed of [1, 2, 3]) {
      const random = createRandom(seed)
      const set = new RevokedSet(seed)
      const model = new Map<string, number>()
      for (let step = 0; step < 20_000; step++) {
        const tag = random.pick(['J', 'K', 'ü'])
        const id = `${'x'.repeat(random.between(0, 200))}${random.between(0, 300)}`
        if (random.chance(0.5)) {
          const end = random.between(0, 40_000)
          set.add(tag, id, end)
          model.set(tag + id, Math.max(model.get(tag + id) ?? 0, end))
        } else expect(set.has(tag, id)).toBe(model.has(tag + id))
        if (random.chance(0.001)) {
          set.sweep(step)
          for (const [name, end] of model) if (end < step) model.delete(name)
          expect(set.size).toBe(model.size)
        }
      }
    }
  })

  it('forgets what ended before now and not a moment earlier, in steps over the edge', () => {
    const set = new RevokedSet(1)
    set.add('J', 'a', 100)
    set.add('J', 'b', 100.5)
    for (let now = 99; now < 102; now += 0.1) {
      set.sweep(now)
      expect(set.has('J', 'a')).toBe(now <= 100)
      expect(set.has('J', 'b')).toBe(now <= 101)
    }
  })

  it('keeps the later of two ends', () => {
    const set = new RevokedSet(1)
    set.add('J', 'a', 200)
    set.add('J', 'a', 100)
    set.sweep(150)
    expect(set.has('J', 'a')).toBe(true)
    expect(set.size).toBe(1)
  })

  it('never forgets what has no end, in 2106 neither', () => {
    const set = new RevokedSet(1)
    set.add('G', 'k1', 253_402_300_799)
    set.sweep(2 ** 32 + 1)
    expect(set.has('G', 'k1')).toBe(true)
  })

  it('takes identities of 256 bytes, refuses longer ones, and knows none it cannot hold', () => {
    const set = new RevokedSet(1)
    set.add('J', 'x'.repeat(256), 100)
    expect(set.has('J', 'x'.repeat(256))).toBe(true)
    expect(() => set.add('J', 'x'.repeat(258), 100)).toThrow(RangeError)
    expect(set.has('J', 'x'.repeat(100_000))).toBe(false)
  })

  it('takes over all of another', () => {
    const one = new RevokedSet(1)
    const other = new RevokedSet(2)
    for (let index = 0; index < 1_000; index++) other.add('J', `id${index}`, index)
    one.add('J', 'mine', 5)
    one.addAll(other)
    expect(one.size).toBe(1_001)
    one.sweep(500)
    expect(one.size).toBe(500)
  })
})
