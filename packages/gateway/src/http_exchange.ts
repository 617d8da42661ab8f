import { type IncomingMessage, ServerResponse } from 'node:http'
import { type AddressRange, type Grant, type ProblemAnswer, type Seconds, withErrorPage } from '@countersign/core'
import { type Operation, routeOf } from '@countersign/openapi'
import { originOf } from './client_address.ts'
import type { Cors } from './cors.ts'
import { valuesOf } from './headers/raw.ts'
import { hasBody } from './headers/request.ts'
import { gatewayLimits } from './limits.ts'
import type { Decision, RequestEvent } from './request_event.ts'

/** One request and its answer (RFC 9110 §3.4). An upgrade has a response too, until the upstream agrees to it. */
export interface HttpExchange {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly requestId: string
  /** The issuer whose pages tell about the codes of refusals; `undefined` for none. */
  readonly issuer: string | undefined
  /** The bytes that the caller sent behind a request to upgrade; `undefined` for other requests. */
  readonly upgradeHead: Buffer | undefined
  /** The operation that the request is for. */
  matched(operation: Operation): void
  /** Our own fields for scripts of other origins, in every answer. Absent where the upstream answers them. */
  readonly cors: Readonly<Record<string, string>> | undefined
  /** The upstream's time begins now. */
  markSent(): void
  /** Tells the operator, once for the head of the answer and once more for a cut. */
  report(status: number, decision: Decision, why: string, grant?: Grant): void
}

/** A request that ends here. */
export interface Refusal {
  /** Without a body for a preflight that is answered here. */
  readonly answer: Omit<ProblemAnswer, 'body'> & { readonly body?: ProblemAnswer['body'] }
  readonly decision: Decision
  /** The reason for the log; the caller reads `answer`. */
  readonly why: string
}

export function createHttpExchange(
  request: IncomingMessage,
  response: ServerResponse,
  upgradeHead: Buffer | undefined,
  context: {
    readonly requestId: string
    readonly trustedProxies: readonly AddressRange[]
    readonly now: () => Seconds
    readonly onRequest: ((event: RequestEvent) => void) | undefined
    readonly cors: Cors | undefined
    readonly issuer: string | undefined
  },
): HttpExchange {
  const { requestId, issuer, trustedProxies, now, onRequest } = context
  const startedAt = now()
  const millisecondsSince = (at: Seconds): number => Math.max(0, (now() - at) * 1000)
  let operation: Operation | undefined
  let sentAt: Seconds | undefined
  let isReported = false
  return {
    request,
    response,
    requestId,
    issuer,
    upgradeHead,
    matched(found) {
      operation = found
    },
    cors: context.cors?.fieldsFor(request.rawHeaders),
    markSent() {
      sentAt ??= now()
    },
    report(status, decision, why, grant) {
      if (isReported && decision !== 'cut') return
      isReported = true
      if (onRequest === undefined) return
      const { address } = originOf(request.rawHeaders, request.socket.remoteAddress, trustedProxies)
      const callerRequestId = callerRequestIdOf(request)
      onRequest({
        method: request.method ?? '',
        path: printablePath(request.url ?? ''),
        ...(operation === undefined ? {} : { route: routeOf(operation) }),
        status,
        decision,
        why: printable(why),
        ...(grant === undefined ? {} : { credentialId: grant.credentialId, clientId: grant.clientId }),
        durationMs: millisecondsSince(startedAt),
        ...(sentAt === undefined ? {} : { upstreamMs: millisecondsSince(sentAt) }),
        requestId,
        ...(callerRequestId === undefined ? {} : { callerRequestId }),
        ...(address === undefined ? {} : { address }),
      })
    },
  }
}

function callerRequestIdOf({ rawHeaders }: IncomingMessage): string | undefined {
  const [first, ...others] = valuesOf(rawHeaders, 'x-request-id')
  return first !== undefined && others.length === 0 && /^[\x21-\x7e]{1,128}$/.test(first) ? first : undefined
}

/** A response on a socket that Node has handed over, for refusals and answers other than 101. */
export function upgradeResponse(request: IncomingMessage): ServerResponse {
  const response = new ServerResponse(request)
  response.shouldKeepAlive = false
  response.assignSocket(request.socket)
  response.on('finish', () => request.socket.destroySoon())
  return response
}

/** Answers as RFC 9457. Does nothing when the head was sent already or the caller is gone. */
export function refuse(exchange: HttpExchange, { answer, decision, why }: Refusal, grant?: Grant): void {
  const { request, response, requestId } = exchange
  exchange.report(answer.status, decision, why, grant)
  if (response.headersSent || response.destroyed) return
  const text =
    answer.body === undefined
      ? undefined
      : JSON.stringify({ ...withErrorPage(answer.body, exchange.issuer), requestId })
  const fields: Record<string, string | number> = { ...exchange.cors, ...answer.headers, 'X-Request-Id': requestId }
  if (text !== undefined) fields['Content-Length'] = Buffer.byteLength(text)
  if (!isSmall(request)) fields.Connection = 'close'
  response.writeHead(answer.status, fields)
  response.end(text)
}

/** Node reads and drops the rest of an unwanted body; beyond this size the connection ends instead. */
function isSmall(request: IncomingMessage): boolean {
  if (request.complete || !hasBody(request)) return true
  // A caller that waits for 100 may send the body or not: the next bytes on the connection could be either.
  if (request.headers['transfer-encoding'] !== undefined || request.headers.expect !== undefined) return false
  return Number(request.headers['content-length']) <= gatewayLimits.droppedBodyBytesMax
}

/** The path alone, so that no host, user or query gets into a log; always one line. */
function printablePath(url: string): string {
  if (!url.startsWith('/')) return ''
  const mark = url.search(/[?#]/)
  return printable(mark < 0 ? url : url.slice(0, mark))
}

function printable(text: string): string {
  return text.slice(0, gatewayLimits.eventPathCharactersMax).replaceAll(/[^\x20-\x7e]/g, '?')
}
