import { useQueries, useQuery } from '@tanstack/react-query'
import { type Api, clientsQuery, meQuery, teamQuery } from '../../shared/api/queries.ts'
import { may } from '../../shared/may_write.ts'
import { type Minter, mintersOf } from './minters.ts'

/** `undefined` until it is known. */
export function useMinters(api: Api): readonly Minter[] | undefined {
  const { data: me } = useQuery(meQuery)
  const { data: clients } = useQuery(clientsQuery)
  const readable = me?.teams.filter(({ id }) => may(me, 'tokens:write', id) && may(me, 'teams:read', id)) ?? []
  const teams = useQueries({ queries: readable.map(({ id }) => teamQuery(id)) })
  if (me === undefined || clients === undefined || teams.some(({ isPending }) => isPending)) return undefined
  return mintersOf(
    api,
    me,
    clients.data,
    teams.flatMap(({ data }) => data ?? []),
  )
}
