/** `POST /v1/lookup` (feed.md §4): verifiers send a digest, never a key; what they do not guard is unknown to them. */

import { routes } from '@countersign/contract'
import type { CredentialRecord, LookupAnswer, PublicKeyRecord } from '@countersign/core'
import { readJson } from '../http/body.ts'
import { type Answer, type Exchange, ProblemError } from '../http/exchange.ts'
import { parseInput } from '../http/input.ts'
import { json } from '../http/respond.ts'
import { isGuarded } from '../services/guards.ts'
import type { Services, TenantContext } from '../services/services.ts'
import { guardedQuestion } from './guarded.ts'

export function lookup(services: Services, tenant: TenantContext, exchange: Exchange): Promise<Answer> {
  return guardedQuestion(services, tenant, exchange, routes.lookup, async (caller) => {
    const body = parseInput(routes.lookup.body, await readJson(exchange), 'body')
    const isKey = body.digest !== undefined
    if (isKey === (body.clientId !== undefined && body.kid !== undefined)) {
      throw new ProblemError(400, 'invalid_request', 'ask for a digest, or for a clientId and a kid')
    }
    await catchUp(services, tenant, body)
    const guards = await caller.guards()
    const place = services.books.book(tenant.id)?.place
    if (place === undefined)
      throw new ProblemError(503, 'unavailable', 'no book here', { headers: { 'Retry-After': '1' } })
    const beganAgeMs = 0
    if (isKey) {
      const record = await services.store.lookup.credential(tenant.id, body.digest as string)
      return answer({
        record: record !== undefined && isGuarded(guards, record.audience) ? record : undefined,
        place,
        ageMs: beganAgeMs,
      })
    }
    const record = await services.store.lookup.publicKey(tenant.id, body.clientId as string, body.kid as string)
    return answer({
      record: record === undefined ? undefined : guardedAccess(services, tenant, record, guards),
      place,
      ageMs: beganAgeMs,
    })
  })
}

function answer(found: LookupAnswer<CredentialRecord | PublicKeyRecord>): Answer {
  return json(200, { ...found, record: found.record ?? null })
}

/** A server behind the asker's place catches up from the primary first, or says 503. */
async function catchUp(
  services: Services,
  tenant: TenantContext,
  asked: { readonly epoch?: string | undefined; readonly sequence?: number | undefined },
): Promise<void> {
  const place = services.books.book(tenant.id)?.place
  const isBehind = place === undefined || (asked.epoch === place.epoch && (asked.sequence ?? 0) > place.sequence)
  const isStale = !services.books.isFresh()
  if ((isBehind || isStale) && !(await services.books.poll())) throw behind()
  const after = services.books.book(tenant.id)?.place
  if (after === undefined || (asked.epoch === after.epoch && (asked.sequence ?? 0) > after.sequence)) throw behind()
}

function behind(): ProblemError {
  return new ProblemError(503, 'unavailable', 'this server is behind', { headers: { 'Retry-After': '1' } })
}

/** A verifier learns of a client what it guards, and not where else that client may go. */
function guardedAccess(
  services: Services,
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
