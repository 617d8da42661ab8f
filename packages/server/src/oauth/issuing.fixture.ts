/** Every way to be given a token, and a store whose calls can be held: for tests of what a revoke meets on its way. */
import type { Store } from '@countersign/store'
import {
  accessTokenType,
  assertionType,
  audience,
  exchangeGrant,
  type KnownClient,
  type SignedClient,
  type World,
} from '../server.fixture.ts'
import type { CountersignServer } from '../server.ts'
import type { Reply } from '../wire.fixture.ts'

export const opaqueAudience = 'https://opaque.test'

/** A client that is about to ask for a token in one way. */
export interface Asker extends SignedClient {
  /** The audience that the token is exchanged for. Absent where nothing is exchanged. */
  readonly parent: string | undefined
  ask(server: CountersignServer): Promise<Reply>
}

/** The API for opaque tokens, beside the world's own. Their ids by audience. */
export async function prepareApis(world: World): Promise<ReadonlyMap<string, string>> {
  const opaque = { audience: opaqueAudience, name: 'Opaque', scopes: [{ name: 'orders:read' }], tokenFormat: 'opaque' }
  const { id } = await world.ok('POST', '/v1/apis', opaque)
  return new Map([
    [audience, world.apiId],
    [opaqueAudience, id],
  ])
}

export interface Way {
  readonly name: string
  /** The audience of the token. */
  readonly audience: string
  /**
   * With a new client; with one that was revoked and has this secret now, which is given a new public key; or with one that
   * asks in other ways as well.
   */
  prepare(world: World, known?: KnownClient | SignedClient): Promise<Asker>
}

type Fields = Readonly<Record<string, string>>
type Method = 'client_secret_basic' | 'client_secret_post' | 'private_key_jwt'

const methods: readonly Method[] = ['client_secret_basic', 'client_secret_post', 'private_key_jwt']

type Parent = (world: World, client: SignedClient) => Promise<string>

/** Whom a client's keys and minted tokens speak for. */
export const subjectOf = (clientId: string): string => `user of ${clientId}`

const keyFor =
  (aud: string): Parent =>
  async (world, { clientId }) =>
    (await world.key({ clientId, audience: aud, subject: subjectOf(clientId) })).key

const tokenFor =
  (aud: string): Parent =>
  async (world, client) =>
    (await world.token({ ...own(client), audience: aud })).body.access_token

/** The request, the API's audience, and the parent. */
const grants: readonly (readonly [string, string, Parent | undefined])[] = [
  ['client_credentials, a JWT', audience, undefined],
  ['client_credentials, an opaque token', opaqueAudience, undefined],
  ['exchange of a key for a JWT', audience, keyFor(audience)],
  ['exchange of a key for an opaque token', opaqueAudience, keyFor(opaqueAudience)],
  ['exchange of a JWT', audience, tokenFor(audience)],
  ['exchange of an opaque token', opaqueAudience, tokenFor(opaqueAudience)],
  ['exchange of a self-issued JWT', audience, (_, client) => client.selfIssued()],
]

/** Every grant and both formats by every client authentication method, and minting. */
export const ways: readonly Way[] = [
  ...methods.flatMap((method) =>
    grants.map(
      ([name, aud, parentOf]): Way => ({
        name: `${method}, ${name}`,
        audience: aud,
        async prepare(world, known) {
          const client = await makeClient(world, known)
          const parent = await parentOf?.(world, client)
          await forget(world, client)
          return {
            ...client,
            parent,
            ask: (server) => askToken(world, { method, client, parent, audience: aud }, server),
          }
        },
      }),
    ),
  ),
  {
    name: 'POST /v1/tokens',
    audience,
    async prepare(world, known) {
      const client = await makeClient(world, known)
      const { clientId } = client
      const body = { clientId, audience, scope: 'orders:read', ttlSeconds: 600, subject: subjectOf(clientId) }
      return { ...client, parent: undefined, ask: (server) => world.call('POST', '/v1/tokens', { body, server }) }
    },
  },
]

async function makeClient(world: World, known: KnownClient | SignedClient | undefined): Promise<SignedClient> {
  if (known !== undefined && 'assertion' in known) return known
  const access = [audience, opaqueAudience].map((name) => ({ audience: name, scope: 'orders:read' }))
  return world.signedClient({ access }, 'ES256', known)
}

/** The client as it is kept is out of date after it: the next request reads it anew. */
async function forget(world: World, { clientId }: SignedClient): Promise<void> {
  await world.ok('PATCH', `/v1/clients/${clientId}`, { name: 'about to ask' })
}

async function askToken(
  world: World,
  asked: {
    readonly method: Method
    readonly client: SignedClient
    readonly parent: string | undefined
    readonly audience: string
  },
  server: CountersignServer,
): Promise<Reply> {
  const { method, client, parent } = asked
  const fields: Fields =
    parent === undefined
      ? { grant_type: 'client_credentials', audience: asked.audience }
      : { grant_type: exchangeGrant, subject_token: parent, subject_token_type: accessTokenType }
  if (method === 'client_secret_basic') {
    const basic = Buffer.from(`${client.clientId}:${client.clientSecret}`).toString('base64')
    return world.form('/oauth/token', fields, { server, headers: [['Authorization', `Basic ${basic}`]] })
  }
  const proof: Fields =
    method === 'client_secret_post'
      ? own(client)
      : { client_assertion_type: assertionType, client_assertion: await client.assertion() }
  return world.form('/oauth/token', { ...fields, ...proof }, { server })
}

export function own({ clientId, clientSecret }: KnownClient) {
  return { client_id: clientId, client_secret: clientSecret }
}

export function tokenOf({ body }: Reply): string {
  return body.access_token ?? body.token
}

/** One call of the store is held where the test says: a read after it has read, a write before it begins. */
export interface Holder {
  readonly store: Store
  /** The next call of that name. Resolves when it is held; `let` lets it go on. */
  hold(name: string): { readonly held: Promise<void>; let(): void }
  /** No call is held any more. */
  end(): void
}

export function holdable(store: Store): Holder {
  let waiting: { readonly name: string; arrive(): void; readonly gone: Promise<void>; let(): void } | undefined
  async function pass(name: string): Promise<void> {
    if (waiting?.name !== name) return
    const { arrive, gone } = waiting
    waiting = undefined
    arrive()
    await gone
  }

  function wrap<T extends object>(target: T, path: string): T {
    return new Proxy(target, {
      get(holder, property) {
        const value: unknown = Reflect.get(holder, property)
        const name = `${path}${String(property)}`
        if (typeof value === 'object' && value !== null) return wrap(value, `${name}.`)
        if (typeof value !== 'function' || !/^(?:lookup\.|read\.|write$|insertToken$)/.test(name)) return value
        return (...given: readonly unknown[]) => {
          if (waiting?.name !== name) return Reflect.apply(value, holder, given)
          if (name === 'write' || name === 'insertToken')
            return pass(name).then(() => Reflect.apply(value, holder, given))
          return Promise.resolve(Reflect.apply(value, holder, given)).then(async (result) => {
            await pass(name)
            return result
          })
        }
      },
    })
  }

  return {
    store: wrap(store, ''),
    hold(name) {
      const held = Promise.withResolvers<void>()
      const gone = Promise.withResolvers<void>()
      waiting = { name, arrive: held.resolve, gone: gone.promise, let: gone.resolve }
      return { held: held.promise, let: gone.resolve }
    },
    end() {
      waiting?.let()
      waiting = undefined
    },
  }
}
