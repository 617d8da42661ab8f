/**
 * The claims of an access token we issue, RFC 9068, and back. Beside the registered ones: `cs_pos` (feed.md §2) and, for
 * a token that came from another credential, what it inherits: `cs_parent cs_lineage cs_env cs_constraints cs_limit`.
 */
import type { Environment } from './api_key.ts'
import type { Established } from './effective_grant.ts'
import { type Ancestor, type Constraints, formatAncestor, type Metadata, parseAncestor } from './feed.ts'
import type { RateLimit } from './gcra.ts'
import { limits } from './limits.ts'
import { formatScope, parseScope, type Scope } from './scope.ts'
import type { Seconds } from './seconds.ts'

/** `typ` of what may be presented to an API, RFC 9068 §2.1. */
export const accessTokenTypes = ['at+jwt'] as const

export interface AccessTokenInput {
  readonly issuer: string
  readonly subject: string
  readonly audience: string
  readonly clientId: string
  readonly jti: string
  readonly issuedAt: Seconds
  readonly expiresAt: Seconds
  readonly scope: Scope
  readonly position: number
  readonly environment?: Environment
  readonly metadata?: Metadata
  readonly lineage?: readonly Ancestor[]
  readonly constraints?: readonly Constraints[]
  readonly rateLimit?: RateLimit
  readonly limitId?: string
}

type Claims = { readonly [name: string]: unknown }

/** RFC 9068 §2.2 with our own claims after it. */
export function accessTokenClaims(input: AccessTokenInput): Claims {
  const lineage = input.lineage ?? []
  return {
    iss: input.issuer,
    sub: input.subject,
    aud: input.audience,
    client_id: input.clientId,
    jti: input.jti,
    iat: Math.floor(input.issuedAt),
    exp: Math.floor(input.expiresAt),
    scope: formatScope(input.scope),
    cs_pos: input.position,
    ...(lineage[0] === undefined ? {} : { cs_parent: bareId(lineage[0]), cs_lineage: lineage.map(formatAncestor) }),
    ...(input.environment === undefined ? {} : { cs_env: input.environment }),
    ...(isEmpty(input.constraints) ? {} : { cs_constraints: input.constraints }),
    ...(input.rateLimit === undefined ? {} : { cs_limit: { id: input.limitId, ...input.rateLimit } }),
    ...(isEmpty(input.metadata) ? {} : { cs_meta: input.metadata }),
  }
}

/**
 * The verified claims of an access token of ours as a credential. `undefined` when one that must be there is not, or one
 * of ours has not the shape we write: a constraint that cannot be read must refuse.
 */
export function readAccessToken(
  claims: Claims,
  context: { readonly tenant: string; readonly apiId: string },
): Established | undefined {
  const { sub, aud, client_id: clientId, jti, exp, scope, cs_pos: position, nbf, iat } = claims
  if (typeof sub !== 'string' || typeof aud !== 'string' || typeof clientId !== 'string' || typeof jti !== 'string')
    return undefined
  if (typeof exp !== 'number' || typeof scope !== 'string' || !isCount(position) || 'cnf' in claims) return undefined
  const lineage = readLineage(claims.cs_lineage)
  const constraints = readConstraints(claims.cs_constraints)
  const limit = readLimit(claims.cs_limit)
  const environment = claims.cs_env
  const metadata = claims.cs_meta ?? noMetadata
  if (lineage === undefined || constraints === undefined || limit === undefined || !isObject(metadata)) return undefined
  if (environment !== undefined && environment !== 'live' && environment !== 'test') return undefined
  return {
    kind: 'access_token',
    credentialId: jti,
    tenant: context.tenant,
    clientId,
    subject: sub,
    apiId: context.apiId,
    audience: aud,
    scope: parseScope(scope),
    status: 'active',
    expiresAt: exp,
    notBefore: Math.max(typeof nbf === 'number' ? nbf : 0, typeof iat === 'number' ? iat : 0),
    leewaySeconds: 0,
    ...(environment === undefined ? {} : { environment }),
    metadata,
    constraints,
    ...(limit === null ? {} : { rateLimit: { limit: limit.limit, windowSeconds: limit.windowSeconds } }),
    limitId: limit?.id ?? jti,
    lineage,
    position,
  }
}

/** What most tokens have of lineage, constraints and metadata; theirs to share, nobody's to change. */
const none: readonly never[] = Object.freeze([])
const noMetadata: Metadata = Object.freeze({})

/** At most four ancestors and, beside them, the client's key that signed a self-issued one. */
function readLineage(value: unknown): readonly Ancestor[] | undefined {
  if (value === undefined) return none
  if (!Array.isArray(value) || value.length > limits.lineageMax + 1) return undefined
  const ancestors = value.map((item) => (typeof item === 'string' ? parseAncestor(item) : undefined))
  return ancestors.every((ancestor) => ancestor !== undefined) ? ancestors : undefined
}

function readConstraints(value: unknown): readonly Constraints[] | undefined {
  if (value === undefined) return none
  if (!Array.isArray(value)) return undefined
  const isSet = (item: unknown): item is Constraints =>
    isObject(item) &&
    Object.entries(item).every(([name, list]) => (name === 'ipAllow' || name === 'originAllow') && isStrings(list))
  return value.every(isSet) ? value : undefined
}

/** `null`: it names none. `undefined`: it names one that cannot be read. */
function readLimit(value: unknown): (RateLimit & { readonly id: string }) | null | undefined {
  if (value === undefined) return null
  if (!isObject(value)) return undefined
  const { id, limit, windowSeconds } = value
  if (typeof id !== 'string' || !isCount(limit) || typeof windowSeconds !== 'number') return undefined
  return { id, limit, windowSeconds }
}

function bareId(ancestor: Ancestor): string {
  return ancestor.type === 'client_token' ? ancestor.id.slice(ancestor.id.indexOf(' ') + 1) : ancestor.id
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
