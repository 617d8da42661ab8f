/** A JWT that a client signs with its own key and presents like an access token: docs/protocol/credentials.md §3. */
import type { Established } from './effective_grant.ts'
import type { PublicKeyRecord } from './feed/record.ts'
import { clientTokenId } from './identity.ts'
import { limits } from './limits.ts'
import { parseScope, readScope, type Scope } from './scope.ts'
import type { Seconds } from './seconds.ts'

/** The claims of a self-issued JWT, checked by `readSelfIssuedClaims`. */
export interface SelfIssuedClaims {
  /** `iss` and `sub`: the client that signed it. */
  readonly clientId: string
  /** `aud`: one API. */
  readonly audience: string
  /** `jti`: its id, unique for the client. */
  readonly jti: string
  /** `iat`, in seconds since the epoch. */
  readonly issuedAt: Seconds
  /** The later one of `iat` and `nbf`, in seconds since the epoch. */
  readonly notBefore: Seconds
  /** `exp`, in seconds since the epoch. */
  readonly expiresAt: Seconds
  /** `scope` or `scopes`, in any of the forms of `readScope`; empty where both are absent. */
  readonly scope: unknown
}

/** The beginning of every client id. No subject may begin so: a `sub` cannot be taken for a client. */
export const clientIdPrefix = 'client_'

/** The audience of a JWT that a client signs: a string, or an array of that one (RFC 7519 §4.1.3). */
export function oneAudience(aud: unknown): string | undefined {
  const only: unknown = Array.isArray(aud) && aud.length === 1 ? aud[0] : aud
  return typeof only === 'string' ? only : undefined
}

/** Checks the claims by the rules that need no record. A `string` result names the broken rule. */
export function readSelfIssuedClaims(claims: { readonly [name: string]: unknown }): SelfIssuedClaims | string {
  const { iss, sub, aud, jti, iat, nbf, exp } = claims
  if (typeof iss !== 'string' || !iss.startsWith(clientIdPrefix)) return 'iss must be the client id'
  if (sub !== iss) return 'sub must equal iss'
  if ('client_id' in claims && claims.client_id !== iss) return 'client_id must equal iss'
  const audience = oneAudience(aud)
  if (audience === undefined) return 'aud must be one string, or an array of one'
  if (typeof jti !== 'string' || jti === '') return 'jti must be a string'
  if (new TextEncoder().encode(clientTokenId(iss, jti)).length > limits.identityBytesMax) return 'jti is too long'
  if (typeof iat !== 'number' || typeof exp !== 'number') return 'iat and exp must be present'
  if (exp <= iat) return 'exp must be after iat'
  if (claims.scope !== undefined && claims.scopes !== undefined) return 'scope and scopes may not stand together'
  const scope = claims.scope ?? claims.scopes ?? ''
  const read = typeof scope === 'string' ? undefined : readScope(scope)
  if (read !== undefined && 'problem' in read) return read.problem
  if ('cnf' in claims) return 'the claim cnf is not supported'
  if (Object.keys(claims).some((name) => name.startsWith('cs_'))) return 'a client may not make cs_ claims'
  const notBefore = Math.max(iat, typeof nbf === 'number' ? nbf : 0)
  return { clientId: iss, audience, jti, issuedAt: iat, notBefore, expiresAt: exp, scope }
}

/** Makes a credential of the claims and the client's record. A `string` result is the reason why it lives too long. */
export function establishSelfIssued(
  claims: SelfIssuedClaims,
  record: PublicKeyRecord,
  context: { readonly tenant: string; readonly apiId: string },
): Established | string {
  // In milliseconds: a life of exactly the longest comes out a fraction too long where both times have fractions.
  if (Math.round((claims.expiresAt - claims.issuedAt) * 1000) > record.lifeSecondsMax * 1000) {
    return `exp may be at most ${record.lifeSecondsMax} seconds after iat`
  }
  const access = record.access[context.apiId]
  return {
    kind: 'self_issued_jwt',
    format: 'jwt',
    credentialId: claims.jti,
    tenant: context.tenant,
    clientId: claims.clientId,
    subject: claims.clientId,
    apiId: context.apiId,
    audience: claims.audience,
    scope: scopeOf(claims.scope, access),
    status: 'active',
    notBefore: claims.notBefore,
    issuedAt: claims.issuedAt,
    expiresAt: claims.expiresAt,
    leewaySeconds: limits.clockLeewaySeconds,
    isListed: false,
    metadata: {},
    clientMetadata: record.metadata,
    constraints: [],
    rates: [],
    limitId: claims.clientId,
    clientRates: record.clientRateLimits ?? [],
    lineage: [],
    client: { status: record.clientStatus, access: access === undefined ? null : parseScope(access) },
  }
}

/** Picks the reading of the structured form that the client's access holds; neither where it holds both. */
function scopeOf(input: unknown, access: string | undefined): Scope {
  if (typeof input === 'string') return parseScope(input)
  const read = readScope(input, { known: parseScope(access ?? ''), onBoth: 'neither' })
  return 'scope' in read ? read.scope : []
}
