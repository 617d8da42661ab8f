/** Every stored record. Times are seconds; `version` rises by one with each change; ids are unique within their tenant. */
import type {
  Ancestor,
  Constraints,
  CutOffs,
  DropFloor,
  Environment,
  Limited,
  Metadata,
  ObjectType,
  Seconds,
  SigningPurpose,
  Status,
  Subject,
} from '@countersign/core'

export interface Tenant {
  readonly id: string
  /** Empty for the default tenant; never reused. */
  readonly slug: string
  readonly name: string
  readonly status: Status
  /** Written when the drop time was found ahead of all clocks. */
  readonly floor?: DropFloor
  readonly version: number
  readonly createdAt: Seconds
  readonly updatedAt: Seconds
}

export type TokenFormat = 'jwt' | 'opaque'

export interface Api extends Limited {
  readonly tenant: string
  readonly id: string
  readonly audience: string
  readonly name: string
  readonly status: Status
  readonly tokenTtlSeconds: number
  readonly tokenTtlSecondsMax: number
  readonly tokenFormat: TokenFormat
  readonly signingAlg: string
  readonly maxStalenessSeconds: number
  /** The management API and others that the system made: cannot be deleted or renamed. */
  readonly isBuiltIn: boolean
  readonly createdSequence: number
  readonly scopes: readonly ApiScope[]
  readonly version: number
  readonly createdAt: Seconds
  readonly updatedAt: Seconds
}

export interface ApiScope {
  readonly name: string
  readonly description: string
  /** `document` scopes come and go with the OpenAPI document; `declared` ones were named by hand. */
  readonly source: 'declared' | 'document'
}

/** The OpenAPI document last imported for an API, as text, and what was read from it. */
export interface ApiDocument {
  readonly tenant: string
  readonly apiId: string
  readonly text: string
  readonly description: unknown
  readonly importedAt: Seconds
}

export type ClientType = 'service' | 'web' | 'spa' | 'native' | 'agent'

export interface Client extends Limited {
  readonly tenant: string
  readonly id: string
  readonly name: string
  readonly type: ClientType
  readonly status: Status
  /** API id to scope text. */
  readonly access: { readonly [apiId: string]: string }
  /** Audiences whose credentials it may ask about; `['*']` is every one (the bootstrap admin). */
  readonly guards: readonly string[]
  /** The widest management scope, and all guards, that it had since its last revoke: credentials made then still live. */
  readonly authority: { readonly scope: string; readonly guards: readonly string[] }
  readonly metadata: Metadata
  readonly selfIssuedLifeSecondsMax: number
  /** Sequence of the last cut-off, 0 when there was none. */
  readonly cutOff: number
  /** Each as it was said; `cutOff` may be above them. */
  readonly cutOffs?: CutOffs
  readonly version: number
  readonly createdAt: Seconds
  readonly updatedAt: Seconds
}

export interface ClientSecret {
  readonly tenant: string
  readonly id: string
  readonly clientId: string
  /** Base64url SHA-256 of the whole secret as presented. */
  readonly digest: string
  readonly createdAt: Seconds
  /** The end of its grace; absent while it is current. */
  readonly expiresAt?: Seconds
}

export interface ClientJwk {
  readonly tenant: string
  readonly clientId: string
  readonly kid: string
  readonly thumbprint: string
  readonly alg: string
  readonly publicJwk: { readonly [member: string]: unknown }
  readonly createdAt: Seconds
}

export interface Key extends Constraints, Limited {
  readonly tenant: string
  readonly id: string
  readonly digest: string
  readonly prefix: string
  readonly environment: Environment
  readonly clientId: string
  readonly apiId: string
  readonly scope: string
  readonly name: string
  readonly status: Status
  readonly expiresAt?: Seconds
  /** The life it was created with, in seconds: a rolled key gets the same again. */
  readonly lifeSeconds?: number
  readonly metadata: Metadata
  readonly rolledFrom?: string
  readonly version: number
  readonly createdAt: Seconds
  readonly updatedAt: Seconds
}

/** An access token that is kept: opaque ones, and JWTs minted as API keys. */
export interface Token extends Limited {
  readonly tenant: string
  readonly jti: string
  readonly format: TokenFormat
  /** Of an opaque token's text. */
  readonly digest?: string
  readonly prefix?: string
  readonly clientId: string
  readonly apiId: string
  readonly subject: string
  readonly name: string
  readonly metadata: Metadata
  /** As signed or first recorded. */
  readonly issuedScope: string
  readonly issuedExpiresAt: Seconds
  /** What a change set since; absent when nothing did. */
  readonly scope?: string
  readonly expiresAt?: Seconds
  readonly status: Status
  readonly environment?: Environment
  readonly lineage: readonly Ancestor[]
  /** Constraint sets of the ancestors. */
  readonly inherited: readonly Constraints[]
  /** What its limits are counted under: the id of the oldest ancestor, or its own. */
  readonly limitId: string
  /** The sequence its issuer had applied. */
  readonly position: number
  readonly version: number
  readonly createdAt: Seconds
  readonly updatedAt: Seconds
}

export interface SigningKey {
  readonly tenant: string
  readonly kid: string
  readonly alg: string
  readonly purpose: SigningPurpose
  readonly publicJwk: { readonly [member: string]: unknown }
  /** The private JWK, AES-256-GCM under a key derived from the master key; absent once removed. */
  readonly sealedPrivateJwk?: Uint8Array
  /** In the JWK Set from here. */
  readonly publishedAt: Seconds
  /** Signs from here. */
  readonly signsAt: Seconds
  readonly retiredAt?: Seconds
  /** Leaves the JWK Set at this time (feed.md §6). */
  readonly leavesAt?: Seconds
  readonly status: 'active' | 'revoked'
  readonly version: number
}

/** The latest state of every object that an entry was ever written about and that still matters. */
export type StatusEntry = Subject & { readonly tenant: string; readonly sequence: number }

export interface IdempotencyRecord {
  readonly tenant: string
  /** Who called: client id and credential. */
  readonly caller: string
  readonly method: string
  readonly path: string
  /** Base64url SHA-256 of the `Idempotency-Key`. */
  readonly keyDigest: string
  readonly bodyDigest: string
  /** Absent while the first request runs. */
  readonly status?: number
  readonly sealedAnswer?: Uint8Array
  readonly createdAt: Seconds
  readonly expiresAt: Seconds
}

export interface AuditActor {
  readonly kind: 'credential' | 'client' | 'system'
  readonly clientId?: string
  readonly credentialId?: string
  readonly address?: string
}

export interface AuditEvent {
  readonly tenant: string
  readonly sequence: number
  readonly at: Seconds
  readonly actor: AuditActor
  /** `key.create`, `client.update`, … */
  readonly action: string
  readonly objectType: string
  readonly objectId: string
  readonly before?: unknown
  readonly after?: unknown
  readonly requestId: string
  /** HMAC over the previous link and this event, base64url. */
  readonly link: string
}

/** What a caller writes of an audit event; sequence and link are given by the append. */
export type AuditDraft = Pick<
  AuditEvent,
  'actor' | 'action' | 'objectType' | 'objectId' | 'before' | 'after' | 'requestId'
>

export interface UsageCount {
  readonly tenant: string
  /** Empty for credentials nobody knows. */
  readonly credentialId: string
  readonly clientId: string
  /** What was required: tokens with spaces between them, alternatives with ` | `; empty when nothing was. */
  readonly scope: string
  /** `verified`, `unavailable` or a rejection code. */
  readonly outcome: string
  /** Start of the minute, in seconds. */
  readonly minuteAt: Seconds
  readonly count: number
  /** When the last of them was counted. Default: `minuteAt`. */
  readonly lastAt?: Seconds
}

/** What one process, or one verifier, counted; sent again under the same id it counts once. */
export interface UsageBatch {
  readonly id: string
  /** Of any tenants. */
  readonly counts: readonly UsageCount[]
  readonly now: Seconds
}

/** One sum of a series, under what it was grouped by. */
export interface UsageSum {
  readonly at: Seconds
  readonly group: string
  readonly count: number
}

/** How long counts are kept by minute, by hour and by day, in seconds. */
export interface UsageRetention {
  readonly minuteSeconds: Seconds
  readonly hourSeconds: Seconds
  readonly daySeconds: Seconds
}

/** When a key was last verified for a scope. */
export interface LastUse {
  readonly keyId: string
  readonly scope: string
  readonly at: Seconds
}

export interface VerifierPosition {
  readonly tenant: string
  /** Credential id of the verifier, a colon, its own instance id. */
  readonly verifierId: string
  readonly epoch: string
  readonly sequence: number
  readonly maxStalenessSeconds: number
  /** When it last asked. */
  readonly askedAt: Seconds
  /** When it was first seen at or past this sequence. */
  readonly reachedAt: Seconds
}

export type { ObjectType }
