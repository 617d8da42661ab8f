/** The members of a team; an owner changes roles and takes members out. */
import { useQuery } from '@tanstack/react-query'
import { getRouteApi, useNavigate } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { call } from '../../shared/api/call.ts'
import { type Member, membersQuery, meQuery } from '../../shared/api/queries.ts'
import { CardTable } from '../../shared/kit/card_table.tsx'
import { FinalDialog } from '../../shared/kit/final_dialog.tsx'
import { Problem } from '../../shared/kit/problem.tsx'
import { Read } from '../../shared/kit/read.tsx'
import { Ago } from '../../shared/kit/time.tsx'
import { toasts } from '../../shared/kit/toasts.tsx'
import { team as teamText } from '../../shared/text/team.ts'
import { useAct } from '../../shared/use_act.ts'

const route = getRouteApi('/team')
const { members, remove: removal, roles } = teamText

interface MembersProps {
  readonly teamId: string
  readonly isOwner: boolean
}

export function Members({ teamId, isOwner }: MembersProps): ReactNode {
  const { remove } = route.useSearch()
  const navigate = useNavigate({ from: '/team' })
  const { data: me } = useQuery(meQuery)
  const read = useQuery(membersQuery(teamId))
  const act = useAct('members', 'me')
  const show = (id: string | undefined): void =>
    void navigate({ search: (search) => ({ ...search, remove: id }), resetScroll: false })
  const leaving = read.data?.data.find(({ accountId }) => accountId === remove)
  const change = (member: Member, role: Member['role']): void =>
    void act.run(async () => {
      await call('updateTeamMember', { params: { id: teamId, accountId: member.accountId }, body: { role } })
      toasts.add({ title: members.changed(nameOf(member), roles[role]) })
    })
  return (
    <>
      {act.error !== undefined && <Problem error={act.error} />}
      <Read of={read} rows={2} label={teamText.loading}>
        {({ data, next }, isStale) => (
          <>
            <Table
              of={data}
              ownId={me?.subject}
              isFixed={!isOwner || isStale || act.isSending}
              onRole={change}
              onRemove={show}
            />
            {next !== null && <p className="note quiet">{members.more}</p>}
          </>
        )}
      </Read>
      <FinalDialog
        of={isOwner ? leaving?.accountId : undefined}
        title={removal.title(leaving === undefined ? '' : nameOf(leaving))}
        detail={removal.detail}
        words={removal}
        reads={['members', 'me', 'invitations']}
        isStale={read.error !== null}
        onClose={() => show(undefined)}
        onSubmit={async () => {
          if (leaving === undefined) return
          await call('removeTeamMember', { params: { id: teamId, accountId: leaving.accountId } })
          toasts.add({ title: removal.removed(nameOf(leaving)) })
        }}
      >
        {null}
      </FinalDialog>
    </>
  )
}

function nameOf({ name, email, accountId }: Member): string {
  return name === '' ? (email ?? accountId) : name
}

interface TableProps {
  readonly of: readonly Member[]
  readonly ownId: string | undefined
  /** Nothing can be changed. */
  readonly isFixed: boolean
  readonly onRole: (member: Member, role: Member['role']) => void
  readonly onRemove: (id: string) => void
}

function Table({ of, ownId, isFixed, onRole, onRemove }: TableProps): ReactNode {
  return (
    <CardTable
      className="keys people"
      caption={members.title}
      columns={[members.columns.name, members.columns.role, members.columns.since]}
      actions={members.actions}
    >
      {of.map((member) => (
        <tbody key={member.accountId}>
          <MemberRow
            of={member}
            isOwn={member.accountId === ownId}
            isFixed={isFixed}
            onRole={(role) => onRole(member, role)}
            onRemove={() => onRemove(member.accountId)}
          />
        </tbody>
      ))}
    </CardTable>
  )
}

interface MemberRowProps {
  readonly of: Member
  readonly isOwn: boolean
  readonly isFixed: boolean
  readonly onRole: (role: Member['role']) => void
  readonly onRemove: () => void
}

function MemberRow({ of, isOwn, isFixed, onRole, onRemove }: MemberRowProps): ReactNode {
  const name = nameOf(of)
  return (
    <tr data-member={of.accountId}>
      <th scope="row">
        <span className="name">
          {name} {isOwn && <span className="tag">{members.you}</span>}
        </span>
        <small className="note quiet">{of.email}</small>
      </th>
      <td data-label={members.columns.role}>
        {isFixed ? (
          roles[of.role]
        ) : (
          <select
            className="input"
            aria-label={members.roleOf(name)}
            value={of.role}
            onChange={({ target }) => onRole(target.value as Member['role'])}
          >
            {Object.entries(roles).map(([role, word]) => (
              <option key={role} value={role}>
                {word}
              </option>
            ))}
          </select>
        )}
      </td>
      <td className="when" data-label={members.columns.since}>
        <Ago at={of.createdAt} />
      </td>
      <td className="menu">
        {!isFixed && (
          <button className="button bare" type="button" aria-label={members.removeFor(name)} onClick={onRemove}>
            {members.remove}
          </button>
        )}
      </td>
    </tr>
  )
}
