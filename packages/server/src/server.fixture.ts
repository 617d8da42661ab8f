/** A server over a private SQLite file with a clock that the test moves; requests go straight into `handle`. */
import { randomBytes } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { allRoutes } from '@countersign/contract'
import { generateKeyPair, importSigningKey, type JwsAlgorithm, randomBase62, signJwt } from '@countersign/core'
import { openSqliteStore, type Store, StoreUnavailableError } from '@countersign/store'
import { expect } from 'vitest'
import type { Answer } from './http/answer.ts'
import { ProblemError } from './http/problem.ts'
import type { HttpRequest } from './http/request.ts'
import { MasterKey } from './keys/master_key.ts'
import { type CountersignServer, createServer } from './server.ts'
import type { ServerOptions } from './server_options.ts'

export const baseUrl = 'http://localhost:4800'
export const startAt = 1_800_000_000
export const audience = 'https://orders.test'
export const otherAudience = 'https://invoices.test'
export const accessTokenType = 'urn:ietf:params:oauth:token-type:access_token'
export const exchangeGrant = 'urn:ietf:params:oauth:grant-type:token-exchange'
export const assertionType = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'

/** The members of answers that tests read. What is not there is `undefined` whatever the type says. */
export interface Wire {
  readonly [name: string]: unknown
  readonly id: string
  readonly key: string
  readonly kid: string
  readonly jti: string
  readonly token: string
  readonly clientId: string
  readonly clientSecret: string
  readonly adminKey: string
  readonly issuer: string
  readonly access_token: string
  readonly expires_in: number
  readonly scope: string
  readonly code: string
  readonly detail: string
  readonly error: string
  readonly error_description: string
  readonly status: string
  readonly active: boolean
  readonly expiresAt: string
  readonly next: string
  readonly feedSequence: number
  readonly grant: Wire
  readonly session: Wire
  readonly member: Wire
  readonly invitation: Wire
  readonly email: string
  readonly url: string
  readonly data: readonly Wire[]
  readonly keys: readonly Wire[]
  readonly entries: readonly Wire[]
  readonly errors: readonly { readonly pointer: string; readonly detail: string }[]
}

export interface Reply {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  /** `Set-Cookie` fields. */
  readonly cookies: readonly string[]
  readonly text: string
  readonly body: Wire
}

export interface CallOptions {
  readonly body?: unknown
  /** Instead of `body`: these very bytes. */
  readonly raw?: string | Uint8Array
  /** A key or token; `null` for none. Default: the administrator's. */
  readonly as?: string | null
  /** Name and value pairs; a name may come twice. */
  readonly headers?: readonly (readonly [string, string])[]
  readonly peer?: string
  /** The tenant's path, such as `/t/acme`. */
  readonly at?: string
  /** Runs when the body is read: the caller has been authenticated, the transaction has not begun. */
  readonly whileReading?: () => Promise<unknown>
  /** Default: the world's first server. */
  readonly server?: CountersignServer
}

export interface SignedClient {
  readonly clientId: string
  readonly clientSecret: string
  /** Signs with the client's own key; claims given replace the usual ones, `undefined` leaves one out. */
  selfIssued(claims?: object, header?: { readonly typ?: string }): Promise<string>
  assertion(claims?: object, header?: { readonly typ?: string }): Promise<string>
}

export type KnownClient = Pick<SignedClient, 'clientId' | 'clientSecret'>

export interface World {
  readonly server: CountersignServer
  readonly store: Store
  readonly file: string
  readonly admin: string
  readonly logged: { readonly level: string; readonly fields: object; readonly message: string }[]
  readonly apiId: string
  /** A client of type `service` with access to both scopes of `audience`. */
  readonly clientId: string
  readonly clientSecret: string
  now: number
  call(method: string, path: string, options?: CallOptions): Promise<Reply>
  /** As the administrator, and it must succeed. */
  ok(method: string, path: string, body?: unknown): Promise<Wire>
  form(path: string, fields: Readonly<Record<string, string>>, options?: CallOptions): Promise<Reply>
  /** At the token endpoint as the fixture's client, unless the fields say another. */
  token(fields?: Readonly<Record<string, string>>): Promise<Reply>
  exchange(subjectToken: string, fields?: Readonly<Record<string, string>>): Promise<Reply>
  verify(credential: string, more?: object): Promise<Wire>
  key(more?: object): Promise<Wire>
  mint(more?: object): Promise<Wire>
  client(more?: object): Promise<Wire>
  /** `known`: not a new client, but this one, which is given a new public key instead of those it has. */
  signedClient(more?: object, alg?: JwsAlgorithm, known?: KnownClient): Promise<SignedClient>
  /** A key for the management API with these scopes, of a client of its own. */
  caller(scope: string, guards?: readonly string[]): Promise<{ readonly key: string; readonly clientId: string }>
  /** Every row of every table, as text: equal before and after when nothing was changed. */
  dump(): string
  /** Changes with every write. */
  dataVersion(): number
  bytes(): string
  /** Another server over the same database, as another process would be; perhaps after the installation moved. */
  second(url?: string, options?: Partial<ServerOptions>): Promise<CountersignServer>
  close(): Promise<void>
}

/** Counts are written when a test says so: it compares what is stored before and after. */
const flushUsageMs = 3_600_000

/** `fails` is asked at each call on the store, also inside transactions; by name, such as `read.keys.find`. */
export type Fails = (call: string) => boolean

export async function startWorld(options: Partial<ServerOptions> & { readonly fails?: Fails } = {}): Promise<World> {
  const directory = mkdtempSync(join(tmpdir(), 'countersign-server-'))
  const file = join(directory, 'countersign.db')
  const master = options.master ?? new MasterKey(randomBytes(32))
  const clock = { now: startAt }
  const now = (): number => clock.now
  const logged: World['logged'] = []
  const note = (level: string) => (fields: object, message: string) => void logged.push({ level, fields, message })
  const log = { info: note('info'), warn: note('warn'), error: note('error') }
  const sound = await openSqliteStore({ file, auditKey: master.derive('audit'), now, randomBytes })
  const store = options.fails === undefined ? sound : faulty(sound, options.fails)
  const server = await createServer({ store, master, baseUrl, version: '0.0.0', log, now, flushUsageMs, ...options })
  const admin = server.adminKey?.reveal() ?? ''
  const reader = new DatabaseSync(file, { readOnly: true })
  const others: CountersignServer[] = []
  const requests = requester(server, admin)
  const { call, ok, form } = requests
  const api = await ok('POST', '/v1/apis', {
    audience,
    name: 'Orders',
    scopes: [{ name: 'orders:read' }, { name: 'orders:write' }],
  })
  const access = [{ audience, scope: 'orders:read orders:write' }]
  const client = (more: object = {}): Promise<Wire> =>
    ok('POST', '/v1/clients', { name: 'a client', type: 'service', access, ...more })
  const { clientId, clientSecret } = await client()
  const own = { client_id: clientId, client_secret: clientSecret }

  return {
    server,
    store,
    file,
    admin,
    logged,
    apiId: api.id,
    clientId,
    clientSecret,
    get now() {
      return clock.now
    },
    set now(seconds) {
      clock.now = seconds
    },
    call,
    ok,
    form,
    token: (fields = {}) => form('/oauth/token', { grant_type: 'client_credentials', ...own, ...fields }),
    exchange: (subjectToken, fields = {}) =>
      form('/oauth/token', {
        grant_type: exchangeGrant,
        ...own,
        subject_token: subjectToken,
        subject_token_type: accessTokenType,
        ...fields,
      }),
    verify: (credential, more = {}) => ok('POST', '/v1/verify', { credential, audience, ...more }),
    key: (more = {}) => ok('POST', '/v1/keys', { clientId, audience, scope: 'orders:read', name: 'a key', ...more }),
    mint: (more = {}) =>
      ok('POST', '/v1/tokens', { clientId, audience, scope: 'orders:read', ttlSeconds: 600, ...more }),
    client,
    signedClient: (more = {}, alg = 'ES256', known) =>
      signedClient(
        known === undefined
          ? client
          : async ({ jwks }) => ({ ...(await ok('PATCH', `/v1/clients/${known.clientId}`, { jwks })), ...known }),
        now,
        more,
        alg,
      ),
    async caller(scope, guards = []) {
      const management = [{ audience: `${baseUrl}/v1`, scope }]
      const owner = await client({ access: management, guards })
      const key = { clientId: owner.clientId, audience: `${baseUrl}/v1`, scope, name: 'a caller' }
      return { key: (await ok('POST', '/v1/keys', key)).key, clientId: owner.clientId }
    },
    dump: () => dump(reader),
    dataVersion: () => Number(reader.prepare('pragma data_version').get()?.data_version),
    bytes: () => [file, `${file}-wal`].map((name) => readFileSync(name, 'latin1')).join(''),
    async second(url = baseUrl, more = {}) {
      const itsStore = await openSqliteStore({ file, auditKey: master.derive('audit'), now, randomBytes })
      const other = await createServer({
        store: itsStore,
        master,
        baseUrl: url,
        version: '0.0.0',
        log,
        now,
        flushUsageMs,
        ...more,
      })
      others.push(other)
      return other
    },
    async close() {
      reader.close()
      for (const other of others) await other.close()
      await server.close()
      rmSync(directory, { recursive: true, force: true })
    },
  }
}

/** A database that is there at one call and not at the next. */
function faulty<T extends object>(target: T, fails: Fails, path = ''): T {
  return new Proxy(target, {
    get(holder, property) {
      const value: unknown = Reflect.get(holder, property)
      const name = `${path}${String(property)}`
      if (typeof value === 'object' && value !== null) return faulty(value, fails, `${name}.`)
      if (typeof value !== 'function') return value
      return (...given: readonly unknown[]) => {
        if (fails(name)) throw new StoreUnavailableError('unreachable', new Error(name))
        const isWork = name === 'write' && typeof given[0] === 'function'
        const work = given[0] as (transaction: object) => unknown
        return Reflect.apply(
          value,
          holder,
          isWork ? [(transaction: object) => work(faulty(transaction, fails, 'transaction.'))] : given,
        )
      }
    },
  })
}

type Requests = Pick<World, 'call' | 'ok' | 'form'>

function requester(server: CountersignServer, admin: string): Requests {
  async function call(method: string, target: string, options: CallOptions = {}): Promise<Reply> {
    const body = options.raw ?? (options.body === undefined ? '' : JSON.stringify(options.body))
    const { as = admin } = options
    const isJson = options.raw === undefined && options.body !== undefined
    const headers = [
      ['Host', 'localhost:4800'] as const,
      ...(as === null ? [] : [['Authorization', `Bearer ${as}`] as const]),
      ...(isJson ? [['Content-Type', 'application/json'] as const] : []),
      ...(options.headers ?? []),
    ]
    const reply = await send(options.server ?? server, method, `${options.at ?? ''}${target}`, headers, body, options)
    expectContract(method, target, reply)
    return reply
  }

  return {
    call,
    async ok(method, path, body) {
      const reply = await call(method, path, { body })
      expect(reply.status, `${method} ${path}: ${reply.text}`).toBeLessThan(300)
      return reply.body
    },
    form: (path, fields, options = {}) =>
      call('POST', path, {
        as: null,
        raw: new URLSearchParams(fields).toString(),
        ...options,
        headers: [['Content-Type', 'application/x-www-form-urlencoded'], ...(options.headers ?? [])],
      }),
  }
}

export async function send(
  server: CountersignServer,
  method: string,
  target: string,
  headers: readonly (readonly [string, string])[],
  body: string | Uint8Array = '',
  { peer = '192.0.2.7', whileReading }: Pick<CallOptions, 'peer' | 'whileReading'> = {},
): Promise<Reply> {
  const mark = target.indexOf('?')
  const bytes = typeof body === 'string' ? Buffer.from(body) : body
  const exchange: HttpRequest = {
    method,
    path: mark < 0 ? target : target.slice(0, mark),
    query: mark < 0 ? '' : target.slice(mark + 1),
    rawHeaders: headers.flat(),
    peer,
    requestId: `req_${randomBase62(16, randomBytes)}`,
    async readBody(bytesMax) {
      await whileReading?.()
      if (bytes.length > bytesMax) throw new ProblemError(413, 'content_too_large', 'the body is too long')
      return bytes
    },
    signal: new AbortController().signal,
  }
  return readReply(await server.handle(exchange))
}

async function readReply({ status, headers, cookies = [], body }: Answer): Promise<Reply> {
  let text = typeof body === 'string' ? body : ''
  if (body instanceof Uint8Array) text = Buffer.from(body).toString()
  else if (typeof body === 'object') for await (const chunk of body) text += chunk
  const isJson = /[/+]json$/.test(headers['Content-Type'] ?? '')
  return { status, headers, cookies, text, body: (isJson ? JSON.parse(text) : {}) as Wire }
}

/** Every answer of the management API has the shape that the contract says, whatever the test looks at. */
function expectContract(method: string, target: string, reply: Reply): void {
  const path = target.replace(/\?.*$/s, '')
  const route = allRoutes.find((each) => each.method === method && pathPattern(each.path).test(path))
  if (route === undefined) return
  if (reply.status < 300) {
    expect(reply.status, `${method} ${path}`).toBe(route.answer.status)
    const value = route.answer.contentType === undefined ? reply.body : reply.text
    expect(route.answer.schema.safeParse(value).error, `${method} ${path}`).toBeUndefined()
    return
  }
  expect(reply.headers['Content-Type'], reply.text).toBe('application/problem+json')
  expect(reply.body, reply.text).toMatchObject({ type: expect.any(String), title: expect.any(String) })
  expect(reply.body, reply.text).toMatchObject({ status: reply.status, requestId: expect.stringMatching(/^req_/) })
  expect(reply.body.detail, reply.text).toMatch(/./)
}

export function pathPattern(path: string): RegExp {
  return new RegExp(`^${path.replaceAll(/\{\w+\}/g, '[^/]+')}$`)
}

async function signedClient(
  register: (more: { readonly jwks: object }) => Promise<Wire>,
  now: () => number,
  more: object,
  alg: JwsAlgorithm,
): Promise<SignedClient> {
  const { publicJwk, privateJwk } = await generateKeyPair(alg as 'ES256')
  const kid = `kid-${randomBase62(8, randomBytes)}`
  const { clientId, clientSecret } = await register({ jwks: { keys: [{ ...publicJwk, kid, alg }] }, ...more })
  const key = importSigningKey({ ...privateJwk, kid }, { alg })
  const usual = () => ({ iss: clientId, sub: clientId, jti: randomBase62(20, randomBytes), iat: now() })
  return {
    clientId,
    clientSecret,
    selfIssued: async (claims = {}, { typ = 'at+jwt' } = {}) =>
      signJwt({
        typ,
        claims: { ...usual(), aud: audience, exp: now() + 600, scope: 'orders:read', ...claims },
        key,
      }),
    assertion: async (claims = {}, { typ = 'JWT' } = {}) =>
      signJwt({ typ, claims: { ...usual(), aud: baseUrl, exp: now() + 60, ...claims }, key }),
  }
}

function dump(reader: DatabaseSync): string {
  const tables = reader.prepare(`select name from sqlite_master where type = 'table' order by name`).all()
  const rows = tables.map(({ name }) => [name, reader.prepare(`select * from "${String(name)}"`).all()])
  return JSON.stringify(rows, (_, value: unknown) =>
    value instanceof Uint8Array ? Buffer.from(value).toString('hex') : value,
  )
}
