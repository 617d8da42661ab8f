import type { Use } from '../../shared/kit/bars.tsx'
import { usageDays } from '../../shared/usage_days.ts'

interface Count {
  readonly at: string
  readonly outcome?: string | undefined
  readonly count: number
}

const dayMs = 86_400_000

/** Every day of the last thirty; the last is today. */
export function dayUses(counts: readonly Count[], now = Date.now()): readonly Use[] {
  const today = Math.floor(now / dayMs)
  return usesOf(
    counts,
    Array.from({ length: usageDays }, (_, index) => (today - usageDays + 1 + index) * dayMs),
    dayMs,
  )
}

/** The counts of each interval. `beginnings` in milliseconds since 1970. */
export function usesOf(counts: readonly Count[], beginnings: readonly number[], lengthMs: number): readonly Use[] {
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
