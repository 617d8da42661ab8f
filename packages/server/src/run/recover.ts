/** `countersign provision --recover`: an administrator's key, made offline, for when no one is left who could make one. */
import { randomBytes } from 'node:crypto'
import { generateKey, type Seconds, Secret } from '@countersign/core'
import { silentLog } from '../observe/log.ts'
import { administratorKey, administratorOf } from '../tenants/tenant_setup.ts'
import { openInstallationStore, openMaster } from './installation.ts'

export interface Recovered {
  readonly key: Secret
  readonly keyId: string
  readonly clientId: string
}

/**
 * A client of its own with everything, since others may have been revoked for a reason. `undefined` when there is no such
 * tenant. The caller holds the data lock. Throws `ConfigError`, `DatabaseOpenError`.
 */
export async function recoverAdministrator(options: {
  readonly database: string
  readonly masterKey?: string
  /** The tenant's; `''` is the default one. */
  readonly slug: string
  readonly keyPrefix: string
  readonly now: () => Seconds
}): Promise<Recovered | undefined> {
  const { database, masterKey, slug, keyPrefix, now } = options
  const master = openMaster(database, masterKey)
  const store = await openInstallationStore(database, master, silentLog, now)
  try {
    const { value } = await store.write(async (transaction) => {
      const tenant = await transaction.tenants.findBySlug(slug)
      if (tenant === undefined || tenant.status === 'revoked') return undefined
      const at = now()
      const client = administratorOf(tenant, 'Recovered administrator', { now: at, randomBytes })
      const generated = generateKey({ prefix: keyPrefix, marker: 'live', randomBytes })
      await transaction.clients.insert(client)
      await transaction.keys.insert(await administratorKey(client, 'Recovered admin key', generated, at))
      transaction.append({
        tenant: tenant.id,
        audit: {
          actor: { kind: 'system' },
          action: 'administrator.recover',
          objectType: 'key',
          objectId: generated.id,
          after: { clientId: client.id, scope: client.authority.scope },
          requestId: 'provision',
        },
      })
      return { key: new Secret(generated.text), keyId: generated.id, clientId: client.id }
    })
    return value
  } finally {
    await store.close()
  }
}
