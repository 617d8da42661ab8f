/** A gateway over real sockets on 127.0.0.1, with a real engine and a real upstream, for the tests of this package. */
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import http, { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { type AddressInfo, connect, type Server } from 'node:net'
import {
  type CredentialRecord,
  digest,
  type FeedEntry,
  type FeedObject,
  generateKey,
  type KeyState,
  neverDropAt,
} from '@countersign/core'
import { type ApiDescription, readDocument, readOperations } from '@countersign/openapi'
import { type BookKeeper, createEngine, memoryLimiter, StatusBook, systemClock } from '@countersign/verifier/engine'
import { createGateway, type Gateway, type GatewayOptions, type RequestEvent } from './index.ts'

export const audience = 'https://api.test'

export interface Seen {
  readonly method: string
  readonly url: string
  readonly rawHeaders: readonly string[]
  readonly headers: http.IncomingHttpHeaders
  body: string
}

export interface Answer {
  readonly status: number
  readonly headers: http.IncomingHttpHeaders
  readonly rawHeaders: readonly string[]
  readonly body: string
}

export interface World {
  readonly gateway: Gateway
  readonly port: number
  readonly events: RequestEvent[]
  /** The requests that reached the upstream, in order. */
  readonly seen: Seen[]
  /** How the upstream answers; may be replaced. The default records the body and answers 200. */
  handle: (request: IncomingMessage, response: ServerResponse) => void
  readonly upstream: http.Server
  /** A new key and how to speak of it. */
  key(scope: string, more?: Partial<CredentialRecord>): Promise<{ readonly id: string; readonly text: string }>
  say(object: Pick<FeedObject, 'type' | 'id' | 'state'>): void
  revoke(keyId: string): void
  /** As a server does: the record and the entry. */
  change(keyId: string, state: Partial<KeyState> & { readonly scope: string }): void
  isFresh: boolean
  /** Called while a request waits for the look-up of its credential. */
  onLookup: () => void
  readonly assertionsAsked: string[]
  call(method: string, path: string, options?: CallOptions): Promise<Answer>
  /** As `raw` below. */
  raw(text: string | Buffer, quietMs?: number): Promise<string>
  close(): Promise<void>
}

export interface CallOptions {
  readonly key?: string
  readonly headers?: http.OutgoingHttpHeaders
  readonly body?: string
  readonly agent?: http.Agent
}

export const ordersDocument = {
  openapi: '3.1.0',
  info: { title: 'Orders', version: '1' },
  paths: {
    '/orders': {
      get: { security: [{ o: ['orders:read'] }] },
      post: { security: [{ o: ['orders:write'] }] },
      put: { security: [{ o: ['orders:write'] }] },
      delete: { security: [{ o: ['orders:write'] }], 'x-countersign-cost': 3 },
    },
    '/orders/{id}': { get: { security: [{ o: ['orders:read'] }] } },
    '/either': { get: { security: [{ o: ['a'] }, { o: ['b', 'c'] }] } },
    '/any': { get: { security: [{ o: [] }] } },
    '/health': { get: { security: [] }, post: { security: [] } },
    '/optional': { get: { security: [{}, { o: ['orders:read'] }] } },
  },
}

export async function openWorld(
  options: Partial<GatewayOptions> & { readonly document?: object; readonly upstreamPath?: string } = {},
): Promise<World> {
  const { document, upstreamPath, ...overrides } = options
  const description: ApiDescription =
    overrides.description ?? readOperations(readDocument(JSON.stringify(document ?? ordersDocument)))
  const allScope = description.scopes.map(({ name }) => name).join(' ')
  const records = new Map<string, CredentialRecord>()
  const book = StatusBook.fromSnapshot(
    { tenant: 't', issuer: 'https://issuer.test', place: { epoch: 'e', sequence: 10, chain: '' }, entries: [] },
    7,
  )
  const listeners = new Set<() => void>()
  const versions = new Map<string, number>()

  function say(object: Pick<FeedObject, 'type' | 'id' | 'state'>): void {
    const name = `${object.type} ${object.id}`
    const version = (versions.get(name) ?? 0) + 1
    versions.set(name, version)
    const rest = { version, dropAt: neverDropAt, at: 0, audit: '', chain: '', sequence: book.place.sequence + 1 }
    book.apply({ ...object, ...rest } as FeedEntry)
    for (const listener of listeners) listener()
  }

  const keeper: BookKeeper = {
    book,
    isFresh: () => world.isFresh,
    refresh: () => world.isFresh,
    reach: () => true,
    subscribe(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    now: () => Date.now() / 1000,
  }
  const access = `${allScope} orders:read orders:write`
  say({ type: 'tenant', id: 't', state: { status: 'active', slug: '' } })
  const apiState = { status: 'active', audience, maxStalenessSeconds: 10, createdSequence: 1 } as const
  say({ type: 'api', id: 'api_1', state: apiState })
  say({ type: 'client', id: 'client_1', state: { status: 'active', access: { api_1: access }, cutOff: 0 } })

  const clock = systemClock()
  const engine = createEngine({
    keeper,
    directory: {
      async credential(key) {
        world.onLookup()
        return { record: records.get(key), place: book.place, ageMs: 0 }
      },
      publicKey: () => ({ record: undefined, place: book.place, ageMs: 0 }),
      client: () => ({ record: undefined, place: book.place, ageMs: 0 }),
    },
    limiter: memoryLimiter(),
    clock,
  })

  const seen: Seen[] = []
  const upstream = createServer({ maxHeaderSize: 262_144 }, (request, response) => {
    const { method = '', url = '', rawHeaders, headers } = request
    const record: Seen = { method, url, rawHeaders, headers, body: '' }
    seen.push(record)
    request.on('data', (chunk: Buffer) => {
      if (record.body.length < 100_000) record.body += chunk.toString('latin1')
    })
    world.handle(request, response)
  })
  upstream.maxHeadersCount = 0
  const upstreamPort = await listen(upstream)
  const events: RequestEvent[] = []
  const assertionsAsked: string[] = []
  let requestCount = 0
  const gateway = createGateway({
    engine,
    keeper,
    description,
    upstream: new URL(`http://127.0.0.1:${upstreamPort}${upstreamPath ?? ''}`),
    audience,
    issuer: 'https://auth.example.com',
    assertions: ({ grant }) => {
      assertionsAsked.push(grant.credentialId)
      return { assertion: `signed.for.${grant.credentialId}`, expiresAt: Date.now() / 1000 + 60 }
    },
    trustedProxies: [],
    now: () => Date.now() / 1000,
    nextRequestId: () => `req_${++requestCount}`,
    onRequest: (event) => events.push(event),
    ...overrides,
  })
  const port = await listen(gateway.server)
  const defaultAgent = new http.Agent({ keepAlive: true })

  const world: World = {
    gateway,
    port,
    events,
    seen,
    upstream,
    isFresh: true,
    onLookup() {},
    assertionsAsked,
    say,
    handle(request, response) {
      request.resume()
      request.on('end', () => response.writeHead(200, { 'Content-Type': 'text/plain' }).end('from the upstream'))
    },
    async key(scope, more = {}) {
      const { id, text } = generateKey({ prefix: 'cs', marker: 'test', randomBytes })
      const record: CredentialRecord = {
        kind: 'api_key',
        id,
        version: 1,
        prefix: 'cs',
        clientId: 'client_1',
        subject: 'client_1',
        apiId: 'api_1',
        audience,
        scope,
        status: 'active',
        environment: 'test',
        metadata: {},
        limitId: id,
        lineage: [],
        inherited: [],
        clientStatus: 'active',
        access,
        ...more,
      }
      records.set(await digest(text), record)
      return { id, text }
    },
    revoke: (id) => say({ type: 'key', id, state: { status: 'revoked', scope: '' } }),
    change(id, state) {
      for (const [key, record] of records) {
        if (record.id === id) records.set(key, { ...record, ...state, version: record.version + 1 })
      }
      say({ type: 'key', id, state: { status: 'active', ...state } })
    },
    call: (method, path, callOptions = {}) => call(port, method, path, { agent: defaultAgent, ...callOptions }),
    raw: (text, quietMs) => raw(port, text, quietMs),
    async close() {
      defaultAgent.destroy()
      await gateway.close()
      upstream.closeAllConnections()
      await new Promise((resolve) => upstream.close(resolve))
    },
  }
  return world
}

export async function listen(server: Server | http.Server): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

export function call(port: number, method: string, path: string, options: CallOptions = {}): Promise<Answer> {
  const { key, body, agent } = options
  const headers = { ...(key === undefined ? {} : { Authorization: `Bearer ${key}` }), ...options.headers }
  return new Promise((resolve, reject) => {
    const request = http.request({ host: '127.0.0.1', port, method, path, headers, agent: agent ?? false })
    request.on('error', reject)
    request.on('response', (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('error', reject)
      response.on('end', () => {
        const { statusCode = 0, headers: received, rawHeaders } = response
        resolve({ status: statusCode, headers: received, rawHeaders, body: Buffer.concat(chunks).toString() })
      })
    })
    request.end(body)
  })
}

/**
 * Straight to the socket; what came back until the gateway closed it. Where it stays open, `quietMs`: until nothing came
 * for so long. Otherwise a connection that is not closed fails the test.
 */
export function raw(port: number, text: string | Buffer, quietMs?: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1')
    let received = ''
    const end = (settle: () => void): void => {
      clearTimeout(timer)
      socket.destroy()
      settle()
    }
    const done = (): void => end(() => resolve(received))
    const late = (): void => end(() => reject(new Error(`not closed in ${openMsMax} ms, after: ${received}`)))
    const timer = quietMs === undefined ? setTimeout(late, openMsMax) : setTimeout(done, quietMs)
    socket.on('data', (chunk: Buffer) => {
      received += chunk.toString('latin1')
      if (quietMs !== undefined) timer.refresh()
    })
    socket.on('close', done)
    socket.on('error', done)
    socket.write(text)
  })
}

/** A gateway that has work to do on a busy machine is not late yet. */
const openMsMax = 10_000

/** Every status line of a connection. */
export function statusesOf(received: string): readonly number[] {
  return [...received.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map((match) => Number(match[1]))
}

export async function until(isDone: () => boolean, withinMs: number): Promise<void> {
  const end = Date.now() + withinMs
  while (!isDone()) {
    if (Date.now() > end) throw new Error(`nothing within ${withinMs} ms`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}
