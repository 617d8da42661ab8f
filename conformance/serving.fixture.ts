/** `countersign serve --json` in a process of its own, on a free port, over a database that is given. */

import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { freePort } from '../scripts/free_port.ts'
import type { Product } from './product.fixture.ts'

const launcher = fileURLToPath(new URL('../packages/cli/bin/countersign.mjs', import.meta.url))

export interface Serving {
  readonly product: Product
  readonly process: ChildProcess
  /** Only at the first start of an installation. */
  readonly adminKey: string | null
  stop(): Promise<number | null>
}

export interface ServingOptions {
  readonly database: string
  readonly masterKey: string
  readonly audience: string
  /** The public URL, which is the issuer. Default: where it listens. */
  readonly issuer?: string
  readonly adminKey?: string
  readonly environment?: Readonly<Record<string, string>>
}

const running = new Set<ChildProcess>()

export async function startServing(options: ServingOptions): Promise<Serving> {
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const issuer = options.issuer ?? url
  const env = {
    PATH: process.env.PATH,
    COUNTERSIGN_URL: issuer,
    COUNTERSIGN_LISTEN: `127.0.0.1:${port}`,
    COUNTERSIGN_DATABASE: options.database,
    COUNTERSIGN_MASTER_KEY: options.masterKey,
    COUNTERSIGN_LOG_LEVEL: 'fatal',
    ...options.environment,
  }
  const child = spawn(process.execPath, [launcher, 'serve', '--json'], { env, stdio: ['ignore', 'pipe', 'inherit'] })
  running.add(child)
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve))
  const line = await new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stdout }).once('line', resolve)
    child.once('exit', (code) => reject(new Error(`serve ended with ${code}`)))
  })
  const { adminKey } = JSON.parse(line) as { readonly adminKey: string | null }
  const product = { url, issuer, audience: options.audience, adminKey: adminKey ?? options.adminKey ?? '' } as Product
  return {
    product,
    process: child,
    adminKey,
    stop() {
      child.kill('SIGTERM')
      return exited
    },
  }
}

/** Ends what a failed test left. */
export function killServing(): void {
  for (const child of running) child.kill('SIGKILL')
}
