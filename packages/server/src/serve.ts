/** `countersign serve`: the production server, until SIGTERM. */
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type Config, readConfig } from './config.ts'
import { openInstallation } from './installation.ts'
import { serverLimits } from './limits.ts'
import type { CountersignServer } from './server.ts'
import { createPinoLog } from './services/pino_log.ts'
import { openRedisLimiter, processLimiter } from './services/redis_limiter.ts'

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

export async function serve(options: {
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly configFile?: string
  readonly version: string
  /** The bootstrap admin key, shown once at the first start. */
  readonly onAdminKey: (key: string) => void
}): Promise<Serving> {
  const config = readConfig(options.environment, options.configFile)
  const log = createPinoLog(config.logLevel)
  // Before anything is made: a first start that fails must not have used up its one showing of the admin key.
  const limiter = config.redis === undefined ? processLimiter() : await openRedisLimiter(config.redis, log)
  const server = await openInstallation({
    database: config.database,
    baseUrl: config.url,
    version: options.version,
    log,
    keyPrefix: config.keyPrefix,
    trustedProxies: config.trustedProxies,
    onFatal: (error) => {
      log.error({ error }, 'the database can no longer be trusted: this process ends')
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
  const listener = server.createListener()
  const address = await listen(listener, config).catch(async (error: unknown) => {
    await server.close()
    throw error
  })
  log.info({ url: config.url, address }, 'ready')
  return { url: config.url, address, stop: () => drain(listener, server) }
}

function listen(listener: Server, { listen: { host, port } }: Config): Promise<string> {
  return new Promise((resolve, reject) => {
    listener.once('error', (error: NodeJS.ErrnoException) => {
      const why =
        error.code === 'EADDRINUSE' ? 'is taken' : error.code === 'EACCES' ? 'may not be used' : 'cannot be listened on'
      reject(new ListenError(error.code ?? 'ERROR', `${host}:${port} ${why}: set COUNTERSIGN_LISTEN`))
    })
    listener.listen(port, host, () => {
      const bound = listener.address() as AddressInfo
      resolve(`${bound.family === 'IPv6' ? `[${bound.address}]` : bound.address}:${bound.port}`)
    })
  })
}

async function drain(listener: Server, server: CountersignServer): Promise<void> {
  server.services.streams.endAll()
  const closed = new Promise<void>((resolve) => listener.close(() => resolve()))
  listener.closeIdleConnections()
  const timer = setTimeout(() => listener.closeAllConnections(), serverLimits.drainMs)
  await closed
  clearTimeout(timer)
  await server.close()
}
