/** Everything that endpoints, grants and management are given, put together once. */
import { type Seconds, Shares } from '@countersign/core'
import {
  Cache,
  createEngine,
  createFailures,
  type Failures,
  PackedKeys,
  systemClock,
  unlimitedFailures,
} from '@countersign/verifier/engine'
import { createOperationLists } from './apis/operation_lists.ts'
import { createRequirements } from './apis/requirement.ts'
import { createClientFacts } from './caller/client_facts.ts'
import { createSessionMoves } from './caller/session_moves.ts'
import type { Services, TenantContext } from './context.ts'
import type { Books } from './feed/books.ts'
import { storeDirectory } from './feed/directory.ts'
import { createPlaceSeals } from './feed/place_seal.ts'
import { createPositions } from './feed/positions.ts'
import { createRevocationMacs } from './feed/revocation_mac.ts'
import { createSnapshots } from './feed/snapshots.ts'
import { createStreams } from './feed/streams.ts'
import { systemTimers } from './feed/timers.ts'
import { createWarming } from './feed/warming.ts'
import { createIssuerKeys } from './issuers/issuer_keys.ts'
import { createSigningKeys } from './keys/signing_keys.ts'
import { createSigningThread } from './keys/signing_thread.ts'
import { serverLimits } from './limits.ts'
import { createMailer } from './mail/mailer.ts'
import { createCallRoom } from './management/apis/call_room.ts'
import { createIdempotencyRoom } from './management/idempotency_room.ts'
import { createRunning } from './management/running.ts'
import { createApiRegistry } from './oauth/api_registry.ts'
import { createClientReads } from './oauth/client_reads.ts'
import { createClientSecrets } from './oauth/client_secrets.ts'
import { createOpaqueTokens } from './oauth/opaque_tokens.ts'
import { createRefreshTokens } from './oauth/person/refresh_token.ts'
import { registerGauges } from './observe/gauges.ts'
import { keptAddress } from './observe/kept_address.ts'
import type { Metrics } from './observe/metrics.ts'
import { createRefusalRoom } from './observe/refusal_room.ts'
import { createUsage } from './observe/usage.ts'
import { createUsageNames } from './observe/usage_names.ts'
import { usageRetentionDefault } from './observe/usage_retention.ts'
import { createOutbound } from './outbound/outbound_client.ts'
import { createPasswords } from './people/password.ts'
import { openPortalFiles } from './people/portal/files.ts'
import { createSignInTries } from './people/sign_in_tries.ts'
import type { ServerLimiter } from './redis/limiter.ts'
import type { ServerOptions } from './server_options.ts'

export function createServices(
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
  const { store, books, now, issuerOf, metrics, limiter, randomBytes } = options
  const clock = systemClock(options.now)
  const flushMs = options.flushUsageMs ?? serverLimits.flushUsageMs
  const lastUsedFrom = (address?: string) => keptAddress(address, options.lastUsedAddresses ?? 'network')
  const usage = createUsage({ store, clock, log: options.log, metrics, flushMs, randomBytes, lastUsedFrom })
  const macs = createRevocationMacs(options.master)
  const seals = createPlaceSeals(options.master)
  const rowsMax = options.packedKeysMax ?? serverLimits.credentialsPackedMin
  const warming = createWarming(store, options.log, rowsMax)
  // One for all tenants: what is idle in one makes room for another.
  const { packedTextBytesMin, packedTextBytesPerKey } = serverLimits
  const textBytesMax = Math.max(packedTextBytesMin, rowsMax * packedTextBytesPerKey)
  const packedKeys = new PackedKeys({ rowsMax, textBytesMax })
  const outbound = options.outbound ?? createOutbound()
  const issuerKeys = createIssuerKeys({ store, books, outbound, log: options.log, now })
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
      directory: storeDirectory(store, id, (issuerId) => issuerKeys.want(id, issuerId)),
      limiter,
      clock,
      // A look-up here is one read of an index, not a round trip.
      unknownPerSecondMax: Number.POSITIVE_INFINITY,
      cacheEntriesMax: serverLimits.credentialsCachedMax,
      packedKeys,
      keepsRefused: false,
      clientMetadata: true,
      usage: counter,
      onAhead: (sequence) => void books.claim({ tenant: id, sequence }).catch(() => {}),
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
    signing: createSigningThread({ log: options.log, nowMs: () => clock.stamp().monotonicMs }),
    limiter,
    failures: options.limitsFailures === false ? unlimitedFailures : countLimits(createFailures(now), metrics),
    outbound,
    mailer: createMailer({ transport: options.mail, log: options.log, now }),
    openness: options.openness ?? 'invited',
    portal: options.portal ?? openPortalFiles(),
    isPortalBuilding: options.isPortalBuilding ?? (() => false),
    hasPortalKit: options.hasPortalKit ?? false,
    issuerKeys,
    apis: createApiRegistry({ store, books }, clock),
    clientSecrets: createClientSecrets({ store, books }, clock),
    clientReads: createClientReads(store),
    clientFacts: createClientFacts({ store, books }, clock),
    positions: createPositions(store, now),
    macs,
    seals,
    streams: createStreams(books, macs, seals),
    questions: new Shares(serverLimits.questionsMax),
    snapshots: createSnapshots({ store, books, macs, clock, timers: systemTimers }),
    usage,
    usageNames: createUsageNames(),
    refusalRoom: createRefusalRoom(),
    usageRetention: options.usageRetention ?? usageRetentionDefault,
    lastUsedFrom,
    warming,
    requirements: createRequirements({ store, books }, clock),
    operationLists: createOperationLists(),
    running: createRunning(),
    callRoom: createCallRoom(),
    idempotencyRoom: createIdempotencyRoom(),
    opaqueTokens: createOpaqueTokens(metrics.opaqueIssued),
    refreshTokens: createRefreshTokens(options.master),
    passwords: options.passwords ?? createPasswords({ randomBytes }),
    signInTries: createSignInTries(options.limitsFailures === false ? { perMinute: Number.POSITIVE_INFINITY } : {}),
    sessionMoves: createSessionMoves({
      store,
      now,
      onError: (error) => options.log.warn({ error }, 'the end of a session could not be moved'),
    }),
    now,
    randomBytes,
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

/** Counts the attempts that the failure limit refuses. */
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
