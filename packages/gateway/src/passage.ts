/** The way of an HTTP exchange through the gateway: it is admitted, gets a place at the upstream and goes there. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Seconds } from '@countersign/core'
import type { RefusalTimes } from '@countersign/verifier/refusal_times'
import { type ForwardOptions, forward, noRoom } from './forward.ts'
import { createHttpExchange, type HttpExchange, type Refusal, refuse } from './http_exchange.ts'
import { type Admission, admit, admitAgain, type PipelineOptions, refusal } from './pipeline.ts'
import { type Place, type Rooms, takePlace } from './place.ts'
import type { RequestEvent } from './request_event.ts'

export interface Passage {
  /** `upgradeHead` as in `HttpExchange`. */
  begin(request: IncomingMessage, response: ServerResponse, upgradeHead: Buffer | undefined): void
  /** The last exchange on a connection. */
  lastOn(socket: Duplex): HttpExchange | undefined
  /** From now on each connection ends after its answer. */
  close(): void
}

export function createPassage(options: {
  readonly pipeline: PipelineOptions
  readonly forwarding: ForwardOptions
  readonly rooms: Rooms
  readonly times: RefusalTimes
  readonly now: () => Seconds
  readonly nextRequestId: () => string
  readonly onRequest: ((event: RequestEvent) => void) | undefined
  readonly issuer: string | undefined
}): Passage {
  const { pipeline, rooms, times, now, nextRequestId, onRequest, issuer } = options
  const running = new WeakMap<Duplex, HttpExchange>()
  let isClosing = false

  function proceed(exchange: HttpExchange, admitted: Admission | Refusal): void | Promise<void> {
    if (isGone(exchange)) return exchange.report(499, 'client_gone', 'the caller went away')
    if ('answer' in admitted) return refuse(exchange, admitted)
    const taken = takePlace(rooms, admitted, exchange.upgradeHead !== undefined)
    if (!(taken instanceof Promise)) return forwardFrom(exchange, admitted, taken, options.forwarding)
    return taken.then(async (place) => {
      const again = place === undefined ? admitted : await admitAgain(admitted, pipeline)
      if (!isGone(exchange) && !('answer' in again)) return forwardFrom(exchange, again, place, options.forwarding)
      place?.leave()
      if (isGone(exchange)) exchange.report(499, 'client_gone', 'the caller went away')
      else if ('answer' in again) refuse(exchange, again)
    })
  }

  return {
    begin(request, response, upgradeHead) {
      const exchange = createHttpExchange(request, response, upgradeHead, {
        requestId: nextRequestId(),
        trustedProxies: pipeline.trustedProxies,
        now,
        onRequest,
        cors: pipeline.cors,
        issuer,
      })
      running.set(request.socket, exchange)
      if (isClosing) response.shouldKeepAlive = false
      const beganAt = performance.now()
      admit(request, exchange.requestId, pipeline, exchange.matched)
        .then((admitted) => (isUnauthenticated(admitted) ? times.wait(beganAt).then(() => admitted) : admitted))
        .then((admitted) => proceed(exchange, admitted))
        .catch((error: unknown) => refuse(exchange, { ...internalError, why: placeOf(error) }))
    },
    lastOn: (socket) => running.get(socket),
    close() {
      isClosing = true
    },
  }
}

function forwardFrom(
  exchange: HttpExchange,
  admission: Admission,
  place: Place | undefined,
  forwarding: ForwardOptions,
): void {
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
