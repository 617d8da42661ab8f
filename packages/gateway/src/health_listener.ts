import { createServer, type Server } from 'node:http'
import type { BookKeeper } from '@countersign/verifier'
import { gatewayLimits } from './limits.ts'

/**
 * `/healthz`: this process runs. `/readyz`: the book is there and fresh, so credentials can be judged; 503 else, and also
 * while `isClosing` says so. On a listener of its own, since every path of the gateway belongs to the API. Not yet
 * listening.
 */
export function createHealthListener(options: {
  readonly keeper: BookKeeper
  readonly isClosing?: () => boolean
}): Server {
  const { keeper, isClosing } = options
  return createServer(
    { headersTimeout: gatewayLimits.headersTimeoutMs, requestTimeout: 10_000 },
    (request, response) => {
      request.resume()
      const path = (request.url ?? '').replace(/\?.*$/, '')
      const answer = (status: number, text: string): void => {
        const headers = { 'Cache-Control': 'no-store', 'Content-Type': 'application/json', Connection: 'close' }
        response.writeHead(status, headers).end(JSON.stringify({ status: text }))
      }
      if (request.method !== 'GET' && request.method !== 'HEAD') return answer(405, 'GET and HEAD only')
      if (path === '/healthz') return answer(200, 'ok')
      if (path !== '/readyz') return answer(404, 'only /healthz and /readyz are here')
      if (isClosing?.() === true) return answer(503, 'closing')
      if (keeper.book === undefined) return answer(503, 'no status book yet')
      return keeper.isFresh() ? answer(200, 'ready') : answer(503, 'the status book is stale')
    },
  )
}
