import type { Route } from '@countersign/contract'
import { unavailableAnswer } from '@countersign/core'
import type { z } from 'zod'
import type { Services, TenantContext } from '../context.ts'
import type { Answer } from '../http/answer.ts'
import { holderOf } from '../http/client_address.ts'
import { parseQuery, requireNoQuery } from '../http/input.ts'
import { answerError, problem } from '../http/problem.ts'
import type { HttpRequest } from '../http/request.ts'
import { authenticateCaller, type Caller, type CallerServices } from './caller.ts'
import { type ViewAsServices, viewAs } from './view_as.ts'

export type QueryOf<R extends Route> = R['query'] extends z.ZodType ? z.output<R['query']> : object

export type GuardedServices = CallerServices & ViewAsServices & Pick<Services, 'log'>

/**
 * An endpoint behind a bearer credential: the caller first, then the query, then the work; what it throws becomes
 * RFC 9457. A parameter that the operation does not have is 400.
 */
export async function guarded<R extends Route>(
  services: GuardedServices,
  tenant: TenantContext,
  request: HttpRequest,
  route: R,
  work: (caller: Caller, query: QueryOf<R>) => Promise<Answer> | Answer,
): Promise<Answer> {
  try {
    const authenticated = await authenticateCaller(services, tenant, request, route.scope, route.orScope)
    if ('refusal' in authenticated) return problem(request, authenticated.refusal)
    if (route.query === undefined) requireNoQuery(request.query)
    const query = route.query === undefined ? {} : parseQuery(route.query, request.query)
    const caller = await viewAs(services, tenant, request, route, authenticated.caller)
    return await work(caller, query as QueryOf<R>)
  } catch (error) {
    return answerError(request, error, (cause) =>
      services.log.error({ requestId: request.requestId, error: cause }, 'request failed'),
    )
  }
}

export type QuestionServices = GuardedServices & Pick<Services, 'questions'>

/** The same for what verifiers ask: of those questions so many may be under way, shared fairly; one beyond is 503. */
export function guardedQuestion<R extends Route>(
  services: QuestionServices,
  tenant: TenantContext,
  request: HttpRequest,
  route: R,
  work: (caller: Caller, query: QueryOf<R>) => Promise<Answer> | Answer,
): Promise<Answer> {
  return guarded(services, tenant, request, route, async (caller, query) => {
    const holder = holderOf(request, services.trustedProxies)
    if (!services.questions.take(holder)) return problem(request, unavailableAnswer(1))
    try {
      return await work(caller, query)
    } finally {
      services.questions.give(holder)
    }
  })
}
