import type { MaybePromise } from '@countersign/core'
import type { Client, ClientSecret, Store } from '@countersign/store'
import type { Books } from '../feed/books.ts'
import { type Kept, type KeptRecordsOptions, keepRecords } from '../feed/kept_records.ts'

export type SecretRecord = ClientSecret & { readonly client: Client }

/** Client secrets as the token endpoint needs them. A secret that was just made works at once, in every process. */
export interface ClientSecrets {
  /** By its digest; undefined for none. The caller judges whether it has ended, and by `sequence` whether it changed. */
  find(tenant: string, digest: string): MaybePromise<Kept<SecretRecord> | undefined>
}

export function createClientSecrets(
  { store, books }: { readonly store: Store; readonly books: Books },
  clock: KeptRecordsOptions<SecretRecord>['clock'],
): ClientSecrets {
  const secrets = keepRecords<SecretRecord>({ books, clock, type: 'client', idOf: ({ clientId }) => clientId })
  return { find: (tenant, digest) => secrets.findKept(tenant, digest, () => store.lookup.clientSecret(tenant, digest)) }
}
