/** The team of a client: who may choose it, and what the team leaves of the client. */
import type { routes } from '@countersign/contract'
import { missingScope, parseScope } from '@countersign/core'
import type { Client, Team } from '@countersign/store'
import { teamIdsOf, wholeTenant } from '../../caller/reach.ts'
import { ProblemError } from '../../http/problem.ts'
import { serverLimits } from '../../limits.ts'
import { shownScope } from '../../oauth/shown_scope.ts'
import { type Own, ownOf, withinTeam } from '../../people/team_clients.ts'
import type { WriteContext } from '../context.ts'
import { invalid } from '../find.ts'
import { findTeam, findTeamNamed } from '../teams/find.ts'

type Creating = WriteContext<typeof routes.createClient>
type Updating = WriteContext<typeof routes.updateClient>

const tenantSettings = ['guards', 'selfIssuedTtlSecondsMax', 'verified', 'consent', 'requirePkce'] as const

/** A team may not set these for its own clients: 403 with a team's reach. */
export function requireTenantSettings({ body, reach }: Creating | Updating): void {
  for (const setting of tenantSettings) if (body[setting] !== undefined) wholeTenant(reach, setting)
}

/** How a new client signs people in. Nobody here has looked at one that a team makes. */
export function signInOfNew({ body, reach }: Creating): Creating['body'] {
  return reach.of === 'tenant' ? body : { ...body, verified: false }
}

/**
 * How a client signs people in after an update. With another name, look or place of a team's own choice nobody here has looked
 * at it any more.
 */
export function trustedAs({ body, reach }: Updating, { name, signIn, homepageUri }: Client): Updating['body'] {
  const { redirectUris = [] } = signIn ?? {}
  const isElsewhere = body.redirectUris?.some((uri) => !redirectUris.includes(uri)) === true
  // A client that signs nobody in has no name that a person would trust.
  const isRenamed = body.name !== undefined && body.name !== name
  // The same URL may give another picture.
  const looksElse = body.logoUri != null || (body.homepageUri != null && body.homepageUri !== homepageUri)
  const isOther = isElsewhere || (signIn !== undefined && (isRenamed || looksElse))
  return reach.of === 'teams' && isOther ? { ...body, verified: false } : body
}

/** The team that is named, else the only one in which the caller may make clients. */
export async function findTeamOfNew(context: Creating): Promise<Team | undefined> {
  const { teamId } = context.body
  if (teamId !== undefined) return findTeamNamed(context, teamId)
  const [only, ...more] = teamIdsOf(context.reach) ?? []
  if (more.length > 0) throw invalid('/teamId', 'is missing: clients can be made in several teams')
  return only === undefined ? undefined : findTeamNamed(context, only)
}

/** Beyond the ceiling is 400: nothing is cut in silence. The management API is in no ceiling. */
export function requireWithinCeiling(
  team: Team,
  access: Client['access'],
  where: 'access' | 'teamId' = 'access',
): void {
  for (const [index, [apiId, scope]] of Object.entries(access).entries()) {
    const pointer = (member: string): string => (where === 'teamId' ? '/teamId' : `/access/${index}/${member}`)
    const ceiling = team.access[apiId]
    if (ceiling === undefined) throw invalid(pointer('audience'), 'has an API beyond the team’s ceiling')
    const beyond = missingScope(parseScope(scope), parseScope(ceiling))
    if (beyond.length > 0) throw invalid(pointer('scope'), `goes beyond the team’s ceiling: ${shownScope(beyond)}`)
  }
}

/** The client as the team leaves it, where that has room for one more. */
export async function admitted({ transaction }: WriteContext, client: Client, team: Team) {
  if ((await transaction.clients.countByTeam(team.tenant, team.id)) >= serverLimits.teamClientsMax)
    throw new ProblemError(409, 'conflict', `A team has at most ${serverLimits.teamClientsMax} clients.`)
  return withinTeam(ownOf(client), team)
}

/**
 * Status, access and team of a client after an update that gives it `given`. Into another team, or out of one, it takes what
 * its team has left of it, and no more.
 */
export async function placed(
  context: Updating,
  client: Client,
  given: Partial<Own>,
): Promise<Pick<Client, 'status' | 'access' | 'teamId' | 'own'>> {
  const { teamId } = context.body
  if (teamId !== undefined) wholeTenant(context.reach, 'teamId')
  if (teamId === undefined || (teamId ?? undefined) === client.teamId) {
    const own = { ...ownOf(client), ...given }
    if (client.teamId === undefined) return own
    const team = await findTeam(context, client.teamId)
    if (given.access !== undefined) requireWithinCeiling(team, given.access)
    return withinTeam(own, team)
  }
  const own = { status: client.status, access: client.access, ...given }
  if (teamId === null) return own
  const team = await findTeamNamed(context, teamId)
  requireNoAuthority(client)
  requireWithinCeiling(team, own.access, given.access === undefined ? 'teamId' : 'access')
  return admitted(context, { ...client, own }, team)
}

/** Credentials that it was given before are alive until its revoke, and no member of the team may touch them. */
function requireNoAuthority({ authority }: Client): void {
  if (authority.scope === '') return
  throw new ProblemError(
    409,
    'conflict',
    'A client that had access to the management API goes to no team before its revoke.',
  )
}

/** The client without what `placed` gives. */
export function withoutTeam({ teamId: _, own: __, ...client }: Client): Omit<Client, 'teamId' | 'own'> {
  return client
}
