/** The first command of the README, as npm runs it: signals that reach npm end everything below it. */
import { spawn } from 'node:child_process'
import { connect } from 'node:net'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { makeFolder } from './countersign.fixture.ts'
import { untilStopped } from './until_stopped.ts'

const root = fileURLToPath(new URL('../../..', import.meta.url))

let folder: ReturnType<typeof makeFolder>
beforeEach(() => {
  folder = makeFolder()
})
afterEach(() => folder.remove())

interface Started {
  readonly ready: { readonly url: string; readonly gatewayUrl: string }
  kill(signal: NodeJS.Signals): void
  readonly exited: Promise<unknown>
}

async function npmStart(): Promise<Started> {
  const flags = ['--port', '0', '--gateway-port', '0', '--data', folder.path, '--json']
  const npm = spawn('npm', ['start', '-s', '--', ...flags], { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] })
  const exited = new Promise((resolve) => npm.once('exit', resolve))
  const line = await new Promise<string>((resolve, reject) => {
    npm.stdout.setEncoding('utf8').once('data', resolve)
    npm.once('exit', (code) => reject(new Error(`exit ${code} before it was ready`)))
  })
  return { ready: JSON.parse(line), kill: (signal) => npm.kill(signal), exited }
}

function answers(url: string): Promise<boolean> {
  const { hostname, port } = new URL(url)
  return new Promise((resolve) => {
    const socket = connect(Number(port), hostname)
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
    socket.once('connect', () => socket.destroy())
  })
}

it.each(['SIGTERM', 'SIGINT'] as const)(
  '%s to npm itself ends server and gateway, and frees both ports',
  async (signal) => {
    const { ready, kill, exited } = await npmStart()
    expect(await answers(ready.url)).toBe(true)
    kill(signal)
    await exited
    for (const url of [ready.url, ready.gatewayUrl]) {
      await expect.poll(() => answers(url), { timeout: 10_000 }).toBe(false)
    }
  },
)

it('one Ctrl-C that arrives several times stops in order; a later one ends at once', async () => {
  const kept = process.exit
  const exits: (number | undefined)[] = []
  process.exit = ((code?: number) => exits.push(code)) as never
  let now = 0
  let finish = (): void => {}
  try {
    const stopped = untilStopped(
      () => new Promise((resolve) => (finish = resolve)),
      () => now,
    )
    process.emit('SIGINT')
    await Promise.resolve()
    process.emit('SIGINT')
    now = 400
    process.emit('SIGINT')
    await Promise.resolve()
    expect(exits).toEqual([])
    now = 600
    process.emit('SIGINT')
    expect(exits).toEqual([130])
    finish()
    await stopped
  } finally {
    process.exit = kept
    process.removeAllListeners('SIGINT')
    process.removeAllListeners('SIGTERM')
  }
})
