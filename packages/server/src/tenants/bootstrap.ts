/** Makes the default tenant before the first request, and lets the management audience follow the issuer. */
import { parseKey, type Seconds, type Secret } from '@countersign/core'
import type { Api, Store } from '@countersign/store'
import { apiObject } from '../feed/objects.ts'
import type { MasterKey } from '../keys/master_key.ts'
import { giveNewScopes } from './new_scopes.ts'
import { builtInAudiences, setUpTenant } from './tenant_setup.ts'

export const defaultTenantId = 'default'

export interface BootstrapOptions {
  readonly store: Store
  readonly master: MasterKey
  readonly keyPrefix: string
  readonly adminKey?: Secret
  readonly now: () => Seconds
  readonly randomBytes: (count: number) => Uint8Array
  readonly issuerOf: (slug: string) => string
}

/**
 * The bootstrap admin key when this start made the installation, else undefined. Safe when two processes start at once.
 */
export async function bootstrap(options: BootstrapOptions): Promise<Secret | undefined> {
  const { store } = options
  const existing = await store.read.tenants.findBySlug('')
  if (existing !== undefined) {
    await followIssuer(options)
    await giveNewScopes(options)
    return undefined
  }
  const { value } = await store.write(async (transaction) => {
    if ((await transaction.tenants.findBySlug('')) !== undefined) return undefined
    const given = options.adminKey
    const parsed = given === undefined ? undefined : parseKey(given.reveal())
    const { adminKey } = await setUpTenant({
      transaction,
      tenant: { id: defaultTenantId, slug: '', name: 'Default' },
      issuer: options.issuerOf(''),
      master: options.master,
      now: options.now(),
      randomBytes: options.randomBytes,
      keyPrefix: options.keyPrefix,
      ...(given === undefined || parsed === undefined ? {} : { adminKey: { id: parsed.id, text: given.reveal() } }),
      actor: { kind: 'system' },
      requestId: 'bootstrap',
    })
    return adminKey
  })
  return value
}

/**
 * The built-in APIs of every tenant after the base URL changed: credentials refer to the API by its id and go on working.
 */
async function followIssuer({ store, issuerOf, now }: BootstrapOptions): Promise<void> {
  let after: string | undefined
  for (;;) {
    const tenants = await store.read.tenants.list({ limit: 100, ...(after === undefined ? {} : { after }) })
    for (const { id, slug, status } of tenants) {
      if (status === 'revoked') continue
      for (const [apiId, audience] of Object.entries(builtInAudiences(issuerOf(slug)))) {
        const api = await store.read.apis.find(id, apiId)
        if (api !== undefined && api.audience !== audience) await moveAudience({ store, now }, api, audience)
      }
    }
    after = tenants.at(-1)?.id
    if (tenants.length < 100 || after === undefined) return
  }
}

async function moveAudience(
  { store, now }: Pick<BootstrapOptions, 'store' | 'now'>,
  { tenant, id }: Api,
  audience: string,
): Promise<void> {
  await store.write(async (transaction) => {
    const current = await transaction.apis.find(tenant, id)
    if (current === undefined || current.audience === audience) return
    const changed = { ...current, audience, version: current.version + 1, updatedAt: Math.floor(now()) }
    await transaction.apis.update(changed)
    transaction.append({
      tenant,
      audit: {
        actor: { kind: 'system' },
        action: 'api.audience',
        objectType: 'api',
        objectId: id,
        before: { audience: current.audience },
        after: { audience },
        requestId: 'bootstrap',
      },
      objects: () => [apiObject(changed, now())],
    })
  })
}
