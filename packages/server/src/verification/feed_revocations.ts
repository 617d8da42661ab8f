/**
 * `POST /v1/feed/revocations` (docs/protocol/feed.md §7.3): what a verifier knows to be revoked and this server's
 * snapshot lacked. Only what carries the MAC of this installation, for the caller's tenant, changes anything; a
 * revocation is final, so handing it back late or twice does no harm.
 */
import { routes } from '@countersign/contract'
import { actorOf } from '../caller/caller.ts'
import { type GuardedServices, guarded } from '../caller/guarded.ts'
import type { Services, TenantContext } from '../context.ts'
import { takeHandedBack } from '../feed/feed_answers.ts'
import { type Answer, json } from '../http/answer.ts'
import { readJson } from '../http/body.ts'
import { parseInput } from '../http/input.ts'
import { ProblemError } from '../http/problem.ts'
import type { HttpRequest } from '../http/request.ts'

export function feedRevocations(
  services: GuardedServices & Pick<Services, 'books' | 'macs' | 'master' | 'now' | 'store'>,
  tenant: TenantContext,
  request: HttpRequest,
): Promise<Answer> {
  return guarded(services, tenant, request, routes.handBackRevocations, async (caller) => {
    const body = parseInput(routes.handBackRevocations.body, await readJson(request), 'body')
    if (body.revocations.length === 0 && (body.cutOffs ?? []).length === 0) {
      const errors = [{ pointer: '/revocations', detail: 'must not be empty where there are no cutOffs' }]
      throw new ProblemError(400, 'invalid_request', 'The request names nothing to hand back.', { errors })
    }
    const { credentialId } = caller.grant
    const { requestId } = request
    const actor = actorOf(caller)
    const cause = { actor, action: 'revocation.hand_back', requestId }
    const answer = await takeHandedBack(services, tenant.id, body, cause)
    if (answer === 'other_epoch') throw otherEpoch()
    const { refused } = answer
    if (refused > 0) {
      // Forged, altered, or of another master key: how many, and by whom. What they say is nobody's word.
      services.log.warn({ requestId, tenant: tenant.id, credentialId, refused }, 'revocations handed back are not ours')
    }
    return json(200, answer)
  })
}

function otherEpoch(): ProblemError {
  return new ProblemError(409, 'conflict', 'The feed of this server has another epoch.')
}
