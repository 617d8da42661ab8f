/** better-auth as the run uses it: its fastest storages, without what the others do not do either. */
import { randomBytes } from 'node:crypto'
import pg from 'pg'
import { openWriter } from '../../packages/store/src/sqlite/file.ts'
import { importPeer } from './peer.ts'

export interface BetterAuth {
  readonly api: {
    signUpEmail(options: object): Promise<{ readonly headers: Headers; readonly response: { readonly user: User } }>
    createApiKey(options: object): Promise<{ readonly key: string }>
    verifyApiKey(options: { readonly body: { readonly key: string } }): Promise<{ readonly valid: boolean }>
    adminCreateOAuthClient(options: object): Promise<{ readonly client_id: string; readonly client_secret: string }>
  }
  readonly handler: (request: Request) => Promise<Response>
  readonly $context: Promise<{ runMigrations(): Promise<void> }>
}

interface User {
  readonly id: string
}

/** `memory`: the memory adapter. `secondary`: its faster path, keys in a secondary storage that is a Map here. */
export type BetterAuthStorage = 'memory' | 'secondary'

export interface OpenedBetterAuth {
  readonly auth: BetterAuth
  readonly userId: string
  /** The user's session. */
  readonly cookie: string
}

export async function openBetterAuth(options: {
  readonly baseUrl: string
  readonly storage: BetterAuthStorage
  /** `sqlite:FILE` or a PostgreSQL, in place of the memory adapter. */
  readonly database?: string
  readonly plugins?: readonly object[]
}): Promise<OpenedBetterAuth> {
  const { betterAuth } = await importPeer<{ betterAuth(options: object): BetterAuth }>('better-auth')
  const auth = betterAuth({
    baseURL: options.baseUrl,
    secret: randomBytes(32).toString('base64url'),
    database: options.database === undefined ? await openMemory() : await openDatabase(options.database),
    emailAndPassword: { enabled: true },
    // Fair: the others write no log, phone nowhere and limit nobody in these runs.
    telemetry: { enabled: false },
    logger: { disabled: true },
    rateLimit: { enabled: false },
    ...(options.storage === 'secondary' ? { secondaryStorage: mapStorage() } : {}),
    // `deferUpdates` asks for it: updates run beside the answer.
    advanced: { backgroundTasks: { handler: () => undefined } },
    plugins: [await apiKeyPlugin(options.storage), ...(options.plugins ?? [])],
  })
  if (options.database !== undefined) await (await auth.$context).runMigrations()
  const body = { email: 'bench@peers.example', password: randomBytes(16).toString('hex'), name: 'bench' }
  const { headers, response } = await auth.api.signUpEmail({ returnHeaders: true, body })
  const cookie = headers
    .getSetCookie()
    .map((each) => each.split(';')[0])
    .join('; ')
  return { auth, userId: response.user.id, cookie }
}

/** Fair: no rate limit, and the updates of a key's last use do not hold up the answer. */
async function apiKeyPlugin(storage: BetterAuthStorage): Promise<object> {
  const { apiKey } = await importPeer<{ apiKey(options: object): object }>('@better-auth/api-key')
  return apiKey({
    rateLimit: { enabled: false },
    deferUpdates: true,
    ...(storage === 'secondary' ? { storage: 'secondary-storage' } : {}),
  })
}

/** Measured here: 6,000 verifications a second, against 2,000 with its SQLite dialect in memory. */
async function openMemory(): Promise<unknown> {
  const { memoryAdapter } = await importPeer<{ memoryAdapter(tables: object): unknown }>('better-auth/adapters/memory')
  const names = 'user session account verification apikey jwks oauthClient oauthAccessToken oauthRefreshToken'
  const more = 'oauthConsent oauthResource oauthClientResource oauthClientAssertion rateLimit'
  return memoryAdapter(Object.fromEntries(`${names} ${more}`.split(' ').map((name) => [name, []])))
}

/** Fair: as our store opens its own. */
async function openDatabase(database: string): Promise<unknown> {
  const file = /^sqlite:(.+)$/s.exec(database)?.[1]
  return file === undefined ? new pg.Pool({ connectionString: database, max: 10 }) : await openWriter(file)
}

function mapStorage(): object {
  const kept = new Map<string, string>()
  return {
    get: (key: string) => kept.get(key) ?? null,
    set: (key: string, value: string) => void kept.set(key, value),
    delete: (key: string) => void kept.delete(key),
  }
}
