/** In whose name a token is minted: a team that the person may write tokens in, or for an operator a client. */
import type { Body } from '@countersign/client'
import type { Api, Client, Me, Team } from '../../../shared/api/queries.ts'
import { may } from '../../../shared/may_write.ts'

export interface Minter {
  readonly id: string
  readonly name: string
  readonly named: Pick<Body<'createToken'>, 'teamId' | 'clientId'>
  /** The most that it can have of the API; `undefined` while nobody knows. */
  readonly givable: ReadonlySet<string> | undefined
}

/** `teams`: those whose ceilings are known. */
export function mintersOf(
  { audience }: Pick<Api, 'audience'>,
  me: Me,
  clients: readonly Client[],
  teams: readonly Pick<Team, 'id' | 'access'>[],
): readonly Minter[] {
  const givableOf = (access: Client['access']) =>
    new Set(
      access
        .find((each) => each.audience === audience)
        ?.scope.split(' ')
        .filter((token) => token !== '') ?? [],
    )
  if (me.role === 'operator')
    return clients
      .filter(({ clientId, status }) => status === 'active' && !/^client_(?:portal|cli)$/.test(clientId))
      .filter(({ access }) => access.some((each) => each.audience === audience))
      .map(({ clientId: id, name, access }) => ({ id, name, named: { clientId: id }, givable: givableOf(access) }))
  return me.teams
    .filter(({ id }) => may(me, 'tokens:write', id))
    .map(({ id, name }) => {
      const known = teams.find((team) => team.id === id)
      return { id, name, named: { teamId: id }, givable: known === undefined ? undefined : givableOf(known.access) }
    })
}
