import {
  digest,
  formatScope,
  intersectScope,
  limits,
  missingScope,
  parseScope,
  timingSafeEqual,
} from '@countersign/core'
import type { Api, Family, WriteTransaction } from '@countersign/store'
import { serverLimits } from '../../limits.ts'
import { type IssuableScope, requireIssuable } from '../issuing_gate.ts'
import { OauthError } from '../oauth_error.ts'
import { rotateFamily } from '../person/families.ts'
import { givenIdentity, isRefreshed, splitScope } from '../person/identity_scope.ts'
import { type RefreshToken, refreshCounterMax } from '../person/refresh_token.ts'
import { readRequested } from '../requested_scope.ts'
import { shownScope } from '../shown_scope.ts'
import { requireSameApi } from './authorization_code.ts'
import type { GrantServices, GrantType, TokenRequest } from './grant_type.ts'
import { decisionFor, endByReuse, findStanding, type Given, invalidGrant, requireRemaining } from './person.ts'

/**
 * RFC 6749 §6. Each use gives a successor; one that is older than the direct predecessor ends the family, and so does that
 * one after its tolerance (RFC 9700 §4.14.2).
 */
export const refreshToken: GrantType = {
  name: 'refresh_token',
  usesUp: true,
  isForPublic: true,
  async decide(services, request) {
    const { tenant, client, parameters } = request
    const text = parameters.get('refresh_token')
    if (text === undefined) throw new OauthError('invalid_request', 'refresh_token is missing')
    const token = services.refreshTokens.read(tenant.id, text)
    const family = token && (await services.store.read.families.find(tenant.id, token.familyId))
    if (token === undefined || family === undefined || family.clientId !== client.id) throw refused()
    if (!isRefreshed(splitScope(parseScope(family.scope)).identity, client)) throw refused()
    const api = await services.apis.byId(tenant, family.apiId)
    if (api === undefined) throw refused()
    requireSameApi(parameters, api, 'refresh token')
    // The gate comes before the token is used up: a request that asks for too much costs its client nothing.
    const { issuable, identity, externalSubject } = await judge(services, request, family, api)
    const next = await rotate(services, request, token)
    return decisionFor(
      request,
      { api, issuable },
      { ...family, familyId: family.id, externalSubject, identity, signIn: family.signIn, refreshToken: next },
    )
  },
}

function refused(): OauthError {
  return invalidGrant('refresh token')
}

/** Never more than was given and is left of it now. Less holds for this answer alone. */
async function judge(
  { store }: GrantServices,
  { tenant, moment, client, parameters }: TokenRequest,
  family: Family,
  api: Api,
): Promise<Pick<Given, 'identity' | 'externalSubject'> & { readonly issuable: IssuableScope }> {
  const given = splitScope(parseScope(family.scope))
  const account = await store.read.accounts.find(tenant.id, family.accountId)
  if (account === undefined) throw refused()
  const ceiling = requireRemaining(given.ofApi, { account, client, api })
  const endsAtMax = family.expiresAt
  const asked = parameters.get('scope')
  const allowed = givenIdentity(given.identity, client)
  if (asked === undefined) {
    const issuable = requireIssuable({ moment, client, api, requested: undefined, ceiling, endsAtMax })
    return { issuable, identity: allowed, externalSubject: account.externalSubject }
  }
  const { ofApi, identity } = splitScope(readRequested(asked, api))
  const beyond = missingScope(identity, given.identity)
  if (beyond.length > 0) throw new OauthError('invalid_scope', `this was not given: ${shownScope(beyond)}`)
  const issuable = requireIssuable({ moment, client, api, requested: formatScope(ofApi), ceiling, endsAtMax })
  return { issuable, identity: intersectScope(identity, allowed), externalSubject: account.externalSubject }
}

/** The successor. Throws `invalid_grant` for a token that gives none, after its family was ended where it shows a theft. */
async function rotate(services: GrantServices, request: TokenRequest, token: RefreshToken): Promise<RefreshToken> {
  const { tenant } = request
  const { value, entries } = await services.store.write(
    async (transaction) => {
      const family = await transaction.families.find(tenant.id, token.familyId)
      if (family === undefined || (await findStanding(request, transaction, family)) === undefined) return undefined
      return rotateIn(services, request, transaction, family, token)
    },
    { tenant: tenant.id },
  )
  await services.books.settle(entries)
  if (value === undefined) throw refused()
  return value
}

async function rotateIn(
  services: GrantServices,
  request: TokenRequest,
  transaction: WriteTransaction,
  family: Family,
  token: RefreshToken,
): Promise<RefreshToken | undefined> {
  const { tenant } = request
  const now = services.now()
  const { refresh } = family
  if (family.status !== 'active' || refresh === undefined) return undefined
  if (now >= family.expiresAt || now >= refresh.idleAt || token.counter >= refreshCounterMax) return undefined
  const successor = services.refreshTokens.successor(tenant.id, token)
  if (token.counter === refresh.counter) {
    // A restored database may have the head of another time, so the text itself is compared.
    if (!timingSafeEqual(await digest(token.text), refresh.digest)) return undefined
    await rotateFamily(transaction, family, successor, Math.floor(now))
    await touchConsent(transaction, family, now)
    return successor
  }
  const isDirect =
    token.counter === refresh.counter - 1 && timingSafeEqual(await digest(successor.text), refresh.digest)
  // A clock that was put back makes no tolerance longer.
  const age = now - refresh.rotatedAt
  if (isDirect && age < serverLimits.refreshToleranceSeconds && age > -limits.clockLeewaySeconds) return successor
  // Older than that it was stolen, or its successor was; newer than the head, the database was restored.
  const reason = token.counter < refresh.counter ? 'a refresh token was used again' : 'its refresh token is not known'
  await endByReuse(services, request, transaction, family, reason)
  return undefined
}

/** People see when an application last used what they gave. */
async function touchConsent(transaction: WriteTransaction, family: Family, now: number): Promise<void> {
  const consent = await transaction.consents.find(family.tenant, family.consentId)
  if (consent === undefined || now < consent.lastUsedAt + serverLimits.consentUsedSeconds) return
  await transaction.consents.update({ ...consent, lastUsedAt: Math.floor(now), version: consent.version + 1 })
}
