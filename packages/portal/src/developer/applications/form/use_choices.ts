/** The team that an application is of, and what it can be given there. */
import { useQuery } from '@tanstack/react-query'
import { type Failed, failedOf } from '../../../shared/api/failed.ts'
import { apisQuery, type Client, type Me, meQuery, teamQuery } from '../../../shared/api/queries.ts'
import { may } from '../../../shared/may_write.ts'
import { type AccessChoice, accessChoices } from './access_choices.ts'

export interface Choices {
  readonly me: Me
  /** The teams in which the person may make applications. */
  readonly teams: Me['teams']
  /** `undefined`: one of the tenant's own. */
  readonly teamId: string | undefined
  readonly apis: readonly AccessChoice[]
}

interface Asked {
  readonly choices: Choices | undefined
  readonly failed: Failed | undefined
}

/** `wanted`: the team that was chosen. An operator makes applications of the tenant's own. */
export function useChoices(wanted: string | undefined): Asked {
  const me = useQuery(meQuery)
  const teams = me.data?.teams.filter(({ id }) => may(me.data, 'clients:write', id)) ?? []
  const isOwn = me.data?.role === 'operator'
  const teamId = isOwn ? undefined : (teams.find(({ id }) => id === wanted) ?? teams[0])?.id
  const { apis, failed } = useAccessChoices(teamId, [], me.data !== undefined)
  const both = failedOf(me) ?? failed
  if (me.data === undefined || apis === undefined) return { choices: undefined, failed: both }
  return { choices: { me: me.data, teams: isOwn ? [] : teams, teamId, apis }, failed: both }
}

interface AskedApis {
  readonly apis: readonly AccessChoice[] | undefined
  readonly failed: Failed | undefined
}

export function useAccessChoices(teamId: string | null | undefined, held: Client['access'], isAsked = true): AskedApis {
  const apis = useQuery({ ...apisQuery, enabled: isAsked })
  const team = useQuery({ ...teamQuery(teamId ?? ''), enabled: isAsked && teamId != null })
  const needed = teamId == null ? [apis] : [apis, team]
  const failed = failedOf(...needed)
  if (needed.some(({ data }) => data === undefined)) return { apis: undefined, failed }
  return { apis: accessChoices(apis.data?.data ?? [], teamId == null ? undefined : team.data?.access, held), failed }
}
