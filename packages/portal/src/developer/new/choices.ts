/** Who can hold the key, and what it could call. */
import { useQueries, useQuery } from '@tanstack/react-query'
import { type Failed, failedOf } from '../../shared/api/failed.ts'
import { apisQuery, clientsQuery, meQuery, teamQuery } from '../../shared/api/queries.ts'
import { type Choices, choose } from './choose.ts'
import type { Draft } from './draft.ts'
import { holdersOf, isNewOffered } from './holders.ts'

interface Asked {
  readonly choices: Choices | undefined
  readonly failed: Failed | undefined
}

export function useChoices(draft: Draft): Asked {
  const me = useQuery(meQuery)
  const clients = useQuery(clientsQuery)
  const apis = useQuery(apisQuery)
  const writable = me.data?.teams.filter(({ id }) => isNewOffered(me.data, id)) ?? []
  const teams = useQueries({ queries: writable.map(({ id }) => teamQuery(id)) })
  const failed = failedOf(me, clients, apis, ...teams)
  const known = teams.flatMap(({ data }) => (data === undefined ? [] : [data]))
  if (me.data === undefined || clients.data === undefined || apis.data === undefined || known.length < teams.length)
    return { choices: undefined, failed }
  return { choices: choose(draft, me.data, holdersOf(me.data, clients.data.data, known), apis.data.data), failed }
}
