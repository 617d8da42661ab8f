import type { Use } from './kit/bars.tsx'
import type { Intervals } from './usage_intervals.ts'

export interface Count {
  readonly at: string
  readonly outcome?: string | undefined
  readonly count: number
}

/** The counts of each interval. */
export function usesOf(counts: readonly Count[], { beginnings, lengthMs }: Intervals): readonly Use[] {
  return beginnings.map((begin) => {
    const own = counts.filter(({ at }) => Math.floor(Date.parse(at) / lengthMs) * lengthMs === begin)
    const refusals = own.filter(({ outcome }) => outcome !== 'verified')
    const sum = (of: readonly Count[]): number => of.reduce((total, { count }) => total + count, 0)
    return {
      at: new Date(begin).toISOString(),
      allowed: sum(own) - sum(refusals),
      refused: sum(refusals),
      reasons: [...new Set(refusals.map(({ outcome = '' }) => outcome))],
    }
  })
}
