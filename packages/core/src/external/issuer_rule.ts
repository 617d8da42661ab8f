/** The rules of a trusted issuer: from the claims of its JWTs to scopes of our APIs (docs/issuers.md). */
import type { IssuerRule, TrustedIssuerState } from '../feed/state.ts'
import { intersectScope, parseScope, type Scope, unionScope } from '../scope.ts'
import { claimMatches } from './claim_pattern.ts'

/** Names that say the same of every JWT of an issuer, or nothing of who it speaks for. No rule may ask for them. */
export const claimsOfNobody: readonly string[] = Object.freeze(['iss', 'aud', 'exp', 'nbf', 'iat', 'jti'])

/** The part of a status book that rules need. */
export interface ApiNames {
  /** The id of the API that has this audience now. */
  apiIdOf(audience: string): string | undefined
  /** The audience of an API. */
  audienceOf(apiId: string): string | undefined
}

/** A JWT, as far as rules look at it. */
export interface Ruled {
  /** The verified claims. */
  readonly claims: { readonly [name: string]: unknown }
  /** `aud`, as a list. */
  readonly audiences: readonly string[]
}

/** Whether every claim that a rule asks for is as the rule says. A rule that asks for nothing holds for nobody. */
export function holdsFor({ when }: Pick<IssuerRule, 'when'>, claims: Ruled['claims']): boolean {
  const asked = Object.entries(when)
  return asked.length > 0 && asked.every(([name, pattern]) => claimMatches(claims, name, pattern))
}

/** The API that a rule is about: the one that it names, else the one whose audience is the issuer's. */
export function apiOfRule(
  rule: IssuerRule,
  issuer: Pick<TrustedIssuerState, 'audience'>,
  names: ApiNames,
): string | undefined {
  const apiId = rule.apiId ?? names.apiIdOf(issuer.audience)
  return apiId === undefined || names.audienceOf(apiId) === undefined ? undefined : apiId
}

/**
 * The scope that the rules give a JWT, by API id: of all rules that hold, together, under the issuer's ceiling. A rule counts
 * where `aud` names its API. It also counts where `aud` names the issuer's `audience` and no API has that name: where an API
 * has it, the JWT is for that API, which must not be able to use it at another. `own`: our issuer, for a JWT that is
 * presented at the token endpoint.
 */
export function scopeByApi(
  { claims, audiences }: Ruled,
  issuer: TrustedIssuerState,
  names: ApiNames,
  own?: string,
): ReadonlyMap<string, Scope> {
  const isForUs = own !== undefined && audiences.includes(own)
  const isForIssuer = audiences.includes(issuer.audience) && names.apiIdOf(issuer.audience) === undefined
  const given = new Map<string, Scope>()
  for (const rule of issuer.rules) {
    const apiId = apiOfRule(rule, issuer, names)
    if (apiId === undefined) continue
    const isForApi = audiences.includes(names.audienceOf(apiId) as string)
    if ((isForApi || isForIssuer || isForUs) && holdsFor(rule, claims)) {
      given.set(apiId, unionScope(given.get(apiId) ?? [], parseScope(rule.scope)))
    }
  }
  const ceiling = parseScope(issuer.scope)
  return new Map([...given].map(([apiId, scope]) => [apiId, intersectScope(scope, ceiling)]))
}
