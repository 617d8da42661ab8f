/** The URL of the gateway of `dev` at the API behind it. The system acts, since nobody calls. */
import { isNamed, limits } from '@countersign/core'
import type { Api, WriteTransaction } from '@countersign/store'
import type { Services } from '../context.ts'
import { apiObject } from '../feed/objects.ts'
import { defaultTenantId } from '../tenants/bootstrap.ts'

/**
 * Makes the URL a name of the API and the place where it is called. The gateway may have had another port at an earlier start,
 * or stood before another API: what `dev` said then is taken back. A `callUrl` of the form of a gateway's, http on loopback with
 * a port and no path, is taken for that of an earlier start, an owner's too. Any other stays, and its name in `resources` too.
 */
export async function nameByGateway(
  services: Pick<Services, 'books' | 'now' | 'store'>,
  apiId: string,
  gatewayUrl: string,
): Promise<void> {
  const now = services.now()
  const { entries } = await services.store.write(async (transaction) => {
    const api = await transaction.apis.find(defaultTenantId, apiId)
    if (api === undefined) throw new Error('the API of dev is missing')
    const holder = await transaction.apis.findByResource(defaultTenantId, gatewayUrl)
    const isAnothers = holder !== undefined && holder.id !== apiId
    // An audience is in tokens and stays with its API.
    const isFree = !isAnothers || !isNamed({ audience: holder.audience }, gatewayUrl)
    if (isAnothers && isFree) await change(transaction, holder, without(gatewayUrl, holder), now)
    const { callUrl = gatewayUrl } = api
    const isMoved = callUrl !== gatewayUrl && gatewayForm.test(callUrl)
    const rest = { ...api, ...(isMoved ? without(callUrl, api) : {}) }
    const { resources = [] } = rest
    const isAdded = isFree && !isNamed(rest, gatewayUrl) && resources.length < limits.apiResourcesMax
    const names = isAdded ? { resources: [...resources, gatewayUrl] } : rest.resources && { resources }
    await change(transaction, api, { ...names, callUrl: isMoved ? gatewayUrl : callUrl }, now)
  })
  await services.books.settle(entries)
}

const gatewayForm = /^http:\/\/(localhost|127\.0\.0\.1|\[::1\]):\d+$/

type Place = Pick<Api, 'callUrl' | 'resources'>

async function change({ apis, append }: WriteTransaction, api: Api, place: Place, now: number): Promise<void> {
  const before = placeOf(api)
  const changed: Api = { ...api, ...place, version: api.version + 1, updatedAt: Math.floor(now) }
  const after = placeOf(changed)
  if (JSON.stringify(before) === JSON.stringify(after)) return
  await apis.update(changed)
  append({
    tenant: api.tenant,
    audit: {
      actor: { kind: 'system' },
      action: 'api.update',
      objectType: 'api',
      objectId: api.id,
      before,
      after,
      requestId: 'dev',
    },
    objects: () => [apiObject(changed, now)],
  })
}

function placeOf({ callUrl, resources = [] }: Api): Place {
  return { ...(callUrl === undefined ? {} : { callUrl }), resources }
}

function without(url: string, { resources = [] }: Api): Pick<Api, 'resources'> {
  return { resources: resources.filter((each) => each !== url) }
}
