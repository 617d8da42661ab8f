/** `/portal/team`: who shares the team, what it may have, and what it asks for. */
import { useQuery } from '@tanstack/react-query'
import { getRouteApi, useNavigate } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { type Me, meQuery, teamQuery } from '../shared/api/queries.ts'
import { Problem } from '../shared/kit/problem.tsx'
import { ScreenTitle } from '../shared/kit/screen_title.tsx'
import { Empty, Skeleton, Stale } from '../shared/kit/states.tsx'
import { may } from '../shared/may_write.ts'
import { text } from '../shared/text.ts'
import { Access } from './team/access.tsx'
import { Invite } from './team/invite.tsx'
import { Members } from './team/members.tsx'

const route = getRouteApi('/team')
const { team: words } = text

export function TeamScreen(): ReactNode {
  const { data: me, error, refetch } = useQuery(meQuery)
  const { team } = route.useSearch()
  const shown = me?.teams.find(({ id }) => id === team) ?? me?.teams[0]
  return (
    <>
      <div className="head">
        <div>
          <ScreenTitle>{words.title}</ScreenTitle>
          <p>{words.lead}</p>
        </div>
        {me !== undefined && me.teams.length > 1 && <Choice of={me} shown={shown?.id} />}
      </div>
      {me === undefined && error !== null && <Problem error={error} onRetry={() => void refetch()} />}
      {me === undefined && error === null && <Skeleton rows={3} label={words.loading} />}
      {me !== undefined && shown === undefined && <Empty title={words.none} detail={words.noneDetail} />}
      {me !== undefined && shown !== undefined && <Shown key={shown.id} me={me} teamId={shown.id} role={shown.role} />}
    </>
  )
}

function Choice({ of: { teams }, shown }: { readonly of: Me; readonly shown: string | undefined }): ReactNode {
  const navigate = useNavigate({ from: '/team' })
  return (
    <label className="labelled">
      {words.choose}
      <select
        className="input"
        value={shown}
        onChange={({ target }) => void navigate({ search: { team: target.value } })}
      >
        {teams.map(({ id, name }) => (
          <option key={id} value={id}>
            {name}
          </option>
        ))}
      </select>
    </label>
  )
}

interface ShownProps {
  readonly me: Me
  readonly teamId: string
  readonly role: string
}

function Shown({ me, teamId, role }: ShownProps): ReactNode {
  const { data: team, error, dataUpdatedAt, refetch } = useQuery(teamQuery(teamId))
  const isOwner = role === 'owner' && may(me, 'teams:write', teamId)
  return (
    <div className="stack one">
      <h2>{team?.name ?? words.members.title}</h2>
      <Members teamId={teamId} isOwner={isOwner} />
      {isOwner && <Invite teamId={teamId} isStale={error !== null} />}
      {error !== null && team !== undefined && <Stale since={dataUpdatedAt} error={error} />}
      {error !== null && team === undefined && <Problem error={error} onRetry={() => void refetch()} />}
      {team !== undefined && <Access of={team} isStale={error !== null} mayAsk={may(me, 'clients:write', teamId)} />}
      <Matrix />
    </div>
  )
}

function Matrix(): ReactNode {
  const { matrix, roles } = words
  return (
    <details className="card pad">
      <summary>{matrix.title}</summary>
      <table className="figures matrix">
        <thead>
          <tr>
            {[matrix.may, roles.owner, roles.developer, roles.viewer].map((head) => (
              <th key={head} scope="col">
                {head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {matrix.rows.map(([what, ...each]) => (
            <tr key={what}>
              <th scope="row">{what}</th>
              {each.map((is, index) => (
                <td key={String(Object.keys(roles)[index])}>{is ? matrix.yes : matrix.no}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </details>
  )
}
