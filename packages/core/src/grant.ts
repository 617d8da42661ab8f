import type { Environment } from './api_key.ts'
import type { Metadata } from './feed/state.ts'
import type { Seconds } from './seconds.ts'

export type CredentialKind = 'api_key' | 'access_token' | 'self_issued_jwt' | 'external_jwt'

/** What every verified credential comes to, whatever its kind. Everything downstream knows only this record. */
export interface Grant {
  readonly kind: CredentialKind
  /** Key id, `jti`, or opaque token id. */
  readonly credentialId: string
  readonly tenant: string
  readonly clientId: string
  /** Whom it speaks for; the client itself where there is nobody else. */
  readonly subject: string
  readonly audience: string
  /** The effective scope now, RFC 6749 §3.3. */
  readonly scope: string
  /** The effective end now, seconds since the epoch. */
  readonly expiresAt?: Seconds
  readonly environment?: Environment
  readonly metadata: Metadata
  /** The key id or `jti` it was exchanged from. */
  readonly parent?: string
  /** Whether every one of these scope tokens is in `scope`. */
  readonly has: (...tokens: readonly string[]) => boolean
}
