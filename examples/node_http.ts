/** An API on `node:http` alone. */
import { createServer } from 'node:http'
import { type GuardedRequest, protect } from '@countersign/verifier/node'

const guards = { GET: protect({ scope: 'orders:read' }), POST: protect({ scope: 'orders:write' }) }

const server = createServer(async (request: GuardedRequest, response) => {
  if (request.url === '/health') {
    response.end('{"status":"ok"}')
    return
  }
  const guard = request.method === 'POST' ? guards.POST : guards.GET
  // Answered already: 401, 403, 429 or 503, with the challenge.
  if (!(await guard(request, response))) return
  response.writeHead(request.method === 'POST' ? 201 : 200, { 'content-type': 'application/json' })
  response.end(JSON.stringify({ caller: request.auth?.clientId }))
})
server.listen(Number(process.env.PORT ?? 3000), '127.0.0.1', () => console.log(JSON.stringify(server.address())))
