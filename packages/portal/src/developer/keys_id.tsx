/** `/portal/keys/{id}`: a key's page; once, right after it was made, the key itself. */
import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router'
import { type ReactNode, useState } from 'react'
import { ApiProblem } from '../shared/api/problem.ts'
import { type Client, clientsQuery, type Key, keyQuery, meQuery } from '../shared/api/queries.ts'
import { late } from '../shared/kit/late.tsx'
import { MaskedKey } from '../shared/kit/masked_key.tsx'
import { Read } from '../shared/kit/read.tsx'
import { ScreenTitle } from '../shared/kit/screen_title.tsx'
import { Empty } from '../shared/kit/states.tsx'
import { secretOnce } from '../shared/secret_once.ts'
import { text } from '../shared/text.ts'
import { Acts } from './key/acts.tsx'
import { Crumbs } from './key/crumbs.tsx'
import { Facts } from './key/facts.tsx'
import { mayOf, type Panel } from './key/may_of.ts'
import { type Changed, Receipt, type Revoked } from './key/receipt.tsx'
import { Reveal } from './key/reveal.tsx'
import { RevokeDialog } from './key/revoke_dialog.tsx'
import { type KeyTab, Tabs } from './key/tabs.tsx'
import { KeyStatus } from './keys/key_status.tsx'
import { AlreadyShown } from './reveal/already_shown.tsx'

const route = getRouteApi('/keys/$id')

const EditPanel = late(() => import('./key/edit/edit_panel.tsx').then((it) => it.EditPanel))
const RollPanel = late(() => import('./key/roll_panel.tsx').then((it) => it.RollPanel))
const KeyUsage = late(() => import('./key/tabs/key_usage.tsx').then((it) => it.KeyUsage))
const History = late(() => import('./key/tabs/history.tsx').then((it) => it.History))
const KeyCode = late(() => import('./key/tabs/key_code.tsx').then((it) => it.KeyCode))

export function KeyScreen(): ReactNode {
  const { id } = route.useParams()
  const { shown } = route.useSearch()
  const read = useQuery(keyQuery(id))
  const { data: key, error } = read
  if (key === undefined && isGone(error)) return <Gone />
  if (key !== undefined && shown === 'once' && secretOnce.of(id) !== undefined) return <Reveal key={id} of={key} />
  return (
    <>
      {key === undefined && error !== null && <ScreenTitle>{text.keys.title}</ScreenTitle>}
      <Read of={read} rows={6} label={text.detail.loading}>
        {(of, isStale) => <Detail key={id} of={of} isStale={isStale} />}
      </Read>
    </>
  )
}

function isGone(error: unknown): boolean {
  return error instanceof ApiProblem && error.status === 404
}

function Gone(): ReactNode {
  return (
    <Empty isPage title={text.detail.goneTitle} detail={text.detail.goneDetail}>
      <Link className="button" to="/keys" search={{}}>
        {text.keys.title}
      </Link>
    </Empty>
  )
}

function Detail({ of: key, isStale }: { readonly of: Key; readonly isStale: boolean }): ReactNode {
  const { panel, shown, tab } = route.useSearch()
  const navigate = useNavigate({ from: '/keys/$id' })
  const [revoked, setRevoked] = useState<Revoked>()
  const [changed, setChanged] = useState<Changed>()
  const open = (next: Panel | undefined): void => void navigate({ search: { tab, panel: next }, resetScroll: false })
  const close = (): void => open(undefined)
  const { data: me } = useQuery(meQuery)
  const { data: clients } = useQuery(clientsQuery)
  const client = clients?.data.find(({ clientId }) => clientId === key.clientId)
  const may = mayOf(key, me, client)
  return (
    <>
      <Crumbs name={key.name} />
      <div className="head">
        <div>
          <ScreenTitle>{key.name}</ScreenTitle>
          <p className="under">
            <KeyStatus of={key} /> <MaskedKey id={key.id} environment={key.environment} />
          </p>
        </div>
        <Acts of={key} may={may} isStale={isStale} onOpen={open} />
      </div>
      {shown === 'once' && <AlreadyShown words={text.reveal} />}
      {revoked !== undefined && <Receipt of={revoked} />}
      {changed !== undefined && revoked === undefined && (
        <Receipt key={changed.feedSequence} of={changed} words={changed.words} />
      )}
      {panel === 'edit' && may.edit && (
        <EditPanel of={key} client={client} isStale={isStale} onClose={close} onChanged={setChanged} />
      )}
      {panel === 'roll' && may.roll && <RollPanel of={key} isStale={isStale} onClose={close} />}
      <RevokeDialog
        of={key}
        isOpen={panel === 'revoke' && may.revoke}
        isStale={isStale}
        onClose={close}
        onRevoked={setRevoked}
      />
      <Tabs keyId={key.id} tab={tab} />
      <Part of={key} client={client} tab={tab} />
    </>
  )
}

interface PartProps {
  readonly of: Key
  readonly client: Client | undefined
  readonly tab: KeyTab | undefined
}

function Part({ of: key, client, tab }: PartProps): ReactNode {
  if (tab === 'usage') return <KeyUsage keyId={key.id} />
  if (tab === 'history') return <History keyId={key.id} />
  if (tab === 'code') return <KeyCode of={key} client={client} />
  return <Facts of={key} />
}
