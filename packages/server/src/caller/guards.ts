import { andThen, type MaybePromise } from '@countersign/core'
import type { Client } from '@countersign/store'
import type { Clock } from '@countersign/verifier/engine'
import type { Services, TenantContext } from '../context.ts'
import { keepRecords } from '../feed/kept_records.ts'

/** Which audiences' credentials a client may ask about; read again after any change of the client. */
export type Guards = (tenant: TenantContext, clientId: string) => MaybePromise<readonly string[]>

export function createGuards({ store, books }: Pick<Services, 'store' | 'books'>, clock: Clock): Guards {
  const clients = keepRecords<Client>({ books, clock, type: 'client', idOf: ({ id }) => id })
  return (tenant, clientId) =>
    andThen(
      clients.find(tenant.id, clientId, () => store.lookup.client(tenant.id, clientId)),
      (client) => client?.guards ?? [],
    )
}

/** Whether one of the guards covers the audience. */
export function isGuarded(guards: readonly string[], audience: string): boolean {
  return guards.includes('*') || guards.includes(audience)
}
