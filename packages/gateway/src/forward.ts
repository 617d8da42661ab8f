/**
 * Step eight: to the upstream and back. Bodies stream both ways and nothing is kept; when one side goes away, both end.
 */
import type { ClientRequest, IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { type ProblemAnswer, rateLimitHeaders, unavailableAnswer } from '@countersign/core'
import { valuesOf } from './headers/raw.ts'
import { hasBody, upstreamHeaders } from './headers/request.ts'
import { callerHeaders } from './headers/response.ts'
import { type HttpExchange, type Refusal, refuse } from './http_exchange.ts'
import type { IdleWatch } from './idle.ts'
import { gatewayLimits } from './limits.ts'
import { type Admission, refusal } from './pipeline.ts'
import type { Place } from './place.ts'
import { startTunnel } from './tunnel.ts'
import { type Connection, type Upstream, whyNoAnswer } from './upstream.ts'
import type { Watch, Watched } from './watch.ts'

export interface ForwardOptions {
  readonly upstream: Upstream
  readonly watch: Watch
  /** Milliseconds from the last byte of the request until the answer begins. */
  readonly upstreamTimeoutMs: number
  /** Ends answers and tunnels in which nothing moves. */
  readonly idle: IdleWatch
  readonly idleTimeoutMs: number
  readonly streamIdleTimeoutMs: number
  /** Ends an exchange that would never end by itself; each is called when the gateway closes. */
  readonly openEnded: Set<() => void>
}

/** The idempotent methods, RFC 9110 §9.2.2. */
const idempotent: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE', 'TRACE'])

export function forward(
  exchange: HttpExchange,
  admission: Admission,
  options: ForwardOptions,
  place: Place,
  isRetry = false,
): void {
  const { request, response } = exchange
  const { upstream } = options
  const isUpgrade = exchange.upgradeHead !== undefined
  const fields = upstreamHeaders(request, {
    host: upstream.host,
    origin: admission.origin,
    identity: admission.identity,
    places: admission.places,
    requestId: exchange.requestId,
    isPublic: admission.decision === 'public',
  })
  if (isUpgrade) fields.push('Connection', 'Upgrade', 'Upgrade', 'websocket')
  // A tunnel has a connection of its own. So has a second attempt, since the next kept one may be as dead as the first.
  const connection: Connection = isUpgrade || isRetry ? 'own' : 'kept'
  const sent = upstream.send(request.method ?? 'GET', request.url ?? '/', fields, connection)
  exchange.markSent()
  const wait = createWait(options.upstreamTimeoutMs, () => giveUp(exchange, admission, sent, options.upstreamTimeoutMs))

  const unwatchUpload = watchUpload(exchange, admission, sent, options.watch)
  const onCallerGone = (): void => {
    wait.end()
    unwatchUpload()
    if (response.writableFinished) return
    exchange.report(499, 'client_gone', 'the caller went away before there was an answer', admission.judged?.grant)
    sent.destroy()
  }
  response.once('close', onCallerGone)

  sent.on('continue', () => response.writeContinue())
  passInterim(exchange, sent)
  sent.once('response', (answer) => {
    wait.end()
    unwatchUpload()
    relay(exchange, admission, sent, answer, options, place)
  })
  sent.once('upgrade', (answer: IncomingMessage, socket: Duplex, head: Buffer) => {
    wait.end()
    response.removeListener('close', onCallerGone)
    startTunnel(exchange, admission, { answer, socket, head }, options)
  })
  sent.on('error', (error) => {
    wait.end()
    unwatchUpload()
    if (response.destroyed || response.headersSent) return
    const isStale = sent.reusedSocket && !isRetry && !hasBody(request) && idempotent.has(request.method ?? '')
    if (!isStale) return refuse(exchange, { ...badGateway, why: whyNoAnswer(error) }, admission.judged?.grant)
    response.removeListener('close', onCallerGone)
    forward(exchange, admission, options, place, true)
  })
  sendBody(request, sent, wait)
}

/** 102 and 103 (RFC 9110 §15.2, RFC 8297): for callers of HTTP/1.1, since older ones take them for the answer. */
function passInterim({ request, response }: HttpExchange, sent: ClientRequest): void {
  let count = 0
  sent.on('information', ({ statusCode, rawHeaders }) => {
    if (request.httpVersion !== '1.1' || response.headersSent || response.destroyed) return
    if (++count > gatewayLimits.interimAnswersMax) return
    if (statusCode === 102) response.writeProcessing()
    if (statusCode !== 103) return
    try {
      // Hints are links. Other fields belong to the answer, where ours and the upstream's are told apart.
      response.writeEarlyHints({ link: [...valuesOf(rawHeaders, 'link')] })
    } catch {
      // A link that Node does not write is a hint that is lost, and no more.
    }
  })
}

/**
 * docs/protocol/gateway.md §4: a body that has not ended soon after its request was let in could go on for any time. It
 * is watched until it ends; the upstream's answer is watched separately. Gives a function that ends the watch.
 */
function watchUpload(exchange: HttpExchange, { judged }: Admission, sent: ClientRequest, watch: Watch): () => void {
  const { request, response } = exchange
  if (judged === undefined || request.complete || !hasBody(request)) return () => {}
  const cut = (why: string, answer: ProblemAnswer): void => {
    request.unpipe(sent)
    sent.destroy()
    refuse(exchange, { answer, decision: 'cut', why }, judged.grant)
    // The rest of the body that is still under way belongs to no request.
    response.once('close', () => request.socket.destroy())
  }
  const unwatch = watchSoon(watch, { ...judged, cut }, gatewayLimits.watchAfterMs)
  request.once('end', unwatch)
  return unwatch
}

/** Watches an exchange after it has run for a while; most have ended by then. Gives a function that ends the watch. */
function watchSoon(watch: Watch, watched: Watched, afterMs: number): () => void {
  if (afterMs === 0) return watch.add(watched)
  let unwatch: (() => void) | undefined
  const timer = setTimeout(() => {
    unwatch = watch.add(watched)
  }, afterMs)
  return () => {
    clearTimeout(timer)
    unwatch?.()
  }
}

/**
 * Sends with back-pressure. The head goes at once, so that an upstream can say `100 Continue` or refuse before the
 * body.
 */
function sendBody(request: IncomingMessage, sent: ClientRequest, wait: Wait): void {
  if (!hasBody(request)) {
    sent.end()
    return
  }
  sent.flushHeaders()
  request.on('data', () => wait.extend())
  request.on('end', () => wait.extend())
  request.pipe(sent)
}

function relay(
  exchange: HttpExchange,
  admission: Admission,
  sent: ClientRequest,
  answer: IncomingMessage,
  { upstream, watch, openEnded, idle, idleTimeoutMs, streamIdleTimeoutMs }: ForwardOptions,
  place: Place,
): void {
  const { request, response } = exchange
  const { judged } = admission
  const status = answer.statusCode ?? 502
  const isOpenEnded = /^\s*text\/event-stream\b/i.test(answer.headers['content-type'] ?? '')
  if (isOpenEnded && !place.becomeLong()) {
    sent.destroy()
    refuse(exchange, noRoom, judged?.grant)
    return
  }
  // An upstream that dies in the middle of a body must not look like one that has finished.
  answer.on('error', () => response.destroy())
  const fields = answerFields(exchange, admission, answer, upstream)
  try {
    response.writeHead(status, answer.statusMessage ?? '', fields)
  } catch {
    sent.destroy()
    refuse(exchange, unwritable, judged?.grant)
    return
  }
  exchange.report(status, admission.decision, admission.why, judged?.grant)
  answer.once('end', () => {
    if (request.complete) return
    request.unpipe(sent)
    sent.destroy()
  })
  answer.pipe(response)
  // The head goes alone when its body lets us wait.
  setImmediate(() => response.writableEnded || response.destroyed || response.flushHeaders())

  const cut = (why: string): void => {
    exchange.report(status, 'cut', why, judged?.grant)
    sent.destroy()
    response.destroy()
  }
  const closing = (): void => cut('the gateway is closing')
  if (isOpenEnded) openEnded.add(closing)
  const unwatch =
    judged === undefined
      ? undefined
      : watchSoon(watch, { ...judged, cut }, isOpenEnded ? 0 : gatewayLimits.watchAfterMs)
  const limitMs = isOpenEnded ? streamIdleTimeoutMs : idleTimeoutMs
  const forget = idle.add(answer.socket, limitMs, () => cut(`nothing of the answer came for ${limitMs} ms`))
  response.once('close', () => {
    forget()
    unwatch?.()
    openEnded.delete(closing)
  })
}

function answerFields(
  { request, requestId, cors }: HttpExchange,
  { judged }: Admission,
  answer: IncomingMessage,
  upstream: Upstream,
): string[] {
  const fields = callerHeaders(answer.rawHeaders, {
    status: answer.statusCode ?? 502,
    isCredentialUsed: judged !== undefined,
    requestId,
    upstream: upstream.url,
    cors,
    rateLimit: judged?.rateLimits === undefined ? undefined : rateLimitHeaders(judged.rateLimits),
  })
  // The rest of a body that the upstream did not wait for could be taken for the next request.
  if (!request.complete && hasBody(request)) fields.push('Connection', 'close')
  return fields
}

/** The whole request was sent to the upstream. */
export const noRoom: Refusal = {
  answer: unavailableAnswer(1),
  decision: 'unavailable',
  why: 'the upstream has as many requests as it may have',
}

const badGateway = refusal(502, 'bad_gateway', 'The API behind this gateway could not be reached or broke off.')
const unwritable: Refusal = { ...badGateway, why: 'the upstream answered with a header that cannot be passed on' }
const gatewayTimeout = refusal(504, 'gateway_timeout', 'The API behind this gateway took too long.')
const requestTimeout = refusal(408, 'request_timeout', 'The rest of the request did not arrive in time.')

/** Nothing moved for too long. The side whose turn it was is at fault. */
function giveUp(exchange: HttpExchange, { judged }: Admission, sent: ClientRequest, afterMs: number): void {
  const { request } = exchange
  const isCallersTurn = hasBody(request) && !request.complete && !sent.writableNeedDrain
  request.unpipe(sent)
  const why = `the upstream did not begin to answer within ${afterMs} ms`
  refuse(exchange, isCallersTurn ? requestTimeout : { ...gatewayTimeout, why }, judged?.grant)
  sent.destroy()
}

interface Wait {
  extend(): void
  end(): void
}

function createWait(timeoutMs: number, run: () => void): Wait {
  const timer = setTimeout(run, timeoutMs)
  let isEnded = false
  return {
    extend() {
      if (!isEnded) timer.refresh()
    },
    end() {
      isEnded = true
      clearTimeout(timer)
    },
  }
}
