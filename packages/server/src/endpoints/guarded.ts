import type { ManagementScope } from '@countersign/contract'
import type { Answer, Exchange } from '../http/exchange.ts'
import { answerError, problem } from '../http/respond.ts'
import type { Services, TenantContext } from '../services/services.ts'
import { authenticateCaller, type Caller } from './caller.ts'

/** An endpoint behind a bearer credential: the caller first, then the work; what it throws becomes RFC 9457. */
export async function guarded(
  services: Services,
  tenant: TenantContext,
  exchange: Exchange,
  scope: ManagementScope,
  work: (caller: Caller) => Promise<Answer> | Answer,
): Promise<Answer> {
  try {
    const authenticated = await authenticateCaller(services, tenant, exchange, scope)
    return 'refusal' in authenticated ? problem(exchange, authenticated.refusal) : await work(authenticated.caller)
  } catch (error) {
    return answerError(exchange, error, (cause) =>
      services.log.error({ requestId: exchange.requestId, error: cause }, 'request failed'),
    )
  }
}
