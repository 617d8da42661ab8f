import { useQueries, useQuery } from '@tanstack/react-query'
import { type Failed, failedOf } from '../../../shared/api/failed.ts'
import { type Api, clientsQuery, meQuery, teamQuery } from '../../../shared/api/queries.ts'
import { may } from '../../../shared/may_write.ts'
import { type Minter, mintersOf } from './minters.ts'

interface Minters {
  /** `undefined` until it is known. */
  readonly minters: readonly Minter[] | undefined
  readonly failed: Failed | undefined
}

export function useMinters(api: Api): Minters {
  const asked = useQuery(meQuery)
  const listed = useQuery(clientsQuery)
  const me = asked.data
  const readable = me?.teams.filter(({ id }) => may(me, 'tokens:write', id) && may(me, 'teams:read', id)) ?? []
  const teams = useQueries({ queries: readable.map(({ id }) => teamQuery(id)) })
  const failed = failedOf(asked, listed, ...teams)
  if (me === undefined || listed.data === undefined || teams.some(({ data }) => data === undefined))
    return { minters: undefined, failed }
  const known = teams.flatMap(({ data }) => data ?? [])
  return { minters: mintersOf(api, me, listed.data.data, known), failed }
}
