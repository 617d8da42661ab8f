/** Another secret beside those that work, with the choice when these end. */
import { useQueryClient } from '@tanstack/react-query'
import { getRouteApi, useNavigate } from '@tanstack/react-router'
import { type FormEvent, type ReactNode, useEffect, useRef } from 'react'
import { attempts } from '../../../shared/api/attempts.ts'
import { call } from '../../../shared/api/call.ts'
import { type Client, clientReads } from '../../../shared/api/queries.ts'
import { Problem } from '../../../shared/kit/problem.tsx'
import { secretOnce } from '../../../shared/secret_once.ts'
import { applicationsText as words } from '../../../shared/text/applications.ts'
import { text } from '../../../shared/text.ts'
import { atTime } from '../../../shared/time.ts'
import { useAct } from '../../../shared/use_act.ts'
import { LastDay } from '../../key/last_day.tsx'
import { addOpener } from '../openers.ts'
import { type OthersEnd, othersEndDefault, othersEndOf, othersEnds, secretBodyOf } from './others_end.ts'
import { secretsNow } from './secrets_now.ts'
import { showSecret } from './show_secret.ts'

const route = getRouteApi('/applications/$clientId')
const { add } = words

type SecretBody = ReturnType<typeof secretBodyOf>

interface AddSecretProps {
  readonly of: Client
  readonly isStale: boolean
  readonly onClose: () => void
}

export function AddSecret({ of: { clientId, secrets }, isStale, onClose }: AddSecretProps): ReactNode {
  const owed = attempts.owed<SecretBody>(nameOf(clientId))
  const search = route.useSearch()
  const chosen = owed === undefined ? (search.others ?? othersEndDefault) : othersEndOf(owed)
  const others = secretsNow(secrets).working.length
  const title = useRef<HTMLHeadingElement>(null)
  const { error, isSending, send } = useAdd(clientId)
  useEffect(() => title.current?.focus(), [])
  const close = (): void => {
    onClose()
    document.getElementById(addOpener)?.focus()
  }
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    if (!isStale) void send(secretBodyOf(chosen, others > 0))
  }
  return (
    <form className="card pad roll-panel" onSubmit={submit}>
      <h2 ref={title} tabIndex={-1}>
        {add.title}
      </h2>
      <p className="quiet">{add.lead}</p>
      {others > 0 && (
        <>
          <Others chosen={chosen} many={others} isFixed={owed !== undefined} />
          <LastDay of={{ clientId }} words={add} />
        </>
      )}
      {error !== undefined && <Problem error={error} />}
      {owed !== undefined && <p role="status">{add.lost}</p>}
      <footer className="acts">
        <button className="button primary" type="submit" aria-disabled={isSending || isStale}>
          {isSending ? add.submitting : add.submit}
        </button>
        <button className="button" type="button" onClick={close}>
          {text.act.cancel}
        </button>
      </footer>
    </form>
  )
}

interface OthersProps {
  readonly chosen: OthersEnd
  readonly many: number
  /** A call with this choice may have been done already. */
  readonly isFixed: boolean
}

function Others({ chosen, many, isFixed }: OthersProps): ReactNode {
  const navigate = useNavigate({ from: '/applications/$clientId' })
  return (
    <>
      <fieldset className="labelled" disabled={isFixed}>
        <legend>{add.others(many)}</legend>
        <div className="seg">
          {othersEnds.map((each) => (
            <label key={each}>
              <input
                type="radio"
                name="others"
                checked={each === chosen}
                onChange={() =>
                  void navigate({ search: { panel: 'secret', others: each }, replace: true, resetScroll: false })
                }
              />
              {add.graces[each]}
            </label>
          ))}
        </div>
      </fieldset>
      <p role="status">{endOf(chosen)}</p>
    </>
  )
}

function endOf(chosen: OthersEnd): string {
  if (chosen === 'on') return add.on
  if (chosen === '0') return add.atOnce
  return add.at(atTime(new Date(Date.now() + Number(chosen) * 1000).toISOString()))
}

const nameOf = (clientId: string): string => `secret ${clientId}`

function useAdd(clientId: string) {
  const navigate = useNavigate()
  const queries = useQueryClient()
  const act = useAct(...clientReads)
  const send = (body: SecretBody): Promise<boolean> =>
    act.run(() =>
      secretOnce.during(async () => {
        const name = nameOf(clientId)
        const { clientSecret } = await attempts.send(
          name,
          () => body,
          (attempt) => call('createClientSecret', { params: { clientId }, ...attempt }),
        )
        attempts.settle(name)
        await showSecret(clientId, clientSecret, queries, navigate)
      }),
    )
  return { error: act.error, isSending: act.isSending, send }
}
