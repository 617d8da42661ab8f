/** The times that usage is shown for, until now, in whole intervals of UTC. */
const hourMs = 3_600_000
const dayMs = 24 * hourMs

export const ranges = ['24h', '7d', '30d', '90d'] as const
export type Range = (typeof ranges)[number]

const intervals = {
  '24h': { interval: 'hour', lengthMs: hourMs, many: 24 },
  '7d': { interval: 'day', lengthMs: dayMs, many: 7 },
  '30d': { interval: 'day', lengthMs: dayMs, many: 30 },
  '90d': { interval: 'day', lengthMs: dayMs, many: 90 },
} as const

export interface Intervals {
  readonly interval: 'hour' | 'day'
  readonly lengthMs: number
  /** The beginning of each interval, in milliseconds since 1970. */
  readonly beginnings: readonly number[]
  readonly from: string
  readonly to: string
}

/** The last interval is the present one. */
export function intervalsOf(range: Range, now: number): Intervals {
  const { interval, lengthMs, many } = intervals[range]
  const to = (Math.floor(now / lengthMs) + 1) * lengthMs
  const beginnings = Array.from({ length: many }, (_, index) => to - (many - index) * lengthMs)
  return {
    interval,
    lengthMs,
    beginnings,
    from: new Date(to - many * lengthMs).toISOString(),
    to: new Date(to).toISOString(),
  }
}
