import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { type AddressRange, isTrustedAddress } from '@countersign/core'
import { boundConnections, withinFileLimit } from '@countersign/verifier/connections'
import { serverLimits } from '../limits.ts'
import { isDraining } from './drain.ts'
import { type Answer, type Exchange, ProblemError } from './exchange.ts'

export type Handle = (exchange: Exchange) => Promise<Answer> | Answer

/** `node:http` in front of the endpoints, with every time and size limited. */
export function createListener(
  handle: Handle,
  nextRequestId: () => string,
  trustedProxies: readonly AddressRange[] = [],
): Server {
  const answers = createAnswerQueue()
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
      const exchange = new NodeExchange(request, response, nextRequestId())
      const send = (answer: Answer): void => answers.add({ request, response, exchange, answer })
      const answer = handle(exchange)
      if (answer instanceof Promise) void answer.then(send)
      else send(answer)
    },
  )
  server.maxHeadersCount = 200
  boundConnections(server, {
    connectionsMax: withinFileLimit(serverLimits.connectionsMax),
    writeTimeoutMs: serverLimits.writeTimeoutMs,
    isProxy: (peer) => isTrustedAddress(peer, trustedProxies),
  })
  return server
}

/**
 * A class, not an object with a getter: V8 makes a new shape for each such object, and the shapes hang on each other, so
 * that every request outlives its time. That was most of what the garbage collector had to do.
 */
class NodeExchange implements Exchange {
  readonly method: string
  readonly path: string
  readonly query: string
  readonly rawHeaders: readonly string[]
  readonly peer: string | undefined
  readonly requestId: string
  readonly #request: IncomingMessage
  readonly #response: ServerResponse
  #signal: AbortSignal | undefined

  constructor(request: IncomingMessage, response: ServerResponse, requestId: string) {
    const url = request.url ?? '/'
    const mark = url.indexOf('?')
    this.method = request.method ?? 'GET'
    this.path = mark < 0 ? url : url.slice(0, mark)
    this.query = mark < 0 ? '' : url.slice(mark + 1)
    this.rawHeaders = request.rawHeaders
    this.peer = request.socket.remoteAddress
    this.requestId = requestId
    this.#request = request
    this.#response = response
  }

  readBody(bytesMax: number): Promise<Uint8Array> {
    return readBody(this.#request, bytesMax)
  }

  get signal(): AbortSignal {
    if (this.#signal === undefined) {
      const controller = new AbortController()
      this.#response.on('close', () => controller.abort())
      this.#signal = controller.signal
    }
    return this.#signal
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

interface Due {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly exchange: Exchange
  readonly answer: Answer
}

/**
 * What was answered in one turn of the event loop leaves at its end, one after the other: whoever reads them is woken once
 * rather than by each, which costs more than all that we do for a verification. An answer alone waits for nothing.
 */
function createAnswerQueue(): { add(due: Due): void } {
  let waiting: Due[] = []

  function flush(): void {
    const due = waiting
    waiting = []
    for (const each of due) {
      try {
        write(each)
      } catch (error) {
        // Ours, such as a header that cannot be written: its caller alone loses the answer, and the process learns of it.
        each.response.destroy()
        queueMicrotask(() => {
          throw error
        })
      }
    }
  }

  return {
    add(due) {
      if (waiting.push(due) === 1) setImmediate(flush)
    },
  }
}

function write({ request, response, exchange, answer }: Due): void {
  const { status, headers, body } = answer
  const fields: Record<string, string | number> = { ...headers, 'X-Request-Id': exchange.requestId }
  // A body nobody read: the connection ends rather than be read as the next request.
  if (!request.complete && status >= 400) fields.Connection = 'close'
  if (typeof body === 'string' || body === undefined || body instanceof Uint8Array) {
    const whole = body ?? ''
    if (status !== 204 && status !== 304) fields['Content-Length'] = Buffer.byteLength(whole)
    response.writeHead(status, fields)
    response.end(request.method === 'HEAD' ? undefined : whole)
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
