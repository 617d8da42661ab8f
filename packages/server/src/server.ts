/** The composition root: store, books and services in their order. */
import type { Server } from 'node:http'
import { randomBase62, type Seconds, type Secret } from '@countersign/core'
import { systemClock } from '@countersign/verifier/engine'
import { refusalTimes } from '@countersign/verifier/refusal_times'
import type { Services } from './context.ts'
import { createServices } from './create_services.ts'
import { type Books, openBooks } from './feed/books.ts'
import { createDropTimes } from './feed/drop_time.ts'
import type { Noted } from './feed/place_file.ts'
import { sayRollback } from './feed/rollback.ts'
import { systemTimers } from './feed/timers.ts'
import type { Answer } from './http/answer.ts'
import { createDispatch } from './http/dispatch.ts'
import { createListener } from './http/node_listener.ts'
import type { HttpRequest } from './http/request.ts'
import { createRandomBytes } from './keys/random_bytes.ts'
import { mount } from './mount.ts'
import { limitFailures } from './observe/failure_log.ts'
import { measureStore } from './observe/measured_store.ts'
import { createMetrics } from './observe/metrics.ts'
import { createRequestLog } from './observe/request_log.ts'
import { processLimiter } from './redis/limiter.ts'
import { startOwnHandBack } from './restore/own_hand_back.ts'
import { readBootClock } from './run/boot_clock.ts'
import { watchFatal } from './run/fatal.ts'
import { startMaintenance } from './run/maintenance.ts'
import type { ServerOptions } from './server_options.ts'
import { bootstrap, defaultTenantId } from './tenants/bootstrap.ts'

export interface CountersignServer {
  readonly services: Services
  /** Shown once: only when this start made the installation. */
  readonly adminKey: Secret | undefined
  /** One request, without a socket. */
  handle(request: HttpRequest): Promise<Answer> | Answer
  /** A `node:http` server that is not listening yet. */
  createListener(): Server
  /** Let streams go, flush what is counted, close the store. */
  close(): Promise<void>
}

export async function createServer(options: ServerOptions): Promise<CountersignServer> {
  const { baseUrl } = options
  const log = limitFailures(options.log, () => performance.now())
  let isClosing = false
  const limiter = options.limiter ?? processLimiter()
  const clock = systemClock(options.now)
  const metrics = createMetrics(limiter, clock)
  const store = watchFatal(measureStore(options.store, metrics), (error) => {
    if (!isClosing) options.onFatal?.(error)
  })
  const now = (): Seconds => clock.stamp().wallMs / 1000
  const issuerOf = (slug: string): string => (slug === '' ? baseUrl : `${baseUrl}/t/${slug}`)
  const keyPrefix = options.keyPrefix ?? 'cs'
  const randomBytes = createRandomBytes()
  const processId = `process_${randomBase62(12, randomBytes)}`
  const onRollback = sayRollback(log, metrics)
  // Before anything is written that would continue an older history.
  const noted = options.placeFile?.read()
  const begun = noted === undefined ? undefined : await store.leaveHistory([noted])
  if (begun !== undefined) onRollback(begun)
  const adminKey = await bootstrap({ ...options, store, keyPrefix, now, randomBytes, issuerOf })
  const books = await openBooks({
    store,
    clock,
    timers: systemTimers,
    issuerOf,
    defaultTenant: defaultTenantId,
    maxStalenessSeconds: options.maxStalenessSeconds ?? 10,
    random: Math.random,
    processId,
    onProblem: (message, error) => log.error({ error }, message),
    onRollback,
  })
  const services = createServices({
    ...options,
    log,
    store,
    keyPrefix,
    now,
    books,
    issuerOf,
    processId,
    randomBytes,
    limiter,
    metrics,
  })
  const dropTimes = createDropTimes({ store, clock, bootClock: options.bootClock ?? readBootClock })
  // This process begins to count here, not with its first round.
  await dropTimes.read()
  const stopMaintenance = startMaintenance(services, dropTimes)
  const stopHandBack = startOwnHandBack(services, systemTimers, Math.random)
  const stopPlaceFile = options.placeFile?.follow(store, books.epoch, presentPlace(books))
  // The default tenant's engine begins now; others begin with their first request.
  services.tenant('')
  const handle = createDispatch({
    ...options,
    routes: mount(services),
    basePath: new URL(baseUrl).pathname.replace(/\/$/, ''),
    tenant: services.tenant,
    refusalTimes: options.refusalTimes ?? refusalTimes(),
    unmatched: metrics.route('', 'none'),
    ...(options.requestLog === undefined
      ? {}
      : {
          onAnswer: createRequestLog({
            log,
            options: options.requestLog,
            trustedProxies: options.trustedProxies ?? [],
            nowMs: () => performance.now(),
            schedule: (delayMs, run) => setTimeout(run, delayMs).unref(),
          }),
        }),
    onError: ({ requestId }, error) => log.error({ requestId, error }, 'request failed'),
  })

  return {
    services,
    adminKey,
    handle,
    createListener: () =>
      createListener(handle, requestIds(randomBytes), {
        trustedProxies: options.trustedProxies,
        errorPages: options.baseUrl,
      }),
    async close() {
      isClosing = true
      services.streams.endAll()
      services.warming.stop()
      await stopMaintenance()
      stopHandBack()
      stopPlaceFile?.()
      services.limiter.close()
      services.signing.close()
      services.passwords.close()
      await services.mailer.close()
      await services.positions.flush().catch(() => {})
      await services.usage.close()
      books.close()
      await store.close()
    },
  }
}

/** The default tenant's, which every installation has. */
function presentPlace(books: Books): Noted {
  const { sequence, chain } = books.book(defaultTenantId)?.place ?? { sequence: 0, chain: '' }
  return { tenant: defaultTenantId, position: books.position(), sequence, chain }
}

/** Unique here and elsewhere: random for the process, counted within it. */
function requestIds(randomBytes: (count: number) => Uint8Array): () => string {
  const begin = `req_${randomBase62(12, randomBytes)}_`
  let count = 0
  return () => begin + (count++).toString(36)
}
