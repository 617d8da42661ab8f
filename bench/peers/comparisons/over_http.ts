/** Servers that are loaded over HTTP: closed loop in turns for throughput, then open loops for latency. */
import { setTimeout as passed, setImmediate as served } from 'node:timers/promises'
import { closedLoop } from '../closed_loop.ts'
import { figuresOf, type Latency, type Measured, type Pace, type SystemFigures, takeTurns } from '../comparison.ts'
import { openLoop } from '../open_loop.ts'
import { openSender } from '../sender.ts'
import { requireHonest, type Target } from '../target.ts'

export interface HttpSystem {
  readonly name: string
  readonly limit: string
  readonly target: Target
  /** CPU time of every process that answers for this system, in microseconds; undefined where it cannot be read. */
  readonly cpuMicros: () => Promise<number | undefined>
}

/** Beyond this part of what a system can do, a fixed rate measures only how long its queue grew. */
const shareMax = 0.8

export async function measureOverHttp(systems: readonly HttpSystem[], pace: Pace): Promise<readonly SystemFigures[]> {
  for (const { name, target } of systems) await requireHonest(name, target)
  for (const { target } of systems) await closedLoop(target, 1)
  const measured = await takeTurns(systems, pace.rounds, (system) => loadClosed(system, pace.seconds))
  const figures: SystemFigures[] = []
  for (const [index, system] of systems.entries()) {
    const rounds = measured[index] ?? []
    const { perSecond } = figuresOf(system, rounds)
    figures.push(figuresOf(system, rounds, await loadOpen(system.target, perSecond, pace)))
  }
  return figures
}

async function loadClosed({ target, cpuMicros }: HttpSystem, seconds: number): Promise<Measured> {
  const before = await cpuMicros()
  const { perSecond, answers } = await closedLoop(target, seconds)
  const after = await cpuMicros()
  const isKnown = before !== undefined && after !== undefined
  return { perSecond, cpuMicros: isKnown ? (after - before) / answers : undefined }
}

async function loadOpen(target: Target, perSecond: number, pace: Pace): Promise<readonly Latency[]> {
  const fixed = pace.ratesPerSecond.filter((rate) => rate <= perSecond * shareMax)
  const latencies: Latency[] = []
  for (const rate of fixed) latencies.push(await loadAt(target, rate, pace.seconds, false))
  latencies.push(await loadAt(target, Math.floor(perSecond / 2), pace.seconds, true))
  return latencies
}

async function loadAt(target: Target, perSecond: number, seconds: number, isHalfLoad: boolean): Promise<Latency> {
  const sender = await openSender(target)
  const options = { perSecond, now: () => performance.now(), sleep, send: sender.send }
  // Connections are opened and code is compiled before it counts.
  await openLoop({ ...options, seconds: 0.5 })
  const { p50Ms, p99Ms, sentLateP99Ms } = await openLoop({ ...options, seconds })
  await sender.close()
  return { perSecond, isHalfLoad, p50Ms, p99Ms, sentLateP99Ms }
}

/**
 * Never a busy wait, which would take a processor from what is measured: waits below a millisecond last one, and what came
 * due meanwhile is sent at once, its latency counted from when it was due.
 */
async function sleep(ms: number): Promise<void> {
  await (ms === 0 ? served() : passed(Math.max(1, Math.floor(ms))))
}
