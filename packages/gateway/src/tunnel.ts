import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { foldName } from './headers/raw.ts'
import { callerHeaders } from './headers/response.ts'
import { type HttpExchange, refuse } from './http_exchange.ts'
import { type Admission, refusal } from './pipeline.ts'
import type { Watch } from './watch.ts'

/** Passes bytes both ways, unread, after the upstream switched protocols, until one side ends or the watch cuts. */
export function startTunnel(
  exchange: HttpExchange,
  admission: Admission,
  upgraded: { readonly answer: IncomingMessage; readonly socket: Duplex; readonly head: Buffer },
  { watch, openEnded }: { readonly watch: Watch; readonly openEnded: Set<() => void> },
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
  caller.write(switchingProtocols(answer, exchange.requestId, judged !== undefined))
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
  caller.once('close', () => {
    unwatch?.()
    openEnded.delete(closing)
  })
}

function join(from: Duplex, to: Duplex): void {
  from.on('error', () => to.destroy())
  from.once('close', () => to.destroy())
  from.pipe(to)
}

function switchingProtocols(answer: IncomingMessage, requestId: string, isCredentialUsed: boolean): Buffer {
  const fields = callerHeaders(answer.rawHeaders, { status: 204, isCredentialUsed, requestId, rateLimit: undefined })
  const lines = ['HTTP/1.1 101 Switching Protocols', 'Upgrade: websocket', 'Connection: Upgrade']
  for (let index = 0; index + 1 < fields.length; index += 2) {
    const name = fields[index] as string
    if (foldName(name) !== 'cache-control') lines.push(`${name}: ${fields[index + 1]}`)
  }
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1')
}

const misunderstood = refusal(502, 'bad_gateway', 'The API behind this gateway switched to another protocol.')
