import type { PublicKeyRecord } from '@countersign/core'
import type { Client, Store } from '@countersign/store'
import { createEvenReads, type EvenReads } from '../feed/even_reads.ts'

/**
 * An assertion is proved by the client's public key and by the client. The key is named `["client id","kid"]`, or
 * `["client id",null,"alg"]` where it is the client's only one of that algorithm.
 */
export interface ClientReads {
  readonly publicKeys: EvenReads<PublicKeyRecord>
  readonly clients: EvenReads<Client>
}

export function createClientReads({ lookup }: Store): ClientReads {
  return {
    publicKeys: createEvenReads((tenant, name) => {
      const [clientId, kid, alg] = JSON.parse(name) as [string, string | null, string?]
      return kid === null ? lookup.onlyPublicKey(tenant, clientId, alg ?? '') : lookup.publicKey(tenant, clientId, kid)
    }, '["",""]'),
    clients: createEvenReads((tenant, id) => lookup.client(tenant, id), ''),
  }
}
