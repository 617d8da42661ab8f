import { createServer, type Server, type ServerResponse } from 'node:http'
import { boundConnections } from '@countersign/verifier/connections'
import type { BookKeeper } from '@countersign/verifier/engine'
import { gatewayLimits } from './limits.ts'
import type { GatewayMetrics } from './metrics.ts'

/**
 * Makes a listener apart, since every path of the gateway belongs to the API. `/healthz`: this process runs. `/readyz`:
 * the book is there and fresh, so credentials can be judged; else, and while `isClosing` says so, 503. `/metrics`:
 * Prometheus text, where `metrics` is given. Not yet listening.
 */
export function createHealthListener(options: {
  readonly keeper: BookKeeper
  readonly isClosing?: () => boolean
  readonly metrics?: Pick<GatewayMetrics, 'text' | 'contentType'>
}): Server {
  const { keeper, isClosing, metrics } = options
  const server = createServer(
    { headersTimeout: gatewayLimits.headersTimeoutMs, requestTimeout: 10_000 },
    (request, response) => {
      const path = (request.url ?? '').replace(/\?.*$/, '')
      const answer = (status: number, text: string): void => {
        const headers = { 'Cache-Control': 'no-store', 'Content-Type': 'application/json', Connection: 'close' }
        response.writeHead(status, headers).end(JSON.stringify({ status: text }))
      }
      if (request.method !== 'GET' && request.method !== 'HEAD') return answer(405, 'this path has GET and HEAD only')
      if (path === '/healthz') return answer(200, 'ok')
      if (path === '/metrics' && metrics !== undefined) return void writeMetrics(response, metrics)
      if (path !== '/readyz') return answer(404, 'this listener has /healthz, /readyz and /metrics only')
      if (isClosing?.() === true) return answer(503, 'closing')
      if (keeper.book === undefined) return answer(503, 'no status book yet')
      return keeper.isFresh() ? answer(200, 'ready') : answer(503, 'the status book is stale')
    },
  )
  boundConnections(server, {
    connectionsMax: gatewayLimits.healthConnectionsMax,
    writeTimeoutMs: gatewayLimits.writeTimeoutMs,
  })
  return server
}

async function writeMetrics(
  response: ServerResponse,
  { text, contentType }: Pick<GatewayMetrics, 'text' | 'contentType'>,
): Promise<void> {
  const body = await text()
  const headers = { 'Cache-Control': 'no-store', 'Content-Type': contentType, Connection: 'close' }
  response.writeHead(200, headers).end(body)
}
