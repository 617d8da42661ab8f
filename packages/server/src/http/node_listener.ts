import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { serverLimits } from '../limits.ts'
import { isDraining } from './drain.ts'
import { type Answer, type Exchange, ProblemError } from './exchange.ts'

export type Handle = (exchange: Exchange) => Promise<Answer> | Answer

/** `node:http` in front of the endpoints, with every time and size limited. */
export function createListener(handle: Handle, nextRequestId: () => string): Server {
  const server = createServer(
    {
      headersTimeout: serverLimits.headersTimeoutMs,
      requestTimeout: serverLimits.requestTimeoutMs,
      maxHeaderSize: serverLimits.headerBytesMax,
      keepAliveTimeout: 65_000,
      // Two `Host` or no `Host` is refused by Node itself.
      requireHostHeader: true,
    },
    (request, response) => {
      if (isDraining(server)) response.shouldKeepAlive = false
      const exchange = createExchange(request, response, nextRequestId())
      const answer = handle(exchange)
      if (answer instanceof Promise) void answer.then((settled) => write(request, response, exchange, settled))
      else write(request, response, exchange, answer)
    },
  )
  server.maxHeadersCount = 200
  return server
}

function createExchange(request: IncomingMessage, response: ServerResponse, requestId: string): Exchange {
  const url = request.url ?? '/'
  const mark = url.indexOf('?')
  let abort: AbortController | undefined
  return {
    method: request.method ?? 'GET',
    path: mark < 0 ? url : url.slice(0, mark),
    query: mark < 0 ? '' : url.slice(mark + 1),
    rawHeaders: request.rawHeaders,
    peer: request.socket.remoteAddress,
    requestId,
    readBody: (bytesMax) => readBody(request, bytesMax),
    get signal() {
      if (abort === undefined) {
        const controller = new AbortController()
        abort = controller
        response.on('close', () => controller.abort())
      }
      return abort.signal
    },
  }
}

function readBody(request: IncomingMessage, bytesMax: number): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const tooLong = () => new ProblemError(413, 'content_too_large', `the body may have at most ${bytesMax} bytes`)
    if (Number(request.headers['content-length'] ?? 0) > bytesMax) return reject(tooLong())
    const chunks: Buffer[] = []
    let length = 0
    request.on('data', (chunk: Buffer) => {
      length += chunk.length
      if (length > bytesMax) {
        request.removeAllListeners('data')
        return reject(tooLong())
      }
      chunks.push(chunk)
    })
    request.on('end', () => resolve(chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks)))
    request.on('error', () => reject(new ProblemError(400, 'invalid_request', 'the body broke off')))
    request.on('aborted', () => reject(new ProblemError(400, 'invalid_request', 'the body broke off')))
  })
}

function write(request: IncomingMessage, response: ServerResponse, exchange: Exchange, answer: Answer): void {
  const { status, headers, body } = answer
  const fields: Record<string, string | number> = { ...headers, 'X-Request-Id': exchange.requestId }
  // A body nobody read: the connection ends rather than be read as the next request.
  if (!request.complete && status >= 400) fields.Connection = 'close'
  if (typeof body === 'string' || body === undefined) {
    const text = body ?? ''
    if (status !== 204 && status !== 304) fields['Content-Length'] = Buffer.byteLength(text)
    response.writeHead(status, fields)
    response.end(request.method === 'HEAD' ? undefined : text)
    return
  }
  // Its end is the connection's: every piece is then one write, without a frame of its own.
  if (fields['Content-Type'] === 'text/event-stream' && request.method !== 'HEAD') {
    response.useChunkedEncodingByDefault = false
    response.shouldKeepAlive = false
  }
  response.writeHead(status, fields)
  // A stream that nobody reads would stay open until its caller's connection ends.
  if (request.method === 'HEAD') response.end()
  else void pump(body, response)
}

async function pump(body: AsyncIterable<string>, response: ServerResponse): Promise<void> {
  try {
    response.flushHeaders()
    for await (const chunk of body) {
      if (response.destroyed) return
      if (!response.write(chunk)) await new Promise((resolve) => response.once('drain', resolve).once('close', resolve))
    }
    response.end()
  } catch {
    response.destroy()
  }
}
