import type { CredentialRecord, LookupAnswer, MaybePromise, Place, PublicKeyRecord } from '@countersign/core'

export interface CredentialAnswer extends LookupAnswer<CredentialRecord> {
  /**
   * Of another credential, where the record is `undefined`: the engine makes of it what it would have made of the record and
   * drops it, so that a credential nobody knows takes as long as one that is revoked.
   */
  readonly decoy?: CredentialRecord
}

/**
 * Who is this? A port: the store in the server's process, HTTP everywhere else. `place` is where the asker's book stands;
 * an answer read before that place is not used. `record: undefined` is *unknown*, said only after a read of the primary;
 * when nobody can tell, the call throws.
 */
export interface Directory {
  /** `kind`: what the text says it is, for a directory that keeps keys and opaque tokens apart. */
  credential(digest: string, place: Place, kind?: 'key' | 'token'): MaybePromise<CredentialAnswer>
  publicKey(clientId: string, kid: string, place: Place): MaybePromise<LookupAnswer<PublicKeyRecord>>
}
