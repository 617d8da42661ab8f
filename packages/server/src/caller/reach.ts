import type { TenantContext } from '../context.ts'

/**
 * The part of a tenant that a caller sees and touches. An object beyond it is not there for the caller: 404, and in no
 * list, cursor, count, usage or audit event. Every look-up of the management API takes it beside the tenant.
 */
export type Reach = {
  /** Operators and machine clients: all that the tenant has. */
  readonly of: 'tenant'
  readonly tenant: string
}

export function tenantReach(tenant: Pick<TenantContext, 'id'>): Reach {
  return { of: 'tenant', tenant: tenant.id }
}

/**
 * The tenant's id, for a look-up that finds anything the tenant has. A narrower kind of reach does not compile here: each
 * look-up then has to filter by it.
 */
export function wholeTenant(reach: Reach): string {
  switch (reach.of) {
    case 'tenant':
      return reach.tenant
  }
}
