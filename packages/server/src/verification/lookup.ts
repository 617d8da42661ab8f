/**
 * `POST /v1/lookup` (docs/protocol/feed.md §4): verifiers send a digest, never a key; what they do not guard is unknown
 * to them.
 */

import { routes } from '@countersign/contract'
import type { CredentialRecord, PublicKeyRecord } from '@countersign/core'
import { isGuarded } from '../caller/client_facts.ts'
import { guardedQuestion, type QuestionServices } from '../caller/guarded.ts'
import type { Services, TenantContext } from '../context.ts'
import { catchUp, lookUpRecord } from '../feed/feed_answers.ts'
import { type Answer, json } from '../http/answer.ts'
import { readJson } from '../http/body.ts'
import { parseInput } from '../http/input.ts'
import { ProblemError } from '../http/problem.ts'
import type { HttpRequest } from '../http/request.ts'

export function lookup(
  services: QuestionServices & Pick<Services, 'books' | 'store'>,
  tenant: TenantContext,
  request: HttpRequest,
): Promise<Answer> {
  return guardedQuestion(services, tenant, request, routes.lookup, async (caller) => {
    const body = parseInput(routes.lookup.body, await readJson(request), 'body')
    const isKey = body.digest !== undefined
    if (isKey === (body.clientId !== undefined && body.kid !== undefined)) {
      throw new ProblemError(400, 'invalid_request', 'Ask for a digest, or for a clientId and a kid.')
    }
    if (!(await catchUp(services, tenant.id, body))) throw unavailable('This server is behind that place. Try again.')
    const guards = await caller.guards()
    const wanted = isKey
      ? { digest: body.digest as string }
      : { clientId: body.clientId as string, kid: body.kid as string }
    const found = await lookUpRecord(services, tenant.id, wanted)
    if (found === undefined) throw unavailable('This server has no status book of the tenant yet. Try again.')
    const record = found.record && guardedRecord(services, tenant, found.record, guards)
    return json(200, { ...found, record: record ?? null })
  })
}

function unavailable(detail: string): ProblemError {
  return new ProblemError(503, 'unavailable', detail, { headers: { 'Retry-After': '1' } })
}

function guardedRecord(
  services: Pick<Services, 'books'>,
  tenant: TenantContext,
  record: CredentialRecord | PublicKeyRecord,
  guards: readonly string[],
): CredentialRecord | PublicKeyRecord | undefined {
  if ('thumbprint' in record) return guardedAccess(services, tenant, record, guards)
  return isGuarded(guards, record.audience) ? record : undefined
}

/** A verifier learns of a client what it guards, and not where else that client may go. */
function guardedAccess(
  services: Pick<Services, 'books'>,
  tenant: TenantContext,
  record: PublicKeyRecord,
  guards: readonly string[],
): PublicKeyRecord | undefined {
  const book = services.books.book(tenant.id)
  const access = Object.entries(record.access).filter(([apiId]) => {
    const api = book?.state('api', apiId)
    return api !== undefined && isGuarded(guards, api.audience)
  })
  return access.length === 0 ? undefined : { ...record, access: Object.fromEntries(access) }
}
