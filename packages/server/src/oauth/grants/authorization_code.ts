import { isNamed, parseScope, type Scope, unionScope } from '@countersign/core'
import type { Api, Family, FamilySignIn, WriteTransaction } from '@countersign/store'
import { holdsChallenge } from '../authorization/pkce.ts'
import { requireIssuable } from '../issuing_gate.ts'
import { OauthError } from '../oauth_error.ts'
import { beginFamily } from '../person/families.ts'
import { isRefreshed } from '../person/identity_scope.ts'
import type { RefreshToken } from '../person/refresh_token.ts'
import type { GrantDecision, GrantServices, GrantType, TokenRequest } from './grant_type.ts'
import { decisionFor, endByReuse, findStanding, invalidGrant, requireRemaining } from './person.ts'

/** The namespace of codes in the single-use store. */
export const codeKind = 'authorization_code'

/** The content of a code. */
export interface CodeContent {
  readonly clientId: string
  readonly redirectUri: string
  readonly challenge?: string
  readonly apiId: string
  /** The scope at the API. */
  readonly scope: string
  /** The scopes that speak of the person. */
  readonly identity: Scope
  /** `nonce` of the request, which the ID token repeats. */
  readonly nonce?: string
  readonly accountId: string
  /** The sign-in that allowed it. */
  readonly signIn: FamilySignIn
  readonly consentId: string
  /** The family that its tokens will be of: a second use of the code ends it. */
  readonly familyId: string
  readonly position: number
}

/** RFC 6749 §4.1.3. */
export const authorizationCode: GrantType = {
  name: 'authorization_code',
  usesUp: true,
  isForPublic: true,
  async decide(services, request) {
    const text = request.parameters.get('code')
    if (text === undefined) throw new OauthError('invalid_request', 'code is missing')
    const { value, entries } = await services.store.write((it) => redeem(services, request, it, text), {
      tenant: request.tenant.id,
    })
    if (value !== undefined) request.moment.usedUp.add(nameOf(text))
    await services.books.settle(entries)
    if (value === undefined) throw invalidGrant('code')
    return value
  },
}

/** In `usedUp` of the moment. */
function nameOf(code: string): string {
  return `${codeKind} ${code}`
}

/** RFC 8707 §2.2: another API than the one that was allowed is never named later. */
export function requireSameApi(parameters: TokenRequest['parameters'], api: Api, noun: string): void {
  for (const name of ['audience', 'resource']) {
    const named = parameters.get(name)
    if (named !== undefined && !isNamed(api, named))
      throw new OauthError('invalid_target', `the ${noun} is for another API`)
  }
}

/**
 * The code is used up where this gives a decision, or shows that it was used before. What is thrown undoes that: a wrong
 * guess of a verifier costs its holder nothing, and neither does a request for too much.
 */
async function redeem(
  services: GrantServices,
  request: TokenRequest,
  transaction: WriteTransaction,
  text: string,
): Promise<GrantDecision | undefined> {
  const { tenant, moment, client, parameters } = request
  const redeemed = await transaction.singleUse.redeem(codeKind, tenant.id, text, services.now())
  const code = redeemed?.content as CodeContent | undefined
  // A version of before kept no sign-in with it.
  if (redeemed === undefined || code?.signIn === undefined) return undefined
  // This very request redeemed it before it began again.
  const isOwn = moment.usedUp.has(nameOf(text))
  const known = await transaction.families.find(tenant.id, code.familyId)
  if (!redeemed.isFirst && !isOwn) {
    // RFC 6749 §4.1.2.
    if (known !== undefined && known.clientId === client.id)
      await endByReuse(services, request, transaction, known, 'a code was used twice')
    return undefined
  }
  requireMatch(request, code)
  const account = await findStanding(request, transaction, code)
  const api = await transaction.apis.find(tenant.id, code.apiId)
  if (account === undefined || api === undefined) throw invalidGrant('code')
  requireSameApi(parameters, api, 'code')
  const ceiling = requireRemaining(parseScope(code.scope), { account, client, api })
  // Made from the code, so that a request that begins again answers the same one.
  const refreshToken = isRefreshed(code.identity, client)
    ? services.refreshTokens.first(tenant.id, code.familyId, text)
    : undefined
  // Where others have shown the code since, the family has ended, and the token is born dead.
  const family = known ?? (await begin(request, transaction, code, { api, refreshToken }))
  const endsAtMax = family.expiresAt
  const issuable = requireIssuable({ moment, client, api, requested: undefined, ceiling, endsAtMax })
  return decisionFor(request, { api, issuable }, { ...code, externalSubject: account.externalSubject, refreshToken })
}

function requireMatch({ client, parameters }: TokenRequest, code: CodeContent): void {
  if (code.clientId !== client.id) throw invalidGrant('code')
  const redirectUri = parameters.get('redirect_uri')
  // RFC 6749 §4.1.3 wants it; with PKCE it proves nothing more, and OAuth 2.1 leaves it out.
  if (redirectUri === undefined ? code.challenge === undefined : redirectUri !== code.redirectUri)
    throw new OauthError('invalid_grant', 'redirect_uri is not the one of the authorization request')
  const verifier = parameters.get('code_verifier')
  const isProven =
    code.challenge === undefined
      ? verifier === undefined
      : verifier !== undefined && holdsChallenge(verifier, code.challenge)
  if (!isProven) throw new OauthError('invalid_grant', 'code_verifier does not fit the code_challenge')
}

function begin(
  { tenant, moment }: TokenRequest,
  transaction: WriteTransaction,
  { familyId: id, consentId, accountId, clientId, scope, identity, signIn }: CodeContent,
  { api, refreshToken }: { readonly api: Api; readonly refreshToken: RefreshToken | undefined },
): Promise<Family> {
  const at = Math.floor(moment.takenAt)
  const of = { tenant: tenant.id, id, consentId, accountId, clientId, apiId: api.id, signIn, position: moment.position }
  const all = unionScope(parseScope(scope), identity)
  return beginFamily(transaction, of, { scope: all, at, endsAt: at + api.tokenTtlSecondsMax, first: refreshToken })
}
