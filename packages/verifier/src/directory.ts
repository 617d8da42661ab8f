import type { CredentialRecord, LookupAnswer, MaybePromise, Place, PublicKeyRecord } from '@countersign/core'

/**
 * Who is this? A port: the store in the server's process, HTTP everywhere else. `place` is where the asker's book stands;
 * an answer read before that place is not used. `record: undefined` is *unknown*, said only after a read of the primary;
 * when nobody can tell, the call throws.
 */
export interface Directory {
  credential(digest: string, place: Place): MaybePromise<LookupAnswer<CredentialRecord>>
  publicKey(clientId: string, kid: string, place: Place): MaybePromise<LookupAnswer<PublicKeyRecord>>
}
