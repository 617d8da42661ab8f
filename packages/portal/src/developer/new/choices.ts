/** Who can hold the key, and what it could call: from the clients in reach, and from the ceiling of a team without one. */
import { useQuery } from '@tanstack/react-query'
import { apisQuery, type Client, clientsQuery, meQuery, teamQuery } from '../../shared/api/queries.ts'
import { text } from '../../shared/text.ts'
import { type Choices, choose, type Holder, newClientId } from './choose.ts'
import type { Draft } from './draft.ts'

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
