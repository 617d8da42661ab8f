import type { Duplex } from 'node:stream'
import { type ProblemAnswer, problemAnswer, withErrorPage } from '@countersign/core'
import type { HttpExchange } from './http_exchange.ts'
import type { RequestEvent } from './request_event.ts'

/**
 * Ends a connection whose bytes Node's parser cannot read as a request, since nobody knows where the next request would
 * begin. An answer is written only where it cannot be taken for that of another request.
 */
export function answerMalformed(
  error: NodeJS.ErrnoException,
  socket: Duplex,
  running: HttpExchange | undefined,
  context: {
    readonly requestId: string
    readonly onRequest: ((event: RequestEvent) => void) | undefined
    readonly issuer: string | undefined
  },
): void {
  // The stream ended in the middle of a body: nobody is left to read an answer.
  if (running !== undefined && !running.response.headersSent && error.code === 'HPE_INVALID_EOF_STATE') {
    running.report(499, 'client_gone', 'the caller went away amid the body')
    socket.destroy()
    return
  }
  const isOwn = running === undefined || running.response.writableFinished || !running.request.complete
  const isUnanswered = running === undefined || running.response.writableFinished || !running.response.headersSent
  if (error.code === 'ECONNRESET' || !socket.writable || !isOwn || !isUnanswered) {
    socket.destroy()
    return
  }
  const answer = answerTo(error.code)
  const { requestId } = context
  const why = `the request could not be read (${error.code ?? 'unknown'})`
  const { status } = answer
  if (running === undefined || running.response.writableFinished) {
    const decision = status === 408 ? 'request_timeout' : 'bad_request'
    context.onRequest?.({ method: '', path: '', status, decision, why, durationMs: 0, requestId })
  } else running.report(status, 'bad_request', why)
  socket.end(serialize({ ...answer, body: withErrorPage(answer.body, context.issuer) }, requestId), () =>
    socket.destroy(),
  )
}

function answerTo(code: string | undefined): ProblemAnswer {
  if (code === 'HPE_HEADER_OVERFLOW') {
    return problemAnswer(431, 'header_too_large', 'The header section of a request has at most 16 KiB here.')
  }
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') {
    return problemAnswer(408, 'request_timeout', 'The rest of the request did not arrive in time.')
  }
  return problemAnswer(400, 'bad_request', 'This is not one well-formed HTTP/1.1 request.')
}

function serialize(answer: ProblemAnswer, requestId: string): string {
  const body = JSON.stringify({ ...answer.body, requestId })
  const fields = {
    ...answer.headers,
    'X-Request-Id': requestId,
    'Content-Length': Buffer.byteLength(body),
    Connection: 'close',
  }
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`)
  return `HTTP/1.1 ${answer.status} ${answer.body.title}\r\n${lines.join('')}\r\n${body}`
}
