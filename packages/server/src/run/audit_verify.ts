/** `countersign audit verify`: every link of every tenant's audit chain, with the key that the links were made with. */
import type { AuditHead } from '@countersign/store'
import { silentLog } from '../observe/log.ts'
import { defaultTenantId } from '../tenants/bootstrap.ts'
import { openInstallationStore, openMaster } from './installation.ts'

export interface AuditVerified {
  readonly tenants: readonly {
    readonly tenant: string
    /** That verify, from the first. */
    readonly events: number
    /** The last of them as `SEQ:LINK`, to be noted elsewhere and given again as `--expect`. */
    readonly head: string
    /** The first that does not: changed, left out, or cut off. */
    readonly brokenAt: number | null
  }[]
}

/** While a server runs, too. Throws `ConfigError`, `DatabaseOpenError`. */
export async function auditVerify(options: {
  readonly database: string
  readonly masterKey?: string
  /** An end that was noted elsewhere, of this tenant or the default one: all of the log up to there must still be there. */
  readonly expected?: AuditHead & { readonly tenant?: string }
}): Promise<AuditVerified> {
  const master = openMaster(options.database, options.masterKey)
  const store = await openInstallationStore(options.database, master, silentLog)
  try {
    // Also tenants that were deleted: their audit logs stay.
    const named = await store.auditedTenants()
    const pinned = options.expected?.tenant ?? defaultTenantId
    const tenants = []
    for (const tenant of new Set([...named, ...(options.expected === undefined ? [] : [pinned])])) {
      const expected = tenant === pinned ? options.expected : undefined
      const { events, link, brokenAt } = await store.verifyAudit(tenant, expected)
      tenants.push({ tenant, events, head: `${events}:${link}`, brokenAt: brokenAt ?? null })
    }
    return { tenants }
  } finally {
    await store.close()
  }
}
