/** `/portal/team`: who shares the team, what it may have, and what it asks for. */
import { useQuery } from '@tanstack/react-query'
import { getRouteApi, useNavigate } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { type Me, meQuery, teamQuery } from '../shared/api/queries.ts'
import { Read } from '../shared/kit/read.tsx'
import { ScreenTitle } from '../shared/kit/screen_title.tsx'
import { Empty } from '../shared/kit/states.tsx'
import { may } from '../shared/may_write.ts'
import { team as words } from '../shared/text/team.ts'
import { Access } from './team/access.tsx'
import { Invite } from './team/invite.tsx'
import { Members } from './team/members.tsx'

const route = getRouteApi('/team')

export function TeamScreen(): ReactNode {
  const read = useQuery(meQuery)
  const { data: me } = read
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
      <Read of={read} rows={3} label={words.loading}>
        {(known) =>
          shown === undefined ? (
            <Empty title={words.none} detail={words.noneDetail} />
          ) : (
            <Shown key={shown.id} me={known} teamId={shown.id} role={shown.role} />
          )
        }
      </Read>
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
  const read = useQuery(teamQuery(teamId))
  const isOwner = role === 'owner' && may(me, 'teams:write', teamId)
  return (
    <div className="stack one">
      <h2>{read.data?.name ?? words.members.title}</h2>
      <Members teamId={teamId} isOwner={isOwner} />
      {isOwner && <Invite teamId={teamId} isStale={read.error !== null} />}
      <Read of={read} rows={2} label={words.loading}>
        {(team, isStale) => <Access of={team} isStale={isStale} mayAsk={may(me, 'clients:write', teamId)} />}
      </Read>
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
