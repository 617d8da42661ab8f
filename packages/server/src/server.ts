/** The composition root: builds every service, mounts every endpoint. Long and boring on purpose. */
import type { Server } from 'node:http'
import { openapiDocument } from '@countersign/contract'
import { type AddressRange, problemAnswer, randomBase62, type Seconds, type Secret } from '@countersign/core'
import type { Store, UsageRetention } from '@countersign/store'
import {
  Cache,
  createEngine,
  createFailures,
  type Failures,
  PackedKeys,
  systemClock,
  unlimitedFailures,
} from '@countersign/verifier'
import { assertions } from './endpoints/assertions.ts'
import { feed, feedPosition, feedSnapshot } from './endpoints/feed.ts'
import { forwardAuth } from './endpoints/forward_auth.ts'
import { healthz, metrics, readyz } from './endpoints/health.ts'
import { introspect } from './endpoints/introspect.ts'
import { jwks } from './endpoints/jwks.ts'
import { lookup } from './endpoints/lookup.ts'
import { metadata } from './endpoints/metadata.ts'
import { revoke } from './endpoints/revoke.ts'
import { token } from './endpoints/token.ts'
import { verify } from './endpoints/verify.ts'
import { type Books, openBooks } from './feed/books.ts'
import { storeDirectory } from './feed/directory.ts'
import type { Answer, Exchange } from './http/exchange.ts'
import { createListener } from './http/node_listener.ts'
import { answerError, json, problem } from './http/respond.ts'
import { createRouter, type MountedRoute, type RouteMatch } from './http/router.ts'
import { serverLimits } from './limits.ts'
import { operations } from './management/index.ts'
import { createApiRegistry } from './services/api_registry.ts'
import { bootstrap } from './services/bootstrap.ts'
import { createClientSecrets } from './services/client_secrets.ts'
import { watchFatal } from './services/fatal.ts'
import { registerGauges } from './services/gauges.ts'
import { createGuards } from './services/guards.ts'
import type { Log } from './services/log.ts'
import { startMaintenance } from './services/maintenance.ts'
import type { MasterKey } from './services/master_key.ts'
import { measureStore } from './services/measured_store.ts'
import { createMetrics } from './services/metrics.ts'
import { createPositions } from './services/positions.ts'
import { createRandomBytes } from './services/random_bytes.ts'
import { processLimiter, type ServerLimiter } from './services/redis_limiter.ts'
import { createRunning } from './services/running.ts'
import type { Metrics, Services, TenantContext } from './services/services.ts'
import { createSigningKeys } from './services/signing_keys.ts'
import { createSnapshots } from './services/snapshots.ts'
import { createStreams } from './services/streams.ts'
import { createUsage } from './services/usage.ts'
import { usageRetentionDefault } from './services/usage_retention.ts'
import { createWarming } from './services/warming.ts'

export interface ServerOptions {
  readonly store: Store
  readonly master: MasterKey
  /** The default tenant's issuer, without a slash at its end. */
  readonly baseUrl: string
  readonly version: string
  readonly log: Log
  readonly keyPrefix?: string
  readonly trustedProxies?: readonly AddressRange[]
  /** Used when the installation is new. */
  readonly adminKey?: Secret
  /** The wall clock in seconds. Default: the machine's. */
  readonly now?: () => Seconds
  /** The server's own bound against its database. Default 10 seconds. */
  readonly maxStalenessSeconds?: number
  /**
   * Called once when the database can no longer be trusted by this process, which must then end. Default: nothing beyond
   * the errors that are logged and answered; `serve` exits with 1.
   */
  readonly onFatal?: (error: Error) => void
  /** Counts rate limits, with other processes perhaps; closed with the server. Default: in this process alone. */
  readonly limiter?: ServerLimiter
  /** Failed credentials and wrong secrets are limited for each address. Default true; `dev` limits nothing. */
  readonly limitsFailures?: boolean
  /** How long counts of usage are kept. Default: by minute 2 days, by hour 60, by day 400. */
  readonly usageRetention?: UsageRetention
  /** Counts are written this long after the first of them. Default 800 ms. */
  readonly flushUsageMs?: number
  /** Refuse requests whose `Host` is another (DNS rebinding): `dev` only. */
  readonly allowedHosts?: (host: string) => boolean
}

export interface CountersignServer {
  readonly services: Services
  /** Shown once: only when this start made the installation. */
  readonly adminKey: Secret | undefined
  /** One request, without a socket. */
  handle(exchange: Exchange): Promise<Answer> | Answer
  /** A `node:http` server that is not listening yet. */
  createListener(): Server
  /** Let streams go, flush what is counted, close the store. */
  close(): Promise<void>
}

type Endpoint = (
  tenant: TenantContext,
  exchange: Exchange,
  params: Readonly<Record<string, string>>,
) => Promise<Answer> | Answer

export async function createServer(options: ServerOptions): Promise<CountersignServer> {
  const { baseUrl, log } = options
  let isClosing = false
  const limiter = options.limiter ?? processLimiter()
  const metrics = createMetrics(limiter)
  const store = watchFatal(measureStore(options.store, metrics), (error) => {
    if (!isClosing) options.onFatal?.(error)
  })
  const clock = systemClock(options.now)
  const now = (): Seconds => clock.stamp().wallMs / 1000
  const issuerOf = (slug: string): string => (slug === '' ? baseUrl : `${baseUrl}/t/${slug}`)
  const keyPrefix = options.keyPrefix ?? 'cs'
  const randomBytes = createRandomBytes()
  const processId = `process_${randomBase62(12, randomBytes)}`
  const adminKey = await bootstrap({ ...options, store, keyPrefix, now, randomBytes, issuerOf })
  const books = await openBooks({
    store,
    clock,
    issuerOf,
    maxStalenessSeconds: options.maxStalenessSeconds ?? 10,
    random: Math.random,
    processId,
    onProblem: (message, error) => log.error({ error }, message),
  })
  const services = createServices({
    ...options,
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
  const stopMaintenance = startMaintenance(services)
  // The default tenant's engine begins now; others begin with their first request.
  services.tenant('')
  const route = createRouter(mount(services))
  const basePath = new URL(baseUrl).pathname.replace(/\/$/, '')

  const unmatched = metrics.route('', 'none')

  function handle(exchange: Exchange): Promise<Answer> | Answer {
    const beganAt = performance.now()
    const located = locate(exchange.path, basePath)
    const match = route.match(exchange.method, located.path)
    const answered = match.kind === 'found' ? match.endpoint.answered : unmatched
    const measured = (answer: Answer): Answer => {
      answered(answer.status, (performance.now() - beganAt) / 1000)
      return answer
    }
    const answer = answerTo(exchange, located, match)
    if (!(answer instanceof Promise)) return measured(answer)
    return answer.then(measured, (error: unknown) => measured(failed(services, exchange, error)))
  }

  function answerTo(exchange: Exchange, located: Located, match: RouteMatch<Mounted>): Promise<Answer> | Answer {
    if (options.allowedHosts !== undefined && !options.allowedHosts(hostOf(exchange) ?? '')) {
      return problem(exchange, problemAnswer(421, 'misdirected_request', 'This server answers for another host.'))
    }
    const tenant = services.tenant(located.slug)
    if (match.kind === 'not_found' || tenant === undefined) {
      return problem(exchange, problemAnswer(404, 'not_found', 'There is nothing at this path.'))
    }
    if (match.kind === 'method_not_allowed') {
      const headers = { Allow: match.allow.join(', ') }
      return problem(
        exchange,
        problemAnswer(405, 'method_not_allowed', 'This path has other methods; see Allow.', headers),
      )
    }
    const { endpoint, isRootOnly } = match.endpoint
    if (isRootOnly && located.slug !== '')
      return problem(exchange, problemAnswer(404, 'not_found', 'There is nothing at this path.'))
    try {
      return endpoint(tenant, exchange, match.params)
    } catch (error) {
      return failed(services, exchange, error)
    }
  }

  return {
    services,
    adminKey,
    handle,
    createListener: () => createListener(handle, requestIds(randomBytes)),
    async close() {
      isClosing = true
      services.streams.endAll()
      services.warming.stop()
      stopMaintenance()
      services.limiter.close()
      await services.positions.flush().catch(() => {})
      await services.usage.close()
      books.close()
      await store.close()
    },
  }
}

/** Unique here and elsewhere: random for the process, counted within it. */
function requestIds(randomBytes: (count: number) => Uint8Array): () => string {
  const begin = `req_${randomBase62(12, randomBytes)}_`
  let count = 0
  return () => begin + (count++).toString(36)
}

interface Mounted {
  readonly endpoint: Endpoint
  /** Not below a tenant. */
  readonly isRootOnly: boolean
  readonly answered: (status: number, seconds: number) => void
}

/** Every path there is. Those of contract.md §4 first, then the hot routes of §5, then the management operations. */
function mount(services: Services): readonly MountedRoute<Mounted>[] {
  const at = (method: string, path: string, endpoint: Endpoint, isRootOnly = false): MountedRoute<Mounted> => ({
    method,
    path,
    endpoint: { endpoint, isRootOnly, answered: services.metrics.route(method, path) },
  })
  const document = (tenant: TenantContext): Answer =>
    json(200, openapiDocument({ issuer: tenant.issuer, version: services.version }), {
      'Cache-Control': 'public, max-age=300',
    })
  return [
    at('GET', '/.well-known/oauth-authorization-server', metadata),
    at('GET', '/.well-known/openid-configuration', metadata),
    at('GET', '/oauth/jwks', (tenant) => jwks(services, tenant, 'access_token')),
    at('POST', '/oauth/token', (tenant, exchange) => token(services, tenant, exchange)),
    at('POST', '/oauth/introspect', (tenant, exchange) => introspect(services, tenant, exchange)),
    at('POST', '/oauth/revoke', (tenant, exchange) => revoke(services, tenant, exchange)),
    at('GET', '/healthz', healthz, true),
    at('GET', '/readyz', (tenant) => readyz(services, tenant), true),
    at('GET', '/metrics', (_, exchange) => metrics(services, exchange), true),
    at('GET', '/openapi.json', document),

    at('POST', '/v1/verify', (tenant, exchange) => verify(services, tenant, exchange)),
    at('POST', '/v1/lookup', (tenant, exchange) => lookup(services, tenant, exchange)),
    at('GET', '/v1/feed/snapshot', (tenant, exchange) => feedSnapshot(services, tenant, exchange)),
    at('GET', '/v1/feed', (tenant, exchange) => feed(services, tenant, exchange)),
    at('POST', '/v1/feed/position', (tenant, exchange) => feedPosition(services, tenant, exchange)),
    at('POST', '/v1/assertions', (tenant, exchange) => assertions(services, tenant, exchange)),
    at('GET', '/v1/assertion-jwks', (tenant) => jwks(services, tenant, 'gateway_assertion')),
    at('ANY', '/v1/forward-auth', (tenant, exchange) => forwardAuth(services, tenant, exchange)),
    at('ANY', '/v1/forward-auth/*', (tenant, exchange) => forwardAuth(services, tenant, exchange)),

    ...operations.map((operation) =>
      at(
        operation.route.method,
        operation.route.path,
        (tenant, exchange, params) => operation.handle(services, tenant, exchange, params),
        operation.route.isDefaultTenantOnly === true,
      ),
    ),
  ]
}

function createServices(
  options: ServerOptions & {
    readonly keyPrefix: string
    readonly now: () => Seconds
    readonly books: Books
    readonly issuerOf: (slug: string) => string
    readonly processId: string
    readonly randomBytes: (count: number) => Uint8Array
    readonly metrics: Metrics
    readonly limiter: ServerLimiter
  },
): Services {
  const { store, books, now, issuerOf, metrics, limiter } = options
  const clock = systemClock(options.now)
  const flushMs = options.flushUsageMs ?? serverLimits.flushUsageMs
  const usage = createUsage({ store, clock, log: options.log, metrics, flushMs })
  const warming = createWarming(store, options.log)
  // One for all tenants: what is idle in one makes room for another.
  const packedKeys = new PackedKeys({ rowsMax: serverLimits.credentialsPackedMax })
  const tenants = new Cache<TenantContext>(20_000)

  function tenantById(id: string): TenantContext | undefined {
    const slug = books.book(id)?.state('tenant', id)?.slug
    if (slug === undefined) return undefined
    const known = tenants.get(id)
    if (known !== undefined) return known
    const issuer = issuerOf(slug)
    const counter = usage.counterOf(id)
    const engine = createEngine({
      keeper: books.keeper(id),
      directory: storeDirectory(store, id),
      limiter,
      clock,
      // A look-up here is one read of an index, not a round trip.
      unknownPerSecondMax: Number.POSITIVE_INFINITY,
      cacheEntriesMax: serverLimits.credentialsCachedMax,
      packedKeys,
      usage: counter,
    })
    const context = { id, slug, issuer, managementAudience: `${issuer}/v1`, engine, usage: counter }
    tenants.set(id, context)
    warming.add(id, engine)
    return context
  }

  const services: Services = {
    baseUrl: options.baseUrl,
    keyPrefix: options.keyPrefix,
    version: options.version,
    processId: options.processId,
    store,
    books,
    master: options.master,
    signingKeys: createSigningKeys({ store, master: options.master, books, now }),
    limiter,
    failures: options.limitsFailures === false ? unlimitedFailures : countLimits(createFailures(now), metrics),
    apis: createApiRegistry({ store, books }),
    clientSecrets: createClientSecrets({ store, books }, clock),
    guards: createGuards({ store, books }),
    positions: createPositions(store, now),
    streams: createStreams(books),
    snapshots: createSnapshots(store, books, now),
    usage,
    usageRetention: options.usageRetention ?? usageRetentionDefault,
    warming,
    running: createRunning(),
    now,
    randomBytes: options.randomBytes,
    trustedProxies: options.trustedProxies ?? [],
    log: options.log,
    metrics,
    tenant(slug) {
      const id = books.tenantBySlug(slug)
      return id === undefined ? undefined : tenantById(id)
    },
    tenantById,
  }
  registerGauges(services, packedKeys)
  return services
}

/** Those who are not let try are counted. */
function countLimits(failures: Failures, metrics: Metrics): Failures {
  return {
    ...failures,
    isLeft(id, rate) {
      const isLeft = failures.isLeft(id, rate)
      if (!isLeft) metrics.limited()
      return isLeft
    },
  }
}

interface Located {
  readonly slug: string
  readonly path: string
}

/**
 * The tenant's slug and the path below its issuer: `/t/acme/oauth/token`, and RFC 8414 §3.1's other spelling,
 * `/.well-known/oauth-authorization-server/t/acme`.
 */
function locate(path: string, basePath: string): Located {
  const below = basePath !== '' && path.startsWith(`${basePath}/`) ? path.slice(basePath.length) : path
  const wellKnown = /^(\/\.well-known\/(?:oauth-authorization-server|openid-configuration))(\/.*)$/.exec(below)
  const rest = wellKnown === null ? below : `${wellKnown[2]}${wellKnown[1]}`
  const withBase =
    wellKnown !== null && basePath !== '' && rest.startsWith(basePath) ? rest.slice(basePath.length) : rest
  const tenant = /^\/t\/([a-z0-9-]{1,63})(\/.*)$/.exec(withBase)
  return tenant === null ? { slug: '', path: withBase } : { slug: tenant[1] as string, path: tenant[2] as string }
}

function hostOf(exchange: Exchange): string | undefined {
  const at = exchange.rawHeaders.findIndex((name, index) => index % 2 === 0 && name.toLowerCase() === 'host')
  return at < 0 ? undefined : exchange.rawHeaders[at + 1]
}

function failed(services: Services, exchange: Exchange, error: unknown): Answer {
  return answerError(exchange, error, (cause) =>
    services.log.error({ requestId: exchange.requestId, error: cause }, 'request failed'),
  )
}
