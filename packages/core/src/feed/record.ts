/** The records that a look-up gives, over HTTP or in process: docs/protocol/feed.md §4. */
import type { Environment } from '../api_key.ts'
import type { Ancestor } from '../identity.ts'
import type { RatePolicy } from '../rate_limit/gcra.ts'
import type { Limited } from '../rate_limit/rate_policy.ts'
import type { Seconds } from '../seconds.ts'
import type { Place } from './entry.ts'
import type { Constraints, Metadata, Status } from './state.ts'

/** An API key, opaque token or session, as `POST /v1/lookup` and the in-process directory give it. */
export interface CredentialRecord extends Constraints, Limited {
  /** An API key, an opaque access token or a session. */
  readonly kind: 'api_key' | 'access_token' | 'session'
  /** The id in its text. */
  readonly id: string
  /** Rises by one with each change of the record. */
  readonly version: number
  /** The first part of the text, before the marker. */
  readonly prefix: string
  /** The client that holds it. */
  readonly clientId: string
  /** Whom it speaks for; the client itself where there is nobody else. */
  readonly subject: string
  /** The issuer that `subject` is a name of, where that is not us. */
  readonly subjectIssuer?: string
  /** The id that the owner of the APIs has for the account that `subject` is; absent where there is none. */
  readonly externalSubject?: string
  /** The id of the API that it is for. */
  readonly apiId: string
  /** The audience of that API. */
  readonly audience: string
  /** RFC 6749 §3.3. */
  readonly scope: string
  /** Its own status. */
  readonly status: Status
  /** Absent when it has no end. */
  readonly expiresAt?: Seconds
  /** The environment of the key; absent for a token that was made from none. */
  readonly environment?: Environment
  /** The metadata of the key or token. */
  readonly metadata: Metadata
  /** The name under which its limits are counted: the id of the oldest ancestor, or its own. */
  readonly limitId: string
  /** Nearest ancestor first; empty when it was made from nothing else. */
  readonly lineage: readonly Ancestor[]
  /** Constraint sets of the ancestors, all of which must be met too. */
  readonly inherited: readonly Constraints[]
  /** `cs_pos` of an opaque token or session. */
  readonly position?: number
  /** The status of its client. */
  readonly clientStatus: Status
  /** The client's present access for this API: `null` is none, `""` is an empty scope. */
  readonly access: string | null
  /** The client's present limits; absent when it has none. */
  readonly clientRateLimits?: readonly RatePolicy[]
  /** The metadata of the client. Absent from a directory in process, which tells it by client, and from earlier servers. */
  readonly clientMetadata?: Metadata
}

/** A client as a verifier asks for it by its id alone. */
export interface ClientRecord {
  /** Its id. */
  readonly clientId: string
  /** The metadata of the client. */
  readonly metadata: Metadata
}

/** A client's public key, with enough to verify and judge a self-issued JWT. */
export interface PublicKeyRecord {
  /** The client that registered it. */
  readonly clientId: string
  /** The name by which the client's JWTs refer to it. */
  readonly kid: string
  /** RFC 7638, SHA-256 in base64url. */
  readonly thumbprint: string
  /** The one algorithm that the key was registered for (RFC 7518 §3.1). */
  readonly alg: string
  /** The public JWK (RFC 7517). */
  readonly publicJwk: { readonly [member: string]: unknown }
  /** The longest `exp - iat` this client may sign, in seconds. */
  readonly lifeSecondsMax: number
  /** The status of the client. */
  readonly clientStatus: Status
  /** API id to scope: the client's present access. */
  readonly access: { readonly [apiId: string]: string }
  /** The metadata of the client. */
  readonly metadata: Metadata
  /** The client's limits; absent when it has none. */
  readonly clientRateLimits?: readonly RatePolicy[]
}

/** A look-up's answer with the place it was read at (docs/protocol/feed.md §4). */
export interface LookupAnswer<R> {
  /** `undefined`: there is no such record. */
  readonly record: R | undefined
  /** The place in the log that the read includes. */
  readonly place: Place
  /** How long before answering the read began, on the answerer's clock, in milliseconds. */
  readonly ageMs: number
}
