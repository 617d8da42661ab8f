import type { PublicKeyRecord } from '@countersign/core'
import type { Client, Store } from '@countersign/store'
import { createEvenReads, type EvenReads } from '../feed/even_reads.ts'

/** An assertion is proved by the client's public key, named `["client id","kid"]`, and by the client. */
export interface ClientReads {
  readonly publicKeys: EvenReads<PublicKeyRecord>
  readonly clients: EvenReads<Client>
}

export function createClientReads({ lookup }: Store): ClientReads {
  return {
    publicKeys: createEvenReads((tenant, name) => {
      const [clientId, kid] = JSON.parse(name) as [string, string]
      return lookup.publicKey(tenant, clientId, kid)
    }, '["",""]'),
    clients: createEvenReads((tenant, id) => lookup.client(tenant, id), ''),
  }
}
