/** Servers that are loaded over HTTP: closed loop in turns for throughput, then open loops for latency. */
import { type ClosedLoopResult, closedLoop } from '../../closed_loop.ts'
import { writeQuestion } from '../../connection.ts'
import { openLoop, sleep } from '../../open_loop.ts'
import { openSender } from '../../sender.ts'
import { figuresOf, type Latency, type Measured, type Pace, type SystemFigures, takeTurns } from '../comparison.ts'
import { isRight, requireHonest, type Target } from '../target.ts'

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
  for (const { target } of systems) await load(target, 1)
  const measured = await takeTurns(systems, pace.rounds, (system) => loadClosed(system, pace.seconds))
  const figures: SystemFigures[] = []
  for (const [index, system] of systems.entries()) {
    const rounds = measured[index] ?? []
    const { perSecond } = figuresOf(system, rounds)
    figures.push(figuresOf(system, rounds, await loadOpen(system.target, perSecond, pace)))
  }
  return figures
}

function load(target: Target, seconds: number): Promise<ClosedLoopResult> {
  const bytes = writeQuestion(target)
  return closedLoop({ url: target.url, next: () => bytes, isRight: isRightFor(target), seconds })
}

function isRightFor(target: Target): (status: number, body: string) => boolean {
  return (status, body) => isRight(target, status, body)
}

async function loadClosed({ target, cpuMicros }: HttpSystem, seconds: number): Promise<Measured> {
  const before = await cpuMicros()
  const { perSecond, answers } = await load(target, seconds)
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
  const sender = openSender(target, isRightFor(target))
  const options = { perSecond, now: () => performance.now(), sleep, send: sender.send }
  // Connections are opened and code is compiled before it counts.
  await openLoop({ ...options, seconds: 0.5 })
  const { p50Ms, p99Ms, sentLateP99Ms } = await openLoop({ ...options, seconds })
  sender.close()
  return { perSecond, isHalfLoad, p50Ms, p99Ms, sentLateP99Ms }
}
