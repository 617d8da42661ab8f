/** The results of a run: comparisons of systems, the figures of each, and the goals among them. */
import { median } from '../measure.ts'

export interface Pace {
  /** The duration of each closed and each open loop. */
  readonly seconds: number
  /** Turns of each system over HTTP: A B C, A B C, … */
  readonly rounds: number
  /** In process: many short turns, since the speed of a shared machine changes within a second. */
  readonly turns: number
  readonly turnMs: number
  /** Rates of the open loops, besides half of the system's fastest. */
  readonly ratesPerSecond: readonly number[]
}

export interface Latency {
  /** The rate that was asked for. */
  readonly perSecond: number
  readonly isHalfLoad: boolean
  readonly p50Ms: number
  readonly p99Ms: number
  readonly sentLateP99Ms: number
}

/** One turn. */
export interface Measured {
  readonly perSecond: number
  /** Microseconds of CPU time for each; undefined where it cannot be known. */
  readonly cpuMicros: number | undefined
}

export interface SystemFigures {
  readonly name: string
  /** In the order of the rounds, so that systems can be compared round by round. */
  readonly rounds: readonly Measured[]
  readonly perSecond: number
  readonly cpuMicros: number | undefined
  /** The bare limit that the table shows it against; its own name for the limit itself. */
  readonly limit: string
  readonly latencies: readonly Latency[]
}

export interface Goal {
  readonly name: string
  readonly unit: '×' | 'ms'
  readonly value: number
  readonly atLeast?: number
  readonly atMost?: number
}

export interface Comparison {
  readonly title: string
  readonly systems: readonly SystemFigures[]
  readonly goals: readonly Goal[]
  /** Each names something that was left out, and why. */
  readonly notes: readonly string[]
}

/** A goal that cannot be measured is not met. */
export function isMet({ value, atLeast, atMost }: Goal): boolean {
  if (!Number.isFinite(value)) return false
  return (atLeast === undefined || value >= atLeast) && (atMost === undefined || value <= atMost)
}

/** One after the other in each round, so that a machine whose speed drifts is the same for all of them. */
export async function takeTurns<System>(
  systems: readonly System[],
  rounds: number,
  turn: (system: System) => Promise<Measured>,
): Promise<readonly (readonly Measured[])[]> {
  const measured: Measured[][] = systems.map(() => [])
  for (let round = 0; round < rounds; round++)
    for (const [index, system] of systems.entries()) measured[index]?.push(await turn(system))
  return measured
}

export function figuresOf(
  { name, limit }: { readonly name: string; readonly limit: string },
  rounds: readonly Measured[],
  latencies: readonly Latency[] = [],
): SystemFigures {
  const cpu = rounds.flatMap(({ cpuMicros }) => (cpuMicros === undefined ? [] : [cpuMicros]))
  return {
    name,
    limit,
    rounds,
    perSecond: median(rounds.map(({ perSecond }) => perSecond)),
    cpuMicros: cpu.length === 0 ? undefined : median(cpu),
    latencies,
  }
}

/** The median of the ratios round by round; NaN when either was not measured. */
export function ratioOf(systems: readonly SystemFigures[], name: string, other: string): number {
  const a = systems.find((system) => system.name === name)
  const b = systems.find((system) => system.name === other)
  if (a === undefined || b === undefined || a.rounds.length !== b.rounds.length) return Number.NaN
  return median(a.rounds.map(({ perSecond }, round) => perSecond / (b.rounds[round]?.perSecond ?? Number.NaN)))
}

/** NaN when there was no open loop at half load. */
export function halfLoadP99(systems: readonly SystemFigures[], name: string): number {
  const latencies = systems.find((system) => system.name === name)?.latencies ?? []
  return latencies.find(({ isHalfLoad }) => isHalfLoad)?.p99Ms ?? Number.NaN
}
