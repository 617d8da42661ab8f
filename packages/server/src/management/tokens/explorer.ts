/** The built-in client `explorer` of a team: by it people try what their team may do. */
import { type Client, newClient, type Team } from '@countersign/store'
import { teamIdsOf } from '../../caller/reach.ts'
import { clientObject } from '../../feed/objects.ts'
import { ownOf, withinTeam } from '../../people/team_clients.ts'
import { explorerIdOf } from '../../tenants/tenant_setup.ts'
import type { WriteContext } from '../context.ts'
import { findTouched, invalid } from '../find.ts'
import { findTeamNamed } from '../teams/find.ts'

/** The one of the team that is named, else of the only team in which the caller may mint. Made where there is none yet. */
export async function findExplorer(context: WriteContext, teamId: string | undefined): Promise<Client> {
  const team = await findTeamNamed(context, teamId ?? onlyTeam(context))
  // The team was found within reach, and this is its own client.
  const known = await findTouched(context, explorerIdOf(team.id))
  return known ?? makeExplorer(context, team)
}

function onlyTeam({ reach }: WriteContext): string {
  const teamIds = teamIdsOf(reach)
  if (teamIds === undefined) throw invalid('/clientId', 'is missing: only in a team there is a client by default')
  const [only, ...more] = teamIds
  if (only === undefined || more.length > 0) throw invalid('/teamId', 'is missing: name one of the teams that mint')
  return only
}

async function makeExplorer(context: WriteContext, team: Team): Promise<Client> {
  const { actor, now, requestId, services, tenant, transaction } = context
  const draft = {
    tenant: tenant.id,
    name: `Explorer of ${team.name}`,
    type: 'spa' as const,
    access: team.access,
    guards: [],
    authority: { scope: '', guards: [] },
  }
  const made = { ...newClient(draft, { now, randomBytes: services.randomBytes }), id: explorerIdOf(team.id) }
  const client: Client = { ...made, ...withinTeam(ownOf(made), team) }
  await transaction.clients.insert(client)
  transaction.append({
    tenant: tenant.id,
    audit: {
      actor,
      action: 'client.create',
      objectType: 'client',
      objectId: client.id,
      after: { name: client.name, teamId: team.id },
      requestId,
    },
    objects: () => [clientObject(client, now)],
  })
  return client
}
