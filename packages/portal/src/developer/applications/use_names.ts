/** The names of teams and APIs, for those who read ids otherwise. */
import { useQuery } from '@tanstack/react-query'
import { apisQuery, meQuery, teamNamesQuery } from '../../shared/api/queries.ts'
import { applicationsText as words } from '../../shared/text/applications.ts'

interface Names {
  /** By its audience, which stands where the API is not among those that were read. */
  api(audience: string): string
  team(id: string | null): string
}

export function useNames(): Names {
  const { data: me } = useQuery(meQuery)
  const { data: apis } = useQuery(apisQuery)
  const { data: all } = useQuery({ ...teamNamesQuery, enabled: me?.role === 'operator' })
  const teams = new Map([...(all ?? []), ...(me?.teams ?? [])].map(({ id, name }) => [id, name]))
  return {
    api: (audience) => apis?.data.find((each) => each.audience === audience)?.name ?? audience,
    team: (id) => (id === null ? words.tenantOwn : (teams.get(id) ?? id)),
  }
}
