/** An owner invites by address. The link is shown once; it is no credential of the team, and good for that address alone. */
import { useQuery } from '@tanstack/react-query'
import { type FormEvent, type ReactNode, useState } from 'react'
import { attempts } from '../../shared/api/attempts.ts'
import { call } from '../../shared/api/call.ts'
import { errorOf } from '../../shared/api/problem.ts'
import { invitationsQuery, type Member } from '../../shared/api/queries.ts'
import { Field } from '../../shared/kit/fields/field.tsx'
import { Problem } from '../../shared/kit/problem.tsx'
import { toasts } from '../../shared/kit/toasts.tsx'
import { team as teamText } from '../../shared/text/team.ts'
import { ago } from '../../shared/time.ts'
import { useAct } from '../../shared/use_act.ts'
import { useCopy } from '../../shared/use_copy.ts'

const { invite, roles } = teamText

interface Invited {
  readonly email: string
  readonly url: string
  readonly isMailed: boolean
}

export function Invite({ teamId, isStale }: { readonly teamId: string; readonly isStale: boolean }): ReactNode {
  const act = useAct('members', 'invitations')
  const [email, setEmail] = useState('')
  const [role, setRole] = useState<Member['role']>('developer')
  const [invited, setInvited] = useState<Invited>()
  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault()
    if (isStale) return
    setInvited(undefined)
    const isDone = await act.run(async () => {
      const name = JSON.stringify(['invite', teamId, email, role])
      const { member, invitation } = await attempts.send(
        name,
        () => ({ email, role }),
        (attempt) => call('addTeamMember', { params: { id: teamId }, ...attempt }),
      )
      attempts.settle(name)
      if (member !== null) toasts.add({ title: invite.added(email) })
      if (invitation !== null) setInvited({ email, url: invitation.url, isMailed: invitation.isMailed })
    })
    if (isDone) setEmail('')
  }
  return (
    <section className="card pad stack" aria-labelledby="invite">
      <h2 id="invite">{invite.title}</h2>
      <form className="ask" onSubmit={submit}>
        <Field name="email" label={invite.email} error={errorOf(act.error, 'email')}>
          {(described) => (
            <input
              {...described}
              className="input"
              type="email"
              required
              maxLength={255}
              value={email}
              onChange={({ target }) => setEmail(target.value)}
            />
          )}
        </Field>
        <RoleField value={role} error={errorOf(act.error, 'role')} onChoose={setRole} />
        <button className="button primary" type="submit" aria-disabled={act.isSending || isStale}>
          {act.isSending ? invite.submitting : invite.submit}
        </button>
      </form>
      {act.error !== undefined && <Problem error={act.error} fields={['email', 'role']} />}
      {invited !== undefined && <Link of={invited} />}
      <Open teamId={teamId} />
    </section>
  )
}

interface RoleFieldProps {
  readonly value: Member['role']
  readonly error: string | undefined
  readonly onChoose: (role: Member['role']) => void
}

function RoleField({ value, error, onChoose }: RoleFieldProps): ReactNode {
  return (
    <Field name="role" label={invite.role} error={error}>
      {(described) => (
        <select
          {...described}
          className="input"
          value={value}
          onChange={({ target }) => onChoose(target.value as Member['role'])}
        >
          {Object.entries(roles).map(([each, word]) => (
            <option key={each} value={each}>
              {word}
            </option>
          ))}
        </select>
      )}
    </Field>
  )
}

function Link({ of: { email, url, isMailed } }: { readonly of: Invited }): ReactNode {
  const { copy, label, shown } = useCopy<HTMLElement>(url, invite.copy)
  return (
    <div className="notice" role="status">
      <div className="stack">
        {isMailed && <p>{invite.mailed(email)}</p>}
        <p>{invite.link}</p>
        <code className="long" ref={shown}>
          {url}
        </code>
        <div className="acts">
          <button className="button" type="button" onClick={copy}>
            {label}
          </button>
        </div>
      </div>
    </div>
  )
}

function Open({ teamId }: { readonly teamId: string }): ReactNode {
  const { data, error, refetch } = useQuery(invitationsQuery(teamId))
  const act = useAct('invitations')
  if (error !== null && data === undefined) return <Problem error={error} onRetry={() => void refetch()} />
  if (data === undefined || data.data.length === 0) return null
  const takeBack = (invitationId: string): void =>
    void act.run(async () => {
      await call('deleteInvitation', { params: { id: teamId, invitationId } })
    })
  return (
    <>
      <h3>{invite.open(data.data.length)}</h3>
      {act.error !== undefined && <Problem error={act.error} />}
      <ul className="lines">
        {data.data.map(({ id, email, role, expiresAt }) => (
          <li key={id}>
            <span>
              {email} · {roles[role]} · <span className="quiet">{invite.ends(ago(expiresAt))}</span>
            </span>
            <button
              className="button bare"
              type="button"
              aria-label={invite.takeBackFor(email)}
              disabled={act.isSending || error !== null}
              onClick={() => takeBack(id)}
            >
              {invite.takeBack}
            </button>
          </li>
        ))}
      </ul>
    </>
  )
}
