/** `/portal/keys/{id}`: a key's page; once, right after it was made, the key itself. */
import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router'
import { type ReactNode, useState } from 'react'
import { ApiProblem } from '../shared/api/problem.ts'
import { clientsQuery, type Key, keyQuery, meQuery } from '../shared/api/queries.ts'
import { Icon } from '../shared/kit/icon.tsx'
import { MaskedKey } from '../shared/kit/masked_key.tsx'
import { Read } from '../shared/kit/read.tsx'
import { ScreenTitle } from '../shared/kit/screen_title.tsx'
import { Empty } from '../shared/kit/states.tsx'
import { secretOnce } from '../shared/secret_once.ts'
import { text } from '../shared/text.ts'
import { Acts } from './key/acts.tsx'
import { Crumbs } from './key/crumbs.tsx'
import { Facts } from './key/facts.tsx'
import { History } from './key/history.tsx'
import { mayOf } from './key/may_of.ts'
import { Receipt, type Revoked } from './key/receipt.tsx'
import { Reveal } from './key/reveal.tsx'
import { RevokeDialog } from './key/revoke_dialog.tsx'
import { RollPanel } from './key/roll_panel.tsx'
import { UsageChart } from './key/usage_chart.tsx'
import { KeyStatus } from './keys/key_status.tsx'

const route = getRouteApi('/keys/$id')

export function KeyScreen(): ReactNode {
  const { id } = route.useParams()
  const { shown } = route.useSearch()
  const read = useQuery(keyQuery(id))
  const { data: key, error } = read
  if (key === undefined && isGone(error)) return <Gone />
  if (key !== undefined && shown === 'once' && secretOnce.of(id) !== undefined) return <Reveal key={id} of={key} />
  return (
    <Read of={read} rows={6} label={text.detail.loading}>
      {(of, isStale) => <Detail key={id} of={of} isStale={isStale} />}
    </Read>
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
  const { panel, shown } = route.useSearch()
  const navigate = useNavigate({ from: '/keys/$id' })
  const [revoked, setRevoked] = useState<Revoked>()
  const open = (next: 'roll' | 'revoke' | undefined): void =>
    void navigate({ search: next === undefined ? {} : { panel: next }, resetScroll: false })
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
      {shown === 'once' && <AlreadyShown />}
      {revoked !== undefined && <Receipt of={revoked} />}
      {panel === 'roll' && may.roll && <RollPanel of={key} isStale={isStale} onClose={() => open(undefined)} />}
      <RevokeDialog
        of={key}
        isOpen={panel === 'revoke' && may.revoke}
        isStale={isStale}
        onClose={() => open(undefined)}
        onRevoked={setRevoked}
      />
      <Facts of={key} />
      <UsageChart keyId={key.id} />
      <History keyId={key.id} />
    </>
  )
}

function AlreadyShown(): ReactNode {
  return (
    <section className="notice" role="status">
      <Icon name="eye" />
      <div className="stack">
        <h2>{text.reveal.already}</h2>
        <p>{text.reveal.alreadyDetail}</p>
      </div>
    </section>
  )
}
