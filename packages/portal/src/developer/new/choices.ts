/** Who can hold the key, and what it could call: from the clients in reach, and from the ceiling of a team without one. */
import { useQuery } from '@tanstack/react-query'
import {
  type Api,
  apisQuery,
  type Client,
  clientsQuery,
  type Me,
  meQuery,
  teamQuery,
} from '../../shared/api/queries.ts'
import { text } from '../../shared/text.ts'
import type { Draft } from './draft.ts'

/** The id of a client that is made together with its first key. */
export const newClientId = 'new'

export interface Holder {
  readonly clientId: string
  readonly name: string
  readonly access: Client['access']
  /** The team of a client that is not there yet. */
  readonly teamId?: string
}

export interface Choices {
  readonly me: Me
  readonly holders: readonly Holder[]
  readonly holder: Holder | undefined
  /** The APIs that the holder has access to. */
  readonly apis: readonly Api[]
  readonly api: Api | undefined
  /** The scope tokens that the holder can give there. */
  readonly givable: ReadonlySet<string>
}

interface Asked {
  readonly choices: Choices | undefined
  readonly error: Error | null
}

export function useChoices(draft: Draft): Asked {
  const me = useQuery(meQuery)
  const clients = useQuery(clientsQuery)
  const apis = useQuery(apisQuery)
  const writable = me.data?.teams.find(({ role }) => role !== 'viewer')
  const team = useQuery(teamQuery(writable?.id))
  const error = me.error ?? clients.error ?? apis.error ?? team.error
  if (me.data === undefined || clients.data === undefined || apis.data === undefined)
    return { choices: undefined, error }
  if (writable !== undefined && team.data === undefined) return { choices: undefined, error }
  const holders: Holder[] = clients.data.data
    .filter(isOwn)
    .map(({ clientId, name, access }) => ({ clientId, name, access }))
  if (team.data !== undefined && team.data.access.length > 0) {
    const { access, id, name } = team.data
    holders.push({ clientId: newClientId, name: text.create.newClient(name), access, teamId: id })
  }
  return { choices: choose(draft, me.data, holders, apis.data.data), error: null }
}

/** Built-in clients hold no keys. */
function isOwn({ clientId, status, access }: Client): boolean {
  return status === 'active' && access.length > 0 && !/^client_(?:portal|cli|explorer_.*)$/.test(clientId)
}

function choose(draft: Draft, me: Me, holders: readonly Holder[], known: readonly Api[]): Choices {
  const holder = holders.find(({ clientId }) => clientId === draft.clientId) ?? holders[0]
  const apis = known.filter(({ audience }) => holder?.access.some((each) => each.audience === audience))
  const api = apis.find(({ audience }) => audience === draft.audience) ?? apis[0]
  const scope = holder?.access.find(({ audience }) => audience === api?.audience)?.scope ?? ''
  return { me, holders, holder, apis, api, givable: new Set(scope.split(' ').filter((token) => token !== '')) }
}
