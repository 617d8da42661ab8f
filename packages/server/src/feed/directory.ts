import {
  andThen,
  type CredentialRecord,
  issuerIdPrefix,
  type LookupAnswer,
  type MaybePromise,
  type Place,
  type PublicKeyRecord,
} from '@countersign/core'
import type { Store } from '@countersign/store'
import type { CredentialAnswer, Directory, LookupKind } from '@countersign/verifier/engine'
import { createEvenReads } from './even_reads.ts'

/** Base64url, but of no digest: it is too short. */
const noDigest = 'absent'

/**
 * The directory that is the store itself. `onUnknownKey` hears of a trusted issuer whose JWT names a key that it does not
 * have: the keys of issuers come with the feed, and are in no look-up. It reads what is committed now, so its answer is never behind the place asked
 * from: the book only ever holds what was committed. An unknown and a revoked credential cost the same reads.
 */
export function storeDirectory(
  store: Store,
  tenant: string,
  onUnknownKey: (issuerId: string) => void = () => {},
): Directory {
  const kinds = {
    key: createEvenReads<CredentialRecord>((of, digest) => store.lookup.credential(of, digest, 'key'), noDigest),
    token: createEvenReads<CredentialRecord>((of, digest) => store.lookup.credential(of, digest, 'token'), noDigest),
    session: createEvenReads<CredentialRecord>(
      (of, digest) => store.lookup.credential(of, digest, 'session'),
      noDigest,
    ),
  }

  function credential(digest: string, kind: LookupKind, place: Place): MaybePromise<CredentialAnswer> {
    const reads = kinds[kind]
    return andThen(reads.find(tenant, digest), (record) => {
      if (record !== undefined && record.status !== 'revoked') return { record, place, ageMs: 0 }
      return andThen(reads.balance(tenant, record !== undefined), (other): CredentialAnswer => {
        const answer = { record, place, ageMs: 0 }
        return record === undefined && other !== undefined ? { ...answer, decoy: other } : answer
      })
    })
  }

  return {
    credential: (digest, place, kind) =>
      kind === undefined ? answer(store.lookup.credential(tenant, digest), place) : credential(digest, kind, place),
    publicKey(clientId, kid, place) {
      if (clientId.startsWith(issuerIdPrefix)) {
        onUnknownKey(clientId)
        return answer<PublicKeyRecord>(undefined, place)
      }
      return answer<PublicKeyRecord>(store.lookup.publicKey(tenant, clientId, kid), place)
    },
    client: (clientId, place) =>
      andThen(store.lookup.client(tenant, clientId), (client) => ({
        record: client === undefined ? undefined : { clientId, metadata: client.metadata },
        place,
        ageMs: 0,
      })),
  }
}

function answer<R>(record: MaybePromise<R | undefined>, place: Place): MaybePromise<LookupAnswer<R>> {
  return andThen(record, (found): LookupAnswer<R> => ({ record: found, place, ageMs: 0 }))
}
