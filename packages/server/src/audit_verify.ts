/** `countersign audit verify`: every link of every tenant's audit chain, with the key that the links were made with. */
import { openInstallationStore, openMaster } from './installation.ts'
import { silentLog } from './services/log.ts'

export interface AuditVerified {
  readonly tenants: readonly {
    readonly tenant: string
    /** That verify, from the first. */
    readonly events: number
    /** The first that does not: changed, left out, or cut off. */
    readonly brokenAt: number | null
  }[]
}

/** While a server runs, too. Throws `ConfigError`, `DatabaseOpenError`. */
export async function auditVerify(options: {
  readonly database: string
  readonly masterKey?: string
}): Promise<AuditVerified> {
  const master = openMaster(options.database, options.masterKey)
  const store = await openInstallationStore(options.database, master, silentLog)
  try {
    // Also tenants that were deleted: their audit logs stay.
    const { places } = await store.feed.places()
    const tenants = []
    for (const tenant of places.keys()) {
      const { events, brokenAt } = await store.verifyAudit(tenant)
      tenants.push({ tenant, events, brokenAt: brokenAt ?? null })
    }
    return { tenants }
  } finally {
    await store.close()
  }
}
