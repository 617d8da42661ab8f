/**
 * May this client have such a token? The one gate (docs/security/invariants.md §14), passed three times: when a grant
 * decides, in memory in the turn in which the claims go to the signer, and in the statement that writes a row
 * (docs/protocol/feed.md §2.3).
 */
import {
  type MaybePromise,
  missingScope,
  parseScope,
  type Scope,
  type Seconds,
  subjectIdentity,
  unionScope,
} from '@countersign/core'
import type { Api, Client } from '@countersign/store'
import type { Services, TenantContext } from '../context.ts'
import { userinfoApiId } from '../tenants/tenant_setup.ts'
import { BehindError, type IssuingMoment, requireReached, requireSameBook } from './issuing_moment.ts'
import { OauthError } from './oauth_error.ts'
import { readRequested } from './requested_scope.ts'
import { shownScope } from './shown_scope.ts'

/** A request is authorised by a secret, a public key or a parent, beside its client and API. It may end meanwhile. */
export interface Authority {
  /**
   * By what is in memory, in the present turn. Throws when it does not hold. A promise where something had to be read
   * first: whoever waits for it asks again.
   */
  requireStill(): MaybePromise<void>
}

declare const judged: unique symbol

/**
 * Scope and end that one client may be issued at one API, judged at one moment. Only this gate makes one, so that nothing
 * is issued without it.
 */
export interface IssuableScope {
  readonly scope: Scope
  readonly expiresAt: Seconds
  readonly [judged]: true
}

/** A token that is about to be made, as far as the gate looks at it again. */
export interface Issuing {
  readonly tenant: TenantContext
  /** The token carries its position, and begins when it was taken. */
  readonly moment: IssuingMoment
  readonly client: Client
  readonly api: Api
  /** The party that it will speak for; the client where there is no other. */
  readonly subject: string
  /** Looked at again where the token is made. */
  readonly authorities: readonly Authority[]
  /** The scope and the end. */
  readonly issuable: IssuableScope
}

export interface IssuableQuestion {
  readonly moment: IssuingMoment
  readonly client: Client
  readonly api: Api
  /** All of `ceiling` when left out. */
  readonly requested?: Scope
  /** Beside the client's access, which always is one. Default: none. */
  readonly ceiling?: Scope
  /** Default: the API's usual life. Beyond the API's longest it is not issuable. */
  readonly ttlSeconds?: number
  /** The life is cut to this: the end of what the token is exchanged from. Default: none. */
  readonly endsAtMax?: Seconds
}

/** Why nothing is issued. The first that holds, in this order. */
export type NotIssuable =
  | { readonly reason: 'no_access' }
  | { readonly reason: 'beyond_scope'; readonly beyond: Scope }
  | { readonly reason: 'client_disabled' }
  | { readonly reason: 'api_disabled' }
  | { readonly reason: 'too_long'; readonly ttlSecondsMax: number }

/** One scope token beyond the ceiling refuses all of it: nothing is cut silently. */
export function judgeIssuable(question: IssuableQuestion): IssuableScope | NotIssuable {
  const { moment, client, api, endsAtMax = Number.POSITIVE_INFINITY } = question
  requireReached(moment, api.createdSequence)
  const access = accessOf(client, api)
  if (access === undefined) return { reason: 'no_access' }
  const { retiredScopes = [] } = api
  // A scope that the API no longer has gives nothing, whoever has it.
  const allowed = missingScope(parseScope(access), retiredScopes)
  const ceiling = missingScope(question.ceiling ?? allowed, retiredScopes)
  const scope = question.requested ?? ceiling
  const beyond = unionScope(missingScope(scope, ceiling), missingScope(scope, allowed))
  if (beyond.length > 0) return { reason: 'beyond_scope', beyond }
  if (client.status !== 'active') return { reason: 'client_disabled' }
  if (api.status !== 'active') return { reason: 'api_disabled' }
  const ttlSeconds = question.ttlSeconds ?? Math.min(api.tokenTtlSeconds, api.tokenTtlSecondsMax)
  if (ttlSeconds > api.tokenTtlSecondsMax) return { reason: 'too_long', ttlSecondsMax: api.tokenTtlSecondsMax }
  const expiresAt = Math.floor(Math.min(moment.takenAt + ttlSeconds, endsAtMax))
  return { scope, expiresAt } as IssuableScope
}

/** Every client may learn who a person is that lets it: no list of access has to name that. */
function accessOf({ access }: Client, { id }: Pick<Api, 'id'>): string | undefined {
  return access[id] ?? (id === userinfoApiId ? '' : undefined)
}

/** For grants: the same, where what is not issuable is an `OauthError`. `requested` is the parameter `scope`. */
export function requireIssuable(
  question: Omit<IssuableQuestion, 'requested'> & { readonly requested: string | undefined },
): IssuableScope {
  const { requested, ...rest } = question
  if (question.client.status !== 'active') throw new OauthError('invalid_client', 'client authentication failed')
  const asked = requested === undefined ? {} : { requested: readRequested(requested, rest.api) }
  const judgement = judgeIssuable({ ...rest, ...asked })
  if (!('reason' in judgement)) return judgement
  if (judgement.reason === 'beyond_scope')
    throw new OauthError('invalid_scope', `this client may not have: ${shownScope(judgement.beyond)}`)
  throw new OauthError('invalid_target', 'this client has no access to such an API')
}

/**
 * The gate again, without a read of the database. Whatever changed since makes the request begin again: only then is it
 * known which answer is right. A promise where an authority had to read: ask again after it.
 */
export function requireStillIssuable(services: Pick<Services, 'books'>, issue: Issuing): MaybePromise<void> {
  const { tenant, client, api, subject, moment } = issue
  requireSameBook(services, tenant, moment)
  const { book } = moment
  if (book.state('tenant', tenant.id)?.status !== 'active') throw new BehindError()
  if (book.isRevoked('client', client.id)) throw new BehindError()
  const said = book.state('client', client.id)
  if (said !== undefined) requireClientStill(issue, said)
  if (subject !== client.id) requireSubjectStill(moment, subject)
  const known = book.state('api', api.id)
  if (known?.status !== 'active' || book.apiByAudience(api.audience)?.apiId !== api.id) throw new BehindError()
  for (const authority of issue.authorities) {
    const waiting = authority.requireStill()
    if (waiting instanceof Promise) return waiting
  }
}

function requireSubjectStill(moment: IssuingMoment, subject: string): void {
  const { type, id } = subjectIdentity(subject)
  const said = moment.book.state(type, id)
  if (moment.book.isRevoked(type, id) || (said !== undefined && said.status !== 'active')) throw new BehindError()
  requireReached(moment, said?.cutOff ?? 0)
}

function requireClientStill(
  { moment, client, api, issuable }: Issuing,
  { status, access, cutOff }: Pick<Client, 'status' | 'access' | 'cutOff'>,
): void {
  requireReached(moment, cutOff)
  if (status !== 'active') throw new BehindError()
  // Mostly nothing was said since, and the text is the one that the scope was taken from.
  if (access[api.id] !== client.access[api.id]) requireCovered(access[api.id], issuable.scope)
}

/** Throws `BehindError` where `allowed` no longer has the whole scope; `undefined` is no access. */
export function requireCovered(allowed: string | undefined, scope: Scope): void {
  if (allowed === undefined || missingScope(scope, parseScope(allowed)).length > 0) throw new BehindError()
}
