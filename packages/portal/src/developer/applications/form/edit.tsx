/** Changes an application. The draft is the address: a proof that is asked for in the middle loses nothing. */
import { useQuery } from '@tanstack/react-query'
import { getRouteApi, useNavigate } from '@tanstack/react-router'
import { type FormEvent, type ReactNode, useEffect, useRef, useState } from 'react'
import { call } from '../../../shared/api/call.ts'
import { type Client, clientReads, meQuery } from '../../../shared/api/queries.ts'
import { Summary } from '../../../shared/kit/fields/summary.tsx'
import { Problem } from '../../../shared/kit/problem.tsx'
import { toasts } from '../../../shared/kit/toasts.tsx'
import { applicationsText as words } from '../../../shared/text/applications.ts'
import { text } from '../../../shared/text.ts'
import { useAct } from '../../../shared/use_act.ts'
import { editOpener } from '../openers.ts'
import { isSigningIn, signsPeopleIn } from '../types.ts'
import { AccessChecks } from './access_checks.tsx'
import { draftOf, type PatchBody, patchOf } from './body.ts'
import type { DraftName } from './draft.ts'
import { errorOfItem } from './field_errors.ts'
import { type PartProps, Shown, SignIn } from './fields.tsx'
import { useAccessChoices } from './use_choices.ts'

const route = getRouteApi('/applications/$clientId')
const { change, detail } = words

interface EditProps {
  readonly of: Client
  readonly isStale: boolean
  readonly onClose: () => void
}

export function Edit({ of: client, isStale, onClose }: EditProps): ReactNode {
  const search = route.useSearch()
  const navigate = useNavigate({ from: '/applications/$clientId' })
  const title = useRef<HTMLHeadingElement>(null)
  const { error, isSending, run } = useAct(...clientReads)
  const [sent, setSent] = useState<PatchBody>()
  useEffect(() => title.current?.focus(), [])
  const close = (): void => {
    onClose()
    document.getElementById(editOpener)?.focus()
  }
  const { data: me } = useQuery(meQuery)
  const isSeen = isSigningIn(client)
  const isUnverified = client.verified && isSeen && me?.role !== 'operator'
  const before = draftOf(client)
  const body = patchOf(search, client)
  const isSame = Object.keys(body).length === 0
  const put = (name: DraftName, value: string): void =>
    void navigate({ search: (now) => ({ ...now, [name]: value }), replace: true, resetScroll: false })
  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault()
    if (isStale || isSame || isSending) return
    setSent(body)
    const isDone = await run(async () => {
      await call('updateClient', { params: { clientId: client.clientId }, body })
    })
    if (!isDone) return
    toasts.add({ title: change.saved(body.name ?? client.name) })
    close()
  }
  const given = Object.fromEntries(Object.entries(search).filter(([, value]) => value !== undefined))
  const part: PartProps = { draft: { ...before, ...given }, error, sent, onChange: put }
  return (
    <form className="card pad roll-panel" onSubmit={submit} noValidate>
      <h2 ref={title} tabIndex={-1}>
        {change.title}
      </h2>
      <p className="quiet">
        {change.lead} {isUnverified && change.unverifies}
      </p>
      {error !== undefined && <Summary error={error} />}
      <Shown {...part} isSeen={isSeen} />
      {isSeen && <SignIn {...part} type={signsPeopleIn(client.type) ? client.type : 'web'} />}
      <AccessPart {...part} of={client} />
      <footer className="acts">
        <button className="button primary" type="submit" aria-disabled={isSending || isStale || isSame}>
          {isSending ? change.submitting : change.submit}
        </button>
        <button className="button" type="button" onClick={close}>
          {text.act.cancel}
        </button>
        {isSame && <span className="note quiet">{change.nothing}</span>}
      </footer>
    </form>
  )
}

function AccessPart({
  of: { access, teamId },
  draft,
  error,
  sent,
  onChange,
}: PartProps & { readonly of: Client }): ReactNode {
  const { apis, failed } = useAccessChoices(teamId, access)
  const audiences = sent?.access?.map(({ audience }) => audience)
  return (
    <>
      <h3>{detail.access}</h3>
      {failed !== undefined && <Problem error={failed.error} onRetry={failed.retry} />}
      {apis !== undefined && (
        <AccessChecks
          choices={apis}
          value={draft.access ?? ''}
          errorOf={(audience) => errorOfItem(error, 'access', audiences, audience)}
          onChange={(value) => onChange('access', value)}
        />
      )}
    </>
  )
}
