/**
 * `POST /v1/lookup` (docs/protocol/feed.md §4): verifiers send a digest, never a key; what they do not guard is unknown
 * to them.
 */

import { routes } from '@countersign/contract'
import { type CredentialRecord, issuerIdPrefix, type PublicKeyRecord } from '@countersign/core'
import type { z } from 'zod'
import { isGuarded } from '../caller/client_facts.ts'
import { guardedQuestion, type QuestionServices } from '../caller/guarded.ts'
import type { Services, TenantContext } from '../context.ts'
import { catchUp, type LookedFor, lookUpRecord } from '../feed/feed_answers.ts'
import { type Answer, json } from '../http/answer.ts'
import { readJson } from '../http/body.ts'
import { parseInput } from '../http/input.ts'
import { ProblemError } from '../http/problem.ts'
import type { HttpRequest } from '../http/request.ts'

export function lookup(
  services: QuestionServices & Pick<Services, 'books' | 'issuerKeys' | 'store'>,
  tenant: TenantContext,
  request: HttpRequest,
): Promise<Answer> {
  return guardedQuestion(services, tenant, request, routes.lookup, async (caller) => {
    const body = parseInput(routes.lookup.body, await readJson(request), 'body')
    const wanted = readWanted(body)
    if (!(await catchUp(services, tenant.id, body))) throw unavailable('This server is behind that place. Try again.')
    const guards = await caller.guards()
    if ('kid' in wanted && wanted.clientId.startsWith(issuerIdPrefix))
      services.issuerKeys.want(tenant.id, wanted.clientId)
    if ('client' in wanted) return json(200, await lookUpClient(services, tenant, wanted.client, guards))
    const found = await lookUpRecord(services, tenant.id, wanted)
    if (found === undefined) throw noBook()
    const record = found.record && guardedRecord(services, tenant, found.record, guards)
    return json(200, { ...found, record: record === undefined ? null : await withMetadata(services, tenant, record) })
  })
}

type Wanted = LookedFor | { readonly client: string }

function readWanted({ digest, clientId, kid }: z.output<typeof routes.lookup.body>): Wanted {
  if (digest !== undefined && clientId === undefined && kid === undefined) return { digest }
  if (digest === undefined && clientId !== undefined)
    return kid === undefined ? { client: clientId } : { clientId, kid }
  throw new ProblemError(400, 'invalid_request', 'Ask for a digest, for a clientId and a kid, or for a clientId.')
}

/** A client that may go nowhere the asker guards is unknown to it. The place is taken before the client is read. */
async function lookUpClient(
  services: Pick<Services, 'books' | 'clientFacts'>,
  tenant: TenantContext,
  clientId: string,
  guards: readonly string[],
): Promise<object> {
  const place = services.books.book(tenant.id)?.place
  if (place === undefined) throw noBook()
  const client = await services.clientFacts.find(tenant, clientId)
  const isKnown = client !== undefined && guardedAccess(services, tenant, client.access, guards).length > 0
  return { record: isKnown ? { clientId, metadata: client.metadata } : null, place, ageMs: 0 }
}

/**
 * The record of a key or opaque token with the metadata of its client; that of a public key has it. A revoked one is
 * refused whatever it has, and takes as long as an unknown one.
 */
async function withMetadata(
  services: Pick<Services, 'clientFacts'>,
  tenant: TenantContext,
  record: CredentialRecord | PublicKeyRecord,
): Promise<CredentialRecord | PublicKeyRecord> {
  if ('thumbprint' in record || record.status === 'revoked') return record
  const clientMetadata = await services.clientFacts.metadata(tenant, record.clientId)
  return clientMetadata === undefined ? record : { ...record, clientMetadata }
}

function noBook(): ProblemError {
  return unavailable('This server has no status book of the tenant yet. Try again.')
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
  if (!('thumbprint' in record)) return isGuarded(guards, record.audience) ? record : undefined
  const access = guardedAccess(services, tenant, record.access, guards)
  return access.length === 0 ? undefined : { ...record, access: Object.fromEntries(access) }
}

/** A verifier learns of a client what it guards, and not where else that client may go. */
function guardedAccess(
  services: Pick<Services, 'books'>,
  tenant: TenantContext,
  access: PublicKeyRecord['access'],
  guards: readonly string[],
): readonly (readonly [apiId: string, scope: string])[] {
  const book = services.books.book(tenant.id)
  return Object.entries(access).filter(([apiId]) => {
    const api = book?.state('api', apiId)
    return api !== undefined && isGuarded(guards, api.audience)
  })
}
