/** The real command, spawned, for tests only. */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { type Agent, request as httpRequest } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll } from 'vitest'

const bin = fileURLToPath(new URL('../bin/countersign.mjs', import.meta.url))

export interface Ran {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

export interface RunOptions {
  readonly cwd?: string
  readonly input?: string | Buffer
  readonly env?: Readonly<Record<string, string>>
}

function start(args: readonly string[], { cwd, env }: RunOptions): ChildProcess {
  // Nothing of whoever runs the tests: a COUNTERSIGN_URL of theirs would be another server.
  const kept = Object.entries(process.env).filter(([name]) => !name.startsWith('COUNTERSIGN_'))
  return spawn(process.execPath, [bin, ...args], { cwd, env: { ...Object.fromEntries(kept), ...env } })
}

export async function run(args: readonly string[], options: RunOptions = {}): Promise<Ran> {
  const child = start(args, options)
  child.stdin?.on('error', () => {})
  child.stdin?.end(options.input ?? '')
  let out = ''
  let err = ''
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    out += text
  })
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    err += text
  })
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve))
  return { code, out, err }
}

export interface Running {
  /** The first line on standard output. */
  readonly pid: number
  readonly line: string
  err(): string
  /** Sends the signal; the exit code. */
  stop(signal?: NodeJS.Signals): Promise<number | null>
}

/** A command that goes on, once it has said on one line that it is ready. */
export function startUntilReady(args: readonly string[], options: RunOptions = {}): Promise<Running> {
  return startUntil(args, options, /\n/)
}

/** A command that goes on, once its standard output has what `ready` finds. */
export async function startUntil(
  args: readonly string[],
  options: RunOptions,
  ready: RegExp,
): Promise<Running & { out(): string }> {
  const child = start(args, options)
  const closed = new Promise<number | null>((resolve) => child.once('close', resolve))
  let out = ''
  let err = ''
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    err += text
  })
  const line = await new Promise<string>((resolve, reject) => {
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      out += text
      if (ready.test(out)) resolve(out.slice(0, out.indexOf('\n')))
    })
    child.once('close', (code) => reject(new Error(`exit ${code} before it was ready: ${err}`)))
  })
  return {
    line,
    pid: child.pid as number,
    out: () => out,
    err: () => err,
    stop(signal = 'SIGTERM') {
      child.kill(signal)
      return closed
    },
  }
}

export interface DevLine {
  readonly url: string
  readonly gatewayUrl: string
  readonly issuer: string
  readonly data: string
  readonly audience: string
  readonly adminKey: string | null
  readonly demo: {
    readonly key: string | null
    readonly scope: string
    readonly clientId: string | null
    readonly clientSecret: string | null
    readonly webUrl: string | null
    readonly webClientId: string | null
  }
}

export interface Dev extends Running {
  readonly ready: DevLine
}

export async function startDev(cwd: string, ...args: readonly string[]): Promise<Dev> {
  const ports = args.includes('--port') ? [] : ['--port', '0', '--gateway-port', '0']
  const running = await startUntilReady(['dev', ...ports, '--no-reserve', '--json', ...args], { cwd })
  return { ...running, ready: JSON.parse(running.line) as DevLine }
}

/** The `dev` of one test file, and commands that have its profile. */
export interface DevOfFile {
  readonly dev: Dev
  readonly folder: string
  readonly audience: string
  /** The client of the demo's first key. */
  readonly clientId: string
  /** Runs a command. */
  cli(args: readonly string[], options?: RunOptions): Promise<Ran>
  /** Runs a command with `--json`, and gives the value that it prints. */
  json(...args: string[]): Promise<ReturnType<typeof JSON.parse>>
  /** A new key of that client for `orders:read`. */
  createKey(...more: string[]): Promise<Ran>
}

/** A `dev` in a folder of its own until the tests of this file have run. */
export async function startDevOfFile(): Promise<DevOfFile> {
  const { path: folder, remove } = makeFolder()
  const dev = await startDev(folder)
  afterAll(async () => {
    await dev.stop()
    remove()
  })
  const { audience, demo } = dev.ready
  const clientId = demo.clientId as string
  const cli = (args: readonly string[], options: RunOptions = {}) => run(args, { cwd: folder, ...options })
  return {
    dev,
    folder,
    audience,
    clientId,
    cli,
    json: async (...args) => JSON.parse((await cli([...args, '--json'])).out),
    createKey: (...more) =>
      cli(['keys', 'create', '--audience', audience, '--client', clientId, '--scope', 'orders:read', ...more]),
  }
}

/** A new folder, gone when the test file is. */
export function makeFolder(): { readonly path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'countersign-cli-'))
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) }
}

export function bearer(credential: string | null): RequestInit {
  return { headers: { authorization: `Bearer ${credential}` } }
}

export interface Answer {
  readonly status: number
  readonly body: Record<string, string>
}

/** JSON over a connection of the agent: which one, `fetch` would choose by itself. */
export function callOver(
  agent: Agent,
  { origin, key }: { readonly origin: string; readonly key: string },
  method: string,
  path: string,
  body?: object,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' }
    const request = httpRequest(origin + path, { method, agent, headers }, (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk
      })
      response.on('end', () => {
        const isJson = response.headers['content-type']?.includes('json') === true
        resolve({ status: response.statusCode ?? 0, body: isJson ? JSON.parse(text) : { text } })
      })
    })
    request.on('error', reject)
    request.end(body === undefined ? undefined : JSON.stringify(body))
  })
}
