import type { Intervals } from '../../shared/usage_intervals.ts'

/** Counts that are told apart by key or scope, and outcome: those of each over time, the most called first. */
export interface Group {
  readonly name: string
  readonly total: number
  /** One for each interval. */
  readonly allowed: readonly number[]
  readonly refused: readonly number[]
}

interface Count {
  readonly at: string
  readonly keyId?: string | undefined
  readonly scope?: string | undefined
  readonly outcome?: string | undefined
  readonly count: number
}

export function groupsOf(
  counts: readonly Count[],
  { beginnings, lengthMs }: Pick<Intervals, 'beginnings' | 'lengthMs'>,
): readonly Group[] {
  const byName = new Map<string, { total: number; allowed: number[]; refused: number[] }>()
  for (const { at, keyId, scope, outcome, count } of counts) {
    const name = keyId ?? scope ?? ''
    const none = (): number[] => beginnings.map(() => 0)
    const own = byName.get(name) ?? { total: 0, allowed: none(), refused: none() }
    const side = outcome === 'verified' ? own.allowed : own.refused
    const index = beginnings.indexOf(Math.floor(Date.parse(at) / lengthMs) * lengthMs)
    if (index >= 0) side[index] = (side[index] ?? 0) + count
    byName.set(name, { ...own, total: own.total + count })
  }
  return Array.from(byName, ([name, own]) => ({ name, ...own })).sort((a, b) => b.total - a.total)
}
