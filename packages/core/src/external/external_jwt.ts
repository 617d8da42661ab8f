/** A JWT of an issuer that a tenant trusts, presented like an access token: docs/protocol/credentials.md §3. */
import { digest } from '#crypto'
import type { Established } from '../effective_grant.ts'
import type { ClientState } from '../feed/state.ts'
import { jwtIdentity } from '../jwt/identity.ts'
import { limits } from '../limits.ts'
import { policiesOf } from '../rate_limit/rate_policy.ts'
import { parseScope, type Scope } from '../scope.ts'
import type { MaybePromise, Seconds } from '../seconds.ts'

/** The `typ`s of such a JWT. CI systems and identity providers write `JWT` or nothing (RFC 7519 §5.1). */
export const externalTypes = [undefined, 'JWT', 'at+jwt'] as const

/** The claims of such a JWT, checked by `readExternalClaims`. */
export interface ExternalClaims {
  /** `iss`: the foreign issuer. */
  readonly issuer: string
  /** `sub`: whom it speaks for there. */
  readonly subject: string
  /** `aud`, as a list. */
  readonly audiences: readonly string[]
  /** `jti`, where it has one. */
  readonly jti?: string
  /** `iat`, where it has one. */
  readonly issuedAt?: Seconds
  /** The latest of `iat`, `nbf` and a day before `exp`: before that, `exp` is too far ahead. */
  readonly notBefore: Seconds
  /** `exp`. */
  readonly expiresAt: Seconds
  /** All of them, for the rules. */
  readonly claims: { readonly [name: string]: unknown }
}

/** Subjects of these beginnings are ours to give: clients and accounts. */
const ownSubjects = /^(?:client_|acct_)/

/** Checks the claims by the rules that need no record. A `string` result names the broken rule. */
export function readExternalClaims(claims: { readonly [name: string]: unknown }): ExternalClaims | string {
  const { iss, sub, aud, jti, iat, nbf, exp } = claims
  if (typeof iss !== 'string' || iss === '') return 'iss must be a string'
  if (typeof sub !== 'string' || sub === '' || sub.length > limits.subjectCharactersMax)
    return `sub must be a string of 1 to ${limits.subjectCharactersMax} characters`
  if (ownSubjects.test(sub)) return 'sub may not begin as our clients and accounts do'
  const audiences = (typeof aud === 'string' ? [aud] : Array.isArray(aud) ? aud : []) as readonly string[]
  if (audiences.length === 0) return 'aud must be present'
  if (jti !== undefined && (typeof jti !== 'string' || jti === '')) return 'jti must be a string'
  if (typeof exp !== 'number') return 'exp must be present'
  // A constraint that cannot be evaluated refuses (docs/security/invariants.md §2).
  if ('cnf' in claims) return 'the claim cnf is not supported'
  if (Object.keys(claims).some((name) => name.startsWith('cs_'))) return 'another issuer may not make cs_ claims'
  const issuedAt = typeof iat === 'number' ? iat : undefined
  const notBefore = Math.max(issuedAt ?? 0, typeof nbf === 'number' ? nbf : 0, exp - limits.externalAheadSecondsMax)
  return {
    issuer: iss,
    subject: sub,
    audiences,
    ...(jti === undefined ? {} : { jti }),
    ...(issuedAt === undefined ? {} : { issuedAt }),
    notBefore,
    expiresAt: exp,
    claims,
  }
}

/**
 * The name of such a JWT in the feed, and its `credentialId`: the SHA-256 of `iss` and `jti`, else of its first two parts.
 * Never of the whole text, which has more than one spelling.
 */
export function externalTokenId(
  { issuer, jti }: Pick<ExternalClaims, 'issuer' | 'jti'>,
  text: string,
): MaybePromise<string> {
  return jti === undefined ? jwtIdentity(text) : digest(JSON.stringify([issuer, jti]))
}

/** The rights of a JWT at one API, before its client's access is looked at. */
export interface ExternalGrant {
  /** By `externalTokenId`. */
  readonly id: string
  /** The id of the tenant that trusts the issuer. */
  readonly tenant: string
  /** The id of the API. */
  readonly apiId: string
  /** The audience of that API. */
  readonly audience: string
  /** By `scopeByApi`. */
  readonly scope: Scope
  /** Whether the issuer is switched off. */
  readonly status: Established['status']
  /** The client that the issuer's JWTs act as. */
  readonly clientId: string
  /** The present state of that client. */
  readonly client: ClientState
}

/** Makes a credential of claims whose signature was verified. */
export function establishExternal(claims: ExternalClaims, grant: ExternalGrant): Established {
  const { id, tenant, apiId, audience, scope, status, clientId, client } = grant
  const access = client.access[apiId]
  return {
    kind: 'external_jwt',
    format: 'jwt',
    credentialId: id,
    tenant,
    clientId,
    subject: claims.subject,
    subjectIssuer: claims.issuer,
    apiId,
    audience,
    scope,
    status,
    notBefore: claims.notBefore,
    ...(claims.issuedAt === undefined ? {} : { issuedAt: claims.issuedAt }),
    expiresAt: claims.expiresAt,
    leewaySeconds: limits.clockLeewaySeconds,
    isListed: false,
    metadata: {},
    constraints: [],
    rates: [],
    limitId: clientId,
    clientRates: policiesOf(client),
    lineage: [],
    client: { status: client.status, access: access === undefined ? null : parseScope(access) },
  }
}
