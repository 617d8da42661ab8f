import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import { Server as NetServer } from 'node:net'
import type { Duplex } from 'node:stream'
import { setTimeout as wait } from 'node:timers/promises'
import { upgradeResponse } from './http_exchange.ts'
import { gatewayLimits } from './limits.ts'
import type { Passage } from './passage.ts'
import { isWebSocket } from './request_flaw.ts'

/** The HTTP server of a gateway, not yet listening: each of its requests begins a passage. */
export function createProxyServer({ begin }: Pick<Passage, 'begin'>): Server {
  const server = createServer({
    maxHeaderSize: gatewayLimits.headerBytesMax,
    headersTimeout: gatewayLimits.headersTimeoutMs,
    connectionsCheckingInterval: gatewayLimits.headersTimeoutEveryMs,
    // A body may take any time while it moves: forward.ts checks that it does.
    requestTimeout: 0,
    keepAliveTimeout: gatewayLimits.keepAliveTimeoutMs,
    insecureHTTPParser: false,
    // request_flaw.ts requires exactly one, in either HTTP version, and answers in our shape.
    requireHostHeader: false,
    shouldUpgradeCallback: isWebSocket,
  })
  // The section is bounded by bytes; Node's bound by count would drop fields silently.
  server.maxHeadersCount = 0
  server.on('request', (request, response) => begin(request, response, undefined))
  // The upstream decides whether it wants the body; until then the caller keeps it.
  server.on('checkContinue', (request, response) => begin(request, response, undefined))
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on('error', () => socket.destroy())
    begin(request, upgradeResponse(request), head)
  })
  server.on('connect', (request: IncomingMessage, socket: Duplex) => {
    socket.on('error', () => socket.destroy())
    begin(request, upgradeResponse(request), undefined)
  })
  return server
}

/**
 * Takes no new connections, answers requests on open ones and closes each after its answer, so that no request goes
 * into a connection that is being closed. Idle connections end after 2 s; those that become idle later end then.
 */
export async function drain(server: Server): Promise<void> {
  if (!server.listening) return
  const closed = once(server, 'close')
  // The method of `node:net`: that of `node:http` closes idle connections at once, also when a request is on its way.
  NetServer.prototype.close.call(server)
  const pause = (ms: number): Promise<void> => wait(ms, undefined, { ref: false })
  await Promise.race([closed, pause(gatewayLimits.drainIdleMs)])
  const sweep = setInterval(() => server.closeIdleConnections(), 50)
  await Promise.race([closed, pause(gatewayLimits.drainMs - gatewayLimits.drainIdleMs)])
  clearInterval(sweep)
  server.closeAllConnections()
  await closed
}
