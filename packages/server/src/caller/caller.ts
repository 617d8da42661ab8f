/**
 * Who calls with a bearer credential: the same engine as everywhere, for the management audience
 * (docs/security/invariants.md §11).
 */

import type { ManagementScope } from '@countersign/contract'
import {
  type Grant,
  type Holder,
  type MaybePromise,
  type ProblemAnswer,
  type Rejection,
  rejectionAnswer,
  type Scope,
  unavailableAnswer,
} from '@countersign/core'
import type { Account, AccountSession, AuditActor, Team } from '@countersign/store'
import {
  credentialHeadersOf,
  type Expected,
  mayFail,
  type Outcome,
  originOf,
  questionOf,
  tooManyFailures,
} from '@countersign/verifier/engine'
import type { Services, TenantContext } from '../context.ts'
import { callerRequestId, clientAddress } from '../http/client_address.ts'
import type { HttpRequest } from '../http/request.ts'
import { type Reach, tenantReach } from './reach.ts'
import { requireNamedAccount, requireOwnPage, withinReach, withScope } from './session_caller.ts'
import { readCookie } from './session_cookie.ts'

export interface Caller {
  readonly grant: Grant
  /** The text presented: to judge it again while a stream is open. */
  readonly credential: string
  readonly address: string | undefined
  /** Read by those who write: a verification pays for nothing that only the audit log wants. */
  readonly request: HttpRequest
  readonly reach: Reach
  /** The account of a session and the session itself, as this request has read them. */
  readonly account?: Account | undefined
  readonly session?: AccountSession | undefined
  /** The team that it reads as a viewer of: `view_as.ts`. */
  readonly viewed?: Team
  /** Audiences whose credentials it may ask about; `['*']` is every one. */
  guards(): MaybePromise<readonly string[]>
}

type Person = Pick<Caller, 'reach' | 'account' | 'session'>

export type CallerOrRefusal = { readonly caller: Caller } | { readonly refusal: ProblemAnswer }

export type CallerServices = Pick<Services, 'clientFacts' | 'failures' | 'sessionMoves' | 'store' | 'trustedProxies'>

/** The caller, or the answer that refuses it. Synchronous once the credential is known. Endpoints of OAuth read no cookie. */
export function authenticateCaller(
  services: CallerServices,
  tenant: TenantContext,
  request: HttpRequest,
  scope: ManagementScope | undefined,
  orScope?: ManagementScope,
  readsCookie = true,
): MaybePromise<CallerOrRefusal> {
  const address = clientAddress(request, services.trustedProxies)
  const requires = requiresOf(scope, orScope)
  const asked = { audience: tenant.managementAudience, requires, ip: address, origin: originOf(request.rawHeaders) }
  const question = questionOf(credentialHeadersOf(request.rawHeaders, undefined, { basic: false }), asked)
  const session = readsCookie ? readCookie(request, tenant.issuer, 'session') : undefined
  const isMissing = 'rejection' in question && question.rejection.code === 'missing_credential'
  if (session !== undefined && !isMissing) return { refusal: rejectionAnswer(twoCredentials) }
  const wholly: Person = { reach: tenantReach(tenant) }
  const judge = (outcome: Outcome, credential: string, person = wholly): CallerOrRefusal => {
    if (outcome.outcome === 'verified') {
      request.caller = { tenant: tenant.id, credential: outcome.grant.credentialId }
      const { grant } = outcome
      const guards = (): MaybePromise<readonly string[]> => services.clientFacts.guards(tenant, grant.clientId)
      const caller: Caller = { grant, credential, address, request, ...person, guards }
      if (grant.kind === 'session')
        services.sessionMoves.seen(grant, () => ({ actor: actorOf(caller), requestId: request.requestId }))
      return { caller }
    }
    if (outcome.outcome === 'unavailable') return { refusal: unavailableAnswer(outcome.retryAfterSeconds) }
    const answer = rejectionAnswer(outcome.rejection)
    const isAnswered = answer.status !== 401 || mayFail(services.failures, tenant.id, address)
    return { refusal: isAnswered ? answer : tooManyFailures }
  }
  if (session !== undefined) {
    requireOwnPage(request, tenant.issuer)
    return verifySession(services, tenant, session, request, asked).then(({ outcome, person }) =>
      judge(outcome, session, person),
    )
  }
  if ('rejection' in question) return { refusal: rejectionAnswer(question.rejection) }
  const outcome = tenant.engine.verify(question)
  if (outcome instanceof Promise) return outcome.then((it) => judge(it, question.credential))
  return judge(outcome, question.credential)
}

const twoCredentials: Rejection = {
  code: 'invalid_request',
  detail: 'a cookie and a header field hold a credential each; present exactly one',
}

/** Nobody needs a scope where the operation names none. */
function requiresOf(scope: ManagementScope | undefined, orScope: ManagementScope | undefined): readonly Scope[] {
  if (scope === undefined) return [[]]
  return orScope === undefined ? [[scope]] : [[scope], [orScope]]
}

async function verifySession(
  { store }: Pick<Services, 'store'>,
  tenant: TenantContext,
  credential: string,
  request: HttpRequest,
  { requires, ...asked }: Expected,
): Promise<{ readonly outcome: Outcome; readonly person?: Person }> {
  const question = questionOf({ authorization: [], apiKey: [credential] }, { ...asked, requires: [[]] })
  if ('rejection' in question) return { outcome: { outcome: 'rejected', rejection: question.rejection } }
  const outcome = await tenant.engine.verify({ ...question, isCookie: true })
  if (outcome.outcome !== 'verified') return { outcome }
  requireNamedAccount(request, outcome.grant)
  const { grant, ...person } = await withinReach(store.read, tenant.id, outcome.grant)
  return { outcome: withScope(grant, requires), person }
}

/** The holder of a place in a room: the account, else the client, however many sessions or keys it has. */
export function shareOf(
  { id }: Pick<TenantContext, 'id'>,
  { account, grant }: Pick<Caller, 'account' | 'grant'>,
): Holder {
  return { tenant: id, credential: `${id} ${account?.id ?? grant.clientId}` }
}

/** Who made a change, for the audit log. */
export function actorOf({ grant, address, request }: Caller): AuditActor {
  const { clientId, credentialId, subject } = grant
  const theirs = callerRequestId(request)
  return {
    kind: 'credential',
    clientId,
    credentialId,
    ...(grant.kind === 'session' ? { accountId: subject } : {}),
    ...(address === undefined ? {} : { address }),
    ...(theirs === undefined ? {} : { callerRequestId: theirs }),
  }
}
