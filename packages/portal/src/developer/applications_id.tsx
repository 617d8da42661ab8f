/** `/portal/applications/{clientId}`: an application's page; once, right after it was made, a secret of it. */
import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router'
import { type ReactNode, useState } from 'react'
import { ApiProblem } from '../shared/api/problem.ts'
import { type Client, clientQuery, meQuery } from '../shared/api/queries.ts'
import { Read } from '../shared/kit/read.tsx'
import { ScreenTitle } from '../shared/kit/screen_title.tsx'
import { Empty } from '../shared/kit/states.tsx'
import { screenChange } from '../shared/screen_change.ts'
import { secretOnce } from '../shared/secret_once.ts'
import { applicationsText as words } from '../shared/text/applications.ts'
import { Acts } from './applications/acts.tsx'
import { ApplicationStatus } from './applications/application_status.tsx'
import { Crumbs } from './applications/crumbs.tsx'
import { DeleteDialog } from './applications/delete_dialog.tsx'
import { Access, Facts, People, Redirects } from './applications/facts.tsx'
import { Edit } from './applications/form/edit.tsx'
import { mayChange } from './applications/may_change.ts'
import { QuickStart } from './applications/quick_start.tsx'
import { AddSecret } from './applications/secret/add_secret.tsx'
import { EndSecretDialog } from './applications/secret/end_secret_dialog.tsx'
import { RevealSecret } from './applications/secret/reveal_secret.tsx'
import { Secrets } from './applications/secret/secrets.tsx'
import { hasSecret, isSigningIn } from './applications/types.ts'
import { Receipt, type Revoked } from './key/receipt.tsx'
import { History } from './key/tabs/history.tsx'
import { AlreadyShown } from './reveal/already_shown.tsx'

const route = getRouteApi('/applications/$clientId')
const { detail } = words

export function ApplicationScreen(): ReactNode {
  const { clientId } = route.useParams()
  const { shown } = route.useSearch()
  const [deleted, setDeleted] = useState<Revoked & { readonly clientId: string; readonly name: string }>()
  const isDeleted = deleted?.clientId === clientId
  const read = useQuery({ ...clientQuery(clientId), enabled: !isDeleted })
  const { data: client, error } = read
  if (isDeleted) return <Deleted of={deleted} />
  if (error instanceof ApiProblem && error.status === 404) return <Gone />
  if (client !== undefined && shown === 'once' && secretOnce.of(clientId) !== undefined)
    return <RevealSecret key={clientId} of={client} />
  return (
    <>
      {client === undefined && error !== null && <ScreenTitle>{words.title}</ScreenTitle>}
      <Read of={read} rows={6} label={detail.loading}>
        {(of, isStale) => (
          <Detail
            key={clientId}
            of={of}
            isStale={isStale}
            onDeleted={(receipt) => {
              screenChange.begin()
              setDeleted({ ...receipt, clientId, name: of.name })
            }}
          />
        )}
      </Read>
    </>
  )
}

function Deleted({ of }: { readonly of: Revoked & { readonly name: string } }): ReactNode {
  return (
    <>
      <Receipt of={of} />
      <Empty isPage title={detail.deleted(of.name)} detail={detail.deletedDetail}>
        <ToAll />
      </Empty>
    </>
  )
}

function Gone(): ReactNode {
  return (
    <Empty isPage title={detail.goneTitle} detail={detail.goneDetail}>
      <ToAll />
    </Empty>
  )
}

function ToAll(): ReactNode {
  return (
    <Link className="button" to="/applications" search={{}}>
      {words.title}
    </Link>
  )
}

interface DetailProps {
  readonly of: Client
  readonly isStale: boolean
  readonly onDeleted: (receipt: Revoked) => void
}

function Detail({ of: client, isStale, onDeleted }: DetailProps): ReactNode {
  const { clientId, name, type } = client
  const { panel, shown, end } = route.useSearch()
  const navigate = useNavigate({ from: '/applications/$clientId' })
  const { data: me } = useQuery(meQuery)
  const isChangeable = mayChange(client, me)
  const [ended, setEnded] = useState<Revoked>()
  const open = (search: { readonly panel?: 'edit' | 'secret' | 'delete'; readonly end?: string }): void =>
    void navigate({ search, resetScroll: false })
  const close = (): void => open({})
  return (
    <>
      <Crumbs name={name} />
      <div className="head">
        <div>
          <ScreenTitle>{name}</ScreenTitle>
          <p className="under">
            <ApplicationStatus of={client} /> <span>{words.types[type]}</span> <code className="id">{clientId}</code>
          </p>
        </div>
        {isChangeable && <Acts of={client} isStale={isStale} onOpen={(each) => open({ panel: each })} />}
      </div>
      {shown === 'once' && <AlreadyShown words={words.reveal} />}
      {ended !== undefined && <Receipt of={ended} />}
      {panel === 'edit' && isChangeable && <Edit of={client} isStale={isStale} onClose={close} />}
      {panel === 'secret' && isChangeable && hasSecret(type) && (
        <AddSecret of={client} isStale={isStale} onClose={close} />
      )}
      <EndSecretDialog
        of={client}
        secretId={isChangeable ? end : undefined}
        isStale={isStale}
        onClose={close}
        onEnded={setEnded}
      />
      <DeleteDialog
        of={client}
        isOpen={panel === 'delete' && isChangeable}
        isStale={isStale}
        onClose={close}
        onDeleted={onDeleted}
      />
      <Said of={client} />
      <Secrets
        of={client}
        mayChange={isChangeable}
        isStale={isStale}
        onAdd={() => open({ panel: 'secret' })}
        onEnd={(id) => open({ end: id })}
      />
      <QuickStart of={client} />
      <History keyId={clientId} />
    </>
  )
}

function Said({ of: client }: { readonly of: Client }): ReactNode {
  return (
    <>
      <Facts of={client} />
      <Access of={client} />
      {isSigningIn(client) && (
        <>
          <Redirects of={client} />
          <People of={client} />
        </>
      )}
    </>
  )
}
