import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { boundConnections } from '@countersign/verifier/connections'
import { gatewayLimits } from './limits.ts'

type Order = { readonly id: number; readonly [member: string]: unknown }

/** Beyond this number of orders, the oldest are forgotten. */
const ordersMax = 100
const bodyBytesMax = 65_536

/**
 * Makes a small API for a first look: it trusts every request, as an API behind a gateway does, and shows under
 * `caller` what the gateway told it about the caller. Orders are kept in memory. Not yet listening.
 */
export function createDemoApi(): Server {
  let orders: readonly Order[] = [
    { id: 1, item: 'a sextant', quantity: 1 },
    { id: 2, item: 'sealing wax', quantity: 12 },
  ]
  let lastId = orders.length

  function add(body: Readonly<Record<string, unknown>>): Order {
    const order = { ...body, id: ++lastId }
    orders = [...orders, order].slice(-ordersMax)
    return order
  }

  const server = createServer(
    { headersTimeout: gatewayLimits.headersTimeoutMs, requestTimeout: 30_000, maxHeaderSize: 65_536 },
    (request, response) => {
      const route = `${request.method} ${(request.url ?? '').replace(/\?.*$/, '')}`
      if (route === 'POST /orders') void takeOrder(request, response, add)
      else {
        if (route === 'GET /orders' || route === 'HEAD /orders')
          answer(response, 200, { orders, caller: callerOf(request) })
        else if (route === 'GET /health' || route === 'HEAD /health') answer(response, 200, { status: 'ok' })
        else answer(response, 404, { error: 'not found' })
      }
    },
  )
  boundConnections(server, {
    connectionsMax: gatewayLimits.connectionsMax,
    writeTimeoutMs: gatewayLimits.writeTimeoutMs,
    // All its callers come through the gateway.
    isProxy: () => true,
  })
  return server
}

async function takeOrder(
  request: IncomingMessage,
  response: ServerResponse,
  add: (body: Readonly<Record<string, unknown>>) => Order,
): Promise<void> {
  try {
    const body = await readObject(request)
    if (typeof body === 'string') answer(response, body === tooLong ? 413 : 400, { error: body })
    else answer(response, 201, { order: add(body), caller: callerOf(request) })
  } catch {
    response.destroy()
  }
}

const tooLong = 'an order has at most 64 KiB'

async function readObject(request: IncomingMessage): Promise<Readonly<Record<string, unknown>> | string> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length
    if (length > bodyBytesMax) return tooLong
    chunks.push(chunk)
  }
  try {
    const value: unknown = JSON.parse(Buffer.concat(chunks).toString())
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
    return isObject ? (value as Readonly<Record<string, unknown>>) : 'an order is a JSON object'
  } catch {
    return 'an order is a JSON object'
  }
}

/**
 * `x-countersign-client` as `client`, and so on. The assertion is a credential for this API, so only its presence is
 * shown.
 */
function callerOf(request: IncomingMessage): Readonly<Record<string, string>> {
  const caller: Record<string, string> = {}
  for (const [name, value] of Object.entries(request.headers)) {
    if (!name.startsWith('x-countersign-') || typeof value !== 'string') continue
    const member = name.slice('x-countersign-'.length)
    caller[member] = member === 'assertion' ? `a JWT of ${value.length} characters` : value
  }
  return caller
}

function answer(response: ServerResponse, status: number, body: object): void {
  if (response.destroyed) return
  const text = `${JSON.stringify(body, null, 2)}\n`
  const headers = { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(text) }
  response.writeHead(status, headers).end(text)
}
