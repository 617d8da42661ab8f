/** A new key beside the old one, which works until the time that is chosen. */
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { getRouteApi, useNavigate } from '@tanstack/react-router'
import { type FormEvent, type ReactNode, useEffect, useRef, useState } from 'react'
import { call, newIdempotencyKey } from '../../shared/api/call.ts'
import { type Key, lastDayQuery } from '../../shared/api/queries.ts'
import { Problem } from '../../shared/kit/problem.tsx'
import { secretOnce } from '../../shared/secret_once.ts'
import { text } from '../../shared/text.ts'
import { ago } from '../../shared/time.ts'
import { graceDefault, graces } from './grace.ts'
import { rollOpener } from './roll_opener.ts'
import { RollTime } from './roll_time.tsx'

const route = getRouteApi('/keys/$id')

const { roll } = text

interface RollPanelProps {
  readonly of: Key
  readonly onClose: () => void
}

export function RollPanel({ of: key, onClose }: RollPanelProps): ReactNode {
  const { grace = graceDefault } = route.useSearch()
  const navigate = useNavigate({ from: '/keys/$id' })
  const title = useRef<HTMLHeadingElement>(null)
  const { data: lastDay } = useQuery(lastDayQuery(key.id))
  const { error, isSending, send } = useRoll(key)
  useEffect(() => title.current?.focus(), [])
  const used = lastDay?.data.reduce((sum, { count }) => sum + count, 0) ?? 0
  const close = (): void => {
    onClose()
    document.getElementById(rollOpener)?.focus()
  }
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    void send(Number(grace))
  }
  return (
    <form className="card pad roll-panel" onSubmit={submit}>
      <h2 ref={title} tabIndex={-1}>
        {roll.title}
      </h2>
      <p className="quiet">{roll.lead}</p>
      <div className="roll">
        <fieldset className="seg">
          <legend className="hidden">{roll.until}</legend>
          {graces.map((each) => (
            <label key={each}>
              <input
                type="radio"
                name="grace"
                checked={each === grace}
                onChange={() => navigate({ search: { panel: 'roll', grace: each }, replace: true, resetScroll: false })}
              />
              {roll.graces[each]}
            </label>
          ))}
        </fieldset>
        <RollTime grace={grace} of={key} />
      </div>
      {lastDay !== undefined && (
        <p>{used === 0 || key.lastUsedAt === null ? roll.unused : roll.lastDay(used, ago(key.lastUsedAt))}</p>
      )}
      {error !== undefined && <Problem error={error} />}
      <footer className="acts">
        <button className="button primary" type="submit" aria-disabled={isSending}>
          {isSending ? roll.submitting : roll.submit}
        </button>
        <button className="button" type="button" onClick={close}>
          {text.act.cancel}
        </button>
      </footer>
    </form>
  )
}

/** A retry after a lost answer finds the key that was made. */
function useRoll({ id }: Key) {
  const navigate = useNavigate()
  const queries = useQueryClient()
  const [error, setError] = useState<unknown>()
  const [isSending, setSending] = useState(false)
  const attempts = useRef(new Map<number, string>())
  async function send(graceSeconds: number): Promise<void> {
    if (isSending) return
    setSending(true)
    setError(undefined)
    const idempotencyKey = attempts.current.get(graceSeconds) ?? newIdempotencyKey()
    attempts.current.set(graceSeconds, idempotencyKey)
    try {
      const made = await call('rollKey', { params: { id }, body: { graceSeconds }, idempotencyKey })
      secretOnce.hold({ id: made.id, text: made.key, oldUntil: made.rolledFromExpiresAt })
      void queries.invalidateQueries()
      await navigate({ to: '/keys/$id', params: { id: made.id }, search: { shown: 'once' }, replace: true })
    } catch (problem) {
      setError(problem)
    } finally {
      setSending(false)
    }
  }
  return { error, isSending, send }
}
