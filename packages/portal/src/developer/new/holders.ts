/** Who can hold a key: the clients of teams in which the person may write, and one yet to be made for each such team. */
import type { Body } from '@countersign/client'
import type { Client, Me, Team } from '../../shared/api/queries.ts'
import { isBuiltInClient } from '../../shared/built_in_client.ts'
import { may, mayWrite } from '../../shared/may_write.ts'
import { text } from '../../shared/text.ts'
import type { Holder } from './choose.ts'

export function holdersOf(me: Me, clients: readonly Client[], teams: readonly Team[]): readonly Holder[] {
  const there = clients
    .filter((client) => canHold(client) && mayWrite(me, client.teamId))
    .map(({ clientId, name, access }) => ({ clientId, name, access }))
  const yetToBe = teams
    .filter(({ access }) => access.length > 0)
    .map(({ access, id, name }) => ({ clientId: `new:${id}`, name: text.create.newClient(name), access, teamId: id }))
  return [...there, ...yetToBe]
}

/** The body of `POST /v1/clients` for a holder that is yet to be made. */
export function clientBodyOf({ access, teamId }: Holder, { teams }: Me): Body<'createClient'> | undefined {
  if (teamId === undefined) return undefined
  const team = teams.find(({ id }) => id === teamId)?.name ?? teamId
  return { name: text.create.newClientName(team).slice(0, 200), type: 'service', teamId, access: [...access] }
}

function canHold(client: Client): boolean {
  return client.status === 'active' && client.access.length > 0 && !isBuiltInClient(client)
}

/** Whether the person may make a client in the team, and read what it could be given. */
export function isNewOffered(me: Me, teamId: string): boolean {
  return mayWrite(me, teamId) && may(me, 'clients:write', teamId) && may(me, 'teams:read', teamId)
}
