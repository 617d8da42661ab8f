/** The run as Markdown: what is printed is what `docs/benchmarks.md` holds. */
import { type Comparison, type Goal, isMet, type Latency, ratioOf, type SystemFigures } from './comparison.ts'

type Row = readonly string[]

export function formatComparison({ title, systems, notes }: Comparison): string {
  const rates = [...new Set(systems.flatMap(({ latencies }) => latencies.filter(isFixed).map(rateOf)))]
  const hasLatency = systems.some(({ latencies }) => latencies.length > 0)
  const head = [
    'system',
    'per second',
    'of its limit',
    'CPU µs each',
    ...rates.map((rate) => `p50 / p99 ms at ${thousands(rate)}/s`),
    ...(hasLatency ? ['at half load', 'sent late, p99'] : []),
  ]
  const rows = systems.map((system) => [
    system.name,
    thousands(system.perSecond),
    system.limit === system.name ? 'limit' : decimals(ratioOf(systems, system.name, system.limit)),
    system.cpuMicros === undefined ? '–' : decimals(system.cpuMicros),
    ...rates.map((rate) => latencyText(system.latencies.find((each) => isFixed(each) && each.perSecond === rate))),
    ...(hasLatency ? [halfLoadText(system), lateText(system)] : []),
  ])
  const remarks = notes.map((note) => `\n${note}`)
  return [`### ${title}`, '', ...markdownTable(head, rows), ...remarks].join('\n')
}

export function formatGoals(goals: readonly Goal[]): string {
  const rows = goals.map((goal) => [
    goal.name,
    goal.atLeast === undefined ? `≤ ${goal.atMost} ${goal.unit}` : `≥ ${goal.atLeast} ${goal.unit}`,
    Number.isFinite(goal.value) ? `${decimals(goal.value)} ${goal.unit}` : 'not measured',
    isMet(goal) ? 'met' : 'MISSED',
  ])
  return ['### Goals', '', ...markdownTable(['goal', 'asked', 'measured', ''], rows)].join('\n')
}

/** The first column is text, the others are figures: aligned so that it reads on a screen as it does on a page. */
function markdownTable(head: Row, rows: readonly Row[]): readonly string[] {
  const widths = head.map((title, column) =>
    Math.max(3, ...[title, ...rows.map((row) => row[column] ?? '')].map(width)),
  )
  const line = (row: Row): string =>
    `| ${row.map((cell, column) => (column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0))).join(' | ')} |`
  const rule = `|${widths.map((size, column) => (column === 0 ? '-'.repeat(size + 2) : `${'-'.repeat(size + 1)}:`)).join('|')}|`
  return [line(head), rule, ...rows.map(line)]
}

function width(text: string): number {
  return [...text].length
}

function isFixed({ isHalfLoad }: Latency): boolean {
  return !isHalfLoad
}

function rateOf({ perSecond }: Latency): number {
  return perSecond
}

/** A dash: the rate is beyond what the system can do, and a queue that only grows has no latency. */
function latencyText(latency: Latency | undefined): string {
  return latency === undefined ? '–' : `${decimals(latency.p50Ms)} / ${decimals(latency.p99Ms)}`
}

function halfLoadText({ latencies }: SystemFigures): string {
  const half = latencies.find(({ isHalfLoad }) => isHalfLoad)
  return half === undefined ? '–' : `${latencyText(half)} at ${thousands(half.perSecond)}/s`
}

/** By the generator, in the worst of its runs: latencies that are not well above it are its own. */
function lateText({ latencies }: SystemFigures): string {
  return latencies.length === 0 ? '–' : decimals(Math.max(...latencies.map(({ sentLateP99Ms }) => sentLateP99Ms)))
}

function thousands(value: number): string {
  return Math.round(value).toLocaleString('en')
}

function decimals(value: number): string {
  if (!Number.isFinite(value)) return '–'
  if (value >= 100) return thousands(value)
  // A system at a thousandth of its limit is not at none of it.
  return value > 0 && value < 0.1 ? value.toPrecision(2) : value.toFixed(value >= 10 ? 1 : 2)
}
