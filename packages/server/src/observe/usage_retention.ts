import type { UsageRetention } from '@countersign/store'

const daySeconds = 86_400

/** By minute 2 days, by hour 60, by day 400. */
export const usageRetentionDefault: UsageRetention = {
  minuteSeconds: 2 * daySeconds,
  hourSeconds: 60 * daySeconds,
  daySeconds: 400 * daySeconds,
}

/** `minute=2d,hour=60d,day=400d`, in hours (`h`) or days; what is not named keeps its default. */
export function parseUsageRetention(text: string): UsageRetention | undefined {
  const retention: { -readonly [N in keyof UsageRetention]: number } = { ...usageRetentionDefault }
  for (const part of text.split(',')) {
    const [, interval, count, unit] = /^\s*(minute|hour|day)=(\d{1,5})([hd])\s*$/.exec(part) ?? []
    if (interval === undefined) return undefined
    retention[`${interval as 'minute'}Seconds`] = Number(count) * (unit === 'd' ? daySeconds : 3_600)
  }
  // A roll-up must not end before the counts it was made from, and an interval must be over first.
  const { minuteSeconds, hourSeconds } = retention
  const isOrdered = 3_600 <= minuteSeconds && minuteSeconds <= hourSeconds && hourSeconds <= retention.daySeconds
  return isOrdered && retention.daySeconds >= daySeconds ? retention : undefined
}

/** As it can be set. */
export function formatUsageRetention({ minuteSeconds, hourSeconds, daySeconds: days }: UsageRetention): string {
  const format = (seconds: number): string =>
    seconds % daySeconds === 0 ? `${seconds / daySeconds}d` : `${seconds / 3_600}h`
  return `minute=${format(minuteSeconds)},hour=${format(hourSeconds)},day=${format(days)}`
}
