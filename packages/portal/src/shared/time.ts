/** Times as people read them, and as they are. */
// Figures alone: "yesterday" would be untrue of 23 hours ago.
const relative = new Intl.RelativeTimeFormat('en', { numeric: 'always', style: 'long' })
const steps = [
  ['year', 31_557_600],
  ['month', 2_629_800],
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
] as const

export function ago(iso: string, now = Date.now()): string {
  const seconds = (Date.parse(iso) - now) / 1000
  if (Math.abs(seconds) < 45) return seconds > 0 ? 'in a moment' : 'just now'
  const [unit, size] = steps.find(([, each]) => Math.abs(seconds) >= each * 0.95) ?? (['minute', 60] as const)
  return relative.format(Math.round(seconds / size), unit)
}

const date = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', year: 'numeric' })
const clock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' })
const day = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', timeZone: 'UTC' })

export function onDate(iso: string): string {
  return date.format(new Date(iso))
}

/** An end shows its hour. */
export function atTime(iso: string): string {
  return `${onDate(iso)}, ${clock.format(new Date(iso))}`
}

export function clockTime(at: number): string {
  return clock.format(at)
}

export function utcDay(iso: string): string {
  return day.format(new Date(iso))
}

/** In the zone of this browser, and in UTC. */
export function exactly(iso: string): string {
  return `${atTime(iso)} · ${new Date(iso).toISOString().replace('T', ' ').slice(0, 16)} UTC`
}
