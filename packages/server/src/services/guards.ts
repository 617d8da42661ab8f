import type { MaybePromise } from '@countersign/core'
import type { Client } from '@countersign/store'
import { Cache } from '@countersign/verifier'
import type { Services, TenantContext } from './services.ts'

/** Which audiences' credentials a client may ask about; read again after any change of the client. */
export type Guards = (tenant: TenantContext, clientId: string) => MaybePromise<readonly string[]>

export function createGuards(services: Pick<Services, 'store' | 'books'>): Guards {
  const known = new Cache<{ readonly guards: readonly string[]; readonly sequence: number }>(10_000)
  return (tenant, clientId) => {
    const name = `${tenant.id} ${clientId}`
    const book = services.books.book(tenant.id)
    const entry = known.get(name)
    if (entry !== undefined && book?.isChangedSince('client', clientId, entry.sequence) === false) return entry.guards
    const sequence = book?.place.sequence ?? 0
    const keep = (client: Client | undefined): readonly string[] => {
      const guards = client?.guards ?? []
      known.set(name, { guards, sequence })
      return guards
    }
    const client = services.store.lookup.client(tenant.id, clientId)
    return client instanceof Promise ? client.then(keep) : keep(client)
  }
}

/** Whether one of the guards covers the audience. */
export function isGuarded(guards: readonly string[], audience: string): boolean {
  return guards.includes('*') || guards.includes(audience)
}
