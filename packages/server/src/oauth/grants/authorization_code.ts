import { formatScope, intersectScope, parseScope, type Scope, unionScope } from '@countersign/core'
import type { FamilySignIn, WriteTransaction } from '@countersign/store'
import { endFamily } from '../../feed/revoker.ts'
import { holdsChallenge } from '../authorization/pkce.ts'
import { requireIssuable } from '../issuing_gate.ts'
import { OauthError } from '../oauth_error.ts'
import { givableScope } from '../person/account_scope.ts'
import { beginFamily } from '../person/families.ts'
import { isRefreshed } from '../person/identity_scope.ts'
import type { RefreshToken } from '../person/refresh_token.ts'
import type { GrantServices, GrantType, TokenRequest } from './grant_type.ts'
import { decisionFor, invalidGrant, isStanding } from './person.ts'

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
    const { tenant, moment, client, parameters } = request
    const text = parameters.get('code')
    if (text === undefined) throw new OauthError('invalid_request', 'code is missing')
    const { code, refreshToken } = await redeem(services, request, text)
    const api = await services.apis.byId(tenant, code.apiId)
    if (api === undefined) throw invalidGrant('code')
    requireSameApi(parameters, api.audience, 'code')
    const account = await services.store.read.accounts.find(tenant.id, code.accountId)
    if (account === undefined) throw invalidGrant('code')
    // The account may give less by now than when the person was asked.
    const ceiling = intersectScope(parseScope(code.scope), givableScope(account, api))
    const requested = formatScope(intersectScope(ceiling, parseScope(client.access[api.id] ?? '')))
    if (requested === '' && code.scope !== '') throw invalidGrant('code')
    const issuable = requireIssuable({ moment, client, api, requested, ceiling })
    return decisionFor(request, { api, issuable }, { ...code, refreshToken })
  },
}

/** RFC 8707 §2.2: another API than the one that was allowed is never named later. */
export function requireSameApi(parameters: TokenRequest['parameters'], audience: string, noun: string): void {
  for (const name of ['audience', 'resource']) {
    const named = parameters.get(name)
    if (named !== undefined && named !== audience)
      throw new OauthError('invalid_target', `the ${noun} is for another API`)
  }
}

interface Redeemed {
  readonly code: CodeContent
  readonly refreshToken: RefreshToken | undefined
}

/** Compared before it is used up: a wrong guess of a verifier costs its holder nothing, and neither does another client. */
async function redeem(services: GrantServices, request: TokenRequest, text: string): Promise<Redeemed> {
  const { tenant, moment } = request
  const name = `${codeKind} ${text}`
  const { value, entries } = await services.store.write(
    async (transaction) => {
      const { singleUse } = transaction
      const shown = (await singleUse.find(codeKind, tenant.id, text, services.now())) as CodeContent | undefined
      if (shown !== undefined) requireMatch(request, shown)
      const redeemed = await singleUse.redeem(codeKind, tenant.id, text, services.now())
      if (redeemed === undefined) return undefined
      const code = redeemed.content as CodeContent
      // A version of before kept no sign-in with it.
      if (code.signIn === undefined) return undefined
      // This very request redeemed it before it began again.
      const isOwn = moment.usedUp.has(name)
      if (!redeemed.isFirst && !isOwn) {
        if (code.clientId === request.client.id) await endFamilyOf(services, request, transaction, code)
        return undefined
      }
      if (!(await isStanding(request, transaction, code))) throw invalidGrant('code')
      // Made from the code, so that a request that begins again answers the same one.
      const refreshToken = isRefreshed(code.identity, request.client)
        ? services.refreshTokens.first(tenant.id, code.familyId, text)
        : undefined
      if (!isOwn) await begin(services, request, transaction, { code, refreshToken })
      return { code, refreshToken }
    },
    { tenant: tenant.id },
  )
  await services.books.settle(entries)
  if (value === undefined) throw invalidGrant('code')
  moment.usedUp.add(name)
  return value
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

async function begin(
  { apis }: GrantServices,
  { tenant, moment }: TokenRequest,
  transaction: WriteTransaction,
  { code, refreshToken }: Redeemed,
): Promise<void> {
  const { familyId: id, consentId, accountId, clientId, apiId, identity, signIn } = code
  const api = await apis.byId(tenant, apiId)
  const at = Math.floor(moment.takenAt)
  const of = { tenant: tenant.id, id, consentId, accountId, clientId, apiId, signIn, position: moment.position }
  await beginFamily(transaction, of, {
    scope: unionScope(parseScope(code.scope), identity),
    at,
    endsAt: at + (api?.tokenTtlSecondsMax ?? 0),
    first: refreshToken,
  })
}

/** RFC 6749 §4.1.2: somebody else has the code as well, and nobody knows who came first. */
async function endFamilyOf(
  { now }: Pick<GrantServices, 'now'>,
  { tenant, client, requestId }: TokenRequest,
  transaction: WriteTransaction,
  { familyId }: CodeContent,
): Promise<void> {
  const family = await transaction.families.find(tenant.id, familyId)
  const actor = { kind: 'client', clientId: client.id } as const
  if (family !== undefined)
    await endFamily(transaction, family, now(), { actor, requestId, reason: 'a code was used twice' })
}
