/** A new key beside the old one, which works until the time that is chosen. */
import { useQueryClient } from '@tanstack/react-query'
import { getRouteApi, useNavigate } from '@tanstack/react-router'
import { type FormEvent, type ReactNode, useEffect, useRef } from 'react'
import { attempts } from '../../shared/api/attempts.ts'
import { call } from '../../shared/api/call.ts'
import { type Key, keyReads } from '../../shared/api/queries.ts'
import { Problem } from '../../shared/kit/problem.tsx'
import { secretOnce } from '../../shared/secret_once.ts'
import { text } from '../../shared/text.ts'
import { useAct } from '../../shared/use_act.ts'
import { showSecret } from '../show_secret.ts'
import { graceDefault, graces } from './grace.ts'
import { LastDay } from './last_day.tsx'
import { openers } from './openers.ts'
import { owedRoll, rollName } from './owed_roll.ts'
import { RollTime } from './roll_time.tsx'

const route = getRouteApi('/keys/$id')

const { roll } = text

interface RollPanelProps {
  readonly of: Key
  readonly isStale: boolean
  readonly onClose: () => void
}

export function RollPanel({ of: key, isStale, onClose }: RollPanelProps): ReactNode {
  const owed = owedRoll(key.id)
  const search = route.useSearch()
  const grace = graces.find((each) => Number(each) === owed?.graceSeconds) ?? search.grace ?? graceDefault
  const navigate = useNavigate({ from: '/keys/$id' })
  const title = useRef<HTMLHeadingElement>(null)
  const { error, isSending, send } = useRoll(key)
  useEffect(() => title.current?.focus(), [])
  const close = (): void => {
    onClose()
    document.getElementById(openers.roll)?.focus()
  }
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    if (!isStale) void send(Number(grace))
  }
  return (
    <form className="card pad roll-panel" onSubmit={submit}>
      <h2 ref={title} tabIndex={-1}>
        {roll.title}
      </h2>
      <p className="quiet">{roll.lead}</p>
      <div className="roll">
        <fieldset className="seg" disabled={owed !== undefined}>
          <legend className="hidden">{roll.until}</legend>
          {graces.map((each) => (
            <label key={each}>
              <input
                type="radio"
                name="grace"
                checked={each === grace}
                onChange={() =>
                  navigate({
                    search: ({ tab }) => ({ tab, panel: 'roll', grace: each }),
                    replace: true,
                    resetScroll: false,
                  })
                }
              />
              {roll.graces[each]}
            </label>
          ))}
        </fieldset>
        <RollTime grace={grace} of={key} />
      </div>
      <LastDay of={{ keyId: key.id }} lastUsedAt={key.lastUsedAt} words={roll} />
      {error !== undefined && <Problem error={error} />}
      {owed !== undefined && <p role="status">{roll.lost}</p>}
      <footer className="acts">
        <button className="button primary" type="submit" aria-disabled={isSending || isStale}>
          {isSending ? roll.submitting : roll.submit}
        </button>
        <button className="button" type="button" onClick={close}>
          {text.act.cancel}
        </button>
      </footer>
    </form>
  )
}

function useRoll({ id }: Key) {
  const navigate = useNavigate()
  const queries = useQueryClient()
  // After a refusal too: the key may have ended.
  const act = useAct(...keyReads)
  const send = (graceSeconds: number): Promise<boolean> =>
    act.run(() =>
      secretOnce.during(async () => {
        const made = await attempts.send(
          rollName(id),
          () => ({ graceSeconds }),
          (attempt) => call('rollKey', { params: { id }, ...attempt }),
        )
        attempts.settle(rollName(id))
        await showSecret(made, queries, navigate)
      }),
    )
  return { error: act.error, isSending: act.isSending, send }
}
