import { usageDays } from '../../shared/usage_days.ts'
import { dayIndex } from '../keys/use_by_day.ts'

export interface DayUse {
  /** Its beginning in UTC. */
  readonly at: string
  readonly allowed: number
  readonly refused: number
  /** Why calls were refused. */
  readonly reasons: readonly string[]
}

interface Count {
  readonly at: string
  readonly outcome?: string | undefined
  readonly count: number
}

const dayMs = 86_400_000

/** Every day of the last thirty; the last is today. */
export function dayUses(counts: readonly Count[], now = Date.now()): readonly DayUse[] {
  const today = Math.floor(now / dayMs)
  return Array.from({ length: usageDays }, (_, index) => {
    const own = counts.filter(({ at }) => dayIndex(at, now) === index)
    const refusals = own.filter(({ outcome }) => outcome !== 'verified')
    const sum = (of: readonly Count[]): number => of.reduce((total, { count }) => total + count, 0)
    return {
      at: new Date((today - usageDays + 1 + index) * dayMs).toISOString(),
      allowed: sum(own) - sum(refusals),
      refused: sum(refusals),
      reasons: [...new Set(refusals.map(({ outcome = '' }) => outcome))],
    }
  })
}
