/** Tokens that speak for a person: the rules that a code and a refresh token share. */
import { type Ancestor, formatScope, type Scope, unionScope } from '@countersign/core'
import type { Account, Api, Client, Family, FamilySignIn, WriteTransaction } from '@countersign/store'
import { subjectCutOff } from '../../caller/subject_cut_off.ts'
import { endFamily } from '../../feed/revoker.ts'
import { toldToTeam } from '../../feed/told_to_team.ts'
import type { IssuableScope } from '../issuing_gate.ts'
import { BehindError, requireReached } from '../issuing_moment.ts'
import { OauthError } from '../oauth_error.ts'
import { remainingScope } from '../person/account_scope.ts'
import type { RefreshToken } from '../person/refresh_token.ts'
import type { GrantDecision, GrantServices, TokenRequest } from './grant_type.ts'

/** All that a person has given one client. */
export interface Given {
  readonly familyId: string
  readonly consentId: string
  readonly accountId: string
  /** The id that the owner of the APIs has for the account. */
  readonly externalSubject: string | undefined
  readonly identity: Scope
  readonly signIn: FamilySignIn | undefined
  /** `nonce` of the authorization request. */
  readonly nonce?: string | undefined
  /** Absent where the client gets none. */
  readonly refreshToken: RefreshToken | undefined
}

export function decisionFor(
  { tenant, moment, client, authority }: TokenRequest,
  { api, issuable }: { readonly api: Api; readonly issuable: IssuableScope },
  given: Given,
): GrantDecision {
  const { accountId, consentId, externalSubject, familyId, identity, nonce, refreshToken, signIn } = given
  const lineage: readonly Ancestor[] = [
    { type: 'family', id: familyId },
    { type: 'consent', id: consentId },
  ]
  /** By the book, in the turn of the signature. */
  const requireStill = (): void => {
    if (moment.book.isRevoked('consent', consentId)) throw new BehindError()
  }
  const external = externalSubject === undefined ? {} : { externalSubject }
  const issue = { tenant, moment, client, api, subject: accountId, ...external, issuable, lineage }
  const isOpenId = identity.includes('openid') && signIn !== undefined
  return {
    issue: { ...issue, authorities: [authority, { requireStill }] },
    answer: {
      ...(refreshToken === undefined ? {} : { refresh_token: refreshToken.text }),
      scope: formatScope(unionScope(issuable.scope, identity)),
    },
    ...(isOpenId ? { idToken: { accountId, signIn, ...(nonce === undefined ? {} : { nonce }) } } : {}),
  }
}

/** Never more than account, client and API leave of it now. Throws `invalid_grant` where that is nothing. */
export function requireRemaining(
  scope: Scope,
  of: { readonly account: Account; readonly client: Client; readonly api: Api },
): Scope {
  const remaining = remainingScope(scope, of)
  if (remaining.length === 0 && scope.length > 0)
    throw new OauthError('invalid_grant', 'nothing is left of the scope that was given')
  return remaining
}

/** Somebody else has shown the code or the token as well, and nobody knows who came first. */
export function endByReuse(
  { now }: Pick<GrantServices, 'now'>,
  { tenant, client, requestId }: TokenRequest,
  transaction: WriteTransaction,
  family: Family,
  reason: string,
): Promise<void> {
  const actor = { kind: 'client', clientId: client.id } as const
  const context = { tenant: tenant.id, now: now(), actor, requestId, reason }
  return endFamily(
    toldToTeam(transaction, () => client.teamId),
    family,
    context,
  )
}

/**
 * The account behind a code or family, which ends with all that it was made from: docs/protocol/feed.md §2.3. It is read in
 * the transaction that uses it; `undefined` where something of it has ended.
 */
export async function findStanding(
  { tenant, client, moment }: TokenRequest,
  transaction: WriteTransaction,
  of: { readonly consentId: string; readonly accountId: string; readonly position: number },
): Promise<Account | undefined> {
  const consent = await transaction.consents.find(tenant.id, of.consentId)
  const account = await transaction.accounts.find(tenant.id, of.accountId)
  const present = await transaction.clients.find(tenant.id, client.id)
  const cutOff = Math.max(present?.cutOff ?? 0, await subjectCutOff(transaction, tenant.id, of.accountId))
  if (consent?.status !== 'active' || account?.status !== 'active' || of.position < cutOff) return undefined
  requireReached(moment, cutOff)
  return account
}

/** One description for all: a code or refresh token that was guessed, stolen or used before tells nothing. */
export function invalidGrant(noun: 'code' | 'refresh token'): OauthError {
  return new OauthError('invalid_grant', `the ${noun} is not valid: it is unknown, used, too old or another client’s`)
}
