/**
 * A credential's rights now, from what was signed or recorded and what the feed said since: docs/protocol/feed.md §5.
 */
import { type AllowedPlaces, readConstraints } from './address/allowed_places.ts'
import type { Environment } from './api_key.ts'
import { type DropFloor, isDropped } from './feed/drop_time.ts'
import type {
  AccountState,
  ApiState,
  ClientState,
  Constraints,
  CutOffState,
  KeyState,
  Metadata,
  SessionState,
  Status,
  SubjectState,
  TenantState,
  TokenState,
} from './feed/state.ts'
import type { CredentialKind, Grant } from './grant.ts'
import { type Ancestor, type CredentialName, ownName, parentOf } from './identity.ts'
import { limits } from './limits.ts'
import { findSpends, limitIdOf, ownRates } from './rate_limit/credential_rates.ts'
import type { RatePolicy, Spend } from './rate_limit/gcra.ts'
import { intersectScope, parseScope, type Scope, type ScopeView, scopeView } from './scope.ts'
import type { Seconds } from './seconds.ts'

/** A credential whose digest or signature has matched. Whether it may be used is not known yet. */
export interface Established extends CredentialName {
  /** The id of the tenant whose issuer it belongs to. */
  readonly tenant: string
  /** The party that it speaks for; the client where there is no other. */
  readonly subject: string
  /** The issuer that `subject` is a name of, where that is not us. */
  readonly subjectIssuer?: string
  /** The id that the owner of the APIs has for the account that `subject` is; absent where there is none. */
  readonly externalSubject?: string
  /** The id of the API that it is for, which survives a change of name. */
  readonly apiId: string
  /** The audience of that API. */
  readonly audience: string
  /** The scope that was signed or recorded. */
  readonly scope: Scope
  /** Its status as recorded; `active` for a JWT. */
  readonly status: Status
  /** It is refused before this time. Default: none. */
  readonly notBefore?: Seconds
  /** `iat` of a JWT. */
  readonly issuedAt?: Seconds
  /** The signed or recorded end. Absent when it has none. */
  readonly expiresAt?: Seconds
  /** Accepted after `expiresAt`, in seconds: 0 for credentials we issued, 10 for JWTs that others sign. */
  readonly leewaySeconds: number
  /** The environment of the key, or of the key that it was made from. */
  readonly environment?: Environment
  /** The metadata of the key or token; empty for a JWT that a client signs. */
  readonly metadata: Metadata
  /** The metadata of its client, where the look-up of the record or public key told it. */
  readonly clientMetadata?: Metadata
  /** Its own constraints and its ancestors': all must be met. */
  readonly constraints: readonly Constraints[]
  /** Its own limits, counted under `limitId`. */
  readonly rates: readonly RatePolicy[]
  /** The name under which its limits are counted. */
  readonly limitId: string
  /** True for a key and a token minted as one: its owner sees it in a list, and its use is counted under its own id. */
  readonly isListed: boolean
  /** The limits of its client, as recorded or signed with it. */
  readonly clientRates: readonly RatePolicy[]
  /** The credentials that it was made from, the nearest first. */
  readonly lineage: readonly Ancestor[]
  /** `cs_pos`: the sequence its issuer had applied; absent for keys and JWTs that clients sign. */
  readonly position?: number
  /** The client as recorded with it. A JWT of ours has none: its scope was within the access when it was signed. */
  readonly client?: {
    /** Its status as recorded. */
    readonly status: Status
    /** `null`: no access to this API at all. An empty scope is access to operations that need no scope. */
    readonly access: Scope | null
  }
}

/** The members by which the state of an ancestor narrows what was made from it; a key's has its limits and constraints too. */
export type AncestorState = KeyState | Pick<TokenState, 'status' | 'scope' | 'expiresAt'>

/** The present states of a credential and of all it depends on, by the status book. `undefined`: nothing was said. */
export interface Standing {
  /** The state of its tenant. */
  readonly tenant: TenantState | undefined | 'revoked'
  /** The state of its API. */
  readonly api: ApiState | undefined | 'revoked'
  /** The state of its client. */
  readonly client: ClientState | undefined | 'revoked'
  /** The state of its subject, or of the account that it is, where that is not the client. Default: nothing was said. */
  readonly subject?: SubjectState | AccountState | undefined | 'revoked'
  /**
   * Its client or its subject was revoked, and the database has since forgotten that (docs/protocol/feed.md §7.3). Default
   * false.
   */
  readonly hasLostRevoke?: boolean
  /** The state of the credential itself. */
  readonly own: KeyState | TokenState | SessionState | undefined | 'revoked'
  /** The states of the credentials that it was made from, in the order of its lineage. */
  readonly ancestors: readonly (AncestorState | undefined | 'revoked')[]
  /** The highest drop time known, and the floor written for it. Default: nothing was ever dropped. */
  readonly dropTime?: Seconds
  /** The floor that was written for that drop time, where there is one. */
  readonly floor?: DropFloor | undefined
}

/** A credential's rights now, ready to be judged against a request. */
export interface EffectiveGrant extends AllowedPlaces {
  /** The grant that a decision answers. */
  readonly grant: Grant
  /** The reason why it may not be used at all, whatever the request is. */
  readonly fault: 'revoked' | 'disabled' | undefined
  /** The effective scope, for look-ups. */
  readonly scope: ReadonlySet<string>
  /** Whether the client may use the API now, whatever an operation needs (docs/protocol/credentials.md). */
  readonly hasAccess: boolean
  /** It is refused before this time; 0 for none. */
  readonly notBefore: Seconds
  /** With its leeway; infinite when it has no end, and 0 when entries about it may have been dropped. */
  readonly endsAt: Seconds
  /** Its own limits now, which credentials made from it inherit. They are counted under `limitId`. */
  readonly rates: readonly RatePolicy[]
  /** The name under which `rates` are counted. */
  readonly limitId: string
  /** The spends of one call that costs 1: from its own limits, its client's and its API's. */
  readonly spends: readonly Spend[]
}

/** The one place that combines an issued credential with what was said since. Pure. `clientMetadata`: by default its record's. */
export function effectiveGrant(
  credential: Established,
  standing: Standing,
  clientMetadata: Metadata | undefined = credential.clientMetadata,
): EffectiveGrant {
  const states = statesOf(standing)
  const scope = effectiveScope(credential, standing)
  const view = scopeView(scope)
  let expiresAt = credential.expiresAt ?? Infinity
  for (const state of states) expiresAt = Math.min(expiresAt, state.expiresAt ?? Infinity)
  const rates = ownRates(credential, standing)
  const constraints =
    states === nothing ? credential.constraints : [...credential.constraints, ...states.filter(hasConstraints)]
  const { addressRanges, origins } = readConstraints(constraints)
  return {
    grant: grantOf(credential, view, expiresAt, clientMetadata),
    fault: findFault(credential, standing),
    scope: view.set,
    hasAccess: hasAccess(credential, standing),
    notBefore: credential.notBefore ?? 0,
    endsAt: findEnd(credential, standing, expiresAt),
    addressRanges,
    origins,
    rates,
    limitId: limitIdOf(credential),
    spends: findSpends(credential, standing, rates),
  }
}

/** An API key's record outlives every entry about it, so its end needs no drop time. A session's does not. */
const outlivesItsEntries: Readonly<Record<CredentialKind, boolean>> = {
  api_key: true,
  access_token: false,
  self_issued_jwt: false,
  session: false,
  external_jwt: false,
}

/** Anything but an API key that ends by the drop time counts as ended, however late a clock is. */
function findEnd(credential: Established, { dropTime = 0, floor }: Standing, expiresAt: Seconds): Seconds {
  const endsAt = expiresAt + (expiresAt === credential.expiresAt ? credential.leewaySeconds : 0)
  return !outlivesItsEntries[credential.kind] && isDropped(credential, endsAt, dropTime, floor) ? 0 : endsAt
}

/**
 * Optional members are omitted, not set to `undefined`. They are set one by one, since spreads cost time on every cold
 * verification.
 */
function grantOf(
  credential: Established,
  { text, has }: ScopeView,
  expiresAt: Seconds,
  clientMetadata: Metadata | undefined,
): Grant {
  const grant: { -readonly [Member in keyof Grant]: Grant[Member] } = {
    kind: credential.kind,
    credentialId: credential.credentialId,
    tenant: credential.tenant,
    clientId: credential.clientId,
    subject: credential.subject,
    audience: credential.audience,
    scope: text,
    metadata: credential.metadata,
    has,
  }
  const parent = parentOf(credential.lineage)
  if (expiresAt !== Infinity) grant.expiresAt = expiresAt
  if (credential.subjectIssuer !== undefined) grant.subjectIssuer = credential.subjectIssuer
  if (credential.externalSubject !== undefined) grant.externalSubject = credential.externalSubject
  if (credential.environment !== undefined) grant.environment = credential.environment
  if (clientMetadata !== undefined) grant.clientMetadata = clientMetadata
  if (parent !== undefined) grant.parent = ownName(parent)
  return grant
}

/** The same rights of a credential whose own record does not tell the metadata of its client. */
export function withClientMetadata(effective: EffectiveGrant, clientMetadata: Metadata | undefined): EffectiveGrant {
  const { clientMetadata: _, ...grant } = effective.grant
  return { ...effective, grant: clientMetadata === undefined ? grant : { ...grant, clientMetadata } }
}

/** Most credentials have no states: they share one empty list, since every cold verification asks for it. */
const nothing: readonly AncestorState[] = []

function statesOf({ own, ancestors }: Standing): readonly AncestorState[] {
  if (own === undefined && ancestors.length === 0) return nothing
  return [own, ...ancestors].filter((state) => state !== undefined && state !== 'revoked')
}

/** A client without access to the API may do nothing there. */
const none: Scope = Object.freeze([])

/**
 * Record and book must both name the API. A JWT of ours brings no record: until the book has an entry about its client,
 * nothing was taken since it was signed.
 */
function hasAccess(credential: Established, { client }: Standing): boolean {
  if (credential.client?.access === null) return false
  return client === undefined || client === 'revoked' || client.access[credential.apiId] !== undefined
}

function effectiveScope(credential: Established, standing: Standing): Scope {
  const { client, subject, ancestors } = standing
  let scope = scopeAfterChanges(credential, standing)
  if (credential.client !== undefined) scope = intersectScope(scope, credential.client.access ?? none)
  if (client !== undefined && client !== 'revoked') {
    scope = intersectScope(scope, parseScope(client.access[credential.apiId] ?? ''))
  }
  if (subject !== undefined && subject !== 'revoked' && 'access' in subject) {
    const given = subject.access?.[credential.apiId]
    if (given !== undefined) scope = intersectScope(scope, parseScope(given))
  }
  for (let index = 0; index < ancestors.length; index++) {
    const ancestor = ancestors[index]
    if (ancestor !== undefined && ancestor !== 'revoked' && ancestor.scope !== undefined) {
      scope = intersectScope(scope, parseScope(ancestor.scope))
    }
  }
  return withoutRetired(scope, standing.api)
}

function withoutRetired(scope: Scope, api: Standing['api']): Scope {
  const retired = api === undefined || api === 'revoked' ? undefined : api.retiredScopes
  return retired === undefined ? scope : scope.filter((token) => !retired.includes(token))
}

/** The scope that was signed or recorded, or the one that a change set since. */
function scopeAfterChanges({ kind, scope }: Established, { own }: Standing): Scope {
  const changed = own === undefined || own === 'revoked' || !('scope' in own) ? undefined : own.scope
  if (changed === undefined) return scope
  switch (kind) {
    case 'api_key':
    case 'session':
      // Its record is read anew after each change and is never older.
      return scope
    case 'access_token':
      return parseScope(changed)
    case 'self_issued_jwt':
    case 'external_jwt':
      // It may be narrowed, but never has more than was signed.
      return intersectScope(scope, parseScope(changed))
  }
}

function findFault(credential: Established, standing: Standing): 'revoked' | 'disabled' | undefined {
  const { tenant, api, client, subject, own, ancestors } = standing
  if (tenant === 'revoked' || api === 'revoked' || client === 'revoked') return 'revoked'
  if (own === 'revoked' || subject === 'revoked' || ancestors.includes('revoked')) return 'revoked'
  const position = credential.position
  // The record is as old as the database before the revoke. Only a token issued from nothing else can prove to be
  // newer.
  if (standing.hasLostRevoke === true && (position === undefined || credential.lineage.length > 0)) return 'revoked'
  if (position !== undefined && client !== undefined && position < client.cutOff) return 'revoked'
  if (position !== undefined && subject !== undefined && position < subject.cutOff) return 'revoked'
  if (credential.kind === 'external_jwt' && (isCutOffByTime(credential, client) || isCutOffByTime(credential, subject)))
    return 'revoked'
  // The API of that audience was made after the token was signed: the token is for another API, since deleted.
  if (position !== undefined && api !== undefined && position < api.createdSequence) return 'revoked'
  let worst: Status = 'active'
  for (let index = 0; index < ancestors.length; index++) worst = worse(worst, ancestors[index])
  worst = worse(worse(worse(worse(worst, own), client), subject), api)
  worst = worse(worse(worse(worst, tenant), credential.client), credential)
  return worst === 'active' ? undefined : worst
}

/**
 * A JWT of another issuer has no position, so a cut-off is compared with its `iat` (docs/protocol/feed.md §2.3). Without one,
 * or where the time of the cut-off is not known, nothing shows that it is newer.
 */
export function isCutOffByTime({ issuedAt }: Pick<Established, 'issuedAt'>, state: CutOffState | undefined): boolean {
  if (state === undefined || state.cutOff === 0) return false
  const times = Object.values(state.cutOffs ?? {}).map(({ at }) => at)
  if (issuedAt === undefined || times.length === 0) return true
  return issuedAt <= Math.max(...times) + limits.clockLeewaySeconds
}

function worse(worst: Status, state: { readonly status: Status } | undefined | 'revoked'): Status {
  if (state === undefined || state === 'revoked' || state.status === 'active' || worst === 'revoked') return worst
  return state.status
}

function hasConstraints(state: AncestorState): state is KeyState {
  return 'ipAllow' in state || 'originAllow' in state
}
