import type { ObjectType } from '../identity.ts'
/**
 * The whole state of an object, as an entry of the feed says it: docs/protocol/feed.md §1. Never a difference to the
 * state before.
 */
import type { Limited } from '../rate_limit/rate_policy.ts'
import type { Seconds } from '../seconds.ts'
import type { DropFloor } from './drop_time.ts'

/** `disabled` can be taken back; `revoked` is final. */
export type Status = 'active' | 'disabled' | 'revoked'

/** Free members that an owner attaches to a client, key or token; they reach the API with each grant. */
export type Metadata = { readonly [name: string]: unknown }

/**
 * Restricts who may use a credential from where. Several sets must all be met: a child carries its parent's beside its
 * own.
 */
export interface Constraints {
  /** CIDR ranges; the peer must lie in one. */
  readonly ipAllow?: readonly string[]
  /** Serialised origins; the `Origin` header must equal one. */
  readonly originAllow?: readonly string[]
}

/** The state of a tenant. */
export interface TenantState {
  /** Unless `active`, nothing of the tenant is accepted. */
  readonly status: Status
  /** Empty for the default tenant. */
  readonly slug: string
  /** Present once a drop time was found ahead of all clocks. */
  readonly floor?: DropFloor
}

/** The state of an API. */
export interface ApiState extends Limited {
  /** Unless `active`, every credential for it is refused. */
  readonly status: Status
  /** The audience by which it is called. */
  readonly audience: string
  /** The ceiling for `maxStaleness` of every verifier of this API, in seconds. */
  readonly maxStalenessSeconds: number
  /** Tokens with an earlier `cs_pos` belong to a former API of the same audience. */
  readonly createdSequence: number
  /** Scope tokens that the API no longer has: each decision takes them from whatever was issued. Default none. */
  readonly retiredScopes?: readonly string[]
  /**
   * Headers in which its callers may present credentials, besides `Authorization: Bearer` and `X-API-Key`: at most 4.
   * Absent where nobody has set any: a gateway then takes those of its document. An empty list is none at all.
   */
  readonly credentialHeaders?: readonly string[]
}

/** The state of an object whose tokens can be ended together, by one entry. */
export interface CutOffState {
  /** Tokens with an earlier `cs_pos` are revoked; 0 when there was no cut-off. */
  readonly cutOff: number
  /** The cut-offs as they were first said: a database that went back is told of them again by these. */
  readonly cutOffs?: CutOffs
}

/** The state of a client. Its limits are counted for each API separately. */
export interface ClientState extends Limited, CutOffState {
  /** Unless `active`, every credential of it is refused. */
  readonly status: Status
  /** API id to scope: the client's present access. */
  readonly access: { readonly [apiId: string]: string }
}

/** The state of a subject that an operator ended: it has an entry from then on, and stays `active` for what is issued later. */
export interface SubjectState extends CutOffState {
  /** A subject itself is never ended, only what speaks for it. */
  readonly status: Status
}

/** The state of an account: a person. What speaks for it is judged by this as by an ancestor. */
export interface AccountState extends CutOffState {
  /** Unless `active`, everything that speaks for it is refused. */
  readonly status: Status
  /** API id to scope: the most that it may give there. An API that is not here has its own default. Default: none is set. */
  readonly access?: { readonly [apiId: string]: string }
}

/** The state of a browser's session. */
export interface SessionState {
  /** Unless `active`, it is refused, and what was made from it. */
  readonly status: Status
  /** Its recorded end now. */
  readonly expiresAt?: Seconds
}

/** The state of a consent, or of a family of tokens. An entry never says a scope: a token has its own. */
export interface ConsentState {
  /** Unless `active`, everything that came about by it is refused. */
  readonly status: Status
}

/** The types of object whose tokens can be ended together. */
export type CutOffType = 'client' | 'subject' | 'account'

/** `tokens`: ends tokens issued before. `everything`: ends keys, secrets and public keys made before as well. */
export type CutOffKind = 'tokens' | 'everything'

/** The last cut-off of each kind. */
export type CutOffs = { readonly [K in CutOffKind]?: CutOff }

/** One entry that ended all that a client, subject or account had had until then. */
export interface CutOff {
  /** The number of the entry that said it. It never changes, whatever `cutOff` of the state is raised to. */
  readonly sequence: number
  /** When that was, in whole seconds by the clock of the server that wrote it. */
  readonly at: Seconds
}

/** The state of an API key. */
export interface KeyState extends Constraints, Limited {
  /** Unless `active`, it is refused, and what was made from it. */
  readonly status: Status
  /** RFC 6749 §3.3. */
  readonly scope: string
  /** Absent when it has no end. */
  readonly expiresAt?: Seconds
}

/** Changes to a token already issued, JWT or opaque. */
export interface TokenState {
  /** Unless `active`, it is refused, and what was made from it. */
  readonly status: Status
  /** Replaces the signed scope. Absent: the signed one holds. */
  readonly scope?: string
  /** An end earlier than the signed one. Absent: the signed one holds. */
  readonly expiresAt?: Seconds
}

/** A client's public key is in the feed only once it was removed. */
export interface PublicKeyState {
  /** It verifies nothing any more. */
  readonly status: 'revoked'
}

/** No verifier is shown a secret: the entry lets a database that went back learn again that the secret was ended. */
export interface ClientSecretState {
  /** It authenticates nobody any more. */
  readonly status: 'revoked'
}

/** One rule of a trusted issuer: for whom it gives which scope. */
export interface IssuerRule {
  /** Name of a claim, or JSON pointer into the claims, to a pattern. All of them must hold. */
  readonly when: { readonly [claim: string]: string }
  /** RFC 6749 §3.3. */
  readonly scope: string
  /** The API that has the scope. Default: the one whose audience is the issuer's. */
  readonly apiId?: string
}

/** A public key of a trusted issuer. */
export interface IssuerKey {
  /** Its name, where it has one. */
  readonly kid?: string
  /** RFC 7638, SHA-256 in base64url. */
  readonly thumbprint: string
  /** The one algorithm that it verifies (RFC 7518 §3.1). */
  readonly alg: string
  /** The public JWK (RFC 7517). */
  readonly publicJwk: { readonly [member: string]: unknown }
}

/** The state of another issuer whose JWTs are taken. */
export interface TrustedIssuerState {
  /** Unless `active`, every JWT of it is refused, and what was made from it. */
  readonly status: Status
  /** `iss`, compared byte for byte. */
  readonly issuer: string
  /** The client that its JWTs act as. */
  readonly clientId: string
  /** The audience that its JWTs name: an API's, or another text. */
  readonly audience: string
  /** The most that its rules give, together. */
  readonly scope: string
  /** Its rules. The scopes of all that hold add up. */
  readonly rules: readonly IssuerRule[]
  /** Its present keys. A JWT that another one signed is refused. */
  readonly keys: readonly IssuerKey[]
}

/** The kinds of JWT that a signing key of ours may sign: each key one. */
export type SigningPurpose = 'access_token' | 'gateway_assertion' | 'id_token'

/** The state of one of our signing keys. */
export interface SigningKeyState {
  /** `revoked`: everything that it signed is refused. */
  readonly status: 'active' | 'revoked'
  /** RFC 7518 §3.1. */
  readonly alg: string
  /** The kind of JWT that it signs. */
  readonly purpose: SigningPurpose
  /** The public half; absent once revoked. */
  readonly publicJwk?: { readonly [member: string]: unknown }
}

/** The state that an entry of each type holds. */
export interface StateByType {
  readonly tenant: TenantState
  readonly api: ApiState
  readonly client: ClientState
  readonly subject: SubjectState
  readonly account: AccountState
  readonly consent: ConsentState
  readonly family: ConsentState
  readonly public_key: PublicKeyState
  readonly client_secret: ClientSecretState
  readonly key: KeyState
  readonly session: SessionState
  readonly opaque_token: TokenState
  readonly token: TokenState
  readonly client_token: TokenState
  readonly issued_token: TokenState
  readonly external_token: TokenState
  readonly trusted_issuer: TrustedIssuerState
  readonly signing_key: SigningKeyState
}

/** The least that the state of a revoked object must have, by type. `revoked` beats every version. */
export const revokedStates: { readonly [T in ObjectType]: StateByType[T] } = {
  tenant: { status: 'revoked', slug: '' },
  api: { status: 'revoked', audience: '', maxStalenessSeconds: 1, createdSequence: 0 },
  client: { status: 'revoked', access: {}, cutOff: 0 },
  subject: { status: 'revoked', cutOff: 0 },
  account: { status: 'revoked', cutOff: 0 },
  consent: { status: 'revoked' },
  family: { status: 'revoked' },
  public_key: { status: 'revoked' },
  client_secret: { status: 'revoked' },
  key: { status: 'revoked', scope: '' },
  session: { status: 'revoked' },
  opaque_token: { status: 'revoked' },
  token: { status: 'revoked' },
  client_token: { status: 'revoked' },
  issued_token: { status: 'revoked' },
  external_token: { status: 'revoked' },
  trusted_issuer: { status: 'revoked', issuer: '', clientId: '', audience: '', scope: '', rules: [], keys: [] },
  signing_key: { status: 'revoked', alg: '', purpose: 'access_token' },
}
