/** For tests: Redis servers of their own, as Debian installs them, alone or three of them as a cluster. */

import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { freePort } from '../../../../scripts/free_port.ts'
import { parseRedisTarget, type RedisTarget } from './target.ts'

const isInstalled = spawnSync('redis-server', ['--version']).status === 0

/** Cases that need Redis. Where it is not installed that is one skipped case, and a failure where everything must run. */
export function describeWithRedis(name: string, cases: () => void): void {
  if (isInstalled) return void describe(name, cases)
  it.skipIf(process.env.CI !== 'true')(`${name}: redis-server must be installed`, () => expect.fail('it is not'))
}

export interface TestRedis {
  readonly port: number
  readonly target: RedisTarget
  /** One command, such as `['flushall']`; its answer as text. */
  command(...words: readonly string[]): string
  /** It goes on being there and answers nothing. */
  hang(): void
  go(): void
  kill(): Promise<void>
  /** On the same port, with nothing in it. */
  start(): Promise<void>
  remove(): Promise<void>
}

export async function startRedis(...settings: readonly string[]): Promise<TestRedis> {
  const directory = mkdtempSync(join(tmpdir(), 'countersign-redis-'))
  const port = await freePort()
  let child: ChildProcess | undefined

  const redis: TestRedis = {
    port,
    target: targetOf(`redis://127.0.0.1:${port}`),
    command: (...words) => execFileSync('redis-cli', ['-p', String(port), ...words], { encoding: 'utf8' }).trim(),
    hang: () => void child?.kill('SIGSTOP'),
    go: () => void child?.kill('SIGCONT'),
    async kill() {
      const ended = new Promise((resolve) => child?.once('exit', resolve))
      child?.kill('SIGKILL')
      await ended
    },
    async start() {
      const fixed = ['--port', String(port), '--dir', directory, '--save', '', '--bind', '127.0.0.1']
      child = spawn('redis-server', [...fixed, ...settings], { stdio: 'ignore' })
      await until(() => spawnSync('redis-cli', ['-p', String(port), 'ping']).status === 0)
    },
    async remove() {
      await redis.kill()
      rmSync(directory, { recursive: true, force: true })
    },
  }
  await redis.start()
  return redis
}

/** Three primaries that share the slots. */
export async function startRedisCluster(): Promise<{
  readonly target: RedisTarget
  readonly nodes: readonly TestRedis[]
}> {
  const nodes = await Promise.all([1, 2, 3].map(() => startRedis('--cluster-enabled', 'yes')))
  const addresses = nodes.map(({ port }) => `127.0.0.1:${port}`)
  execFileSync('redis-cli', ['--cluster', 'create', ...addresses, '--cluster-yes'], { stdio: 'ignore' })
  await until(() => nodes.every((node) => node.command('cluster', 'info').includes('cluster_state:ok')))
  return { target: targetOf(`redis://${addresses.join(',')}`), nodes }
}

export function targetOf(url: string): RedisTarget {
  const target = parseRedisTarget(url)
  if (target === undefined) throw new Error(`${url} is no target`)
  return target
}

/** How long it took, in milliseconds. */
export async function until(holds: () => boolean, timeoutMs = 10_000): Promise<number> {
  const began = performance.now()
  while (!holds()) {
    if (performance.now() - began > timeoutMs) throw new Error('it never came to hold')
    await sleep(20)
  }
  return performance.now() - began
}
