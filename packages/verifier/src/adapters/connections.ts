/**
 * Bounds the cost of a `node:http` server's connections: their number, one request of each at a time, and no caller
 * that does not read its answers. The server and the gateway share this.
 *
 * Node parses every request that a read brought and hands all of them over at once: 64 KiB of pipelined heads are 2,000
 * requests under way, each with an answer in memory, from one client that reads nothing. So the second head of a
 * connection stops its parser (llhttp's `HPE_PAUSED`, returned for that head) until the first has been answered and
 * read; what follows waits as bytes, at most one read of 64 KiB, and the socket is not read meanwhile.
 */
import { readFileSync } from 'node:fs'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { Shares } from '@countersign/core'
import { boundBody } from './body_pieces.ts'

/** The bounds of the connections of one server. */
export interface ConnectionBounds {
  /** The number of connections at once; further ones are closed when they come. */
  readonly connectionsMax: number
  /** A caller that reads nothing of its answer for this long loses its connection. Milliseconds. */
  readonly writeTimeoutMs: number
  /** The interval of that check in milliseconds. Default 1,000. */
  readonly sweepEveryMs?: number
  /**
   * Whether a peer is a trusted proxy with many callers behind it, to which no fair share applies. Default: none is.
   */
  readonly isProxy?: (peer: string | undefined) => boolean
  /** A clock that never goes back. Default: the process's. */
  readonly nowMs?: () => number
  /** Answers bytes that are no HTTP, in place of Node's own bare 400, 408 and 431. */
  readonly onMalformed?: (error: NodeJS.ErrnoException, socket: Duplex) => void
}

/** Bounds the connections of a server that has not begun to listen. */
export function boundConnections(server: Server, bounds: ConnectionBounds): void {
  const shares = new Shares(bounds.connectionsMax)
  const open = new Set<Socket>()
  const nowMs = bounds.nowMs ?? (() => performance.now())
  let sweep: NodeJS.Timeout | undefined
  // After Node's own listener, which has made the parser by then.
  server.on('connection', (socket: Socket) => {
    const { remoteAddress } = socket
    const holder = bounds.isProxy?.(remoteAddress) === true ? {} : { address: remoteAddress }
    if (!shares.take(holder)) return void socket.destroy()
    open.add(socket)
    sweep ??= setInterval(() => endUnread(open, bounds.writeTimeoutMs), bounds.sweepEveryMs ?? 1_000).unref()
    socket.once('close', () => {
      shares.give(holder)
      open.delete(socket)
      if (open.size > 0) return
      clearInterval(sweep)
      sweep = undefined
    })
    // Node removes its own listener at an upgrade.
    socket.on('timeout', () => timed.has(socket) && socket.writableLength > 0 && socket.destroy())
    takeTurns(socket as HttpSocket, nowMs)
  })
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Duplex) => {
    // After a body of too many pieces, the connection is gone already.
    if (error.code === 'HPE_PAUSED' && socket.destroyed) return
    if (error.code === 'HPE_PAUSED' && keepUnread.has(socket)) keepUnread.get(socket)?.(error as PauseError)
    else if (bounds.onMalformed !== undefined) bounds.onMalformed(error, socket)
    else answerBarely(error, socket as HttpSocket)
  })
}

/** The lesser of `wanted` and a part of the process's file limit. `part` defaults to three quarters. */
export function withinFileLimit(wanted: number, part = 0.75): number {
  return Math.max(1, Math.min(wanted, Math.floor(readFileLimit() * part)))
}

/** Node has raised the soft limit to the hard one. A common value where the runtime does not tell it. */
function readFileLimit(): number {
  try {
    const line = /^Max open files\s+(\d+|unlimited)/m.exec(readFileSync('/proc/self/limits', 'utf8'))
    return line?.[1] === 'unlimited' ? Number.POSITIVE_INFINITY : Number(line?.[1] ?? 65_536)
  } catch {
    return 65_536
  }
}

/** The members that Node keeps on a connection of an HTTP server and that are used here. */
interface HttpSocket extends Socket {
  parser: Parser | null
  /** The response that has the socket now. */
  _httpMessage?: ServerResponse | null
}

interface Parser {
  onIncoming: (request: Parsed, shouldKeepAlive: boolean) => number
  resume(): void
}

/** `upgrade` is whether the head asks for one. */
type Parsed = IncomingMessage & { upgrade?: boolean }

interface PauseError extends Error {
  readonly bytesParsed: number
  readonly rawPacket: Buffer
}

/** llhttp's code to stop behind this head. */
const pausedCode = 21
/** Node's answer that the parser's part is over. */
const upgradeCode = 2

/** For each connection on which a request waits: a function that takes the bytes behind its head. */
const keepUnread = new WeakMap<Duplex, (error: PauseError) => void>()

function takeTurns(socket: HttpSocket, nowMs: () => number): void {
  const { parser } = socket
  // Without Node's hook there is no bound, and connections without a bound are not served.
  if (typeof parser?.onIncoming !== 'function') return void socket.destroy()
  const begin = parser.onIncoming
  let waiting: { readonly request: Parsed; readonly shouldKeepAlive: boolean } | undefined
  let unread: Buffer | undefined

  parser.onIncoming = (request, shouldKeepAlive) => {
    boundBody(request, nowMs)
    const running = socket._httpMessage
    if (running === undefined || running === null) return begin(request, shouldKeepAlive)
    waiting = { request, shouldKeepAlive }
    if (request.upgrade) {
      // Its bytes cannot be kept apart from later ones: the connection ends with the answer before it.
      request.upgrade = false
      running.shouldKeepAlive = false
    }
    keepUnread.set(socket, keep)
    stopReading(socket)
    running.once('close', () => next(running))
    return pausedCode
  }

  function keep({ rawPacket, bytesParsed }: PauseError): void {
    unread = unread === undefined ? rawPacket.subarray(bytesParsed) : Buffer.concat([unread, rawPacket])
  }

  function next(answered: ServerResponse): void {
    const due = waiting
    const rest = unread
    waiting = undefined
    unread = undefined
    keepUnread.delete(socket)
    if (due === undefined || socket.destroyed || !socket.writable || socket.parser !== parser) return
    // After an answer that broke off or that ends the connection, nothing may be taken for a request.
    if (!answered.writableFinished || !answered.shouldKeepAlive) return void socket.destroySoon()
    if (begin(due.request, due.shouldKeepAlive) === upgradeCode) return void socket.destroySoon()
    parser?.resume()
    // Node's own listener parses on from where it stopped. It is called without bytes too, since a whole head may be
    // there.
    if (rest !== undefined) socket.emit('data', rest)
    if (waiting === undefined) readOn(socket)
  }
}

/** Stops reading until `readOn`, though the body of the present request may ask for more at any time. */
function stopReading(socket: Socket): void {
  socket.pause()
  socket.resume = () => socket
}

function readOn(socket: Socket): void {
  // Restores the prototype's own method.
  Reflect.deleteProperty(socket, 'resume')
  socket.resume()
}

/** Gives a caller that does not read the rest of its time; Node's timer sees whether it begins again. */
function endUnread(open: Iterable<Socket>, timeoutMs: number): void {
  for (const socket of open) {
    if (socket.writableLength > 0) {
      if (timed.has(socket)) continue
      timed.add(socket)
      socket.setTimeout(timeoutMs)
    } else if (timed.delete(socket) && socket.timeout === timeoutMs) socket.setTimeout(0)
  }
}

const timed = new WeakSet<Socket>()

/** Answers as Node does where nobody listens. */
function answerBarely(error: NodeJS.ErrnoException, socket: HttpSocket): void {
  const status = bareStatus[error.code ?? ''] ?? '400 Bad Request'
  const isUnanswered = socket._httpMessage == null || !socket._httpMessage.headersSent
  if (socket.writable && isUnanswered) socket.write(`HTTP/1.1 ${status}\r\nConnection: close\r\n\r\n`)
  socket.destroy(error)
}

const bareStatus: Readonly<Record<string, string>> = {
  HPE_HEADER_OVERFLOW: '431 Request Header Fields Too Large',
  HPE_CHUNK_EXTENSIONS_OVERFLOW: '413 Payload Too Large',
  ERR_HTTP_REQUEST_TIMEOUT: '408 Request Timeout',
}
