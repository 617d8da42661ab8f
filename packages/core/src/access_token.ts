/**
 * The claims of an access token we issue (RFC 9068), written and read. Our own claims beside the registered ones:
 * `cs_pos` (docs/protocol/feed.md §2.3); `cs_parent cs_lineage cs_env cs_constraints cs_limit cs_limits`, which a token
 * inherits from the credential it was made from; `cs_client_limits`, the client's limits at issue; `cs_listed` on a
 * token minted as a key; `cs_subject_issuer` where `sub` is another issuer's name; `cs_external_subject` where the owner of
 * the APIs has an id for the account that `sub` is.
 */
import type { Environment } from './api_key.ts'
import type { Established } from './effective_grant.ts'
import type { Constraints, Metadata } from './feed/state.ts'
import { type Ancestor, formatAncestor, isLineageWithinLimit, ownName, parentOf, parseAncestor } from './identity.ts'
import { limits } from './limits.ts'
import { defaultPolicyName, type RatePolicy } from './rate_limit/gcra.ts'
import { type Limited, policiesOf } from './rate_limit/rate_policy.ts'
import { formatScope, parseScope, type Scope, structureScope } from './scope.ts'
import type { Seconds } from './seconds.ts'

/** The `typ`s that a JWT presented to an API may have, RFC 9068 §2.1. */
export const accessTokenTypes = ['at+jwt'] as const

/** The content of an access token before it is signed. */
export interface AccessTokenInput extends Limited {
  /** `iss`: the issuer of the tenant (RFC 8414 §2). */
  readonly issuer: string
  /** `sub`: the party that it speaks for; the client where there is no other. */
  readonly subject: string
  /** `cs_subject_issuer`: the issuer that `sub` is a name of. Default: us. */
  readonly subjectIssuer?: string
  /** `cs_external_subject`: the id that the owner of the APIs has for the account that `sub` is. Default none. */
  readonly externalSubject?: string
  /** `aud`: the API that it is for. */
  readonly audience: string
  /** `client_id` (RFC 8693 §4.3): the client that it is issued to. */
  readonly clientId: string
  /** `jti`: its id, unique in the tenant. */
  readonly jti: string
  /** `iat`, in seconds since the epoch; rounded down. */
  readonly issuedAt: Seconds
  /** `exp`, in seconds since the epoch; rounded down. */
  readonly expiresAt: Seconds
  /** `scope` (RFC 6749 §3.3). */
  readonly scope: Scope
  /**
   * `cs_pos`: the sequence of the feed that its issuer had applied when the request began (docs/protocol/feed.md §2.3).
   */
  readonly position: number
  /** `cs_env`: the environment of the key that it was made from. Default none. */
  readonly environment?: Environment
  /** `cs_meta`: the metadata of the grant. Default none. */
  readonly metadata?: Metadata
  /** Nearest ancestor first. Default none. */
  readonly lineage?: readonly Ancestor[]
  /** The form of a claim `scopes` beside `scope`, for readers of other makers; ours read `scope` alone. Default: none. */
  readonly scopeClaim?: ScopeClaim
  /** Its own and its ancestors', all of which must be met. Default none. */
  readonly constraints?: readonly Constraints[]
  /** The name under which its limits are counted. Default `jti`. */
  readonly limitId?: string
  /** Minted as an API key: it is in its owner's list, and its use is counted separately. Default false. */
  readonly isListed?: boolean
  /** The client's limits, which hold until the feed says others. Default none. */
  readonly clientRateLimits?: readonly RatePolicy[]
}

/** The form in which an API's access tokens say their scope. `string` is RFC 9068's alone. */
export type ScopeClaim = 'string' | 'array' | 'structured'

type Claims = { readonly [name: string]: unknown }

/** RFC 9068 §2.2 with our own claims after it. */
export function accessTokenClaims(input: AccessTokenInput): Claims {
  const lineage = input.lineage ?? []
  const parent = parentOf(lineage)
  return {
    iss: input.issuer,
    sub: input.subject,
    aud: input.audience,
    client_id: input.clientId,
    jti: input.jti,
    iat: Math.floor(input.issuedAt),
    exp: Math.floor(input.expiresAt),
    scope: formatScope(input.scope),
    ...scopesClaim(input),
    cs_pos: input.position,
    ...(input.subjectIssuer === undefined ? {} : { cs_subject_issuer: input.subjectIssuer }),
    ...(input.externalSubject === undefined ? {} : { cs_external_subject: input.externalSubject }),
    ...(parent === undefined ? {} : { cs_parent: ownName(parent) }),
    ...(lineage.length === 0 ? {} : { cs_lineage: lineage.map(formatAncestor) }),
    ...(input.environment === undefined ? {} : { cs_env: input.environment }),
    ...(isEmpty(input.constraints) ? {} : { cs_constraints: input.constraints }),
    ...limitClaims(input),
    ...(input.isListed === true ? { cs_listed: true } : {}),
    ...(isEmpty(input.metadata) ? {} : { cs_meta: input.metadata }),
  }
}

function scopesClaim({ scope, scopeClaim }: AccessTokenInput): Claims {
  if (scopeClaim === 'array') return { scopes: scope }
  return scopeClaim === 'structured' ? { scopes: structureScope(scope) } : {}
}

/** The policy named `default` has a claim of its own: verifiers older than named policies go on counting it. */
function limitClaims(input: AccessTokenInput): Claims {
  const id = input.limitId ?? input.jti
  const policies = policiesOf(input)
  const first = policies.find(({ name }) => name === defaultPolicyName)
  const others = policies.filter((policy) => policy !== first)
  return {
    ...(first === undefined ? {} : { cs_limit: { id, limit: first.limit, windowSeconds: first.windowSeconds } }),
    ...(others.length === 0 ? {} : { cs_limits: { id, policies: others } }),
    ...(isEmpty(input.clientRateLimits) ? {} : { cs_client_limits: input.clientRateLimits }),
  }
}

/**
 * Reads the verified claims of an access token of ours as a credential. `undefined` when a required claim is missing or
 * one of ours has another shape than we write: a constraint that cannot be read must refuse.
 */
export function readAccessToken(
  claims: Claims,
  context: { readonly tenant: string; readonly apiId: string; readonly audience: string },
): Established | undefined {
  const { sub, aud, client_id: clientId, jti, exp, scope, cs_pos: position, nbf, iat } = claims
  if (typeof sub !== 'string' || typeof clientId !== 'string' || typeof jti !== 'string') return undefined
  if (aud !== context.audience) return undefined
  if (typeof exp !== 'number' || typeof scope !== 'string' || !isCount(position) || 'cnf' in claims) return undefined
  const lineage = readLineage(claims.cs_lineage)
  const constraints = readConstraints(claims.cs_constraints)
  const own = readLimits(claims.cs_limit, claims.cs_limits)
  const clientRates = readPolicies(claims.cs_client_limits ?? none)
  const environment = claims.cs_env
  const subjectIssuer = claims.cs_subject_issuer
  const externalSubject = claims.cs_external_subject
  const metadata = claims.cs_meta ?? noMetadata
  if (lineage === undefined || constraints === undefined || !isObject(metadata)) return undefined
  if (own === undefined || clientRates === undefined) return undefined
  if (subjectIssuer !== undefined && typeof subjectIssuer !== 'string') return undefined
  if (externalSubject !== undefined && typeof externalSubject !== 'string') return undefined
  if (environment !== undefined && environment !== 'live' && environment !== 'test') return undefined
  const established: { -readonly [Member in keyof Established]: Established[Member] } = {
    kind: 'access_token',
    format: 'jwt',
    credentialId: jti,
    tenant: context.tenant,
    clientId,
    // Mostly the same text, of which one copy is enough.
    subject: sub === clientId ? clientId : sub,
    apiId: context.apiId,
    // The text of the context, which all tokens of the API share.
    audience: context.audience,
    scope: parseScope(scope),
    status: 'active',
    expiresAt: exp,
    notBefore: Math.max(typeof nbf === 'number' ? nbf : 0, typeof iat === 'number' ? iat : 0),
    leewaySeconds: 0,
    metadata,
    constraints,
    rates: own.policies,
    limitId: own.id ?? jti,
    isListed: claims.cs_listed === true,
    clientRates,
    lineage,
    position,
  }
  if (typeof iat === 'number') established.issuedAt = iat
  if (subjectIssuer !== undefined) established.subjectIssuer = subjectIssuer
  if (externalSubject !== undefined) established.externalSubject = externalSubject
  if (environment !== undefined) established.environment = environment
  return established
}

/** Most tokens have no lineage, constraints or metadata: they share these, which are frozen. */
const none: readonly never[] = Object.freeze([])
const noMetadata: Metadata = Object.freeze({})

/** A list that is too long, or that names a type unknown here, refuses the token. */
function readLineage(value: unknown): readonly Ancestor[] | undefined {
  if (value === undefined) return none
  if (!Array.isArray(value)) return undefined
  const ancestors: Ancestor[] = []
  for (const item of value) {
    const ancestor = typeof item === 'string' ? parseAncestor(item) : undefined
    if (ancestor === undefined) return undefined
    ancestors.push(ancestor)
  }
  return isLineageWithinLimit(ancestors) ? ancestors : undefined
}

function readConstraints(value: unknown): readonly Constraints[] | undefined {
  if (value === undefined) return none
  if (!Array.isArray(value)) return undefined
  const isSet = (item: unknown): item is Constraints =>
    isObject(item) &&
    Object.entries(item).every(([name, list]) => (name === 'ipAllow' || name === 'originAllow') && isStrings(list))
  return value.every(isSet) ? value : undefined
}

interface OwnLimits {
  readonly id: string | undefined
  readonly policies: readonly RatePolicy[]
}

const unlimited: OwnLimits = { id: undefined, policies: none }

/** `undefined` when a claim cannot be read. Both claims name the counter, which must be the same. */
function readLimits(first: unknown, others: unknown): OwnLimits | undefined {
  if (first === undefined && others === undefined) return unlimited
  const [named, beside] = [first ?? others, others ?? { id: undefined, policies: none }]
  if (!isObject(named) || !isObject(beside) || typeof named.id !== 'string') return undefined
  if (others !== undefined && beside.id !== named.id) return undefined
  const all = first === undefined ? [] : [{ name: defaultPolicyName, ...named }]
  const policies = Array.isArray(beside.policies) ? readPolicies([...all, ...beside.policies]) : undefined
  return policies && { id: named.id, policies }
}

function readPolicies(value: unknown): readonly RatePolicy[] | undefined {
  if (value === none) return none
  if (!Array.isArray(value) || value.length > limits.ratePoliciesMax + 1) return undefined
  const policies = value.flatMap((item) => {
    if (!isObject(item) || typeof item.name !== 'string') return []
    const { name, limit, windowSeconds } = item
    return isCount(limit) && isCount(windowSeconds) && windowSeconds > 0 ? [{ name, limit, windowSeconds }] : []
  })
  return policies.length === value.length ? policies : undefined
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isStrings(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string')
}

function isEmpty(value: object | undefined): boolean {
  return value === undefined || Object.keys(value).length === 0
}
