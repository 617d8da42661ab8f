/** A server over a private SQLite file with a clock that the test moves. */
import { randomBytes } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { generateKeyPair, importSigningKey, type JwsAlgorithm, randomBase62, signJwt } from '@countersign/core'
import { openSqliteStore, type Store, StoreUnavailableError } from '@countersign/store'
import { MasterKey } from './keys/master_key.ts'
import { deriveHere } from './people/hash_thread.ts'
import { createPasswords, type Passwords } from './people/password.ts'
import { type CountersignServer, createServer } from './server.ts'
import type { ServerOptions } from './server_options.ts'
import { type Reply, type Requests, requester, type Wire } from './wire.fixture.ts'

export const baseUrl = 'http://localhost:4800'
export const startAt = 1_800_000_000
export const audience = 'https://orders.test'
export const otherAudience = 'https://invoices.test'
export const accessTokenType = 'urn:ietf:params:oauth:token-type:access_token'
export const exchangeGrant = 'urn:ietf:params:oauth:grant-type:token-exchange'
export const assertionType = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'

export interface SignedClient {
  readonly clientId: string
  readonly clientSecret: string
  /** Signs with the client's own key; claims given replace the usual ones, `undefined` leaves one out. */
  selfIssued(claims?: object, header?: { readonly typ?: string }): Promise<string>
  assertion(claims?: object, header?: { readonly typ?: string }): Promise<string>
}

export type KnownClient = Pick<SignedClient, 'clientId' | 'clientSecret'>

export interface World extends Requests {
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
  /** Every row of every table but the leases, which chores take by timers: equal before and after when nothing was changed. */
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

/** Argon2id with the least work: most tests hash passwords on their way to something else. */
export function quickPasswords(): Passwords {
  return createPasswords({
    randomBytes,
    cost: { memoryKib: 8, passes: 1 },
    threads: { derive: deriveHere, close: () => {} },
  })
}

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
  const opened = await openSqliteStore({ file, auditKey: master.derive('audit'), now, randomBytes })
  let isClosing = false
  // The last counts and the last clean-up of a world are nobody's to see, and would start a thread at the end of each test.
  const countUsage: Store['countUsage'] = async (batch) => isClosing || opened.countUsage(batch)
  const cleanUp: Store['cleanUp'] = async (...given) => (isClosing ? { removed: 0 } : opened.cleanUp(...given))
  const sound = { ...opened, cleanUp, countUsage }
  const store = options.fails === undefined ? sound : faulty(sound, options.fails)
  const usual = { version: '0.0.0', log, now, flushUsageMs, passwords: quickPasswords() }
  const server = await createServer({ store, master, baseUrl, ...usual, ...options })
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
        ...usual,
        passwords: quickPasswords(),
        ...more,
      })
      others.push(other)
      return other
    },
    async close() {
      reader.close()
      isClosing = true
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
  const named = `select name from sqlite_master where type = 'table' and name <> 'leases' order by name`
  const tables = reader.prepare(named).all()
  const rows = tables.map(({ name }) => [name, reader.prepare(`select * from "${String(name)}"`).all()])
  return JSON.stringify(rows, (_, value: unknown) =>
    value instanceof Uint8Array ? Buffer.from(value).toString('hex') : value,
  )
}
