/** Says what a JWT of a trusted issuer would be given, for whoever writes its rules. Nothing is authenticated by it. */
import {
  claimMatches,
  effectiveGrant,
  establishExternal,
  findRejection,
  formatScope,
  holdsFor,
  intersectScope,
  parseJwt,
  parseScope,
  type Rejection,
  type Seconds,
  scopeByApi,
} from '@countersign/core'
import type { Issuer } from '@countersign/store'
import { Signers, type StatusBook, type VerifiedExternalJwt, verifyExternalJwt } from '@countersign/verifier/engine'

export interface JudgedToken {
  readonly isVerified: boolean
  readonly code?: Rejection['code']
  readonly detail?: string
  readonly subject?: string
  readonly rules: readonly { readonly holds: boolean; readonly failing: readonly string[] }[]
  readonly access: readonly { readonly audience: string; readonly scope: string }[]
}

/** By the issuer as it is recorded, and by what the book says of APIs and clients. */
export async function judgeToken(text: string, issuer: Issuer, book: StatusBook, now: Seconds): Promise<JudgedToken> {
  const jwt = parseJwt(text)
  if ('fault' in jwt) return refused({ code: jwt.fault, detail: jwt.detail })
  if (jwt.claims.iss !== issuer.issuer) return refused({ code: 'wrong_issuer', detail: 'its iss is another issuer' })
  const verified = await verifyExternalJwt(new Signers(), jwt, text, { issuerId: issuer.id, state: issuer })
  if ('rejection' in verified) return refused(verified.rejection)
  const { claims } = verified.claims
  const rules = issuer.rules.map((rule) => ({
    holds: holdsFor(rule, claims),
    failing: Object.entries(rule.when).flatMap(([name, pattern]) =>
      claimMatches(claims, name, pattern) ? [] : [name],
    ),
  }))
  const judged = { isVerified: true, subject: verified.claims.subject, rules, access: accessOf(verified, issuer, book) }
  const rejection = findFault(verified, issuer, book, now)
  return rejection === undefined ? judged : { ...judged, code: rejection.code, detail: rejection.detail }
}

function refused({ code, detail }: Pick<Rejection, 'code' | 'detail'>): JudgedToken {
  return { isVerified: false, code, detail, rules: [], access: [] }
}

/** At the token endpoint, where a JWT for our issuer counts too. */
function scopesOf({ claims }: VerifiedExternalJwt, issuer: Issuer, book: StatusBook) {
  return [...scopeByApi(claims, issuer, book, book.issuer)]
}

function accessOf(verified: VerifiedExternalJwt, issuer: Issuer, book: StatusBook): JudgedToken['access'] {
  const client = book.state('client', issuer.clientId)
  return scopesOf(verified, issuer, book).flatMap(([apiId, scope]) => {
    const allowed = client?.access[apiId]
    const audience = book.audienceOf(apiId)
    if (allowed === undefined || audience === undefined) return []
    return [{ audience, scope: formatScope(intersectScope(scope, parseScope(allowed))) }]
  })
}

/** The first reason why it would be refused at the first of its APIs, whatever an operation needs. */
function findFault(
  verified: VerifiedExternalJwt,
  issuer: Issuer,
  book: StatusBook,
  now: Seconds,
): Pick<Rejection, 'code' | 'detail'> | undefined {
  const [first] = scopesOf(verified, issuer, book)
  const client = book.state('client', issuer.clientId)
  if (first === undefined) return { code: 'wrong_audience', detail: 'no rule gives it anything, or its aud is another' }
  if (client === undefined) return { code: 'revoked', detail: 'the client of the issuer is gone' }
  const [apiId, scope] = first
  const audience = book.audienceOf(apiId) ?? ''
  const { status, clientId } = issuer
  const grant = { id: verified.id, tenant: book.tenant, apiId, audience, scope, status, clientId, client }
  const isRevoked = book.isRevoked('external_token', verified.id)
  const effective = effectiveGrant(establishExternal(verified.claims, grant), {
    tenant: book.state('tenant', book.tenant),
    api: book.state('api', apiId),
    client,
    own: isRevoked ? 'revoked' : undefined,
    ancestors: [],
  })
  return findRejection(effective, { audience, requires: [[]], address: undefined, origin: undefined }, now)
}
