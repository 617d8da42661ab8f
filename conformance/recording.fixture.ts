/** Two HTTP servers that remember what reached them: an API, and the road from a proxy to Countersign. */
import { createHash } from 'node:crypto'
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A request as it arrived. Names of header fields are in lower case, `_` is kept. */
export interface Seen {
  readonly method: string
  readonly target: string
  readonly headers: readonly (readonly [name: string, value: string])[]
  /** Once the body came to its end. */
  trailers: readonly string[]
  /** The length of the body, once it came to its end. */
  bytes: number
  sha256: string
}

export interface Upstream {
  readonly address: string
  readonly seen: Seen[]
  close(): Promise<void>
}

/**
 * Answers 200 with what it saw as JSON. On a path that ends in `echo`, each piece of the body goes back as it comes; so does
 * what is said after an upgrade, on any path.
 */
export async function startUpstream(): Promise<Upstream> {
  const seen: Seen[] = []
  const server = createServer({ maxHeaderSize: 64 << 10 }, (incoming, response) => {
    const record = recordOf(incoming)
    seen.push(record)
    response.setHeader('X-Upstream', 'reached')
    if (record.target.endsWith('echo')) return void incoming.pipe(response)
    void digest(incoming, record).then(() => response.end(JSON.stringify(record)))
  })
  server.on('upgrade', (incoming, socket) => {
    seen.push(recordOf(incoming))
    socket.on('error', () => {})
    const key = `${incoming.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`
    const accept = createHash('sha1').update(key).digest('base64')
    const fields = [`Upgrade: ${incoming.headers.upgrade}`, 'Connection: upgrade', `Sec-WebSocket-Accept: ${accept}`]
    socket.write(`HTTP/1.1 101 Switching Protocols\r\n${fields.join('\r\n')}\r\n\r\n`)
    socket.pipe(socket)
  })
  const port = await listen(server, 0)
  return { address: `127.0.0.1:${port}`, seen, close: () => close(server) }
}

export type RoadState =
  | 'open'
  /** Nobody answers. */
  | 'silent'
  /** Something answers that is not Countersign. */
  | { readonly status: number; readonly headers?: Readonly<Record<string, string>> }

export interface Road {
  readonly address: string
  readonly seen: Seen[]
  state: RoadState
  /** The port refuses connections. */
  close(): Promise<void>
  /** The same port again. */
  reopen(): Promise<void>
}

export async function startRoad(target: URL): Promise<Road> {
  const answer = (incoming: IncomingMessage, response: ServerResponse): void => {
    const record = recordOf(incoming)
    road.seen.push(record)
    if (road.state === 'silent') return
    if (road.state !== 'open') return void response.writeHead(road.state.status, road.state.headers).end()
    const onward = request({
      host: target.hostname,
      port: target.port,
      method: incoming.method,
      path: incoming.url,
      // Announced by a caller, and meant for a body that the question has not.
      headers: record.headers.filter(([name]) => name !== 'trailer').flat(),
      agent: false,
    })
    onward.once('response', (reply) => {
      response.writeHead(reply.statusCode ?? 502, reply.rawHeaders)
      reply.pipe(response)
    })
    onward.once('error', () => response.destroy())
    incoming.on('data', (chunk: Buffer) => {
      record.bytes += chunk.length
    })
    onward.end()
  }
  let server = createServer(answer)
  const port = await listen(server, 0)
  const road: Road = {
    address: `127.0.0.1:${port}`,
    seen: [],
    state: 'open',
    close: () => close(server),
    async reopen() {
      server = createServer(answer)
      await listen(server, port)
    },
  }
  return road
}

function recordOf(incoming: IncomingMessage): Seen {
  const headers: [string, string][] = []
  for (let index = 0; index + 1 < incoming.rawHeaders.length; index += 2) {
    headers.push([(incoming.rawHeaders[index] as string).toLowerCase(), incoming.rawHeaders[index + 1] as string])
  }
  return { method: incoming.method ?? '', target: incoming.url ?? '', headers, trailers: [], bytes: 0, sha256: '' }
}

async function digest(incoming: IncomingMessage, record: Seen): Promise<void> {
  const hash = createHash('sha256')
  for await (const chunk of incoming) {
    record.bytes += (chunk as Buffer).length
    hash.update(chunk as Buffer)
  }
  record.sha256 = hash.digest('hex')
  record.trailers = incoming.rawTrailers
}

async function listen(server: Server, port: number): Promise<number> {
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  return (server.address() as AddressInfo).port
}

async function close(server: Server): Promise<void> {
  const closed = new Promise((resolve) => server.close(resolve))
  server.closeAllConnections()
  await closed
}
