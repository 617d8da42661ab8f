/** The product as a user starts it, in a process of its own, and the few calls the black-box tests make. */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const launcher = fileURLToPath(new URL('../packages/cli/bin/countersign.mjs', import.meta.url))

export interface Product {
  readonly url: string
  readonly gatewayUrl: string
  readonly issuer: string
  readonly audience: string
  readonly adminKey: string
  readonly demo: {
    readonly key: string
    readonly scope: string
    readonly clientId: string
    readonly clientSecret: string
    readonly webUrl: string
    readonly webClientId: string
  }
  readonly portalUrl: string
  readonly signInUrl: string
  readonly data: string
  readonly process: ChildProcess
  /** Its standard error so far. */
  stderr(): string
  stop(signal?: NodeJS.Signals): Promise<number | null>
}

/** `countersign dev --json` on free ports. `data` of an earlier start is kept; a new one is removed by `stop`. */
export async function startProduct(parameters: readonly string[] = [], data?: string): Promise<Product> {
  const directory = data ?? mkdtempSync(join(tmpdir(), 'countersign-'))
  const ports = parameters.includes('--port') ? [] : ['--port', '0', '--gateway-port', '0']
  const child = spawn(process.execPath, [launcher, 'dev', '--json', ...ports, '--data', directory, ...parameters])
  let stderr = ''
  child.stderr.on('data', (chunk) => {
    stderr += chunk
  })
  const line = await new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stdout }).once('line', resolve)
    child.once('exit', (code) => reject(new Error(`dev ended with ${code}: ${stderr}`)))
  })
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve))
  return {
    ...(JSON.parse(line) as Omit<Product, 'process' | 'stderr' | 'stop'>),
    process: child,
    stderr: () => stderr,
    async stop(signal = 'SIGTERM') {
      child.kill(signal)
      const code = await exited
      if (data === undefined && signal === 'SIGTERM') rmSync(directory, { recursive: true, force: true })
      return code
    },
  }
}

/** An answer's JSON, to be looked into by name; what is not there is undefined. */
export interface Json {
  readonly [name: string]: Json | undefined
}

/** The items of a member that must be a list. */
export function list(value: Json | undefined): readonly Json[] {
  if (!Array.isArray(value)) throw new Error('expected a list')
  return value
}

/** A member that must be a text. */
export function text(value: Json | undefined): string {
  if (typeof value !== 'string') throw new Error('expected a string')
  return value
}

export interface Reply {
  readonly status: number
  readonly headers: Headers
  readonly body: Json
}

/** One request to the management API, as the administrator unless another credential is given. */
export async function call(
  product: Product,
  method: string,
  path: string,
  body?: unknown,
  credential = product.adminKey,
): Promise<Reply> {
  const response = await fetch(product.url + path, {
    method,
    headers: {
      authorization: `Bearer ${credential}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  return reply(response)
}

/** One request to an OAuth endpoint, authenticated as the client in the form. */
export async function form(product: Product, path: string, fields: Readonly<Record<string, string>>): Promise<Reply> {
  return reply(await fetch(product.url + path, { method: 'POST', body: new URLSearchParams(fields) }))
}

/** A key with which a verifier of these APIs, the product's by default, may ask about their callers, and nothing else. */
export async function makeVerifierKey(product: Product, guards = [product.audience]): Promise<string> {
  const audience = `${product.issuer}/v1`
  const scope = 'credentials:verify'
  const guard = await call(product, 'POST', '/v1/clients', {
    name: 'verifier',
    type: 'service',
    access: [{ audience, scope }],
    guards,
  })
  const key = await call(product, 'POST', '/v1/keys', { clientId: guard.body.clientId, audience, scope, name: 'sdk' })
  return text(key.body.key)
}

/** A request through the gateway with a bearer credential. */
export async function guarded(product: Product, method: string, path: string, credential?: string): Promise<Reply> {
  const headers = credential === undefined ? {} : { authorization: `Bearer ${credential}` }
  return reply(await fetch(product.gatewayUrl + path, { method, headers }))
}

async function reply(response: Response): Promise<Reply> {
  const body = await response.text()
  const isJson = response.headers.get('content-type')?.includes('json') === true
  return { status: response.status, headers: response.headers, body: (isJson ? JSON.parse(body) : body) as Json }
}

/** Asks again until it holds; gives how long that took, in milliseconds. Throws when it takes longer than `withinMs`. */
export async function eventually(withinMs: number, holds: () => Promise<boolean>): Promise<number> {
  const beganAt = performance.now()
  while (!(await holds())) {
    if (performance.now() - beganAt > withinMs) throw new Error(`not within ${withinMs} ms`)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  return performance.now() - beganAt
}
