/** `GET /v1/refusals`: examples of requests that were refused, each with the checks that its code tells of. */
import { routes } from '@countersign/contract'
import { explainCode, formatTime } from '@countersign/core'
import { type Refusal, refusalSeconds } from '@countersign/store'
import { findRefusals } from '../find.ts'
import { pageAnswer, plainPageOf } from '../lists/cursor.ts'
import { type AnswerOf, type Operation, readOperation } from '../operation.ts'

type RefusalView = AnswerOf<typeof routes.listRefusals>

const listRefusals = readOperation(routes.listRefusals, async (context) => {
  const { query, now } = context
  const { keyId, requestId } = query
  const refusals = await findRefusals(context, {
    ...plainPageOf(context, 'refusals'),
    ...(keyId === undefined ? {} : { credentialId: keyId }),
    ...(requestId === undefined ? {} : { requestId }),
    since: now - refusalSeconds,
  })
  return pageAnswer(context, 'refusals', refusals, ({ id }) => id, refusalView) as RefusalView
})

function refusalView({ tenant: _, id: __, at, credentialId, ...refusal }: Refusal) {
  return { ...refusal, at: formatTime(at), keyId: credentialId, checks: checksOf(refusal) }
}

function checksOf({ code, clientId, scope }: Pick<Refusal, 'code' | 'clientId' | 'scope'>) {
  const needs = code === 'insufficient_scope' ? { needs: scope } : {}
  return explainCode(code, { isEstablished: clientId !== '', ...needs })
}

export const refusalOperations: readonly Operation[] = [listRefusals]
