/**
 * A primary and its synchronous standby for tests, on two ports of this machine. No change is acknowledged that the
 * standby does not have. The primary can be killed or left alone, and the standby promoted.
 */

import type { ChildProcess } from 'node:child_process'
import { chownSync, cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import pg from 'pg'
import { freePort } from '../../../../scripts/free_port.ts'
import { prepareCluster, runServer } from './postgres_server.ts'

export interface PostgresPair {
  /** The URL of both hosts; the one that takes writes is used. */
  readonly url: string
  readonly hosts: { readonly first: Host; readonly second: Host }
  stop(): Promise<void>
}

export interface Host {
  /** The URL of this server alone. */
  readonly url: string
  start(settings?: readonly string[]): Promise<void>
  /** `SIGKILL` for the server and its processes. */
  kill(): Promise<void>
  /** `SIGSTOP` and `SIGCONT`: the server hangs with its sockets open. */
  signal(name: 'SIGSTOP' | 'SIGCONT'): void
  query(sql: string): Promise<readonly { readonly [column: string]: unknown }[]>
}

export async function startPair(): Promise<PostgresPair> {
  const cluster = await prepareCluster()
  const { directory, data, user } = cluster
  const ports = [await freePort(), await freePort()] as const
  const first = createHost(cluster, data, ports[0])
  // A copy of the cluster at rest is a base backup.
  const copy = join(directory, 'standby')
  await first.start([])
  await first.kill()
  cpSync(data, copy, { recursive: true })
  rmSync(join(copy, 'postmaster.pid'), { force: true })
  writeFileSync(join(copy, 'standby.signal'), '')
  if (user !== undefined) chownTree(copy, user)
  const second = createHost(cluster, copy, ports[1])
  await first.start(['synchronous_standby_names=*'])
  await second.start([`primary_conninfo=host=127.0.0.1 port=${ports[0]} user=countersign`])
  await eventually(
    async () => (await first.query(`select 1 from pg_stat_replication where sync_state = 'sync'`)).length,
  )
  return {
    url: `postgres://countersign@127.0.0.1:${ports[0]},127.0.0.1:${ports[1]}/postgres?target_session_attrs=read-write`,
    hosts: { first, second },
    async stop() {
      await Promise.all([first.kill(), second.kill()])
      rmSync(directory, { recursive: true, force: true })
    },
  }
}

function createHost(
  { bin, directory, user }: Awaited<ReturnType<typeof prepareCluster>>,
  data: string,
  port: number,
): Host {
  const url = `postgres://countersign@127.0.0.1:${port}/postgres`
  let server: ChildProcess | undefined
  const common = [
    'fsync=off',
    'max_connections=80',
    'listen_addresses=127.0.0.1',
    `unix_socket_directories=${directory}`,
  ]
  const pids = (): readonly number[] => {
    const own = Number(readFileSync(join(data, 'postmaster.pid'), 'utf8').split('\n')[0])
    return [own, ...childrenOf(own)]
  }
  return {
    url,
    async start(settings = []) {
      server = await runServer(bin, data, user, [...common, `port=${port}`, ...settings])
    },
    async kill() {
      if (server === undefined) return
      const ended = new Promise((resolve) => server?.once('exit', resolve))
      for (const pid of pids()) signalIfThere(pid, 'SIGKILL')
      server.stdin?.end()
      await ended
      server = undefined
      rmSync(join(data, 'postmaster.pid'), { force: true })
    },
    signal(name) {
      for (const pid of pids()) signalIfThere(pid, name)
    },
    async query(sql) {
      const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 1_000 })
      client.on('error', () => {})
      await client.connect()
      try {
        return (await client.query(sql)).rows
      } finally {
        await client.end()
      }
    },
  }
}

function childrenOf(pid: number): readonly number[] {
  try {
    const listed = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim()
    return listed === '' ? [] : listed.split(' ').map(Number)
  } catch {
    return []
  }
}

function signalIfThere(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name)
  } catch {
    // The process has ended by itself.
  }
}

function chownTree(directory: string, user: { readonly uid: number; readonly gid: number }): void {
  chownSync(directory, user.uid, user.gid)
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    const path = join(directory, entry.name)
    if (entry.isDirectory()) chownTree(path, user)
    else chownSync(path, user.uid, user.gid)
  }
}

async function eventually(holds: () => Promise<unknown>): Promise<void> {
  const until = Date.now() + 10_000
  while (!(await holds())) {
    if (Date.now() > until) throw new Error('it did not come to hold')
    await wait(50)
  }
}
