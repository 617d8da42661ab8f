/** The keys of one page, those that are selected in it, and what is done to these at once. */
import { useQuery } from '@tanstack/react-query'
import { getRouteApi, useNavigate } from '@tanstack/react-router'
import { type ReactNode, useState } from 'react'
import { type Client, type ListedKey, meQuery } from '../../shared/api/queries.ts'
import { late } from '../../shared/kit/late.tsx'
import { Pages } from '../../shared/kit/pages.tsx'
import { text } from '../../shared/text.ts'
import { mayOf } from '../key/may_of.ts'
import { KeyTable } from './key_table.tsx'

const route = getRouteApi('/keys')

const Bulk = late(() => import('./bulk/bulk.tsx').then((it) => it.Bulk))

interface KeyListProps {
  readonly keys: readonly ListedKey[]
  readonly next: string | null
  readonly clients: readonly Client[]
  /** The client whose keys alone are shown. */
  readonly filteredBy: string | undefined
  readonly isStale: boolean
  /** Stands in place of the list where it is empty. */
  readonly children: ReactNode
}

export function KeyList({ keys, next, clients, filteredBy, isStale, children }: KeyListProps): ReactNode {
  const { data: me } = useQuery(meQuery)
  const [ids, setIds] = useState<ReadonlySet<string>>(new Set())
  const [wasPicked, setPicked] = useState(false)
  const holders = new Map(clients.map((client) => [client.clientId, client]))
  const offered = keys
    .map((key) => ({ key, may: mayOf(key, me, holders.get(key.clientId)) }))
    .filter(({ may }) => may.edit)
  const picked = offered.filter(({ key }) => ids.has(key.id))
  const pick = (next: ReadonlySet<string>): void => {
    setIds(next)
    setPicked(true)
  }
  const unpick = (done: readonly string[]): void =>
    setIds((before) => new Set([...before].filter((id) => !done.includes(id))))
  const picks = { offered: new Set(offered.map(({ key }) => key.id)), ids, onPick: pick }
  return (
    <>
      {keys.length === 0 ? (
        children
      ) : (
        <KeyTable keys={keys} clients={clients} filteredBy={filteredBy} isStale={isStale} picks={picks} />
      )}
      {wasPicked && (
        <Bulk
          of={picked}
          isStale={isStale}
          onUnpick={unpick}
          onPickAll={() => pick(picks.offered)}
          isAll={picked.length === offered.length}
        />
      )}
      {keys.length > 0 && <Foot shown={keys} next={next} />}
    </>
  )
}

function Foot({ shown, next }: Pick<KeyListProps, 'next'> & { readonly shown: readonly ListedKey[] }): ReactNode {
  const { after } = route.useSearch()
  const navigate = useNavigate({ from: '/keys' })
  const go = (to: string | undefined): void => void navigate({ search: (search) => ({ ...search, after: to }) })
  return (
    <Pages after={after} next={next} onGo={go}>
      {text.keys.shown(shown.length, shown.filter(({ environment }) => environment === 'test').length)}
    </Pages>
  )
}
