/**
 * May this client have such a token? The one gate (decision 11), passed three times: when a grant decides, in memory in the
 * turn in which the claims go to the signer, and inside the transaction that writes a row (feed.md §2).
 */
import { type MaybePromise, missingScope, parseScope, readScope, type Scope } from '@countersign/core'
import type { Api, Client, WriteTransaction } from '@countersign/store'
import type { Services } from '../context.ts'
import { BehindError, type IssuingMoment, requireReached, requireSameBook } from './issuing_moment.ts'
import { OauthError } from './oauth_error.ts'
import { shownScope } from './shown_scope.ts'
import type { IssueRequest } from './token_issuer.ts'

/** A request is authorised by a secret, a public key or a parent, beside its client and API. It may end meanwhile. */
export interface Authority {
  /**
   * By what is in memory, in the present turn. Throws when it does not hold. A promise where something had to be read
   * first: whoever waits for it asks again.
   */
  requireStill(): MaybePromise<void>
  /** By the rows, under the tenant's lock. Throws when it does not hold. */
  requireIn(transaction: WriteTransaction): Promise<void>
}

/**
 * The scope to issue. `requested: undefined` means all of `ceiling`. One token beyond it is `invalid_scope`: nothing is
 * cut silently. A disabled or deleted client or API gets nothing, whatever the grant.
 */
export function requireIssuable(
  moment: IssuingMoment,
  client: Client,
  api: Api,
  requested: string | undefined,
  ceiling: Scope,
): Scope {
  requireReached(moment, api.createdSequence)
  if (client.status !== 'active') throw new OauthError('invalid_client', 'client authentication failed')
  if (api.status !== 'active' || client.access[api.id] === undefined) {
    throw new OauthError('invalid_target', 'this client has no access to such an API')
  }
  const allowed = parseScope(client.access[api.id] as string)
  const scope = requested === undefined ? ceiling : readRequested(requested)
  const beyond = [...missingScope(scope, ceiling), ...missingScope(scope, allowed)]
  if (beyond.length > 0) throw new OauthError('invalid_scope', `not allowed here: ${shownScope(beyond)}`)
  return scope
}

/**
 * The gate again, without a read of the database. Whatever changed since makes the request begin again: only then is it
 * known which answer is right. A promise where an authority had to read: ask again after it.
 */
export function requireStillIssuable(services: Pick<Services, 'books'>, issue: IssueRequest): MaybePromise<void> {
  const { tenant, client, api, moment } = issue
  requireSameBook(services, tenant, moment)
  const { book } = moment
  if (book.state('tenant', tenant.id)?.status !== 'active') throw new BehindError()
  if (book.isRevoked('client', client.id)) throw new BehindError()
  const said = book.state('client', client.id)
  if (said !== undefined) requireClientStill(issue, said)
  const known = book.state('api', api.id)
  if (known?.status !== 'active' || book.apiByAudience(api.audience)?.apiId !== api.id) throw new BehindError()
  for (const authority of issue.authorities) {
    const waiting = authority.requireStill()
    if (waiting instanceof Promise) return waiting
  }
}

/** The gate again under the tenant's lock: nothing it read can change before the commit. */
export async function requireIssuableIn(transaction: WriteTransaction, issue: IssueRequest): Promise<void> {
  const { tenant, client, api } = issue
  const nowClient = await transaction.clients.find(tenant.id, client.id)
  const nowApi = await transaction.apis.find(tenant.id, api.id)
  if (nowClient === undefined || nowApi === undefined) throw new BehindError()
  requireClientStill(issue, nowClient)
  if (nowApi.status !== 'active') throw new BehindError()
  for (const authority of issue.authorities) await authority.requireIn(transaction)
}

function requireClientStill(
  { moment, client, api, scope }: IssueRequest,
  { status, access, cutOff }: Pick<Client, 'status' | 'access' | 'cutOff'>,
): void {
  requireReached(moment, cutOff)
  if (status !== 'active') throw new BehindError()
  // Mostly nothing was said since, and the text is the one that the scope was taken from.
  if (access[api.id] !== client.access[api.id]) requireCovered(access[api.id], scope)
}

/** Throws `BehindError` where `allowed` no longer has the whole scope; `undefined` is no access. */
export function requireCovered(allowed: string | undefined, scope: Scope): void {
  if (allowed === undefined || missingScope(scope, parseScope(allowed)).length > 0) throw new BehindError()
}

function readRequested(text: string): Scope {
  const read = readScope(text)
  if ('problem' in read) throw new OauthError('invalid_scope', read.problem)
  return read.scope
}
