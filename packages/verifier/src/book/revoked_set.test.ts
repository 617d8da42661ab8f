import { describe, expect, it } from 'vitest'
import { createRandom } from '../../../server/src/simulation/timeline.ts'
import { type RevocationMac, RevokedSet } from './revoked_set.ts'

/** Sixteen bytes that tell which they are. */
function macOf(index: number, end: number): RevocationMac {
  const bytes = new Uint8Array(16).fill(7)
  new DataView(bytes.buffer).setUint32(0, index)
  return { bytes, end }
}

const idOf = (index: number) => `tok_${index.toString(36).padStart(20, '0')}`
const hex = (bytes: Uint8Array | undefined) => (bytes === undefined ? undefined : Buffer.from(bytes).toString('hex'))

/** The revocations that another set would hand back after taking this one over, by identity. */
function kept(set: RevokedSet): Map<string, { readonly end: number; readonly mac: string | undefined }> {
  const other = new RevokedSet(99)
  other.addAll(set, 'all')
  return new Map(other.owed(other.size).map(({ tag, id, end, mac }) => [tag + id, { end, mac: hex(mac) }]))
}

describe('a set of what was revoked', () => {
  it('holds a million identities with their MACs in at most 62 MB, and each of them', () => {
    const set = new RevokedSet(7)
    for (let index = 0; index < 1_000_000; index++)
      set.add('J', idOf(index), 2_000_000_000, macOf(index, 2_000_000_000))
    expect(set.size).toBe(1_000_000)
    expect(set.byteLength).toBeLessThanOrEqual(62_000_000)
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
    one.addAll(other, 'with_mac')
    expect(one.size).toBe(1_001)
    one.sweep(500)
    expect(one.size).toBe(500)
  })
})

describe('the MACs of what was revoked', () => {
  it('are kept through growth, sweeps and being taken over, as a Map keeps them', () => {
    for (const seed of [1, 2, 3]) {
      const random = createRandom(seed)
      let set = new RevokedSet(seed)
      const model = new Map<string, { end: number; mac?: RevocationMac }>()
      for (let step = 0; step < 10_000; step++) {
        const id = `${'x'.repeat(random.between(0, 200))}${random.between(0, 300)}`
        const end = random.between(0, 20_000)
        const mac = random.chance(0.6) ? macOf(step, end) : undefined
        set.add('J', id, end, mac)
        const known = model.get(`J${id}`)
        const isLater = mac !== undefined && (known?.mac === undefined || end > known.mac.end)
        const chosen = isLater ? mac : known?.mac
        model.set(`J${id}`, { end: Math.max(known?.end ?? 0, end), ...(chosen === undefined ? {} : { mac: chosen }) })
        if (random.chance(0.001)) {
          set.sweep(step)
          for (const [name, { end: ends }] of model) if (ends < step) model.delete(name)
        }
        if (random.chance(0.0005)) {
          const next = new RevokedSet(step)
          next.addAll(set, 'with_mac')
          set = next
        }
      }
      const expected = [...model].map(([name, { end, mac }]) => [name, { end: mac?.end ?? end, mac: hex(mac?.bytes) }])
      expect(kept(set)).toEqual(new Map(expected as never))
    }
  })

  it('a later end replaces an earlier one together with its MAC, and an earlier one replaces neither', () => {
    const set = new RevokedSet(1)
    set.add('J', 'a', 100, macOf(1, 100))
    set.add('J', 'a', 200, macOf(2, 200))
    set.add('J', 'a', 150, macOf(3, 150))
    expect(kept(set).get('Ja')).toEqual({ end: 200, mac: hex(macOf(2, 200).bytes) })
    // Kept longer than its MAC says: what is handed back is what the MAC covers.
    set.add('J', 'a', 300)
    expect(kept(set).get('Ja')).toEqual({ end: 200, mac: hex(macOf(2, 200).bytes) })
    set.sweep(299)
    expect(set.has('J', 'a')).toBe(true)
  })

  it('at every count make at most 62 bytes an identity of 24 bytes, and 42 where there are none', () => {
    for (const from of [98_305, 196_609, 393_217]) {
      const set = new RevokedSet(1)
      const bare = new RevokedSet(1)
      for (let index = 0; index < from; index++) {
        set.add('J', idOf(index), 2_000_000_000, macOf(index, 2_000_000_000))
        bare.add('J', idOf(index), 2_000_000_000)
      }
      // Just after the slots have doubled there are the most of them for each. The last page may be empty but for one.
      expect(set.byteLength).toBeLessThanOrEqual(from * 62 + 65_536)
      expect(bare.byteLength).toBeLessThanOrEqual(from * 42 + 65_536)
    }
  })
})

describe('what is owed to a server of another epoch', () => {
  function owing(count: number): RevokedSet {
    const before = new RevokedSet(1)
    for (let index = 0; index < count; index++) before.add('J', idOf(index), 1_000 + index, macOf(index, 1_000 + index))
    const set = new RevokedSet(2)
    set.addAll(before, 'with_mac')
    return set
  }

  it('is what it lacks and has a MAC; what it has, and what nobody could prove, is not', () => {
    const before = new RevokedSet(1)
    before.add('J', 'lacking', 10, macOf(1, 10))
    before.add('J', 'known', 10, macOf(2, 10))
    before.add('J', 'bare', 10)
    const set = new RevokedSet(2)
    set.add('J', 'known', 10, macOf(2, 10))
    set.addAll(before, 'with_mac')
    expect(set.owed(10).map(({ id }) => id)).toEqual(['lacking'])
    expect([set.owedCount, set.size]).toEqual([1, 3])
  })

  it('without a MAC, to one’s own server, ends as well when it is said with one', () => {
    const before = new RevokedSet(1)
    before.add('J', 'a', 10)
    const set = new RevokedSet(2)
    set.addAll(before, 'all')
    expect(set.owed(10)).toEqual([{ tag: 'J', id: 'a', end: 10, mac: undefined }])
    set.add('J', 'a', 10, macOf(1, 10))
    expect([set.owedCount, set.size, set.owed(10)]).toEqual([0, 1, []])
  })

  it('comes in turns, each once before any comes again, until it is settled or said by the server itself', () => {
    const set = owing(1_000)
    const seen = Array.from({ length: 4 }, () => set.owed(250).map(({ id }) => id)).flat()
    expect(new Set(seen).size).toBe(1_000)
    expect(set.owed(250).map(({ id }) => id)).toEqual(seen.slice(0, 250))
    for (const id of seen.slice(0, 998)) set.settle('J', id)
    expect(set.owedCount).toBe(2)
    expect(new Set(set.owed(250).map(({ id }) => id))).toEqual(new Set(seen.slice(998)))
    set.add('J', seen[998] as string, 5)
    set.settle('J', 'another')
    expect(set.owed(250).map(({ id }) => id)).toEqual([seen[999]])
    set.settle('J', seen[999] as string)
    expect([set.owedCount, set.owed(250)]).toEqual([0, []])
  })

  it('stays owed through growth, sweeps and another change of epoch, and ends with its own end', () => {
    const set = owing(1_000)
    for (let index = 1_000; index < 20_000; index++) set.add('J', idOf(index), 9_000, macOf(index, 9_000))
    set.settle('J', idOf(999))
    set.sweep(1_500)
    expect(set.owedCount).toBe(499)
    const next = new RevokedSet(3)
    for (let index = 1_000; index < 20_000; index++) next.add('J', idOf(index), 9_000, macOf(index, 9_000))
    next.addAll(set, 'with_mac')
    // And the one that was settled: another server may lack it too.
    expect(next.owedCount).toBe(500)
    expect(next.owed(1).map(({ tag, end, mac }) => [tag, end, hex(mac)])).toEqual([
      ['J', 1_500, hex(macOf(500, 1_500).bytes)],
    ])
  })
})
