import { isNamed, missingScope, parseScope } from '@countersign/core'
import type { Api, Client, Store, Tenant } from '@countersign/store'
import type { Clock } from '@countersign/verifier/engine'
import type { Books } from '../feed/books.ts'
import { keepRecords } from '../feed/kept_records.ts'
import { BehindError } from './issuing_moment.ts'
import { OauthError } from './oauth_error.ts'
import { splitScope } from './person/identity_scope.ts'
import { readRequested } from './requested_scope.ts'

/** APIs as the token endpoint needs them: read once, then again when the feed says that one changed. */
export interface ApiRegistry {
  /** Whether this process has applied that such an API was made, whatever became of it. */
  isKnown(tenant: Pick<Tenant, 'id'>, id: string): boolean
  byId(tenant: Pick<Tenant, 'id'>, id: string): Promise<Api | undefined>
  byAudience(tenant: Pick<Tenant, 'id'>, audience: string): Promise<Api | undefined>
}

export function createApiRegistry(
  { store, books }: { readonly store: Store; readonly books: Books },
  clock: Clock,
): ApiRegistry {
  const apis = keepRecords<Api>({ books, clock, type: 'api', idOf: ({ id }) => id })

  async function byId(tenant: Pick<Tenant, 'id'>, id: string): Promise<Api | undefined> {
    return apis.find(tenant.id, id, () => store.read.apis.find(tenant.id, id))
  }

  return {
    byId,
    isKnown(tenant, id) {
      const book = books.book(tenant.id)
      return book?.state('api', id) !== undefined || book?.isRevoked('api', id) === true
    },
    async byAudience(tenant, audience) {
      const known = books.book(tenant.id)?.apiByAudience(audience)
      return known === undefined ? undefined : byId(tenant, known.apiId)
    },
  }
}

/**
 * The one API a token is for: `audience` or `resource` (RFC 8707), both of which name it, by any of its names; else the client's only one, else
 * the only one that holds every scope asked for. Unknown, foreign and not allowed look the same: `invalid_target`.
 */
export async function chooseApi(
  registry: ApiRegistry,
  tenant: Pick<Tenant, 'id'>,
  client: Client,
  parameters: ReadonlyMap<string, string>,
): Promise<Api> {
  const [named, other] = ['audience', 'resource'].flatMap((each) => parameters.get(each) ?? [])
  const api =
    named === undefined
      ? await findUnnamed(registry, tenant, client, parameters.get('scope'))
      : await findNamed(registry, tenant, client, named)
  if (other !== undefined && other !== named && (api === undefined || !isNamed(api, other)))
    throw invalidTarget('audience and resource name two APIs')
  if (api !== undefined && client.access[api.id] !== undefined) return api
  // The client, as it was read, has access to an API that was made after this request began: it may be the one meant.
  if (!Object.keys(client.access).every((id) => registry.isKnown(tenant, id))) throw new BehindError()
  throw invalidTarget(
    named === undefined ? 'name the API with audience or resource' : 'this client has no access to such an API',
  )
}

/** By its audience; else among the client's own, since every other is refused. */
async function findNamed(
  registry: ApiRegistry,
  tenant: Pick<Tenant, 'id'>,
  client: Client,
  name: string,
): Promise<Api | undefined> {
  const byAudience = await registry.byAudience(tenant, name)
  if (byAudience !== undefined) return byAudience
  for (const id of Object.keys(client.access)) {
    const api = await registry.byId(tenant, id)
    if (api !== undefined && isNamed(api, name)) return api
  }
  return undefined
}

/** Our own APIs are left aside where there is a choice: nobody reaches the management API by leaving the audience out. */
async function findUnnamed(
  registry: ApiRegistry,
  tenant: Pick<Tenant, 'id'>,
  client: Client,
  requested: string | undefined,
): Promise<Api | undefined> {
  const ids = Object.keys(client.access)
  if (ids.length === 1) return registry.byId(tenant, ids[0] as string)
  const found: Api[] = []
  for (const id of ids) {
    const api = await registry.byId(tenant, id)
    if (api === undefined || api.isBuiltIn) continue
    const { ofApi } = splitScope(readRequested(requested ?? '', api))
    if (missingScope(ofApi, parseScope(client.access[id] ?? '')).length === 0) found.push(api)
  }
  // One that is not known yet might hold them as well.
  return found.length === 1 && ids.every((id) => registry.isKnown(tenant, id)) ? found[0] : undefined
}

function invalidTarget(description: string): OauthError {
  return new OauthError('invalid_target', description)
}
