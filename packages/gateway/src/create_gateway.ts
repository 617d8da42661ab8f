import type { Server } from 'node:http'
import { type AddressRange, isTrustedAddress, requireOptions, type Seconds } from '@countersign/core'
import { type ApiDescription, compileRoutes } from '@countersign/openapi'
import { boundConnections, withinFileLimit } from '@countersign/verifier/connections'
import {
  type BookKeeper,
  createRoom,
  type Engine,
  type Failures,
  followPlaces,
  type Room,
  unlimitedFailures,
} from '@countersign/verifier/engine'
import { type RefusalTimes, refusalTimes } from '@countersign/verifier/refusal_times'
import { type AssertionSource, createAssertions } from './assertion.ts'
import { createCors } from './cors.ts'
import type { ForwardOptions } from './forward.ts'
import { createIdleWatch } from './idle.ts'
import { gatewayLimits } from './limits.ts'
import { answerMalformed } from './malformed.ts'
import { createPassage } from './passage.ts'
import type { PipelineOptions } from './pipeline.ts'
import type { Rooms } from './place.ts'
import { createProxyServer, drain } from './proxy_server.ts'
import type { RequestEvent } from './request_event.ts'
import { createUpstream } from './upstream.ts'
import { createWatch } from './watch.ts'

/** The ports and options of a gateway. */
export interface GatewayOptions {
  readonly engine: Engine
  readonly keeper: BookKeeper
  /** The routes; its `credentialHeaders` hold while nobody has set any at the server. */
  readonly description: ApiDescription
  /** The URL to which requests go on; their path is appended to its path. */
  readonly upstream: URL
  /** The audience that a credential must be for. */
  readonly audience: string
  readonly assertions: AssertionSource
  /** The issuer whose pages tell about the codes of refusals. Default: refusals name no page. */
  readonly issuer?: string
  /** Peers whose `X-Forwarded-*` fields are believed. */
  readonly trustedProxies: readonly AddressRange[]
  /** The clock for durations in events, in seconds. Ends are judged by the keeper's clock. */
  readonly now: () => Seconds
  readonly nextRequestId: () => string
  /** Counts failed credentials by address; beyond 600 a minute they are answered 429. Default: nothing is limited. */
  readonly failures?: Failures
  readonly onRequest?: (event: RequestEvent) => void
  /** Judges the `Host` field as it came, with its port. Default: every host is answered. */
  readonly allowedHosts?: (host: string) => boolean
  /** Milliseconds from the last byte of a request until the upstream's answer begins. Default 30,000. */
  readonly upstreamTimeoutMs?: number
  /** Milliseconds in which an answer that has begun may send nothing. Default 120,000. */
  readonly idleTimeoutMs?: number
  /** The same for event streams and upgraded connections. Default 3,600,000. */
  readonly streamIdleTimeoutMs?: number
  /** PEM: authorities for the upstream's certificate, besides the system's. */
  readonly upstreamCa?: string
  /** Origins whose scripts may read answers; the upstream's own CORS fields are then dropped. Default: none. */
  readonly corsOrigins?: readonly string[]
  /** The number of requests at the upstream at once; never more than three eighths of the file limit. Default 4,096. */
  readonly upstreamConnections?: number
  /** The number of upgraded connections and event streams at once, with the same bound. Default 10,000. */
  readonly longConnections?: number
  /** Decides when an answer 401 leaves. Default: its time tells nothing about the work it took. */
  readonly refusalTimes?: RefusalTimes
}

const optionNames = {
  engine: true,
  keeper: true,
  description: true,
  upstream: true,
  audience: true,
  assertions: true,
  issuer: true,
  trustedProxies: true,
  now: true,
  nextRequestId: true,
  failures: true,
  onRequest: true,
  allowedHosts: true,
  upstreamTimeoutMs: true,
  idleTimeoutMs: true,
  streamIdleTimeoutMs: true,
  upstreamCa: true,
  corsOrigins: true,
  upstreamConnections: true,
  longConnections: true,
  refusalTimes: true,
} satisfies Record<keyof GatewayOptions, true>

/** A gateway. */
export interface Gateway {
  /** The server, not yet listening. */
  readonly server: Server
  /** Stops accepting, ends exchanges that would never end by themselves, and finishes the rest within 10 s. */
  close(): Promise<void>
}

/**
 * Makes a reverse proxy with the engine in front, its routes read from an API description. Only described operations
 * are forwarded, with the caller's identity and never with the credential. Throws a `TypeError` for an unfit upstream, and
 * for an unknown option: a misspelt one that protects would be missing unseen.
 */
export function createGateway(options: GatewayOptions): Gateway {
  const { engine, keeper, nextRequestId, onRequest, issuer } = options
  requireOptions('createGateway', options, optionNames)
  if (options.audience === '') throw new TypeError('the audience must be given')
  const upstream = createUpstream(options.upstream, options.upstreamCa)
  const watch = createWatch(engine, keeper)
  const pipeline: PipelineOptions = {
    engine,
    keeper,
    routes: compileRoutes(options.description),
    audience: options.audience,
    placesNow: followPlaces(keeper, options.audience, options.description.credentialHeaders),
    assertions: createAssertions(options.assertions, () => keeper.now()),
    trustedProxies: options.trustedProxies,
    failures: options.failures ?? unlimitedFailures,
    allowedHosts: options.allowedHosts,
    cors: options.corsOrigins === undefined ? undefined : createCors(options.corsOrigins),
  }
  const forwarding: ForwardOptions = {
    upstream,
    watch,
    upstreamTimeoutMs: options.upstreamTimeoutMs ?? gatewayLimits.upstreamTimeoutMs,
    ...idleOptions(options),
    openEnded: new Set(),
  }
  const passage = createPassage({
    pipeline,
    forwarding,
    rooms: roomsOf(options),
    times: options.refusalTimes ?? refusalTimes(),
    now: options.now,
    nextRequestId,
    onRequest,
    issuer,
  })
  const server = createProxyServer(passage)
  boundConnections(server, {
    connectionsMax: withinFileLimit(gatewayLimits.connectionsMax, fileShare),
    writeTimeoutMs: gatewayLimits.writeTimeoutMs,
    isProxy: (peer) => isTrustedAddress(peer, options.trustedProxies),
    onMalformed(error, socket) {
      const requestId = nextRequestId()
      answerMalformed(error, socket, passage.lastOn(socket), { requestId, onRequest, issuer })
    },
  })

  return {
    server,
    async close() {
      passage.close()
      for (const end of forwarding.openEnded) end()
      await drain(server)
      watch.close()
      forwarding.idle.close()
      upstream.close()
    },
  }
}

function idleOptions(options: GatewayOptions): Pick<ForwardOptions, 'idle' | 'idleTimeoutMs' | 'streamIdleTimeoutMs'> {
  const { idleTimeoutMs = gatewayLimits.idleTimeoutMs, streamIdleTimeoutMs = gatewayLimits.streamIdleTimeoutMs } =
    options
  // A short limit, as tests have it, is looked at more often.
  const everyMs = Math.min(gatewayLimits.idleEveryMs, idleTimeoutMs / 4, streamIdleTimeoutMs / 4)
  return { idle: createIdleWatch(Math.max(1, everyMs)), idleTimeoutMs, streamIdleTimeoutMs }
}

/** The part of the file limit for callers' connections, and again for those to the upstream. */
const fileShare = 0.375

function roomsOf({ upstreamConnections, longConnections }: GatewayOptions): Rooms {
  const roomOf = (most: number): Room => createRoom(withinFileLimit(most, fileShare), gatewayLimits.roomWaitMs)
  return {
    short: roomOf(upstreamConnections ?? gatewayLimits.upstreamConnections),
    long: roomOf(longConnections ?? gatewayLimits.longConnections),
  }
}
