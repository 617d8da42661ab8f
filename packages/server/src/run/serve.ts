/** `countersign serve`: the production server, until SIGTERM. */
import cluster from 'node:cluster'
import { type AddressInfo, createServer, type Server } from 'node:net'
import { drain } from '../http/drain.ts'
import { serverLimits } from '../limits.ts'
import type { Log } from '../observe/log.ts'
import { createPinoLog } from '../observe/pino_log.ts'
import { createOutbound } from '../outbound/outbound_client.ts'
import { openRedisLimiter, processLimiter } from '../redis/limiter.ts'
import type { CountersignServer } from '../server.ts'
import type { ServerOptions } from '../server_options.ts'
import { type Config, readConfig } from './config.ts'
import { lockData } from './data_lock.ts'
import { openInstallation, sqliteFile } from './installation.ts'
import { packedKeysMax, readMemoryBytes } from './packed_keys_max.ts'
import { startWorkers } from './workers.ts'

export interface Serving {
  readonly url: string
  readonly address: string
  /** Stop accepting, finish what runs within 10 s, flush, close the database. */
  stop(): Promise<void>
}

/** A port that is taken, or that may not be used. */
export class ListenError extends Error {
  override readonly name = 'ListenError'
  readonly code: string

  constructor(code: string, message: string) {
    super(message)
    this.code = code
  }
}

export interface ServeOptions {
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly configFile?: string
  readonly version: string
  /** The bootstrap admin key, shown once at the first start. */
  readonly onAdminKey: (key: string) => void
  /** Whether room is kept for a full disk. Default true. */
  readonly reserve?: boolean
}

/** Resolves when requests are answered. In a worker, whoever started it is told with `tellReady`. */
export async function serve(options: ServeOptions): Promise<Serving> {
  const config = readConfig(options.environment, options.configFile)
  const log = createPinoLog(config.logLevel)
  const onLost = (error: Error): void => {
    log.error({ error, file: sqliteFile(config.database) }, 'the lock of the database was lost; this process ends')
    process.exit(1)
  }
  // Workers share the lock of whoever started them, which ends after them.
  const lock = cluster.isPrimary ? await lockData(config.database, serverLimits.dataLockServeWaitMs, onLost) : undefined
  try {
    const { stop, ...serving } = await begin(config, log, options)
    if (cluster.isPrimary && config.mail === undefined) log.info({}, noMail)
    return {
      ...serving,
      async stop() {
        await stop()
        lock?.release()
      },
    }
  } catch (error) {
    lock?.release()
    throw error
  }
}

async function begin(config: Config, log: Log, options: ServeOptions): Promise<Serving> {
  // Before anything is made: a start that cannot have its port has made no database and shown no key.
  if (cluster.isPrimary) await requireFreePort(config)
  if (config.workers > 1 && cluster.isPrimary) {
    // Migrated, and its first key shown, before any of them begins.
    await (await open(config, log, options)).close()
    const { address, stop } = await startWorkers(config.workers, log)
    return { url: config.url, address, stop }
  }
  const server = await open(config, log, options)
  const listener = server.createListener()
  const address = await listen(listener, config).catch(async (error: unknown) => {
    await server.close()
    throw error
  })
  // In the next turn: by then the caller listens for signals, and whoever reads this line may send one.
  setImmediate(() => log.info({ url: config.url, address }, 'ready'))
  const stop = async (): Promise<void> => {
    // First, so that who follows the feed goes elsewhere while all else is answered.
    server.services.streams.endAll()
    await drain(listener, { idleMs: serverLimits.drainIdleMs, allMs: serverLimits.drainMs })
    await server.close()
  }
  return { url: config.url, address, stop }
}

/** The installation as configured; its first administrator's key is told when this start made it. */
async function open(config: Config, log: Log, options: ServeOptions): Promise<CountersignServer> {
  // Before anything is made: a first start that fails must not have used up its one showing of the admin key.
  const limiter = config.redis === undefined ? processLimiter() : await openRedisLimiter(config.redis, log)
  const server = await openInstallation({
    database: config.database,
    ...(options.reserve === false ? {} : { reserveBytes: serverLimits.reserveBytes }),
    baseUrl: config.url,
    version: options.version,
    log,
    requestLog: { requests: config.logRequests, addresses: config.logAddresses },
    keyPrefix: config.keyPrefix,
    usageRetention: config.usageRetention,
    lastUsedAddresses: config.lastUsedAddresses,
    trustedProxies: config.trustedProxies,
    packedKeysMax: packedKeysMax(config.workers, readMemoryBytes()),
    outbound: createOutbound({
      allow: config.outboundAllow,
      callNetworks: config.callNetworks,
      ...(config.outboundCa === undefined ? {} : { ca: config.outboundCa }),
    }),
    ...(await mailOf(config)),
    onFatal: (error) => {
      const advice = 'this process ends; ask countersign doctor, and restore a backup when it says damaged'
      log.error({ error, file: sqliteFile(config.database) }, `the database can no longer be trusted: ${advice}`)
      process.exit(1)
    },
    ...(config.masterKey === undefined ? {} : { masterKey: config.masterKey }),
    ...(config.adminKey === undefined ? {} : { adminKey: config.adminKey }),
    limiter,
  }).catch((error: unknown) => {
    limiter.close()
    throw error
  })
  if (server.adminKey !== undefined && config.adminKey === undefined) options.onAdminKey(server.adminKey.reveal())
  return server
}

/** Said once at the start, so that nobody looks for a mail that never left. */
const noMail =
  'COUNTERSIGN_SMTP_URL is not set, so no mail is sent: codes to sign in, sign-up, recovery, new addresses and mailed invitations are off'

/** Its library is loaded where mail is on. */
async function mailOf({ mail, outboundCa: ca }: Config): Promise<Pick<ServerOptions, 'mail'>> {
  if (mail === undefined) return {}
  const { createSmtpTransport } = await import('../mail/smtp_transport.ts')
  return { mail: createSmtpTransport({ target: mail.smtp, from: mail.from, ca }) }
}

const listenFaults: Readonly<Record<string, string>> = {
  EADDRINUSE: 'is taken',
  EACCES: 'may not be used',
  EADDRNOTAVAIL: 'is no address of this machine',
  ENOTFOUND: 'is not known',
}

/** Takes the port and gives it back: what connects while the database opens is refused, not kept waiting. */
async function requireFreePort(config: Config): Promise<void> {
  const probe = createServer()
  await listen(probe, config)
  await new Promise((closed) => probe.close(closed))
}

function listen(listener: Server, { listen: { host, port } }: Config): Promise<string> {
  return new Promise((resolve, reject) => {
    listener.once('error', (error: NodeJS.ErrnoException) => {
      const why = listenFaults[error.code ?? ''] ?? 'cannot be listened on'
      reject(new ListenError(error.code ?? 'ERROR', `${host}:${port} ${why}: set COUNTERSIGN_LISTEN`))
    })
    listener.listen(port, host, () => {
      const bound = listener.address() as AddressInfo
      resolve(`${bound.family === 'IPv6' ? `[${bound.address}]` : bound.address}:${bound.port}`)
    })
  })
}
