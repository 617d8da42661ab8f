import { andThen, type MaybePromise, type Metadata } from '@countersign/core'
import { type Client, PoisonedRowError, type Store, StoreUnavailableError, type Tenant } from '@countersign/store'
import type { Clock } from '@countersign/verifier/engine'
import type { Books } from '../feed/books.ts'
import { keepRecords } from '../feed/kept_records.ts'

/** The facts of a client that the server needs at each question. They are read again after any change of the client. */
export interface ClientFacts {
  /** Which audiences' credentials it may ask about. */
  guards(tenant: Pick<Tenant, 'id'>, clientId: string): MaybePromise<readonly string[]>
  /** The client itself. Throws where the store cannot be asked. */
  find(tenant: Pick<Tenant, 'id'>, clientId: string): MaybePromise<Client | undefined>
  /** The metadata that its owner attached to it. `undefined` where it cannot be had: nothing is refused for that. */
  metadata(tenant: Pick<Tenant, 'id'>, clientId: string): MaybePromise<Metadata | undefined>
}

export function createClientFacts(
  { store, books }: { readonly store: Store; readonly books: Books },
  clock: Clock,
): ClientFacts {
  const clients = keepRecords<Client>({ books, clock, type: 'client', idOf: ({ id }) => id })
  const find = (tenant: Pick<Tenant, 'id'>, clientId: string): MaybePromise<Client | undefined> =>
    clients.find(tenant.id, clientId, () => store.lookup.client(tenant.id, clientId))
  return {
    find,
    guards: (tenant, clientId) => andThen(find(tenant, clientId), (client) => client?.guards ?? []),
    metadata(tenant, clientId) {
      try {
        const found = find(tenant, clientId)
        if (!(found instanceof Promise)) return found?.metadata
        return found.then((client) => client?.metadata, absentWhenUnreadable)
      } catch (error) {
        return absentWhenUnreadable(error)
      }
    },
  }
}

/** A store that cannot be asked, and a client whose row is damaged. */
function absentWhenUnreadable(error: unknown): undefined {
  if (!(error instanceof StoreUnavailableError || error instanceof PoisonedRowError)) throw error
  return undefined
}

/** Whether one of the guards covers the audience. */
export function isGuarded(guards: readonly string[], audience: string): boolean {
  return guards.includes('*') || guards.includes(audience)
}
