/** From a kept request to a code: may this account give this client this scope for this API now, and has it? */
import {
  formatScope,
  generateKey,
  missingScope,
  parseScope,
  type Scope,
  timingSafeEqual,
  unionScope,
} from '@countersign/core'
import {
  type Account,
  type AccountSession,
  type Api,
  type AuditActor,
  type Client,
  type Consent,
  isPublicClient,
  newConsent,
  type ReadRepositories,
  type WriteTransaction,
} from '@countersign/store'
import { readSessionAgain } from '../caller/session_again.ts'
import { browserDigest } from '../caller/session_cookie.ts'
import { subjectCutOff } from '../caller/subject_cut_off.ts'
import type { Services, TenantContext } from '../context.ts'
import { derivedBytes } from '../keys/derived_bytes.ts'
import { serverLimits } from '../limits.ts'
import { isOwnSite, matchRedirectUri } from '../oauth/authorization/redirect_uri.ts'
import type { AuthorizationRequest } from '../oauth/authorization/request.ts'
import { type CodeContent, codeKind } from '../oauth/grants/authorization_code.ts'
import { requireIssuable } from '../oauth/issuing_gate.ts'
import { atOneMoment, type IssuingMoment, requireReached, requireSameBook } from '../oauth/issuing_moment.ts'
import { OauthError } from '../oauth/oauth_error.ts'
import { givableScope, remainingScope } from '../oauth/person/account_scope.ts'
import { givenIdentity } from '../oauth/person/identity_scope.ts'
import { portalClientId } from '../tenants/tenant_setup.ts'

/** Kept requests in the single-use store, once a browser has opened them: for that browser alone. */
const requestKind = 'authorization_request'
/** Requests that no browser has opened yet. Some come from a form elsewhere, with which a browser sends no cookie. */
export const newRequestKind = 'authorization_request_new'

/** A version of before kept no identity scopes. */
function requestOf(content: object): AuthorizationRequest {
  return { identity: [], ...(content as Omit<AuthorizationRequest, 'identity'>) }
}

export interface AtRequest {
  readonly services: Pick<Services, 'now' | 'store'>
  readonly tenant: { readonly id: string }
  /** The text in the browser's cookie. */
  readonly browser: string
}

/** A request that waits for the person at this browser; `undefined` once it was answered, or is too old. */
export async function findRequest(
  { browser, services, tenant }: AtRequest,
  id: string,
): Promise<AuthorizationRequest | undefined> {
  const kept = await services.store.read.singleUse.find(requestKind, tenant.id, id, services.now())
  const { browser: its = '' } = (kept ?? {}) as { readonly browser?: string }
  return kept !== undefined && timingSafeEqual(its, browserDigest(browser)) ? requestOf(kept) : undefined
}

/** The same, at the page that a request leads to: one that no browser has opened is this browser's from now on. */
export async function openRequest(at: AtRequest, id: string): Promise<AuthorizationRequest | undefined> {
  const { browser, services, tenant } = at
  const { store } = services
  const isNew = (await store.read.singleUse.find(newRequestKind, tenant.id, id, services.now())) !== undefined
  if (isNew)
    await store.write(
      async ({ singleUse }) => {
        const opened = await singleUse.redeem(newRequestKind, tenant.id, id, services.now())
        if (opened?.isFirst !== true) return
        const kept = { ...opened.content, browser: browserDigest(browser) }
        const endsAt = requestOf(opened.content).askedAt + serverLimits.authorizationSeconds
        await singleUse.keep(requestKind, tenant.id, id, kept, endsAt)
      },
      { tenant: tenant.id },
    )
  return findRequest(at, id)
}

/** All that a consent page shows, and that Allow gives. */
export interface Asked {
  readonly request: AuthorizationRequest
  readonly client: Client
  readonly api: Api
  readonly scope: Scope
  /** The scopes that speak of the person. */
  readonly identity: Scope
  /** Both together, as a consent keeps them. */
  readonly all: Scope
  /** The part that the account has allowed this client before. */
  readonly given: Scope
  /** Nobody has to be asked: it was allowed before, or is the owner's own application. */
  readonly isSettled: boolean
}

type Reads = Pick<ReadRepositories, 'apis' | 'clients' | 'consents'>

/** Throws `OauthError`, for the client: what it asks for cannot be given. */
export async function readAsked(
  reads: Reads,
  tenant: { readonly id: string },
  request: AuthorizationRequest,
  account: Account,
  moment: IssuingMoment,
): Promise<Asked> {
  const client = await reads.clients.find(tenant.id, request.clientId)
  const api = await reads.apis.find(tenant.id, request.apiId)
  if (
    client?.status !== 'active' ||
    api?.status !== 'active' ||
    matchRedirectUri(client, request.redirectUri) === undefined
  )
    throw new OauthError('access_denied', 'this application can be allowed nothing at present')
  const ceiling = givableScope(account, api)
  const asked = request.scope ?? remainingScope(parseScope(client.access[api.id] ?? ''), { account, client, api })
  const beyond = missingScope(asked, ceiling)
  if (beyond.length > 0) throw new OauthError('access_denied', `this account may not give: ${formatScope(beyond)}`)
  const { scope } = requireIssuable({ moment, client, api, requested: formatScope(asked), ceiling })
  const consent = await reads.consents.findGiven(tenant.id, {
    accountId: account.id,
    clientId: client.id,
    apiId: api.id,
  })
  const given = parseScope(consent?.scope ?? '')
  const identity = givenIdentity(request.identity, client)
  const all = unionScope(scope, identity)
  return { request, client, api, scope, identity, all, given, isSettled: isSettled(client, request, all, consent) }
}

/**
 * A public client with a loopback or custom-scheme redirect URI may be an impostor, whom the person would not see: it asks
 * each time, and so does a client whose maker is not known (RFC 8252 §8.6).
 */
function isSettled(client: Client, request: AuthorizationRequest, scope: Scope, consent: Consent | undefined): boolean {
  if (request.prompt.includes('consent')) return false
  if (client.signIn?.consent === 'skip') return true
  const isKnown = !isPublicClient(client) || isOwnSite(request.redirectUri)
  if (client.signIn?.verified !== true || !isKnown || consent === undefined) return false
  return missingScope(scope, parseScope(consent.scope)).length === 0
}

/** Something has changed since it was shown: the person is asked again, and nothing was given. */
export class AskAgainError extends Error {
  override readonly name = 'AskAgainError'
}

export interface Allowing {
  readonly account: Account
  readonly session: AccountSession
  readonly requestId: string
  /** The scope that the page showed, or that was allowed before. */
  readonly scope: Scope
  /** The person has pressed Allow. False: it was allowed before, and must still be so where the code is given. */
  readonly isAsked: boolean
  readonly actor: AuditActor
  /** The id of the HTTP request. */
  readonly httpRequestId: string
}

export type AllowServices = Pick<Services, 'books' | 'keyPrefix' | 'master' | 'now' | 'randomBytes' | 'store'>

/**
 * One code for one request, however often somebody presses: `undefined` where anything of it has ended.
 * Throws `AskAgainError` where it has changed.
 */
export async function allow(
  services: AllowServices,
  tenant: TenantContext,
  allowing: Allowing,
): Promise<{ readonly request: AuthorizationRequest; readonly code: string } | undefined> {
  return atOneMoment(services, tenant, async (moment) => {
    const { value, entries } = await services.store.write((it) => giveCode(services, tenant, it, moment, allowing), {
      tenant: tenant.id,
    })
    await services.books.settle(entries)
    return value
  })
}

async function giveCode(
  services: AllowServices,
  tenant: TenantContext,
  transaction: WriteTransaction,
  moment: IssuingMoment,
  { account: { id: accountId }, session, requestId, scope, isAsked, actor, httpRequestId }: Allowing,
): Promise<{ readonly request: AuthorizationRequest; readonly code: string } | undefined> {
  const redeemed = await transaction.singleUse.redeem(requestKind, tenant.id, requestId, services.now())
  if (redeemed === undefined) return undefined
  const request = requestOf(redeemed.content)
  // Pressed twice, the browser takes the second answer: it is the first one again, while its code waits for the client.
  const randomBytes = derivedBytes(services.master.derive('authorization_codes'), `${tenant.id} ${requestId}`)
  const { text } = generateKey({ prefix: services.keyPrefix, marker: 'code', randomBytes })
  if (!redeemed.isFirst) {
    const waiting = await transaction.singleUse.find(codeKind, tenant.id, text, services.now())
    const isOwn = (waiting as CodeContent | undefined)?.signIn?.sessionId === session.id
    return isOwn ? { request, code: text } : undefined
  }
  const named = { tenant: tenant.id, id: session.id, client: await transaction.clients.find(tenant.id, portalClientId) }
  const present = await readSessionAgain(transaction, named, services.now())
  const client = await transaction.clients.find(tenant.id, request.clientId)
  const cutOff = Math.max(client?.cutOff ?? 0, await subjectCutOff(transaction, tenant.id, accountId))
  // One that a portal link began gives nothing to an application.
  if (present === undefined || present.session.portal !== undefined || client === undefined) return undefined
  requireReached(moment, cutOff)
  if (request.position < cutOff) return undefined
  requireSameBook(services, tenant, moment)
  const asked = await readAsked(transaction, tenant, request, present.account, moment)
  // Never more than was shown: an owner may have given the client more meanwhile.
  if (formatScope(asked.all) !== formatScope(scope)) throw new AskAgainError('the scope is another one now')
  if (!isAsked && !asked.isSettled) throw new AskAgainError('it is no longer allowed')
  const consent = await giveConsent(services, tenant, transaction, moment, asked, present.account)
  const content: CodeContent = {
    clientId: client.id,
    redirectUri: request.redirectUri,
    ...(request.challenge === undefined ? {} : { challenge: request.challenge }),
    apiId: asked.api.id,
    scope: formatScope(asked.scope),
    identity: asked.identity,
    ...(request.nonce === undefined ? {} : { nonce: request.nonce }),
    accountId,
    signIn: { sessionId: session.id, authenticatedAt: session.authenticatedAt, amr: session.amr },
    consentId: consent.id,
    familyId: generateKey({ prefix: services.keyPrefix, marker: 'code', randomBytes: services.randomBytes }).id,
    position: moment.position,
  }
  await transaction.singleUse.keep(codeKind, tenant.id, text, content, moment.takenAt + serverLimits.codeSeconds)
  transaction.append({
    tenant: tenant.id,
    audit: {
      actor,
      action: 'consent.give',
      objectType: 'consent',
      objectId: consent.id,
      after: { accountId, clientId: client.id, audience: asked.api.audience, scope: consent.scope },
      requestId: httpRequestId,
    },
  })
  return { request, code: text }
}

/** It grows, and never narrows. */
async function giveConsent(
  { randomBytes }: Pick<Services, 'randomBytes'>,
  tenant: TenantContext,
  transaction: WriteTransaction,
  moment: IssuingMoment,
  { api, client, all }: Asked,
  account: Account,
): Promise<Consent> {
  const of = { accountId: account.id, clientId: client.id, apiId: api.id }
  const known = await transaction.consents.findGiven(tenant.id, of)
  const at = Math.floor(moment.takenAt)
  if (known === undefined) {
    const draft = { tenant: tenant.id, ...of, scope: formatScope(all), position: moment.position }
    const consent = newConsent(draft, { now: at, randomBytes })
    await transaction.consents.insert(consent)
    return consent
  }
  const grown = formatScope(unionScope(parseScope(known.scope), all))
  const used = { ...known, scope: grown, position: moment.position, lastUsedAt: at, updatedAt: at }
  const consent = { ...used, version: known.version + 1 }
  await transaction.consents.update(consent)
  return consent
}

/** Nobody can use it any more; whoever was second is told nothing. */
export async function refuse(
  { now, store }: Pick<Services, 'now' | 'store'>,
  tenant: { readonly id: string },
  requestId: string,
): Promise<AuthorizationRequest | undefined> {
  const { value } = await store.write(({ singleUse }) => singleUse.redeem(requestKind, tenant.id, requestId, now()), {
    tenant: tenant.id,
  })
  return value?.isFirst === true ? requestOf(value.content) : undefined
}
