/**
 * Who calls with a bearer credential: the same engine as everywhere, for the management audience
 * (docs/security/invariants.md §11).
 */

import type { ManagementScope } from '@countersign/contract'
import {
  type Grant,
  type MaybePromise,
  type ProblemAnswer,
  rejectionAnswer,
  unavailableAnswer,
} from '@countersign/core'
import type { AuditActor } from '@countersign/store'
import {
  credentialHeadersOf,
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

export interface Caller {
  readonly grant: Grant
  /** The text presented: to judge it again while a stream is open. */
  readonly credential: string
  readonly address: string | undefined
  /** Read by those who write: a verification pays for nothing that only the audit log wants. */
  readonly request: HttpRequest
  readonly reach: Reach
  /** Audiences whose credentials it may ask about; `['*']` is every one. */
  guards(): MaybePromise<readonly string[]>
}

export type CallerOrRefusal = { readonly caller: Caller } | { readonly refusal: ProblemAnswer }

export type CallerServices = Pick<Services, 'clientFacts' | 'failures' | 'trustedProxies'>

/** The caller, or the answer that refuses it. Synchronous once the credential is known. */
export function authenticateCaller(
  services: CallerServices,
  tenant: TenantContext,
  request: HttpRequest,
  scope: ManagementScope,
  orScope?: ManagementScope,
): MaybePromise<CallerOrRefusal> {
  const address = clientAddress(request, services.trustedProxies)
  const question = questionOf(credentialHeadersOf(request.rawHeaders, undefined, { basic: false }), {
    audience: tenant.managementAudience,
    requires: orScope === undefined ? [[scope]] : [[scope], [orScope]],
    ip: address,
    origin: originOf(request.rawHeaders),
  })
  if ('rejection' in question) return { refusal: rejectionAnswer(question.rejection) }
  const judge = (outcome: Outcome): CallerOrRefusal => {
    if (outcome.outcome === 'verified') {
      request.caller = { tenant: tenant.id, credential: outcome.grant.credentialId }
      return {
        caller: callerOf(services, tenant, outcome.grant, question.credential, address, request),
      }
    }
    if (outcome.outcome === 'unavailable') return { refusal: unavailableAnswer(outcome.retryAfterSeconds) }
    const answer = rejectionAnswer(outcome.rejection)
    const isAnswered = answer.status !== 401 || mayFail(services.failures, tenant.id, address)
    return { refusal: isAnswered ? answer : tooManyFailures }
  }
  const outcome = tenant.engine.verify(question)
  return outcome instanceof Promise ? outcome.then(judge) : judge(outcome)
}

function callerOf(
  services: Pick<Services, 'clientFacts'>,
  tenant: TenantContext,
  grant: Grant,
  credential: string,
  address: string | undefined,
  request: HttpRequest,
): Caller {
  return {
    grant,
    credential,
    address,
    request,
    reach: tenantReach(tenant),
    guards: () => services.clientFacts.guards(tenant, grant.clientId),
  }
}

/** Who made a change, for the audit log. */
export function actorOf({ grant, address, request }: Caller): AuditActor {
  const { clientId, credentialId } = grant
  const theirs = callerRequestId(request)
  return {
    kind: 'credential',
    clientId,
    credentialId,
    ...(address === undefined ? {} : { address }),
    ...(theirs === undefined ? {} : { callerRequestId: theirs }),
  }
}
