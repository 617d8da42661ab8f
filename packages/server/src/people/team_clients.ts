/** The clients of a team have access within its ceiling at every moment, and are disabled while it is. */
import { type FeedObject, formatScope, intersectScope, parseScope, type Seconds } from '@countersign/core'
import { type Client, isActiveTeam, type Team, type WriteTransaction } from '@countersign/store'
import { clientObject } from '../feed/objects.ts'
import { serverLimits } from '../limits.ts'
import { isExplorer } from '../tenants/tenant_setup.ts'

export type Own = NonNullable<Client['own']>

/** The status and access of a client by itself, whatever its team leaves of them. */
export function ownOf({ own, status, access }: Pick<Client, 'own' | 'status' | 'access'>): Own {
  return own ?? { status, access }
}

/**
 * The status and access that a team leaves to a client of it: the one place that says so. Look-ups, entries and the issuing
 * gate read `status` and `access` of the client, and know nothing of teams.
 */
export function withinTeam(
  own: Own,
  team: Team,
): Pick<Client, 'status' | 'access'> & Required<Pick<Client, 'own' | 'teamId'>> {
  const access = Object.entries(own.access).flatMap(([apiId, scope]) => {
    const most = team.access[apiId]
    return most === undefined ? [] : [[apiId, formatScope(intersectScope(parseScope(scope), parseScope(most)))]]
  })
  const status = own.status === 'active' && !isActiveTeam(team) ? 'disabled' : own.status
  return { teamId: team.id, own, status, access: Object.fromEntries(access) }
}

/**
 * Writes the changed team and every client that it leaves more or less than before, in the caller's transaction. Gives the
 * clients' entries. Throws when a client cannot be read: what nobody can narrow must not pass for narrowed.
 */
export async function changeTeam(
  transaction: WriteTransaction,
  team: Team,
  now: Seconds,
): Promise<readonly FeedObject[]> {
  await transaction.teams.update(team)
  const objects: FeedObject[] = []
  for (const client of await clientsOfTeam(transaction, team)) {
    const own = ownOf(client)
    const left = withinTeam(isExplorer(client) ? { ...own, access: team.access } : own, team)
    if (left.status === client.status && isSameAccess(left.access, client.access)) continue
    const changed: Client = { ...client, ...left, version: client.version + 1, updatedAt: Math.floor(now) }
    await transaction.clients.update(changed)
    objects.push(clientObject(changed, now))
  }
  return objects
}

export async function clientsOfTeam(
  { clients }: Pick<WriteTransaction, 'clients'>,
  { tenant, id }: Team,
): Promise<readonly Client[]> {
  // The client `explorer` comes on top, once the team has all that it may make.
  const found = await clients.list(tenant, { limit: serverLimits.teamClientsMax + 1 }, { teamIds: [id] })
  if (found.length !== (await clients.countByTeam(tenant, id))) throw new Error('a client of the team cannot be read')
  return found
}

/** The team as its members leave it: without an active one it is disabled, until there is one. A team of nobody is left alone. */
export async function withMembers(
  { memberships }: Pick<WriteTransaction, 'memberships'>,
  team: Team,
  now: Seconds,
): Promise<Team | undefined> {
  const { all, active } = await memberships.count(team.tenant, team.id)
  const isWithoutMember = all === 0 ? team.isWithoutMember : active === 0
  if (isWithoutMember === team.isWithoutMember) return undefined
  return { ...team, isWithoutMember, version: team.version + 1, updatedAt: Math.floor(now) }
}

function isSameAccess(one: Client['access'], other: Client['access']): boolean {
  const apiIds = Object.keys(one)
  return apiIds.length === Object.keys(other).length && apiIds.every((apiId) => one[apiId] === other[apiId])
}
