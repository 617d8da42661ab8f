import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import {
  type AddressRange,
  type Holder,
  isTrustedAddress,
  problemAnswer,
  Shares,
  withErrorPage,
} from '@countersign/core'
import { boundConnections, withinFileLimit } from '@countersign/verifier/connections'
import { serverLimits } from '../limits.ts'
import type { Answer } from './answer.ts'
import { holderOf } from './client_address.ts'
import { isDraining } from './drain.ts'
import { ProblemError } from './problem.ts'
import type { HttpRequest } from './request.ts'

export type Handle = (request: HttpRequest) => Promise<Answer> | Answer

export interface ListenerOptions {
  readonly trustedProxies?: readonly AddressRange[] | undefined
  /** See `HttpRequest.errorPages`. */
  readonly errorPages?: string | undefined
}

/** `node:http` in front of the endpoints, with every time and size limited. */
export function createListener(
  handle: Handle,
  nextRequestId: () => string,
  { trustedProxies = [], errorPages }: ListenerOptions = {},
): Server {
  const answers = createAnswerQueue()
  const listening: Listening = { trustedProxies, errorPages, bytes: new Shares(serverLimits.bodyBytesInFlight) }
  const server = createServer(
    {
      headersTimeout: serverLimits.headersTimeoutMs,
      requestTimeout: serverLimits.requestTimeoutMs,
      maxHeaderSize: serverLimits.headerBytesMax,
      keepAliveTimeout: 65_000,
      requireHostHeader: true,
    },
    (incoming, response) => {
      if (isDraining(server)) response.shouldKeepAlive = false
      // Node refuses a request without one, and of two takes the first: whoever reads the second reads another request.
      if (hasSecondHost(incoming.rawHeaders)) return refuseHosts(response, nextRequestId(), errorPages)
      const request = new NodeRequest(incoming, response, nextRequestId(), listening)
      const send = (answer: Answer): void => answers.add({ incoming, response, request, answer })
      const answer = handle(request)
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

function hasSecondHost(rawHeaders: readonly string[]): boolean {
  let count = 0
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] as string
    if (name.length === 4 && name.toLowerCase() === 'host') count++
  }
  return count > 1
}

function refuseHosts(response: ServerResponse, requestId: string, errorPages: string | undefined): void {
  const { headers, body } = problemAnswer(400, 'invalid_request', 'Send one Host header.')
  const fields = { ...headers, 'X-Request-Id': requestId, Connection: 'close' }
  response.writeHead(400, fields).end(JSON.stringify({ ...withErrorPage(body, errorPages), requestId }))
}

/** Shared by the requests of one listener. */
interface Listening {
  readonly trustedProxies: readonly AddressRange[]
  readonly errorPages: string | undefined
  /** For the bodies that are read and not yet answered. */
  readonly bytes: Shares
}

/**
 * A class, not an object with a getter: V8 makes a new shape for each such object, and the shapes hang on each other, so
 * that every request outlives its time. That was most of what the garbage collector had to do.
 */
class NodeRequest implements HttpRequest {
  readonly method: string
  readonly path: string
  readonly query: string
  readonly rawHeaders: readonly string[]
  readonly peer: string | undefined
  readonly requestId: string
  readonly #incoming: IncomingMessage
  readonly #response: ServerResponse
  readonly #listening: Listening
  caller?: NonNullable<HttpRequest['caller']>
  bodyReadAt?: number
  #signal: AbortSignal | undefined

  constructor(incoming: IncomingMessage, response: ServerResponse, requestId: string, listening: Listening) {
    const url = incoming.url ?? '/'
    const mark = url.indexOf('?')
    this.method = incoming.method ?? 'GET'
    this.path = mark < 0 ? url : url.slice(0, mark)
    this.query = mark < 0 ? '' : url.slice(mark + 1)
    this.rawHeaders = incoming.rawHeaders
    this.peer = incoming.socket.remoteAddress
    this.requestId = requestId
    this.#incoming = incoming
    this.#response = response
    this.#listening = listening
  }

  async readBody(bytesMax: number): Promise<Uint8Array> {
    const body = await this.#readBody(bytesMax)
    this.bodyReadAt = performance.now()
    return body
  }

  #readBody(bytesMax: number): Promise<Uint8Array> {
    let taken = 0
    let holder: Holder | undefined
    return readBody(this.#incoming, bytesMax, (bytes) => {
      // Most bodies are small, and the connections bound how many of those there are.
      if (bytes <= serverLimits.bodyBytesUncounted || bytes <= taken) return true
      const wanted = Math.min(bytesMax, Math.max(bytes, taken * 2))
      if (holder === undefined) {
        holder = holderOf(this, this.#listening.trustedProxies)
        // Until it is answered: what was read is held by whatever works on it.
        this.#response.once('close', () => this.#listening.bytes.give(holder as Holder, taken))
      }
      if (!this.#listening.bytes.take(holder, wanted - taken)) return false
      taken = wanted
      return true
    })
  }

  get errorPages(): string | undefined {
    return this.#listening.errorPages
  }

  get signal(): AbortSignal {
    if (this.#signal === undefined) {
      const controller = new AbortController()
      if (this.#response.destroyed) controller.abort()
      this.#response.on('close', () => controller.abort())
      this.#signal = controller.signal
    }
    return this.#signal
  }
}

/** Takes room for what a body needs; `false` where there is none for its sender. */
type TakeRoom = (bytes: number) => boolean

function readBody(incoming: IncomingMessage, bytesMax: number, takeRoom: TakeRoom): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const tooLong = () => new ProblemError(413, 'content_too_large', `The body may have at most ${bytesMax} bytes.`)
    const said = Number(incoming.headers['content-length'] ?? 0)
    if (said > bytesMax) return reject(tooLong())
    if (!takeRoom(said)) return reject(noRoom())
    const chunks: Buffer[] = []
    let length = 0
    const refuse = (problem: ProblemError): void => {
      incoming.removeAllListeners('data')
      reject(problem)
    }
    incoming.on('data', (chunk: Buffer) => {
      length += chunk.length
      if (length > bytesMax) return refuse(tooLong())
      if (length > said && !takeRoom(length)) return refuse(noRoom())
      chunks.push(chunk)
    })
    incoming.on('end', () => resolve(chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks)))
    incoming.on('error', () => reject(new ProblemError(400, 'invalid_request', 'The body ended early.')))
    incoming.on('aborted', () => reject(new ProblemError(400, 'invalid_request', 'The body ended early.')))
  })
}

function noRoom(): ProblemError {
  return new ProblemError(503, 'unavailable', 'The server is receiving as much as it can. Try again.', {
    headers: { 'Retry-After': '1' },
  })
}

interface Due {
  readonly incoming: IncomingMessage
  readonly response: ServerResponse
  readonly request: HttpRequest
  readonly answer: Answer
}

/**
 * Answers of one turn of the event loop leave together at its end. Their reader is then woken once and not by each, which
 * would cost more than a verification. A single answer waits for nothing.
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
        // Ours, such as a header that cannot be written: its caller alone loses the answer, and the process learns of
        // it.
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

function write({ incoming, response, request, answer }: Due): void {
  const { status, headers, body, sendMs, cookies = [] } = answer
  const fields: Record<string, string | number | string[]> = { ...headers, 'X-Request-Id': request.requestId }
  if (cookies.length > 0) fields['Set-Cookie'] = [...cookies]
  // A body nobody read: the connection ends rather than be read as the next request.
  if (!incoming.complete && status >= 400) fields.Connection = 'close'
  if (typeof body === 'string' || body === undefined || body instanceof Uint8Array) {
    const whole = body ?? ''
    if (status !== 204 && status !== 304) fields['Content-Length'] = Buffer.byteLength(whole)
    response.writeHead(status, fields)
    response.end(incoming.method === 'HEAD' ? undefined : whole)
    return
  }
  // Its end is the connection's: every piece is then one write, without a frame of its own.
  if (fields['Content-Type'] === 'text/event-stream' && incoming.method !== 'HEAD') {
    response.useChunkedEncodingByDefault = false
    response.shouldKeepAlive = false
  }
  response.writeHead(status, fields)
  // A stream that nobody reads would stay open until its caller's connection ends.
  if (incoming.method === 'HEAD') response.end()
  else void pump(body, response, sendMs)
}

async function pump(body: AsyncIterable<string>, response: ServerResponse, sendMs?: number): Promise<void> {
  const deadline = sendMs === undefined ? undefined : setTimeout(() => response.destroy(), sendMs).unref()
  // Two listeners for all pieces: one of each for every piece would stay until the answer ends.
  let goOn = (): void => {}
  response.on('drain', () => goOn()).once('close', () => goOn())
  try {
    response.flushHeaders()
    for await (const chunk of body) {
      if (response.destroyed) return
      if (response.write(chunk) || response.destroyed) continue
      await new Promise<void>((resolve) => {
        goOn = resolve
      })
    }
    response.end()
  } catch {
    response.destroy()
  } finally {
    clearTimeout(deadline)
  }
}
