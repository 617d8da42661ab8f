import { routes } from '@countersign/contract'
import { type Client, newTeam, type Team } from '@countersign/store'
import { wholeTenant } from '../../caller/reach.ts'
import { clientObject } from '../../feed/objects.ts'
import { narrowGiven } from '../../people/given_access.ts'
import { changeTeam, clientsOfTeam } from '../../people/team_clients.ts'
import { managementApiId } from '../../tenants/tenant_setup.ts'
import { readAccess } from '../access.ts'
import { endClient } from '../clients/end.ts'
import type { WriteContext } from '../context.ts'
import { invalid } from '../find.ts'
import { pageAnswer, pageOf } from '../lists/cursor.ts'
import { type Operation, readOperation, writeOperation } from '../operation.ts'
import { findTeam, findTeams } from './find.ts'
import { auditOf, teamView } from './view.ts'

type Body = WriteContext<typeof routes.updateTeam>['body']

/** No client of a team reaches the management API: its people do, each by their role. */
export async function ceilingOf(
  context: WriteContext,
  access: NonNullable<Body['access']>,
  pointer = '/access',
): Promise<Team['access']> {
  const byApi = await readAccess(context, access, pointer)
  if (byApi[managementApiId] !== undefined)
    throw invalid(pointer, 'names the management API, which no client of a team can have')
  return byApi
}

const createTeam = writeOperation(routes.createTeam, async (context) => {
  const { body, now, reach, services, tenant, transaction } = context
  wholeTenant(reach, 'Making a team')
  const draft = {
    tenant: tenant.id,
    name: body.name,
    ...(body.externalId === undefined ? {} : { externalId: body.externalId }),
    metadata: body.metadata ?? {},
    status: body.status ?? 'active',
    access: await ceilingOf(context, body.access),
  }
  const team = newTeam(draft, { now, randomBytes: services.randomBytes })
  await transaction.teams.insert(team)
  const view = await teamView(context, team)
  transaction.append({ tenant: tenant.id, audit: { ...auditOf(context, 'team.create', team), after: view } })
  return { status: 201, body: view }
})

const listTeams = readOperation(routes.listTeams, async (context) => {
  const teams = await findTeams(context, pageOf(context, 'teams'))
  const views = new Map<string, object>()
  for (const team of teams.slice(0, context.query.limit)) views.set(team.id, await teamView(context, team))
  return pageAnswer(
    context,
    'teams',
    teams,
    ({ id }) => id,
    ({ id }) => views.get(id) as object,
  )
})

const getTeam = readOperation(routes.getTeam, async (context) =>
  teamView(context, await findTeam(context, context.params.id as string)),
)

/** Ceiling and status hold for every client of the team at once: each that they touch has an entry of this transaction. */
const updateTeam = writeOperation(routes.updateTeam, async (context) => {
  const { body, now, reach, tenant, transaction } = context
  for (const setting of ['access', 'externalId', 'status'] as const)
    if (body[setting] !== undefined) wholeTenant(reach, setting)
  const team = await findTeam(context, context.params.id as string)
  const changed = await withBody(context, team)
  const before = await teamView(context, team)
  const objects = await changeTeam(transaction, changed, now)
  if (body.access !== undefined) await narrowGiven(transaction, changed, now)
  // For good: enabling the team brings none of them back.
  if (body.status === 'disabled') await transaction.invitations.deleteOf(tenant.id, team.id, {})
  const after = await teamView(context, changed)
  const audit = { ...auditOf(context, 'team.update', team), before, after: { ...after, clients: objects.length } }
  transaction.append({ tenant: tenant.id, audit, objects: () => objects })
  return { status: 200, body: after }
})

/** Who enables a team whose members are all disabled, decides that it goes on without them. */
async function withBody(context: WriteContext<typeof routes.updateTeam>, team: Team): Promise<Team> {
  const { body, now } = context
  const { externalId: before, ...rest } = team
  const externalId = body.externalId === undefined ? before : (body.externalId ?? undefined)
  return {
    ...rest,
    name: body.name ?? team.name,
    ...(externalId === undefined ? {} : { externalId }),
    metadata: body.metadata ?? team.metadata,
    status: body.status ?? team.status,
    isWithoutMember: body.status === 'active' ? false : team.isWithoutMember,
    access: body.access === undefined ? team.access : await ceilingOf(context, body.access),
    version: team.version + 1,
    updatedAt: Math.floor(now),
  }
}

/** The tombstone keeps the id, and nothing that tells who the team was. */
const deleteTeam = writeOperation(routes.deleteTeam, async (context) => {
  const { now, tenant, transaction } = context
  const team = await findTeam(context, context.params.id as string)
  context.requireHeld(['clients:write', 'keys:write', 'tokens:write'], team.id)
  const before = await teamView(context, team)
  const ended: Client[] = []
  for (const client of await clientsOfTeam(transaction, team)) ended.push(await endClient(transaction, client, now))
  await transaction.memberships.deleteByTeam(tenant.id, team.id)
  await transaction.invitations.deleteOf(tenant.id, team.id, {})
  await transaction.accessRequests.deleteByTeam(tenant.id, team.id)
  const { externalId: _, ...rest } = team
  const tombstone = { name: '', metadata: {}, access: {}, status: 'revoked' } as const
  await transaction.teams.update({ ...rest, ...tombstone, version: team.version + 1, updatedAt: Math.floor(now) })
  transaction.append({
    tenant: tenant.id,
    audit: { ...auditOf(context, 'team.delete', team), before, after: { clients: ended.map(({ id }) => id) } },
    objects: () => ended.map((client) => clientObject(client, now)),
  })
  const gone = { id: team.id, status: 'revoked' as const, clients: ended.length }
  return { status: 200, bodyOf: (feedSequence) => ({ ...gone, feedSequence }) }
})

export const teamOperations: readonly Operation[] = [createTeam, listTeams, getTeam, updateTeam, deleteTeam]
