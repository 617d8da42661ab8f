import { routes } from '@countersign/contract'
import {
  formatTime,
  type ProblemAnswer,
  parseAddress,
  type RejectionAnswerCode,
  rejectionAnswer,
  unavailableAnswer,
} from '@countersign/core'
import { isGuarded } from '../caller/client_facts.ts'
import { type GuardedServices, guarded } from '../caller/guarded.ts'
import type { Services, TenantContext } from '../context.ts'
import { type Answer, json } from '../http/answer.ts'
import { readJson } from '../http/body.ts'
import { parseInput } from '../http/input.ts'
import { ProblemError, problem } from '../http/problem.ts'
import type { HttpRequest } from '../http/request.ts'
import { signAssertion } from './gateway_assertion.ts'

/** `POST /v1/assertions`: a remote gateway presents what it was presented; only what verifies here is vouched for. */
export function assertions(
  services: GuardedServices & Pick<Services, 'books' | 'now' | 'signingKeys'>,
  tenant: TenantContext,
  request: HttpRequest,
): Promise<Answer> {
  return guarded(services, tenant, request, routes.createAssertion, async (caller) => {
    const body = parseInput(routes.createAssertion.body, await readJson(request), 'body')
    if (!isGuarded(await caller.guards(), body.audience)) {
      throw new ProblemError(403, 'forbidden', 'The caller does not guard that audience.')
    }
    const outcome = await tenant.engine.verify({
      credential: body.credential,
      audience: body.audience,
      requires: [[]],
      address: body.ip === undefined ? undefined : parseAddress(body.ip),
      origin: body.origin,
      ...(body.minSequence === undefined ? {} : { minSequence: body.minSequence }),
      isRepeat: true,
    })
    if (outcome.outcome === 'unavailable') return problem(request, unavailableAnswer(outcome.retryAfterSeconds))
    if (outcome.outcome === 'rejected') throw refusedCredential(rejectionAnswer(outcome.rejection).body)
    const api = services.books.book(tenant.id)?.apiByAudience(body.audience)
    if (api === undefined) throw new ProblemError(404, 'not_found', 'There is no such API.')
    const { assertion, expiresAt } = await signAssertion(services, tenant, outcome.grant, api.apiId)
    return json(200, { assertion, expiresAt: formatTime(expiresAt) })
  })
}

/** 422: a 401 here would be about the gateway's own credential. */
function refusedCredential({ code, detail }: ProblemAnswer<RejectionAnswerCode>['body']): ProblemError {
  return new ProblemError(422, code, detail)
}
