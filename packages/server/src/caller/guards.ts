import { andThen, type MaybePromise } from '@countersign/core'
import type { Client, Store, Tenant } from '@countersign/store'
import type { Clock } from '@countersign/verifier/engine'
import type { Books } from '../feed/books.ts'
import { keepRecords } from '../feed/kept_records.ts'

/** Which audiences' credentials a client may ask about; read again after any change of the client. */
export type Guards = (tenant: Pick<Tenant, 'id'>, clientId: string) => MaybePromise<readonly string[]>

export function createGuards({ store, books }: { readonly store: Store; readonly books: Books }, clock: Clock): Guards {
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
