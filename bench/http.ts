/** Over HTTP, each against the same server without us: one process serves, another loads it. */
import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import autocannon from 'autocannon'
import { compareAsync } from './measure.ts'
import type { Figure } from './run.ts'

interface Target {
  readonly url: string
  readonly method: 'GET' | 'POST'
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string
}

/** What `http_servers.ts` tells when it is ready: each measured server beside its bare one. */
export interface HttpTargets {
  readonly verify: Target
  readonly bareVerify: Target
  readonly token: Target
  readonly bareToken: Target
  readonly gateway: Target
  readonly bareGateway: Target
}

const seconds = 3

export async function benchHttp(): Promise<readonly Figure[]> {
  const { targets, child } = await startServers()
  const pairs: readonly (readonly [name: string, ours: Target, bare: Target, goal: number])[] = [
    ['POST /v1/verify, of node:http that parses the same JSON', targets.verify, targets.bareVerify, 0.5],
    ['client_credentials, of a server that signs the same JWT', targets.token, targets.bareToken, 0.4],
    ['gateway, of the same proxy without the engine', targets.gateway, targets.bareGateway, 0.6],
  ]
  const figures: Figure[] = []
  for (const [name, ours, bare, goal] of pairs) {
    const { a, b, ratio } = await compareAsync(
      () => load(ours),
      () => load(bare),
    )
    figures.push({ name: `${name.split(',')[0]}`, value: a, unit: '/s' }, { name: '  bare', value: b, unit: '/s' })
    figures.push({ name, value: ratio, unit: '', goal: { atLeast: goal } })
  }
  child.kill()
  return figures
}

/** Closed loop, 32 connections; anything but 2xx ends the run. */
async function load({ url, method, headers, body }: Target): Promise<number> {
  const result = await autocannon({
    url,
    method,
    headers,
    connections: 32,
    duration: seconds,
    ...(body === undefined ? {} : { body }),
  })
  if (result.non2xx > 0 || result.errors > 0)
    throw new Error(`${url}: ${result.non2xx} answers were not 2xx, ${result.errors} errors`)
  return result.requests.average
}

async function startServers(): Promise<{ readonly targets: HttpTargets; readonly child: ChildProcess }> {
  const script = fileURLToPath(new URL('./http_servers.ts', import.meta.url))
  const child = spawn(process.execPath, [script], { stdio: ['ignore', 'pipe', 'inherit'] })
  const line = await new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stdout }).once('line', resolve)
    child.once('exit', () => reject(new Error('the servers did not start')))
  })
  return { targets: JSON.parse(line) as HttpTargets, child }
}
