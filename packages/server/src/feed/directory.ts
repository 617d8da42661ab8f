import type { LookupAnswer, MaybePromise, Place } from '@countersign/core'
import type { Store } from '@countersign/store'
import type { Directory } from '@countersign/verifier'

/**
 * The directory that is the store itself. It reads what is committed now, so its answer is never behind the place asked
 * from: the book only ever holds what was committed.
 */
export function storeDirectory(store: Store, tenant: string): Directory {
  return {
    credential: (digest, place) => answer(store.lookup.credential(tenant, digest), place),
    publicKey: (clientId, kid, place) => answer(store.lookup.publicKey(tenant, clientId, kid), place),
  }
}

function answer<R>(record: MaybePromise<R | undefined>, place: Place): MaybePromise<LookupAnswer<R>> {
  if (record instanceof Promise) return record.then((found) => ({ record: found, place, ageMs: 0 }))
  return { record, place, ageMs: 0 }
}
