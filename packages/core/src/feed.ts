/**
 * What goes over the feed and the look-up, and what a server stores of it: feed.md §1 to §5 in types.
 * Each entry holds its object's whole state, never a difference; the higher version wins; `revoked` beats every version.
 */
import type { Environment } from './api_key.ts'
import type { DropFloor } from './feed/drop_time.ts'
import type { RatePolicy } from './rate_limit/gcra.ts'
import type { Limited } from './rate_limit/rate_policy.ts'
import type { Seconds } from './seconds.ts'

/** A follower's place in one tenant's log. The epoch is compared for equality only. */
export interface Place {
  readonly epoch: string
  readonly sequence: number
  /** Base64url SHA-256 over the previous chain value and the entry's own bytes. */
  readonly chain: string
}

/** A place that the server vouches for: it, or an earlier copy of it, was there once (feed.md §7). */
export interface SealedPlace extends Place {
  /** 16 bytes in base64url. */
  readonly seal: string
}

/** What an entry can be about. Types never share a map; the id is the full identity within its tenant. */
export type ObjectType =
  | 'tenant' // id: the tenant's own id
  | 'api' // api id
  | 'client' // client id
  | 'public_key' // client id, space, thumbprint: a key of a client that was removed
  | 'client_secret' // client id, space, secret id: a secret that was ended at once
  | 'key' // API key id
  | 'opaque_token' // id of an opaque access token
  | 'token' // jti of a JWT we issued
  | 'client_token' // client id, space, jti: a self-issued JWT
  | 'signing_key' // kid of one of our keys

export type Status = 'active' | 'disabled' | 'revoked'

export type Metadata = { readonly [name: string]: unknown }

/** Who may use it from where. Several sets must all hold: a child carries its parent's beside its own. */
export interface Constraints {
  /** CIDR ranges; the peer must lie in one. */
  readonly ipAllow?: readonly string[]
  /** Serialised origins; the `Origin` header must equal one. */
  readonly originAllow?: readonly string[]
}

export interface TenantState {
  readonly status: Status
  /** Empty for the default tenant. */
  readonly slug: string
  /** Present once a drop time was found ahead of all clocks. */
  readonly floor?: DropFloor
}

export interface ApiState extends Limited {
  readonly status: Status
  readonly audience: string
  /** The ceiling for `maxStaleness` of every verifier of this API. */
  readonly maxStalenessSeconds: number
  /** Tokens with an earlier `cs_pos` belong to a former API of the same audience. */
  readonly createdSequence: number
}

/** Its limits are counted for each API by itself. */
export interface ClientState extends Limited {
  readonly status: Status
  /** API id to scope: what the client may have now. */
  readonly access: { readonly [apiId: string]: string }
  /** Tokens with an earlier `cs_pos` are revoked; 0 when there was no cut-off. */
  readonly cutOff: number
  /** The cut-offs as they were once said: by these a database that went back takes them again. */
  readonly cutOffs?: CutOffs
}

/** `tokens`: those issued before. `everything`: keys, secrets and public keys made before as well. */
export type CutOffKind = 'tokens' | 'everything'

/** The last of each kind. */
export type CutOffs = { readonly [K in CutOffKind]?: CutOff }

export interface CutOff {
  /** The number of the entry that said it. It never changes, whatever `ClientState.cutOff` is raised to. */
  readonly sequence: number
  /** When that was, in whole seconds by the clock of the server that wrote it. */
  readonly at: Seconds
}

export interface KeyState extends Constraints, Limited {
  readonly status: Status
  readonly scope: string
  readonly expiresAt?: Seconds
}

/** A token already issued, JWT or opaque: what was said about it since. */
export interface TokenState {
  readonly status: Status
  /** Replaces the signed scope. */
  readonly scope?: string
  /** Earlier than the signed end. */
  readonly expiresAt?: Seconds
}

export interface PublicKeyState {
  readonly status: 'revoked'
}

/** No verifier is shown a secret: the entry lets a database that went back learn of it again. */
export interface ClientSecretState {
  readonly status: 'revoked'
}

export type SigningPurpose = 'access_token' | 'gateway_assertion'

export interface SigningKeyState {
  readonly status: 'active' | 'revoked'
  readonly alg: string
  readonly purpose: SigningPurpose
  /** The public half; absent once revoked. */
  readonly publicJwk?: { readonly [member: string]: unknown }
}

export interface StateByType {
  readonly tenant: TenantState
  readonly api: ApiState
  readonly client: ClientState
  readonly public_key: PublicKeyState
  readonly client_secret: ClientSecretState
  readonly key: KeyState
  readonly opaque_token: TokenState
  readonly token: TokenState
  readonly client_token: TokenState
  readonly signing_key: SigningKeyState
}

/** The state of one object as the status book keeps it, tagged by type. */
export type Subject = {
  readonly [T in ObjectType]: {
    readonly type: T
    readonly id: string
    readonly version: number
    readonly state: StateByType[T]
    /** A verifier may forget the entry when the installation's drop time is past this. */
    readonly dropAt: Seconds
    /**
     * Of what is revoked, as verifiers receive it: 16 bytes in base64url by which a server knows again what it, or an
     * earlier copy of it, once said (feed.md §7). The chain does not cover it, and nothing stores it on a server.
     */
    readonly mac?: string
    /** Likewise one for each member of a client's `cutOffs`. */
    readonly cutOffMacs?: { readonly [K in CutOffKind]?: string }
  }
}[ObjectType]

export type FeedEntry = Subject & {
  readonly sequence: number
  readonly at: Seconds
  /** The HMAC link of the audit event written in the same transaction. */
  readonly audit: string
  readonly chain: string
  /** On the last entry of a page or a batch: the seal of the place right after it. The chain does not cover it. */
  readonly seal?: string
}

/** The bytes a chain value covers: every member in a fixed order, each length-prefixed by JSON's own quoting. */
export function chainInput(previous: string, entry: Omit<FeedEntry, 'chain'>): string {
  const { sequence, type, id, version, state, dropAt, at, audit } = entry as Omit<FeedEntry, 'chain'> & {
    state: object
  }
  return JSON.stringify([previous, sequence, type, id, version, sortMembers(state), dropAt, at, audit])
}

/** Members of all objects by name. PostgreSQL's `jsonb` and JavaScript may disagree about their order; the chain must not. */
export function sortMembers(value: unknown): unknown {
  if (isSorted(value)) return value
  if (Array.isArray(value)) return value.map(sortMembers)
  if (typeof value !== 'object' || value === null) return value
  const members = Object.entries(value).filter(([, member]) => member !== undefined)
  members.sort(([a], [b]) => (a < b ? -1 : 1))
  return Object.fromEntries(members.map(([name, member]) => [name, sortMembers(member)]))
}

/** As most states are: flat, in order, nothing undefined. Every verifier looks at every change. */
function isSorted(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return true
  if (Array.isArray(value)) return false
  let before = ''
  for (const name in value) {
    const member = (value as { readonly [name: string]: unknown })[name]
    if (name < before || member === undefined || (typeof member === 'object' && member !== null)) return false
    before = name
  }
  return true
}

/** What never ends, as `revocationEnd` says it: the last second that fits into 32 bits, in the year 2106. */
export const endlessRevocation = 0xffffffff

/** The whole second until which a revocation is kept, and the one its MAC covers. What ends later has no end. */
export function revocationEnd(dropAt: Seconds): Seconds {
  return Math.min(Math.ceil(dropAt), endlessRevocation)
}

/** A revocation as a verifier hands it back: what was said, until when, and the MAC that it came with. */
export interface HandedBack {
  readonly type: ObjectType
  readonly id: string
  /** As `revocationEnd` gives it. */
  readonly dropAt: Seconds
  readonly mac: string
}

/** To a server of this epoch, what its snapshot lacks (feed.md §7). */
export interface HandBackQuestion {
  readonly epoch: string
  readonly revocations: readonly HandedBack[]
  /** Absent when there are none, and for older servers. */
  readonly cutOffs?: readonly HandedBackCutOff[]
}

/** A cut-off as a verifier hands it back. */
export interface HandedBackCutOff extends CutOff {
  readonly type: 'client'
  readonly id: string
  readonly what: CutOffKind
  readonly mac: string
}

/** How many were news to the server, how many it knew or no longer needs, and how many were never said by it. */
export interface HandBackAnswer {
  readonly applied: number
  readonly known: number
  readonly refused: number
}

/** The chain before the first entry. */
export const emptyChain = ''

/** Identities of types with two parts. A space is in neither: client ids are ours, `jti` may be anything but is last. */
export function clientTokenId(clientId: string, jti: string): string {
  return `${clientId} ${jti}`
}

/** A client’s public key by its thumbprint (RFC 7638): a `kid` may be used again, a key that was removed may not. */
export function publicKeyId(clientId: string, thumbprint: string): string {
  return `${clientId} ${thumbprint}`
}

/** A client’s secret by the id that its text shows. */
export function clientSecretId(clientId: string, secretId: string): string {
  return `${clientId} ${secretId}`
}

/** An ancestor as `cs_lineage` names it: `key:…`, `jti:…` (a JWT of ours), `at:…` (opaque), `self:…` (self-issued). */
export interface Ancestor {
  readonly type: 'key' | 'token' | 'opaque_token' | 'client_token' | 'public_key'
  readonly id: string
}

const lineagePrefixes = {
  key: 'key',
  token: 'jti',
  opaque_token: 'at',
  client_token: 'self',
  public_key: 'jwk',
} as const

/** As it stands in `cs_lineage`: `key:0123456789AB`. */
export function formatAncestor(ancestor: Ancestor): string {
  return `${lineagePrefixes[ancestor.type]}:${ancestor.id}`
}

/** The reverse; `undefined` for a type this version does not know, which refuses the token. */
export function parseAncestor(text: string): Ancestor | undefined {
  for (const [type, prefix] of Object.entries(lineagePrefixes) as [Ancestor['type'], string][]) {
    if (text.startsWith(`${prefix}:`)) return { type, id: text.slice(prefix.length + 1) }
  }
  return undefined
}

/** What `POST /v1/lookup` answers about an API key or opaque token, and what the in-process directory gives. */
export interface CredentialRecord extends Constraints, Limited {
  readonly kind: 'api_key' | 'access_token'
  readonly id: string
  readonly version: number
  readonly prefix: string
  readonly clientId: string
  readonly subject: string
  readonly apiId: string
  readonly audience: string
  readonly scope: string
  readonly status: Status
  readonly expiresAt?: Seconds
  readonly environment?: Environment
  readonly metadata: Metadata
  /** What its limits are counted under: the id of the oldest ancestor, or its own. */
  readonly limitId: string
  readonly lineage: readonly Ancestor[]
  /** Constraint sets of the ancestors, all of which must hold too. */
  readonly inherited: readonly Constraints[]
  /** `cs_pos` of an opaque token. */
  readonly position?: number
  readonly clientStatus: Status
  /** The client's present access for this API: `null` is none, `""` is an empty scope. */
  readonly access: string | null
  /** The client's present limits; absent when it has none. */
  readonly clientRateLimits?: readonly RatePolicy[]
}

/** What a look-up of a client's public key gives: enough to verify and judge a self-issued JWT. */
export interface PublicKeyRecord {
  readonly clientId: string
  readonly kid: string
  readonly thumbprint: string
  readonly alg: string
  readonly publicJwk: { readonly [member: string]: unknown }
  /** The longest `exp - iat` this client may sign. */
  readonly lifeSecondsMax: number
  readonly clientStatus: Status
  readonly access: { readonly [apiId: string]: string }
  readonly metadata: Metadata
  /** The client's limits; absent when it has none. */
  readonly clientRateLimits?: readonly RatePolicy[]
}

/** A look-up's answer with the place it was read at (feed.md §4). */
export interface LookupAnswer<R> {
  readonly record: R | undefined
  readonly place: Place
  /** How long before answering the read began, on the answerer's clock. */
  readonly ageMs: number
}

export interface PositionQuestion {
  readonly verifierId: string
  readonly epoch: string
  readonly sequence: number
  readonly chain: string
  readonly nonce: string
  /** The verifier's own bound: shown in receipts. */
  readonly maxStalenessSeconds: number
  /** The highest place of all epochs that a server has sealed to it. */
  readonly sealed?: SealedPlace
}

/** `now` is the server's clock in seconds, `head` the last sequence at the time of the read. */
export interface PositionAnswer {
  readonly nonce: string
  readonly epoch: string
  readonly head: number
  readonly ageMs: number
  readonly now: Seconds
  /** The highest drop time the server knows; verifiers forget by this and by no clock. Absent from older servers. */
  readonly dropTime?: Seconds
  /** The seal of the head. */
  readonly seal?: string
  /** The place named is not in this log: fetch a snapshot. */
  readonly reload?: true
}

export interface Snapshot {
  readonly place: Place
  readonly issuer: string
  readonly tenant: string
  readonly entries: readonly Subject[]
  readonly ageMs: number
  readonly now: Seconds
  /** The seal of `place`. */
  readonly seal?: string
  /** Read with the entries: none that ends later is left out. */
  readonly dropTime?: Seconds
}
