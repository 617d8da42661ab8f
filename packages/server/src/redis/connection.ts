/**
 * One connection to Redis, or to every primary of a cluster. It never mends itself: what is lost is closed, and another is
 * made. So a server that hangs, or a network that swallows packets, is left behind at once, whatever waits in its queue.
 */
import type * as Redis from '@redis/client'
import { formatRedisTarget, type RedisTarget } from './target.ts'

export interface RedisConnection {
  /** `keys` has at least one; in a cluster they lie in one slot. Rejects when lost. */
  send(keys: readonly string[], command: readonly string[]): Promise<unknown>
  /** Every server that takes writes answers. */
  ping(): Promise<void>
  /** Called at most once, when the connection is of no use any more. */
  onLost(listener: (error: unknown) => void): void
  close(): void
}

/** Limits cannot be shared there, in one line that names no credential. */
export class RedisUnavailableError extends Error {
  override readonly name = 'RedisUnavailableError'

  /** Nobody answered, or it is still starting: it may come. What answers that it cannot be used so is a mistake. */
  readonly isAway: boolean

  constructor(target: RedisTarget, cause: unknown) {
    super(`COUNTERSIGN_REDIS: ${formatRedisTarget(target)} ${reasonOf(cause)}`, { cause })
    this.isAway = isAway(cause)
  }
}

/** @throws whatever the server or the network said. Waits at most `timeoutMs`. */
export async function connectRedis(target: RedisTarget, timeoutMs: number): Promise<RedisConnection> {
  // Loaded by those who share limits: it is many times the size of the rest.
  const redis = await import('@redis/client')
  const open = target.isCluster ? clusterOf : serverOf
  const { connect, ...connection } = open(redis, target, timeoutMs)
  try {
    await within(connect(), timeoutMs)
    return connection
  } catch (error) {
    connection.close()
    throw error
  }
}

/**
 * Rejects after `timeoutMs`. A process that was busy for longer finds its timers due before it reads what has come
 * meanwhile: the answer gets one more turn.
 */
export function within<T>(work: Promise<T>, timeoutMs: number): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const timer = setTimeout(() => setImmediate(() => reject(new Error('no answer in time'))), timeoutMs)
    work.then(
      (value) => {
        clearTimeout(timer)
        resolve(value)
      },
      (error: unknown) => {
        clearTimeout(timer)
        reject(error)
      },
    )
  })
}

type Unconnected = RedisConnection & { connect(): Promise<void> }

function serverOf({ createClient }: typeof Redis, target: RedisTarget, timeoutMs: number): Unconnected {
  const { host, port } = target.hosts[0] as RedisTarget['hosts'][number]
  const client = createClient({
    ...optionsOf(target, timeoutMs),
    socket: { ...socketOf(target, timeoutMs), host, port },
  })
  const loss = createLoss()
  client.on('error', loss.report)
  client.on('end', loss.report)
  return {
    async connect() {
      await client.connect()
      const info = String(await client.sendCommand(['INFO', 'cluster']).catch(() => ''))
      if (info.includes('cluster_enabled:1')) throw new Error(isClusterText)
    },
    send: (_, command) => client.sendCommand([...command]),
    async ping() {
      await client.sendCommand(['PING'])
    },
    onLost: loss.listen,
    close: () => silently(() => client.destroy()),
  }
}

function clusterOf({ createCluster }: typeof Redis, target: RedisTarget, timeoutMs: number): Unconnected {
  const cluster = createCluster({
    rootNodes: target.hosts.map(({ host, port }) => ({ socket: { ...socketOf(target, timeoutMs), host, port } })),
    defaults: { ...optionsOf(target, timeoutMs), socket: socketOf(target, timeoutMs) },
  })
  const loss = createLoss()
  let lastError: unknown
  cluster.on('error', (error: unknown) => {
    lastError = error
    loss.report(error)
  })
  return {
    async connect() {
      // That no first host could be used says nothing; what the last of them said does.
      await cluster.connect().catch((error: unknown) => Promise.reject(lastError ?? error))
    },
    send: ([key], command) => cluster.sendCommand(key, false, [...command]),
    async ping() {
      const nodes = await Promise.all(cluster.masters.map((node) => cluster.nodeClient(node)))
      await Promise.all(nodes.map((node) => node.sendCommand(['PING'])))
    },
    onLost: loss.listen,
    close: () => silently(() => cluster.destroy()),
  }
}

function optionsOf({ username, password, database }: RedisTarget, timeoutMs: number) {
  return {
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password: password.reveal() }),
    ...(database === 0 ? {} : { database }),
    disableOfflineQueue: true,
    disableClientInfo: true,
    // Keeps idle sockets from looking like ones that hang.
    pingInterval: timeoutMs / 2,
  }
}

function socketOf({ isTls }: RedisTarget, timeoutMs: number) {
  const common = { connectTimeout: timeoutMs, socketTimeout: timeoutMs * 2, reconnectStrategy: false } as const
  return isTls ? { ...common, tls: true as const } : common
}

/** Errors while connecting reject that; later ones are told once. */
function createLoss() {
  let listener: ((error: unknown) => void) | undefined
  return {
    listen(run: (error: unknown) => void): void {
      listener = run
    },
    report(error: unknown): void {
      const run = listener
      listener = undefined
      run?.(error)
    },
  }
}

/** Closing something twice throws, which does not matter here. */
function silently(close: () => void): void {
  try {
    close()
  } catch {
    // It is gone, which was the aim.
  }
}

const isClusterText = 'this is a cluster'

/** By code or by the first word of an answer: the rest could hold anything. */
function reasonOf(error: unknown): string {
  const { code, message } = error as { readonly code?: unknown; readonly message?: unknown }
  const text = typeof message === 'string' ? message : ''
  if (text === isClusterText) return 'is a cluster: add ?cluster=true'
  if (text.includes('cluster support disabled')) return 'is no cluster: leave out ?cluster=true and name one host'
  if (code === 'ECONNREFUSED') return 'refuses the connection'
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return 'has no address'
  const word = /^(?:Error: )?([A-Z]{2,24})\b/.exec(text)?.[1]
  if (word === 'WRONGPASS' || word === 'NOAUTH') return `refuses the credentials (${word})`
  if (word !== undefined) return `cannot be used for limits: it answers ${word}`
  if (/socket closed|disconnect/i.test(text)) return 'closed the connection'
  return typeof code === 'string' ? `cannot be reached (${code})` : 'does not answer as Redis does'
}

const awayCodes: ReadonlySet<unknown> = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EPIPE',
])

function isAway(error: unknown): boolean {
  const { code, message } = error as { readonly code?: unknown; readonly message?: unknown }
  if (awayCodes.has(code)) return true
  const text = typeof message === 'string' ? message : ''
  return /^LOADING\b|no answer in time|timeout|socket closed|disconnect/i.test(text)
}
