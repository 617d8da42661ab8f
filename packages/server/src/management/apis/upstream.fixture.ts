/** For tests: an API on loopback, and a client that may call it. */
import { createServer, type IncomingMessage, type RequestListener } from 'node:http'
import { type AddressInfo, isIPv6 } from 'node:net'
import { parseAddressRange } from '@countersign/core'
import { createOutbound, type Outbound, type OutboundOptions } from '../../outbound/outbound_client.ts'

export interface Upstream {
  readonly url: string
  readonly port: number
  readonly requests: IncomingMessage[]
  /** The number of connections so far, of whatever protocol. */
  readonly connections: () => number
  /** Answers each request from now on. */
  answer: RequestListener
  close(): void
}

export async function startUpstream(answer: RequestListener, host = '127.0.0.1'): Promise<Upstream> {
  let connections = 0
  const requests: IncomingMessage[] = []
  const server = createServer((request, response) => {
    requests.push(request)
    upstream.answer(request, response)
  })
  server.on('connection', () => connections++)
  await new Promise<void>((listening) => server.listen(0, host, listening))
  const { port } = server.address() as AddressInfo
  const upstream: Upstream = {
    url: `http://${isIPv6(host) ? `[${host}]` : host}:${port}`,
    port,
    requests,
    connections: () => connections,
    answer,
    close() {
      server.closeAllConnections()
      server.close()
    },
  }
  return upstream
}

/** Calls may go to these networks besides public addresses. */
export function callsTo(networks: readonly string[], more: OutboundOptions = {}): Outbound {
  return createOutbound({ callNetworks: networks.flatMap((each) => parseAddressRange(each) ?? []), ...more })
}
