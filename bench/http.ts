/** Over HTTP, each against the same server without us: every server in a process of its own, another loads them in turns. */
import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { Outcome } from '@countersign/verifier'
import { closedLoop } from './closed_loop.ts'
import { type Question, writeQuestion } from './connection.ts'
import { compareAsync } from './measure.ts'
import type { Figure } from './run.ts'

/** Three questions, for our servers and for those that decide nothing. */
export interface HttpTargets {
  readonly verify: Question
  readonly token: Question
  readonly gateway: Question
}

export interface BareHttpTargets extends HttpTargets {
  /** The first again, of a server that works on one request of a connection at a time. */
  readonly turns: Question
}

/** The bare servers need this besides, to answer alike. */
export interface OurHttpTargets extends HttpTargets {
  readonly issuer: string
  readonly clientId: string
  readonly upstream: string
  readonly outcome: Outcome
}

const seconds = 3

export async function benchHttp(): Promise<readonly Figure[]> {
  const upstream = await startPart<{ readonly upstream: string }>('upstream')
  const ours = await startPart<OurHttpTargets>('ours', upstream.told)
  const bare = await startPart<BareHttpTargets>('bare', ours.told)
  const pairs: readonly (readonly [name: string, part: keyof HttpTargets, goal: number])[] = [
    ['POST /v1/verify, of node:http that parses the same JSON', 'verify', 0.6],
    ['client_credentials, of a server that signs the same JWT', 'token', 0.4],
    ['gateway, of the same proxy without the engine', 'gateway', 0.7],
  ]
  const figures: Figure[] = []
  try {
    for (const [name, part, goal] of pairs) {
      const { a, b, ratio } = await compareAsync(
        () => load(ours.told[part]),
        () => load(bare.told[part]),
      )
      figures.push({ name: `${name.split(',')[0]}`, value: a, unit: '/s' }, { name: '  bare', value: b, unit: '/s' })
      figures.push({ name, value: ratio, unit: '', goal: { atLeast: goal } })
    }
    const { verify, turns } = bare.told
    const { ratio } = await compareAsync(
      () => load(turns),
      () => load(verify),
      7,
    )
    figures.push({
      name: 'one request of a connection at a time, of all at once',
      value: ratio,
      unit: '',
      goal: { atLeast: 0.97 },
    })
  } finally {
    for (const { child } of [bare, ours, upstream]) child.kill()
  }
  return figures
}

async function load(question: Question): Promise<number> {
  const bytes = writeQuestion(question)
  const isRight = (status: number): boolean => status === 200
  return (await closedLoop({ url: question.url, next: () => bytes, isRight, seconds })).perSecond
}

async function startPart<Told>(
  part: string,
  given: object = {},
): Promise<{ readonly told: Told; readonly child: ChildProcess }> {
  const script = fileURLToPath(new URL('./http_servers.ts', import.meta.url))
  const child = spawn(process.execPath, [script, part, JSON.stringify(given)], { stdio: ['ignore', 'pipe', 'inherit'] })
  const line = await new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stdout }).once('line', resolve)
    child.once('exit', () => reject(new Error(`the servers of ${part} did not start`)))
  })
  return { told: JSON.parse(line) as Told, child }
}
