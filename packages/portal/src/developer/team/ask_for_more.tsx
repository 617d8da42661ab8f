/** Asks for scopes that an API has on request. */
import { useQuery } from '@tanstack/react-query'
import { type FormEvent, type ReactNode, useState } from 'react'
import { attempts } from '../../shared/api/attempts.ts'
import { call } from '../../shared/api/call.ts'
import { errorOf } from '../../shared/api/problem.ts'
import { type Api, apisQuery, type Team } from '../../shared/api/queries.ts'
import { Field } from '../../shared/kit/fields/field.tsx'
import { Problem } from '../../shared/kit/problem.tsx'
import { toasts } from '../../shared/kit/toasts.tsx'
import { team as teamText } from '../../shared/text/team.ts'
import { useAct } from '../../shared/use_act.ts'
import { missingOf } from './missing.ts'

const { access } = teamText
const ends = [7, 30, 90, 365] as const
const dayMs = 86_400_000

export function AskForMore({ of: team, isStale }: { readonly of: Team; readonly isStale: boolean }): ReactNode {
  const { data, error, refetch } = useQuery(apisQuery)
  if (data === undefined) return error === null ? null : <Problem error={error} onRetry={() => void refetch()} />
  const offering = data.data.filter((api) => missingOf(api, team).length > 0)
  if (offering.length === 0) return <p className="quiet">{access.nothingOffered}</p>
  return (
    <details className="more">
      <summary className="button">{access.ask}</summary>
      <Form of={team} offering={offering} isStale={isStale} />
    </details>
  )
}

interface FormProps {
  readonly of: Team
  readonly offering: readonly Api[]
  readonly isStale: boolean
}

function Form({ of: team, offering, isStale }: FormProps): ReactNode {
  const act = useAct('access requests')
  const [audience, setAudience] = useState('')
  const [scopes, setScopes] = useState<readonly string[]>([])
  const [reason, setReason] = useState('')
  const [days, setDays] = useState('')
  const api = offering.find((each) => each.audience === audience) ?? (offering[0] as Api)
  const missing = missingOf(api, team)
  const scope = missing.map(({ name }) => name).filter((name) => scopes.includes(name))
  const isOff = isStale || scope.length === 0
  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault()
    if (isOff) return
    const asked = { teamId: team.id, audience: api.audience, scope: scope.join(' '), reason }
    const name = JSON.stringify(['ask', asked, days])
    const isDone = await act.run(async () => {
      await attempts.send(
        name,
        () => ({ ...asked, ...untilOf(days) }),
        (attempt) => call('createAccessRequest', attempt),
      )
      attempts.settle(name)
    })
    if (!isDone) return
    toasts.add({ title: access.asked })
    setScopes([])
    setReason('')
  }
  return (
    <form className="stack" onSubmit={submit}>
      <Field name="audience" label={access.api} error={errorOf(act.error, 'audience')}>
        {(described) => (
          <select
            {...described}
            className="input"
            value={api.audience}
            onChange={({ target }) => setAudience(target.value)}
          >
            {offering.map((each) => (
              <option key={each.id} value={each.audience}>
                {each.name}
              </option>
            ))}
          </select>
        )}
      </Field>
      <Missing of={missing} chosen={scopes} onChange={setScopes} />
      <Why reason={reason} days={days} error={act.error} onReason={setReason} onDays={setDays} />
      {act.error !== undefined && <Problem error={act.error} fields={['audience', 'reason', 'until']} />}
      <div className="acts">
        <button className="button primary" type="submit" aria-disabled={isOff || act.isSending}>
          {act.isSending ? access.submitting : access.submit}
        </button>
      </div>
    </form>
  )
}

function untilOf(days: string): { readonly until?: string } {
  return days === '' ? {} : { until: new Date(Date.now() + Number(days) * dayMs).toISOString() }
}

interface MissingProps {
  readonly of: Api['scopes']
  readonly chosen: readonly string[]
  readonly onChange: (chosen: readonly string[]) => void
}

function Missing({ of, chosen, onChange }: MissingProps): ReactNode {
  const toggle = (name: string): void =>
    onChange(chosen.includes(name) ? chosen.filter((each) => each !== name) : [...chosen, name])
  return (
    <fieldset className="scopes">
      <legend>{access.scopes}</legend>
      <ul>
        {of.map(({ name, description }) => (
          <li key={name}>
            <label className="check">
              <input type="checkbox" checked={chosen.includes(name)} onChange={() => toggle(name)} />
              <span>
                <code>{name}</code>
                <small className="note quiet">{description}</small>
              </span>
            </label>
          </li>
        ))}
      </ul>
    </fieldset>
  )
}

interface WhyProps {
  readonly reason: string
  readonly days: string
  readonly error: unknown
  readonly onReason: (reason: string) => void
  readonly onDays: (days: string) => void
}

function Why({ reason, days, error, onReason, onDays }: WhyProps): ReactNode {
  return (
    <>
      <Field name="reason" label={access.reason} error={errorOf(error, 'reason')}>
        {(described) => (
          <textarea
            {...described}
            className="input"
            required
            maxLength={1_000}
            rows={3}
            value={reason}
            onChange={({ target }) => onReason(target.value)}
          />
        )}
      </Field>
      <Field name="until" label={access.until} error={errorOf(error, 'until')}>
        {(described) => (
          <select {...described} className="input" value={days} onChange={({ target }) => onDays(target.value)}>
            <option value="">{access.forGood}</option>
            {ends.map((each) => (
              <option key={each} value={each}>
                {access.days(each)}
              </option>
            ))}
          </select>
        )}
      </Field>
    </>
  )
}
