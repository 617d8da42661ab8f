/**
 * An approved request adds to the ceiling of its team, and that may end. An approval with an end remembers the part of
 * the ceiling that ends with it (`added`). Where two such approvals give the same scope, it stays until the later one ends.
 */
import {
  type FeedObject,
  formatScope,
  intersectScope,
  missingScope,
  parseScope,
  type Scope,
  type Seconds,
  unionScope,
} from '@countersign/core'
import type { AccessRequest, Team, WriteTransaction } from '@countersign/store'
import type { Services } from '../context.ts'
import { serverLimits } from '../limits.ts'
import { changeTeam } from './team_clients.ts'

/** All requests of a team that are kept. */
export function requestsOfTeam(
  { accessRequests }: Pick<WriteTransaction, 'accessRequests'>,
  { tenant, id }: Pick<Team, 'tenant' | 'id'>,
): Promise<readonly AccessRequest[]> {
  return accessRequests.list(tenant, { teamId: id }, { limit: serverLimits.accessRequestsMax })
}

/** It waits, or something ends with it. */
export function isLive({ status, endsAt }: AccessRequest): boolean {
  return status === 'pending' || (status === 'approved' && endsAt !== undefined)
}

export interface Given {
  readonly request: AccessRequest
  readonly team: Team
  readonly objects: readonly FeedObject[]
}

/** Widens the ceiling of the team by the scope, until the time if there is one, in the caller's transaction. */
export async function giveAccess(
  transaction: WriteTransaction,
  request: AccessRequest,
  team: Team,
  { scope, endsAt }: { readonly scope: Scope; readonly endsAt: Seconds | undefined },
  now: Seconds,
): Promise<Given> {
  const at = Math.floor(now)
  const ceiling = parseScope(team.access[request.apiId] ?? '')
  const others = (await requestsOfTeam(transaction, team)).filter((each) => isEnding(each, request))
  const lasting = missingScope(ceiling, addedBy(others))
  // No other approval ends any more what is given for good.
  if (endsAt === undefined) await keep(transaction, others, scope, now)
  const ending = endsAt === undefined ? {} : { endsAt, added: formatScope(missingScope(scope, lasting)) }
  const approved: AccessRequest = {
    ...request,
    status: 'approved',
    decidedAt: at,
    givenScope: formatScope(scope),
    ...ending,
    version: request.version + 1,
    updatedAt: at,
  }
  await transaction.accessRequests.update(approved)
  const access = { ...team.access, [request.apiId]: formatScope(unionScope(ceiling, scope)) }
  const changed: Team = { ...team, access, version: team.version + 1, updatedAt: at }
  return { request: approved, team: changed, objects: await changeTeam(transaction, changed, now) }
}

/** An operator has set the ceiling: what it lacks now ends with no approval any more. */
export async function narrowGiven(transaction: WriteTransaction, team: Team, now: Seconds): Promise<void> {
  for (const request of await requestsOfTeam(transaction, team)) {
    const { added, apiId, status } = request
    if (status !== 'approved' || added === undefined) continue
    const left = formatScope(intersectScope(parseScope(added), parseScope(team.access[apiId] ?? '')))
    if (left !== added) await transaction.accessRequests.update(next({ ...request, added: left }, now))
  }
}

/**
 * Ends every approval whose time has come. Each in a transaction of its own, where it is judged again: other processes do the
 * same. One that fails is tried in the next round.
 */
export async function endGivenAccess(services: Pick<Services, 'books' | 'log' | 'now' | 'store'>): Promise<void> {
  const { books, log, now, store } = services
  for (const { tenant, id } of await store.read.accessRequests.listDue(now(), serverLimits.accessEndsMax)) {
    try {
      const work = (transaction: WriteTransaction) => endOne(transaction, tenant, id, now())
      const { entries } = await store.write(work, { tenant, endsCredentials: true })
      await books.settle(entries)
    } catch (error) {
      log.warn({ error, tenant, request: id }, 'an approval of access could not be ended')
    }
  }
}

async function endOne(transaction: WriteTransaction, tenant: string, id: string, now: Seconds): Promise<void> {
  const request = await transaction.accessRequests.find(tenant, id)
  if (request?.status !== 'approved' || request.endsAt === undefined || now < request.endsAt) return
  const ended: AccessRequest = next({ ...request, status: 'ended' as const }, now)
  await transaction.accessRequests.update(ended)
  const team = await transaction.teams.find(tenant, request.teamId)
  if (team === undefined || team.status === 'revoked') return
  const others = (await requestsOfTeam(transaction, team)).filter((each) => isEnding(each, request))
  const lost = missingScope(parseScope(request.added ?? ''), addedBy(others))
  const changed = without(team, request.apiId, lost, now)
  const objects = changed === undefined ? [] : await changeTeam(transaction, changed, now)
  transaction.append({
    tenant,
    audit: {
      actor: { kind: 'system' },
      action: 'access_request.end',
      objectType: 'access_request',
      objectId: id,
      teamId: team.id,
      before: { access: team.access },
      after: { access: (changed ?? team).access, clients: objects.length },
      requestId: 'maintenance',
    },
    objects: () => objects,
  })
}

/** The team without that scope. An API of which nothing is left leaves the ceiling. */
function without(team: Team, apiId: string, lost: Scope, now: Seconds): Team | undefined {
  const { [apiId]: had, ...others } = team.access
  const left = had === undefined ? [] : missingScope(parseScope(had), lost)
  if (had === undefined || left.length === parseScope(had).length) return undefined
  const access = left.length === 0 ? others : { ...team.access, [apiId]: formatScope(left) }
  return next({ ...team, access }, now)
}

/** Another approval, of the same API, that ends something. */
function isEnding({ id, apiId, status, added }: AccessRequest, than: AccessRequest): boolean {
  return id !== than.id && apiId === than.apiId && status === 'approved' && added !== undefined
}

function addedBy(requests: readonly AccessRequest[]): Scope {
  return requests.reduce<Scope>((all, { added = '' }) => unionScope(all, parseScope(added)), [])
}

async function keep(
  transaction: WriteTransaction,
  requests: readonly AccessRequest[],
  scope: Scope,
  now: Seconds,
): Promise<void> {
  for (const request of requests) {
    const added = formatScope(missingScope(parseScope(request.added ?? ''), scope))
    if (added !== request.added) await transaction.accessRequests.update(next({ ...request, added }, now))
  }
}

function next<T extends { readonly version: number; readonly updatedAt: Seconds }>(record: T, now: Seconds): T {
  return { ...record, version: record.version + 1, updatedAt: Math.floor(now) }
}
