/**
 * Bounds the cost of a request's body before its caller is known. Node's parser calls JavaScript for each chunk of a
 * chunked body, and 64 KiB hold 11,000 chunks of one byte: 65,000 of them took 30 to 130 ms of CPU without a
 * credential.
 */
import { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { connectionLimits } from '../limits.ts'

/** The parts of Node's request and parser that are used here. */
type Body = IncomingMessage & {
  _dump(): void
  readonly socket: Socket & { readonly parser?: Parser | null }
}

interface Parser {
  pause(): void
  /** The listener for a piece of a body, by a number that its class names `kOnBody`. */
  [listener: number]: unknown
}

const { bodyPiecesBurst, bytesPerBodyPiece, msPerBodyPiece, droppedBodyBytesMax } = connectionLimits

/** To be called before the request is handed over. `nowMs` never goes back. */
export function boundBody(request: IncomingMessage, nowMs: () => number): void {
  const body = request as Body
  // Node calls this when the answer was sent and nobody has read the body.
  body._dump = dropRest
  if (isChunked(request)) countPieces(body, nowMs)
}

function isChunked({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined
}

function countPieces(body: Body, nowMs: () => number): void {
  let lastMs = nowMs()
  let credit: number = bodyPiecesBurst
  body.push = (piece: Buffer | null, encoding?: BufferEncoding) => {
    if (piece !== null) {
      const at = nowMs()
      // Time is not saved up: a connection that waited an hour may send no more at once than a new one.
      if (credit < bodyPiecesBurst) credit = Math.min(bodyPiecesBurst, credit + (at - lastMs) / msPerBodyPiece)
      lastMs = at
      credit += piece.length / bytesPerBodyPiece - 1
      if (credit < 0) return end(body)
    }
    return IncomingMessage.prototype.push.call(body, piece, encoding)
  }
}

/**
 * The parser's present read may hold 10,000 more chunks, though the socket is gone: they are no longer handed on, and
 * the parser stops at the end of the body. Node reuses parsers, so this one gets its listener back before that.
 */
function end({ socket }: Body): false {
  const { parser } = socket
  if (parser != null && !socket.destroyed) {
    const { kOnBody } = parser.constructor as unknown as { readonly kOnBody: number }
    const told = parser[kOnBody]
    parser[kOnBody] = undefined
    parser.pause()
    socket.prependOnceListener('close', () => {
      parser[kOnBody] = told
    })
  }
  socket.destroy()
  return false
}

const nodesOwn = IncomingMessage.prototype as Body

function dropRest(this: Body): void {
  const isLittle = !isChunked(this) && Number(this.headers['content-length'] ?? 0) <= droppedBodyBytesMax
  if (this.complete || isLittle) nodesOwn._dump.call(this)
  else this.socket.destroySoon()
}
