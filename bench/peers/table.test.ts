import { describe, expect, it } from 'vitest'
import { type Comparison, figuresOf, halfLoadP99, isMet, ratioOf, takeTurns } from './comparison.ts'
import { formatComparison, formatGoals } from './table.ts'

const at = (...perSecond: readonly number[]) => perSecond.map((each) => ({ perSecond: each, cpuMicros: 1e6 / each }))
const half = { perSecond: 500, isHalfLoad: true, p50Ms: 1.2, p99Ms: 4.9, sentLateP99Ms: 0.8 }
const ours = figuresOf({ name: 'ours', limit: 'bare' }, at(900, 1_000, 4_000), [
  { ...half, perSecond: 1_000, isHalfLoad: false, p50Ms: 2, p99Ms: 9 },
  half,
])
const bare = figuresOf({ name: 'bare', limit: 'bare' }, at(1_000, 2_000, 4_000))
const systems = [ours, bare]

describe('a goal', () => {
  it('is met on its very bound and missed beyond it', () => {
    expect(isMet({ name: 'x', unit: '×', value: 3, atLeast: 3 })).toBe(true)
    expect(isMet({ name: 'x', unit: '×', value: 2.999, atLeast: 3 })).toBe(false)
    expect(isMet({ name: 'x', unit: 'ms', value: 5, atMost: 5 })).toBe(true)
    expect(isMet({ name: 'x', unit: 'ms', value: 5.001, atMost: 5 })).toBe(false)
  })

  it('that could not be measured is missed, and says so', () => {
    const goal = { name: 'gateway', unit: '×', value: ratioOf(systems, 'ours', 'absent'), atLeast: 0.7 } as const
    expect(isMet(goal)).toBe(false)
    expect(formatGoals([goal])).toMatch(/gateway .* not measured .* MISSED/)
  })

  it('shows what was asked, what was measured and the judgement in one line', () => {
    const text = formatGoals([
      { name: 'tokens', unit: '×', value: 3.456, atLeast: 3 },
      { name: 'p99', unit: 'ms', value: halfLoadP99(systems, 'ours'), atMost: 4 },
    ])
    expect(text).toMatch(/\| tokens +\| +≥ 3 × \| +3\.46 × \| +met \|/)
    expect(text).toMatch(/\| p99 +\| +≤ 4 ms \| +4\.90 ms \| MISSED \|/)
  })
})

describe('figures', () => {
  it('a ratio is the median of the ratios round by round, not the ratio of two medians', () => {
    expect(ratioOf(systems, 'ours', 'bare')).toBe(0.9)
    expect(ours.perSecond / bare.perSecond).toBe(0.5)
  })

  it('systems take turns: no one is measured twice before all were once', async () => {
    const order: string[] = []
    const measured = await takeTurns(['a', 'b', 'c'], 2, async (name) => {
      order.push(name)
      return { perSecond: order.length, cpuMicros: undefined }
    })
    expect(order.join('')).toBe('abcabc')
    expect(measured[1]?.map(({ perSecond }) => perSecond)).toEqual([2, 5])
  })

  it('a rate that a system cannot keep up with is a dash, not a number', () => {
    const comparison: Comparison = { title: 'T', systems, goals: [], notes: ['Left out: haproxy.'] }
    const lines = formatComparison(comparison).split('\n')
    expect(lines).toContain('Left out: haproxy.')
    expect(lines.find((line) => line.startsWith('| ours'))).toMatch(
      /1,000 \| +0\.90 .* 2\.00 \/ 9\.00 .* 1\.20 \/ 4\.90 at 500\/s \| +0\.80 \|$/,
    )
    expect(lines.find((line) => line.startsWith('| bare'))).toMatch(/limit .* – \| +– \| +– \|$/)
  })
})
