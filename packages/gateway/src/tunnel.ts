import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { foldHeaderName } from '@countersign/core'
import type { ForwardOptions } from './forward.ts'
import { callerHeaders } from './headers/response.ts'
import { type HttpExchange, refuse } from './http_exchange.ts'
import { type Admission, refusal } from './pipeline.ts'

/** Passes bytes both ways, unread, after the upstream switched protocols, until one side ends or the watch cuts. */
export function startTunnel(
  exchange: HttpExchange,
  admission: Admission,
  upgraded: { readonly answer: IncomingMessage; readonly socket: Duplex; readonly head: Buffer },
  { upstream, watch, openEnded, idle, streamIdleTimeoutMs }: ForwardOptions,
): void {
  const { request, response, upgradeHead } = exchange
  const { answer, socket, head } = upgraded
  const { judged } = admission
  // An upstream that switches unasked, or to something else, has misunderstood the request.
  if (upgradeHead === undefined || answer.headers.upgrade?.toLowerCase() !== 'websocket') {
    socket.destroy()
    refuse(exchange, misunderstood, judged?.grant)
    return
  }
  const caller: Duplex = request.socket
  response.detachSocket(request.socket)
  exchange.report(101, admission.decision, admission.why, judged?.grant)
  caller.write(switchingProtocols(exchange, answer, upstream.url, judged !== undefined))
  if (head.length > 0) caller.write(head)
  if (upgradeHead.length > 0) socket.write(upgradeHead)
  join(caller, socket)
  join(socket, caller)

  const cut = (why: string): void => {
    exchange.report(101, 'cut', why, judged?.grant)
    caller.destroy()
    socket.destroy()
  }
  const closing = (): void => cut('the gateway is closing')
  openEnded.add(closing)
  const unwatch = judged === undefined ? undefined : watch.add({ ...judged, cut })
  const why = `nothing went through for ${streamIdleTimeoutMs} ms`
  const forget = idle.add(socket as Socket, streamIdleTimeoutMs, () => cut(why))
  caller.once('close', () => {
    forget()
    unwatch?.()
    openEnded.delete(closing)
  })
}

function join(from: Duplex, to: Duplex): void {
  from.on('error', () => to.destroy())
  from.once('close', () => to.destroy())
  from.pipe(to)
}

function switchingProtocols(
  { requestId }: HttpExchange,
  answer: IncomingMessage,
  upstream: URL,
  isCredentialUsed: boolean,
): Buffer {
  const context = { status: 204, isCredentialUsed, requestId, upstream, cors: undefined, rateLimit: undefined }
  const fields = callerHeaders(answer.rawHeaders, context)
  const lines = ['HTTP/1.1 101 Switching Protocols', 'Upgrade: websocket', 'Connection: Upgrade']
  for (let index = 0; index + 1 < fields.length; index += 2) {
    const name = fields[index] as string
    if (foldHeaderName(name) !== 'cache-control') lines.push(`${name}: ${fields[index + 1]}`)
  }
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1')
}

const misunderstood = refusal(502, 'bad_gateway', 'The API behind this gateway switched to another protocol.')
