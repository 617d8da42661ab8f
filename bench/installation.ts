/** A server of this repository in this process, with an API, a client and a verifier's key: what the suites measure. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { AddressRange } from '@countersign/core'
import { openInstallation, silentLog } from '@countersign/server'
import { bind } from '../packages/cli/src/dev/bind.ts'

export const audience = 'https://api.bench.example'

export interface BenchInstallation {
  readonly url: string
  readonly adminKey: string
  readonly clientId: string
  readonly clientSecret: string
  readonly verifierKey: string
  readonly server: Awaited<ReturnType<typeof openInstallation>>
  readonly directory: string
  call(method: string, path: string, body?: unknown): Promise<Record<string, string>>
  stop(): Promise<void>
}

export interface BenchOptions {
  /** Default: SQLite in a directory of its own. */
  readonly database?: string
  /** Required with PostgreSQL; on SQLite it is made beside the database. */
  readonly masterKey?: string
  /** The wall clock in seconds, for suites that move it. */
  readonly now?: () => number
  /** Peers behind which there are many callers: what one process sends stands for many machines then. */
  readonly trustedProxies?: readonly AddressRange[]
}

export async function startInstallation(options: BenchOptions = {}): Promise<BenchInstallation> {
  const directory = mkdtempSync(join(tmpdir(), 'countersign-bench-'))
  const bound = await bind(0, '127.0.0.1', '--port')
  const url = `http://127.0.0.1:${bound.port}`
  const server = await openInstallation({
    database: `sqlite:${join(directory, 'countersign.db')}`,
    baseUrl: url,
    version: 'bench',
    log: silentLog,
    ...options,
  })
  const listener = server.createListener()
  bound.serve(listener)
  await new Promise((resolve) => (listener.listening ? resolve(undefined) : listener.once('listening', resolve)))
  const adminKey = server.adminKey?.reveal() as string
  const call = async (method: string, path: string, body?: unknown): Promise<Record<string, string>> => {
    const headers = {
      authorization: `Bearer ${adminKey}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    }
    const response = await fetch(url + path, {
      method,
      headers,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`)
    return (await response.json()) as Record<string, string>
  }
  await call('POST', '/v1/apis', {
    audience,
    name: 'bench',
    scopes: [{ name: 'orders:read' }, { name: 'orders:write' }],
  })
  const client = await call('POST', '/v1/clients', {
    name: 'bench',
    type: 'service',
    access: [{ audience, scope: 'orders:read orders:write' }],
  })
  const guard = await call('POST', '/v1/clients', {
    name: 'guard',
    type: 'service',
    access: [{ audience: `${url}/v1`, scope: 'credentials:verify' }],
    guards: [audience],
  })
  const verifier = await call('POST', '/v1/keys', {
    clientId: guard.clientId,
    audience: `${url}/v1`,
    scope: 'credentials:verify',
    name: 'verifier',
  })
  return {
    url,
    adminKey,
    clientId: client.clientId as string,
    clientSecret: client.clientSecret as string,
    verifierKey: verifier.key as string,
    server,
    directory,
    call,
    async stop() {
      listener.close()
      listener.closeAllConnections()
      bound.close()
      await server.close()
      rmSync(directory, { recursive: true, force: true })
    },
  }
}
