import type {
  ClientRecord,
  CredentialRecord,
  LookupAnswer,
  MaybePromise,
  Place,
  PublicKeyRecord,
} from '@countersign/core'

/** The records that are looked up by the digest of a text, by its marker. */
export type LookupKind = 'key' | 'token' | 'session'

/** The answer about an API key, opaque token or session. */
export interface CredentialAnswer extends LookupAnswer<CredentialRecord> {
  /**
   * A record of another credential, where `record` is `undefined`: the engine does the same work with it as with a
   * record and drops the result, so that an unknown credential takes as long as a revoked one.
   */
  readonly decoy?: CredentialRecord
}

/**
 * The port for look-ups: the store in the server's process, HTTP everywhere else. `place` is the place of the asker's
 * book; an answer read before that place is not used. `record: undefined` means *unknown*, and is answered only after a
 * read of the primary; when nobody can tell, the call throws.
 */
export interface Directory {
  /**
   * Looks up a digest. `kind` is the kind by the text's marker, for a directory that keeps keys, opaque tokens and
   * sessions apart.
   */
  credential(digest: string, place: Place, kind?: LookupKind): MaybePromise<CredentialAnswer>
  /** Looks up a client's public key for its self-issued JWTs. */
  publicKey(clientId: string, kid: string, place: Place): MaybePromise<LookupAnswer<PublicKeyRecord>>
  /** Looks up the metadata of a client, for an engine with `clientMetadata`. */
  client(clientId: string, place: Place): MaybePromise<LookupAnswer<ClientRecord>>
}
