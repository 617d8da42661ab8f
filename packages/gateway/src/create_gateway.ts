import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { Server as NetServer } from 'node:net'
import type { Duplex } from 'node:stream'
import { setTimeout as wait } from 'node:timers/promises'
import { type AddressRange, isTrustedAddress, type Seconds } from '@countersign/core'
import { type ApiDescription, compileRoutes } from '@countersign/openapi'
import { boundConnections, withinFileLimit } from '@countersign/verifier/connections'
import {
  type BookKeeper,
  createRoom,
  type Engine,
  type Failures,
  unlimitedFailures,
} from '@countersign/verifier/engine'
import { type RefusalTimes, refusalTimes } from '@countersign/verifier/refusal_times'
import { type AssertionSource, createAssertions } from './assertion.ts'
import { type ForwardOptions, forward, noRoom } from './forward.ts'
import { createHttpExchange, type HttpExchange, type Refusal, refuse, upgradeResponse } from './http_exchange.ts'
import { gatewayLimits } from './limits.ts'
import { answerMalformed } from './malformed.ts'
import { type Admission, admit, admitAgain, type PipelineOptions, refusal } from './pipeline.ts'
import { type Place, type Rooms, takePlace } from './place.ts'
import type { RequestEvent } from './request_event.ts'
import { isWebSocket } from './request_flaw.ts'
import { createUpstream } from './upstream.ts'
import { createWatch } from './watch.ts'

/** The ports and options of a gateway. */
export interface GatewayOptions {
  readonly engine: Engine
  readonly keeper: BookKeeper
  readonly description: ApiDescription
  /** The URL to which requests go on; their path is appended to its path. */
  readonly upstream: URL
  /** The audience that a credential must be for. */
  readonly audience: string
  readonly assertions: AssertionSource
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
  /** The number of requests at the upstream at once; never more than three eighths of the file limit. Default 4,096. */
  readonly upstreamConnections?: number
  /** The number of upgraded connections and event streams at once, with the same bound. Default 10,000. */
  readonly longConnections?: number
  /** Decides when an answer 401 leaves. Default: its time tells nothing about the work it took. */
  readonly refusalTimes?: RefusalTimes
}

/** A gateway. */
export interface Gateway {
  /** The server, not yet listening. */
  readonly server: Server
  /** Stops accepting, ends exchanges that would never end by themselves, and finishes the rest within 10 s. */
  close(): Promise<void>
}

/**
 * Makes a reverse proxy with the engine in front, its routes read from an API description. Only described operations
 * are forwarded, with the caller's identity and never with the credential. Throws a `TypeError` for an unfit upstream.
 */
export function createGateway(options: GatewayOptions): Gateway {
  const { engine, keeper, nextRequestId, now, onRequest } = options
  if (options.audience === '') throw new TypeError('the audience must be given')
  const upstream = createUpstream(options.upstream)
  const watch = createWatch(engine, keeper)
  const pipeline: PipelineOptions = {
    engine,
    keeper,
    routes: compileRoutes(options.description),
    audience: options.audience,
    assertions: createAssertions(options.assertions, () => keeper.now()),
    trustedProxies: options.trustedProxies,
    failures: options.failures ?? unlimitedFailures,
    allowedHosts: options.allowedHosts,
  }
  const forwarding: ForwardOptions = {
    upstream,
    watch,
    upstreamTimeoutMs: options.upstreamTimeoutMs ?? gatewayLimits.upstreamTimeoutMs,
    openEnded: new Set(),
  }
  const rooms: Rooms = {
    short: createRoom(
      withinFileLimit(options.upstreamConnections ?? gatewayLimits.upstreamConnections, fileShare),
      gatewayLimits.roomWaitMs,
    ),
    long: createRoom(
      withinFileLimit(options.longConnections ?? gatewayLimits.longConnections, fileShare),
      gatewayLimits.roomWaitMs,
    ),
  }
  const running = new WeakMap<Duplex, HttpExchange>()
  const times = options.refusalTimes ?? refusalTimes()
  let isClosing = false

  function begin(request: IncomingMessage, response: ServerResponse, upgradeHead: Buffer | undefined): void {
    const exchange = createHttpExchange(request, response, upgradeHead, { requestId: nextRequestId(), now, onRequest })
    running.set(request.socket, exchange)
    if (isClosing) response.shouldKeepAlive = false
    const beganAt = performance.now()
    admit(request, pipeline)
      .then((admitted) => (isUnauthenticated(admitted) ? times.wait(beganAt).then(() => admitted) : admitted))
      .then((admitted) => proceed(exchange, admitted))
      .catch((error: unknown) => refuse(exchange, { ...internalError, why: placeOf(error) }))
  }

  function proceed(exchange: HttpExchange, admitted: Admission | Refusal): void | Promise<void> {
    if (isGone(exchange)) return exchange.report(499, 'client_gone', 'the caller went away')
    if ('answer' in admitted) return refuse(exchange, admitted)
    const taken = takePlace(rooms, admitted, exchange.upgradeHead !== undefined)
    if (!(taken instanceof Promise)) return forwardFrom(exchange, admitted, taken)
    return taken.then(async (place) => {
      const again = place === undefined ? admitted : await admitAgain(admitted, pipeline)
      if (!isGone(exchange) && !('answer' in again)) return forwardFrom(exchange, again, place)
      place?.leave()
      if (isGone(exchange)) exchange.report(499, 'client_gone', 'the caller went away')
      else if ('answer' in again) refuse(exchange, again)
    })
  }

  function forwardFrom(exchange: HttpExchange, admission: Admission, place: Place | undefined): void {
    if (place === undefined) {
      refuse(exchange, noRoom, admission.judged?.grant)
      return
    }
    const { request, response, upgradeHead } = exchange
    // The response of an upgrade releases its socket.
    const ending = upgradeHead === undefined ? response : request.socket
    ending.once('close', place.leave)
    forward(exchange, admission, forwarding, place)
  }

  const server = createServer({
    maxHeaderSize: gatewayLimits.headerBytesMax,
    headersTimeout: gatewayLimits.headersTimeoutMs,
    connectionsCheckingInterval: gatewayLimits.headersTimeoutEveryMs,
    // A body may take any time while it moves: forward.ts checks that it does.
    requestTimeout: 0,
    keepAliveTimeout: gatewayLimits.keepAliveTimeoutMs,
    insecureHTTPParser: false,
    // request_flaw.ts requires exactly one, in either HTTP version, and answers in our shape.
    requireHostHeader: false,
    shouldUpgradeCallback: isWebSocket,
  })
  // The section is bounded by bytes; Node's bound by count would drop fields silently.
  server.maxHeadersCount = 0
  server.on('request', (request, response) => begin(request, response, undefined))
  // The upstream decides whether it wants the body; until then the caller keeps it.
  server.on('checkContinue', (request, response) => begin(request, response, undefined))
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on('error', () => socket.destroy())
    begin(request, upgradeResponse(request), head)
  })
  server.on('connect', (request: IncomingMessage, socket: Duplex) => {
    socket.on('error', () => socket.destroy())
    begin(request, upgradeResponse(request), undefined)
  })
  boundConnections(server, {
    connectionsMax: withinFileLimit(gatewayLimits.connectionsMax, fileShare),
    writeTimeoutMs: gatewayLimits.writeTimeoutMs,
    isProxy: (peer) => isTrustedAddress(peer, options.trustedProxies),
    onMalformed(error, socket) {
      answerMalformed(error, socket, running.get(socket), { requestId: nextRequestId(), onRequest })
    },
  })

  return {
    server,
    async close() {
      isClosing = true
      for (const end of forwarding.openEnded) end()
      await drain(server)
      watch.close()
      upstream.close()
    },
  }
}

/**
 * Takes no new connections, answers requests on open ones and closes each after its answer, so that no request goes
 * into a connection that is being closed. Idle connections end after 2 s; those that become idle later end then.
 */
async function drain(server: Server): Promise<void> {
  if (!server.listening) return
  const closed = once(server, 'close')
  // The method of `node:net`: that of `node:http` closes idle connections at once, also when a request is on its way.
  NetServer.prototype.close.call(server)
  const pause = (ms: number): Promise<void> => wait(ms, undefined, { ref: false })
  await Promise.race([closed, pause(gatewayLimits.drainIdleMs)])
  const sweep = setInterval(() => server.closeIdleConnections(), 50)
  await Promise.race([closed, pause(gatewayLimits.drainMs - gatewayLimits.drainIdleMs)])
  clearInterval(sweep)
  server.closeAllConnections()
  await closed
}

/** The part of the file limit for callers' connections, and again for those to the upstream. */
const fileShare = 0.375

function isUnauthenticated(admitted: Admission | Refusal): boolean {
  return 'answer' in admitted && admitted.answer.status === 401
}

function isGone({ request, response }: HttpExchange): boolean {
  return response.destroyed || request.socket.destroyed
}

const internalError = refusal(500, 'internal_error', 'The gateway failed; the request is not at fault.')

/** The place of an error, for the log. Not its message: parsers quote the text that they could not read. */
function placeOf(error: unknown): string {
  if (!(error instanceof Error)) return 'a value that is no Error was thrown'
  const frame = error.stack?.split('\n').find((line) => /^\s+at /.test(line)) ?? ''
  return `${error.name} ${frame.trim().replace(/\(?\S*\/(?=[^/]*$)/, '')}`
}
