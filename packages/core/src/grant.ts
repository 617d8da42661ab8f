import type { Environment } from './api_key.ts'
import type { Metadata } from './feed/state.ts'
import type { Seconds } from './seconds.ts'

/** The kinds of credential. A new one does not compile until `identity.ts` says which object of the feed it is. */
export type CredentialKind = 'api_key' | 'access_token' | 'self_issued_jwt' | 'external_jwt' | 'session'

/** The one record that every verified credential becomes, whatever its kind. Everything downstream knows only this. */
export interface Grant {
  /** The kind of credential that was presented. */
  readonly kind: CredentialKind
  /** Key id, `jti`, opaque token id, or the name of a JWT of another issuer. */
  readonly credentialId: string
  /** The id of the tenant. */
  readonly tenant: string
  /** The client that holds the credential. */
  readonly clientId: string
  /** Whom it speaks for; the client itself where there is nobody else. */
  readonly subject: string
  /** The issuer that `subject` is a name of, where that is not us. */
  readonly subjectIssuer?: string
  /** The id that the owner of the APIs has for the account that `subject` is; absent where there is none. */
  readonly externalSubject?: string
  /** The API that it is for. */
  readonly audience: string
  /** The effective scope now, RFC 6749 §3.3. */
  readonly scope: string
  /** The effective end now, in seconds since the epoch. Absent when it has none. */
  readonly expiresAt?: Seconds
  /** The environment of the key, or of the key that it was made from. */
  readonly environment?: Environment
  /** The metadata of the credential; empty where it has none. */
  readonly metadata: Metadata
  /** The metadata of its client. Absent where it cannot be had, for which nothing is refused. */
  readonly clientMetadata?: Metadata
  /** The key id, `jti` or token id of the credential it was exchanged from. Absent when there is none. */
  readonly parent?: string
  /** Whether each of these scope tokens is in `scope`. */
  readonly has: (...tokens: readonly string[]) => boolean
}
